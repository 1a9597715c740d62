"""MIME: texts and fields become octets on the wire; letters to one reader are put together here.

Readers' copies of an edition are made in `imprint.py`.
"""

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Callable, Sequence
from functools import lru_cache

from newsletter.errors import MessageRefusedError
from newsletter.messages.addresses import ascii_host
from newsletter.messages.macs import keyed

_CRLF = b"\r\n"
#: Quoted-printable (RFC 2045 section 6.7): a line end that is no part of the text.
SOFT_BREAK = b"=\r\n"
_DOTTED_LINE = re.compile(rb"^\.[^\r\n]*", re.MULTILINE)
_LONGEST_QP_LINE = 76
#: Bytes that are kept of the HMAC in a Message-ID: 128 bits.
_ID_BYTES = 16


def build_letter(
    fields: Sequence[str],
    *,
    text: str,
    html: str,
    message_id: str,
) -> bytes:
    """Return a mail to one reader, from its header fields and its two parts.

    Args:
        fields: Without Message-ID, MIME-Version and Content-Type.
        text: The text part.
        html: The HTML part.
        message_id: With angle brackets.
    """
    boundary = boundary_of(message_id)
    own = (f"Message-ID: {message_id}", "MIME-Version: 1.0", content_type(boundary), "")
    return _alternative(
        wire([*fields, *own]), text=encoded(text), html=encoded(html), boundary=boundary.encode("ascii")
    )


def build_note(fields: Sequence[str], *, text: str, message_id: str) -> bytes:
    """Return a mail of plain text alone; see `build_letter`."""
    own = (f"Message-ID: {message_id}", "MIME-Version: 1.0")
    body_fields = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
    return wire([*fields, *own, *body_fields, ""]) + encoded(text)


def message_id(edition_uid: str, subscriber_id: int, domain: str) -> str:
    """Return the Message-ID of an edition for a reader: the same each time, and it names nobody.

    Args:
        edition_uid: The edition's random name; it keeps ids from being guessed back.
        subscriber_id: The reader.
        domain: The sender's, as A-labels or not.

    Raises:
        MessageRefusedError: It is not a host name.
    """
    return message_ids(edition_uid, domain)(subscriber_id)


@lru_cache(maxsize=64)
def message_ids(edition_uid: str, domain: str) -> Callable[[int], str]:
    """Return what makes the `message_id` of each reader of one edition.

    Raises:
        MessageRefusedError: The domain is not a host name.
    """
    mac, ending = keyed(edition_uid.encode("utf-8")), f"@{_message_host(domain)}>"
    return lambda subscriber_id: f"<{mac(b'%d' % subscriber_id)[:_ID_BYTES].hex()}{ending}"


def _message_host(domain: str) -> str:
    host = ascii_host(domain)
    if host is None:
        raise MessageRefusedError(f"{domain!r} is not a domain that a Message-ID can be made with")
    return host


def boundary_of(seed: str) -> str:
    """Return a boundary that no quoted-printable text can hold: "=_" (RFC 2045 section 6.7)."""
    return "=_" + hashlib.sha256(seed.encode("utf-8")).hexdigest()[:24]


def content_type(boundary: str) -> str:
    """Return the field of a mail of two parts."""
    return f'Content-Type: multipart/alternative; boundary="{boundary}"'


def _alternative(fields: bytes, *, text: bytes, html: bytes, boundary: bytes) -> bytes:
    """Put a header and two encoded parts together."""
    return b"".join(
        (
            fields,
            *(b"\r\n--", boundary, part_fields(b"plain"), text),
            *(b"\r\n--", boundary, part_fields(b"html"), html),
            *(b"\r\n--", boundary, b"--\r\n"),
        )
    )


def wire(fields: Sequence[str]) -> bytes:
    """Return header fields as octets, each with its line end."""
    # An address beyond ASCII before its @ is sent as it is, by servers that take SMTPUTF8 (RFC 6532).
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8")


def part_fields(subtype: bytes) -> bytes:
    """Return the fields of a part, from the line end of its boundary to the empty line."""
    return (
        b"\r\nContent-Type: text/" + subtype + b"; charset=utf-8"
        b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def encoded(text: str) -> bytes:
    """Return a text in quoted-printable, with room for a soft break on its last line.

    No line begins with a dot, which SMTP would double (RFC 5321 section 4.5.2).
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    content = b2a_qp(lines, istext=True).replace(b"\n", _CRLF)
    content = _DOTTED_LINE.sub(_undotted, content)
    if len(content.rpartition(_CRLF)[2]) == _LONGEST_QP_LINE:
        return content[:-1] + SOFT_BREAK + content[-1:]
    return content


def _undotted(line: re.Match[bytes]) -> bytes:
    """Return a line with its dots encoded, in as many lines as that needs."""
    rest = line[0].replace(b".", b"=2E")
    lines = []
    while len(rest) > _LONGEST_QP_LINE:
        end = _LONGEST_QP_LINE - 1
        # An octet's three characters stay together.
        if b"=" in rest[end - 2 : end]:
            end = rest.rindex(b"=", 0, end)
        lines.append(rest[:end] + b"=")
        rest = rest[end:]
    return _CRLF.join([*lines, rest])
