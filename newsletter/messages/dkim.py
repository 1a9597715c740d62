"""DKIM (RFC 6376): signatures by which a receiver knows that a message is its domain's, and unaltered.

Both header and body are canonicalised "relaxed": mail servers may fold lines and trim spaces on the way.

What is signed: every field that a reader sees or that a mail program acts on. `h=` names each once more than
it occurs (RFC 6376 sections 5.4.2 and 8.15), so that nobody can add a second one, which many programs would
show instead of ours. From, To, Cc, Subject and Reply-To are named even where the message has none: an added
one would be believed, or take the answers. The others are named only where they occur, because a server on
the way may supply them. List-Unsubscribe and List-Unsubscribe-Post must be covered for one click to work
(RFC 8058 section 4).

What is left out: `l=` (it lets anybody append to the body, section 8.2), `x=` (a message deferred for days,
or read again in a year, is still ours), and fields that servers add or change by right, such as Received,
Return-Path and Sender. A relay that writes its own Date and Message-ID, as Amazon SES does, breaks any
signature over them: there the relay must sign.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from newsletter.errors import DkimKeyError, MessageRefusedError
from newsletter.messages.dkim_keys import DkimKey, check_domain
from newsletter.model.keys import KeyType

_CRLF = b"\r\n"

#: Named even where they do not occur.
_ALWAYS_NAMED = ("from", "to", "cc", "subject", "reply-to")
#: Named where they occur.
_NAMED_IF_THERE = (
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "list-help",
    "list-post",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)

#: Room on a folded line: 78 characters (RFC 5322 section 2.1.1) less the space that it starts with.
_ROOM = 77
#: Where one field ends and the next one begins: a line that does not go on with white space.
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


class Signer:
    """Signs messages for one domain, with each of its keys.

    Args:
        domain: Of the From address, or above it (DMARC, RFC 7489 section 3.1.1); international labels are
            turned into A-labels.
        keys: Each makes one signature: RSA for every verifier, Ed25519 beside it (RFC 8463 section 6).

    Raises:
        DkimKeyError: It is not a domain; there is no key; two keys have one selector.
    """

    def __init__(self, *, domain: str, keys: Sequence[DkimKey]) -> None:
        self.domain = check_domain(domain)
        self.keys = tuple(keys)
        selectors = [key.selector for key in self.keys]
        if not selectors:
            raise DkimKeyError("there is no key to sign with")
        repeated = sorted({selector for selector in selectors if selectors.count(selector) > 1})
        if repeated:
            raise DkimKeyError(f"selector {', '.join(repeated)} names more than one key: each needs its own")

    def sign(self, content: bytes, *, now: datetime) -> bytes:
        """Return the DKIM-Signature fields of a message, to be put before it.

        Args:
            content: The message, its lines ended by CRLF, before dots are stuffed. Header fields may hold
                raw UTF-8 (RFC 6532): octets are signed as they are (RFC 8616 section 5).
            now: UTC; goes into `t=`.

        Raises:
            MessageRefusedError: A line end would be altered on the way and break the signature; From is
                missing or there twice.
        """
        fields, body = _split(content)
        names, covered = _coverage(fields)
        digest = sha256(relaxed_body(body)).digest()
        return self.fields(named=h_lines(names), covered=b"".join(covered), body_digest=digest, now=now)

    def seal(self, *, shared: Iterable[bytes], own: Sequence[bytes], body_start: bytes) -> "Seal":
        """Return what signs copies whose fields are the same but for a few; see `MessageSigner.seal`."""
        return Seal(self, shared=shared, own=own, body_start=body_start)

    def canonical(self, lines: bytes) -> bytes:
        """Return lines of a body in relaxed form, whatever comes behind them."""
        return relaxed_lines(lines)

    def fields(self, *, named: Sequence[str], covered: bytes, body_digest: bytes, now: datetime) -> bytes:
        """Return the DKIM-Signature fields over what is canonical already.

        Args:
            named: The lines of `h=`; see `h_lines`.
            covered: The header fields that they name, in that order.
            body_digest: SHA-256 of the body.
            now: UTC.
        """
        body_hash = b64encode(body_digest).decode("ascii")
        return b"".join(self._signature_field(key, named, covered, body_hash, now) for key in self.keys)

    def _signature_field(
        self, key: DkimKey, named: Sequence[str], covered: bytes, body_hash: str, now: datetime
    ) -> bytes:
        """Write one field (RFC 6376 section 3.5); its own `b=` is signed while still empty (section 3.7)."""
        stem, relaxed = _stem(self.domain, key.selector, key.key_type, tuple(named), int(now.timestamp()))
        last = f"bh={body_hash};".encode("ascii")
        signature = b64encode(key.signature(covered + relaxed + b" " + last + b" b="))
        return b"\r\n ".join((stem, last, b"b=" + _broken(signature, first=_ROOM - len("b=")))) + _CRLF


@lru_cache(maxsize=16)
def _stem(
    domain: str, selector: str, key_type: KeyType, named: tuple[str, ...], time: int
) -> tuple[bytes, bytes]:
    """Return what a signature's field begins with, folded and in relaxed form, until the hash of the body."""
    lines = (
        f"DKIM-Signature: v=1; a={key_type.value}-sha256; c=relaxed/relaxed; t={time};",
        *_filled((f"d={domain};", f" s={selector};")),
        *named,
    )
    stem = "\r\n ".join(lines).encode("ascii")
    return stem, relaxed_field(stem)


