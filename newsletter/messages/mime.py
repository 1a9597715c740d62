"""MIME: a rendering becomes one reader's message, as bytes on the wire.

An edition is encoded once; of each copy only the reader's values are, and put between the encoded pieces.
Building every message anew with `email.message` costs some hundred times as much.
"""

import hashlib
import hmac
from binascii import b2a_qp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from newsletter.errors import MessageRefusedError
from newsletter.messages.addresses import ascii_host, mailto, web_link, wire_address
from newsletter.messages.headers import address_list_field, list_id_field, mailbox_field, text_field
from newsletter.messages.marks import reader_values, split_at_marks
from newsletter.model.messages import Message, Reader, Rendering

_CRLF = b"\r\n"
#: Quoted-printable (RFC 2045 section 6.7): a line end that is no part of the text.
_SOFT_BREAK = b"=\r\n"
_LONGEST_QP_LINE = 76


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One encoded part: pieces and names of marks by turns."""

    pieces: tuple[bytes, ...]
    marks: tuple[str, ...]

    def filled(self, values: dict[str, bytes]) -> bytes:
        """Return the part with encoded values in place of the marks."""
        joined = [self.pieces[0]]
        for mark, piece in zip(self.marks, self.pieces[1:], strict=True):
            joined += (values[mark], piece)
        return b"".join(joined)


@dataclass(frozen=True, kw_only=True)
class _Form:
    """What is the same in every copy of an edition."""

    fields: bytes
    text: _Part
    html: _Part
    boundary: bytes


def build_message(
    rendering: Rendering,
    reader: Reader,
    *,
    message_id: str,
    sender: str,
    one_click: bool = True,
    sign: Callable[[bytes], bytes] | None = None,
) -> Message:
    """Make one reader's message.

    Args:
        rendering: The edition, rendered for everybody.
        reader: Who it is for.
        message_id: With angle brackets; see `message_id`.
        sender: Envelope sender, the return path.
        one_click: Whether the unsubscribe page takes one-click POSTs (RFC 8058), if it is an https page.
        sign: Returns the fields that go before the message and sign it; None: it is not signed here.

    Raises:
        MessageRefusedError: An address or a link cannot be used.
    """
    form = _form(rendering)
    values = reader_values(rendering, reader)
    text_values = {name: _encoded(value) for name, value in values.items()}
    html_values = {name: _encoded(escape(value)) for name, value in values.items()}
    content = _alternative(
        _reader_fields(reader, message_id, one_click=one_click) + form.fields,
        text=form.text.filled(text_values),
        html=form.html.filled(html_values),
        boundary=form.boundary,
    )
    return Message(
        sender=wire_address(sender),
        recipient=wire_address(reader.address),
        message_id=message_id,
        content=sign(content) + content if sign else content,
    )


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
    boundary = _boundary(message_id)
    own = (f"Message-ID: {message_id}", "MIME-Version: 1.0", _content_type(boundary), "")
    return _alternative(
        _wire([*fields, *own]), text=_encoded(text), html=_encoded(html), boundary=boundary.encode("ascii")
    )


def build_note(fields: Sequence[str], *, text: str, message_id: str) -> bytes:
    """Return a mail of plain text alone; see `build_letter`."""
    own = (f"Message-ID: {message_id}", "MIME-Version: 1.0")
    body_fields = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
    return _wire([*fields, *own, *body_fields, ""]) + _encoded(text)


def message_id(edition_uid: str, subscriber_id: int, domain: str) -> str:
    """Return the Message-ID of an edition for a reader: the same each time, and it names nobody.

    Args:
        edition_uid: The edition's random name; it keeps ids from being guessed back.
        subscriber_id: The reader.
        domain: The sender's, as A-labels or not.

    Raises:
        MessageRefusedError: It is not a host name.
    """
    host = ascii_host(domain)
    if host is None:
        raise MessageRefusedError(f"{domain!r} is not a domain that a Message-ID can be made with")
    digest = hmac.digest(edition_uid.encode("utf-8"), str(subscriber_id).encode("ascii"), "sha256")
    return f"<{digest[:16].hex()}@{host}>"


@lru_cache(maxsize=8)
def _form(rendering: Rendering) -> _Form:
    """Encode what every copy of an edition shares."""
    boundary = _boundary(rendering.token)
    fields = [*_edition_fields(rendering), _content_type(boundary), ""]
    return _Form(
        fields=_wire(fields),
        text=_part(rendering.text, rendering.token),
        html=_part(rendering.html, rendering.token),
        boundary=boundary.encode("ascii"),
    )


def _boundary(seed: str) -> str:
    # "=_" cannot occur in quoted-printable text (RFC 2045 section 6.7).
    return "=_" + hashlib.sha256(seed.encode("utf-8")).hexdigest()[:24]


def _content_type(boundary: str) -> str:
    return f'Content-Type: multipart/alternative; boundary="{boundary}"'


def _alternative(fields: bytes, *, text: bytes, html: bytes, boundary: bytes) -> bytes:
    """Put a header and two encoded parts together."""
    return b"".join(
        (
            fields,
            *(b"\r\n--", boundary, _part_fields(b"plain"), text),
            *(b"\r\n--", boundary, _part_fields(b"html"), html),
            *(b"\r\n--", boundary, b"--\r\n"),
        )
    )


def _edition_fields(rendering: Rendering) -> list[str]:
    headers = rendering.headers
    host = ascii_host(headers.sender_domain)
    fields = [
        mailbox_field("From", headers.sender_name, headers.sender_address),
        text_field("Subject", rendering.subject),
        f"Date: {format_datetime(headers.date.astimezone(UTC))}",
        list_id_field(headers.list_title, f"{headers.list_name}.{host}"),
        address_list_field("List-Help", mailto(headers.reply_to or headers.sender_address, subject="help")),
        "List-Post: NO",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    if headers.reply_to and headers.reply_to != headers.sender_address:
        fields.insert(1, mailbox_field("Reply-To", "", headers.reply_to))
    return fields


def _reader_fields(reader: Reader, message_id: str, *, one_click: bool) -> bytes:
    page = reader.unsubscribe_url
    by_mail = web_link(reader.unsubscribe_mail, mail=True)
    ways = (page, by_mail) if page.startswith("http") else (page,)
    fields = [
        mailbox_field("To", reader.name, reader.address),
        f"Message-ID: {message_id}",
        address_list_field("List-Unsubscribe", *ways),
    ]
    if one_click and page.startswith("https:"):
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return _wire(fields)


def _wire(fields: list[str]) -> bytes:
    # An address beyond ASCII before its @ is sent as it is, by servers that take SMTPUTF8 (RFC 6532).
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8")


def _part_fields(subtype: bytes) -> bytes:
    return (
        b"\r\nContent-Type: text/" + subtype + b"; charset=utf-8"
        b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _part(body: str, token: str) -> _Part:
    """Encode a body's pieces; where a value joins one, the line is broken softly."""
    split = split_at_marks(body, token)
    pieces = split[::2]
    encoded = []
    for place, piece in enumerate(pieces):
        content = _encoded(piece)
        if place > 0 and not piece.startswith("\n"):
            content = _SOFT_BREAK + content
        if place < len(pieces) - 1 and content and not content.endswith(_CRLF):
            content += _SOFT_BREAK
        encoded.append(content)
    return _Part(pieces=tuple(encoded), marks=tuple(split[1::2]))


def _encoded(text: str) -> bytes:
    """Return a text in quoted-printable, with room for a soft break on its last line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    encoded = b2a_qp(lines, istext=True).replace(b"\n", _CRLF)
    if len(encoded.rpartition(_CRLF)[2]) == _LONGEST_QP_LINE:
        return encoded[:-1] + _SOFT_BREAK + encoded[-1:]
    return encoded