class Seal:
    """Signs the copies of an edition, whose header fields are the same but for a few.

    What `Signer.sign` would find out about each copy anew is found out once.

    Args:
        signer: Signs.
        shared: Fields that are the same in every copy, folded, without their last line end.
        own: Names of the fields that each copy has for itself, once each.
        body_start: What the bodies of all copies begin with, canonical.

    Raises:
        MessageRefusedError: From is missing or there twice.
    """

    def __init__(
        self, signer: Signer, *, shared: Iterable[bytes], own: Sequence[bytes], body_start: bytes
    ) -> None:
        self._signer = signer
        self._begun = sha256(body_start)
        places = {name.lower(): place for place, name in enumerate(own)}
        names, covered = _coverage([*shared, *(name + b":" for name in own)])
        self._named = h_lines(names)
        #: Canonical fields, and the places of those that a copy has for itself.
        self._covered = [places.get(field.removesuffix(b":\r\n"), field) for field in covered]

    def sign(self, own: Sequence[bytes], *, body: Iterable[bytes], now: datetime) -> bytes:
        """Return the DKIM-Signature fields of a copy.

        Args:
            own: Its own fields, folded, without their last line ends, in the order of their names.
            body: Canonical, in pieces, less what all copies begin with.
            now: UTC.
        """
        hashed = self._begun.copy()
        for piece in body:
            hashed.update(piece)
        fields = [relaxed_field(field) + _CRLF for field in own]
        covered = b"".join([fields[part] if isinstance(part, int) else part for part in self._covered])
        return self._signer.fields(named=self._named, covered=covered, body_digest=hashed.digest(), now=now)


def h_lines(names: Sequence[str]) -> list[str]:
    """Return the lines of `h=`, which name the fields that are covered."""
    return _filled(("h=", *(f"{name}:" for name in names[:-1]), f"{names[-1]};"))


def relaxed_field(field: bytes) -> bytes:
    """Return a header field, without its line end, in relaxed form (RFC 6376 section 3.4.2)."""
    name, _, value = field.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _single_spaced(value.replace(_CRLF, b"")).strip(b" ")


def relaxed_body(body: bytes) -> bytes:
    """Return a body in relaxed form (RFC 6376 section 3.4.4).

    Args:
        body: With CRLF at the ends of lines, and neither CR nor LF elsewhere.
    """
    text = relaxed_lines(body).rstrip(b" \r\n")
    return text + _CRLF if text else b""


def relaxed_lines(text: bytes) -> bytes:
    """Return lines of a body in relaxed form, whatever comes behind them."""
    return _single_spaced(text).replace(b" \r\n", _CRLF)


def _single_spaced(text: bytes) -> bytes:
    # A regular expression over a body of 60 KB takes ten times as long.
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    """Return a message's header fields, still folded, and its body."""
    line_ends = content.count(_CRLF)
    if content.count(b"\r") != line_ends or content.count(b"\n") != line_ends:
        raise MessageRefusedError("a CR or LF stands alone: mail servers would alter it and break DKIM")
    header, _, body = content.partition(_CRLF * 2)
    return _FIELD_END.split(header.removesuffix(_CRLF)), body


def _coverage(fields: Iterable[bytes]) -> tuple[list[str], list[bytes]]:
    """Return the names for `h=`, and the fields that they stand for, canonical and in their order."""
    found: dict[str, list[bytes]] = {}
    for field in fields:
        if b":" not in field:
            raise MessageRefusedError("a line of the header is no field, and DKIM cannot sign it")
        canonical = relaxed_field(field)
        name = canonical.partition(b":")[0].decode("ascii", "replace")
        found.setdefault(name, []).append(canonical + _CRLF)
    if len(found.get("from", ())) != 1:
        raise MessageRefusedError("From must be there once for DKIM (RFC 6376 section 5.4)")
    names: list[str] = []
    covered: list[bytes] = []
    for name in _ALWAYS_NAMED + _NAMED_IF_THERE:
        occurring = found.get(name, [])
        if occurring or name in _ALWAYS_NAMED:
            # Verifiers take several fields of one name from the last to the first (section 5.4.2).
            covered += reversed(occurring)
            names += [name] * (len(occurring) + 1)
    return names, covered


def _filled(pieces: Iterable[str]) -> list[str]:
    """Return pieces on lines of at most `_ROOM` characters; a piece is never broken."""
    lines = [""]
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + len(piece) > _ROOM:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


def _broken(text: bytes, *, first: int) -> bytes:
    """Return a text broken into folded lines, the first one shorter."""
    starts = range(first, len(text), _ROOM)
    return b"\r\n ".join((text[:first], *(text[start : start + _ROOM] for start in starts)))
