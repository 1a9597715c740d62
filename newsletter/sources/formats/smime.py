"""What is within a mail that S/MIME wraps in one piece (RFC 8551), where it is signed and not encrypted.

The signature is not checked, as no other mail's is; see MAIL_SENDERS.
"""

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason

#: Types of content (RFC 5652, RFC 3274), encoded.
_DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED = bytes.fromhex("2a864886f70d010702")
_COMPRESSED = bytes.fromhex("2a864886f70d0109100109")

_END, _OCTETS, _OBJECT, _OCTETS_IN_PIECES, _SEQUENCE, _EXPLICIT = 0x00, 0x04, 0x06, 0x24, 0x30, 0xA0
#: Octets in pieces of pieces; programs write one level.
_DEEPEST = 5


class _BrokenError(Exception):
    """It is no BER (ITU-T X.690), or something else than expected."""


def signed_content(content: bytes) -> bytes:
    """Return the part of a mail within a SignedData structure (RFC 5652 section 5), b"" if there is none.

    Raises:
        DocumentRefusedError: ENCRYPTED, UNSUPPORTED (compressed) or DAMAGED.
    """
    try:
        return _carried(memoryview(content))
    except (_BrokenError, IndexError, ValueError):
        raise DocumentRefusedError(RefusalReason.DAMAGED, "what S/MIME wrapped is cut or broken") from None


def _carried(content: memoryview) -> bytes:
    kind, wrapped = _kind_and_content(content)
    if kind == _COMPRESSED:
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, "compressed with S/MIME: ask for it without")
    if kind != _SIGNED:
        raise DocumentRefusedError(RefusalReason.ENCRYPTED, "with S/MIME; forward it unencrypted")
    # A version and the hashes' names stand before it.
    _, _, encapsulated = _members(_expect(_SEQUENCE, wrapped))
    kind, wrapped = _kind_and_content(encapsulated)
    if kind != _DATA:
        raise _BrokenError
    return _octets(wrapped, depth=0) if wrapped else b""


def _kind_and_content(element: memoryview) -> tuple[memoryview, memoryview]:
    """Return the type that a sequence begins with, and what it is the type of, if there is any."""
    kind, *rest = _members(_expect(_SEQUENCE, element))
    return _expect(_OBJECT, kind), _expect(_EXPLICIT, rest[0]) if rest else memoryview(b"")


def _expect(tag: int, element: memoryview) -> memoryview:
    """Return what is within an element of a tag."""
    found, start, stop, _ = _bounds(element, 0)
    if found != tag:
        raise _BrokenError
    return element[start:stop]


def _members(body: memoryview) -> list[memoryview]:
    """Return the elements that something begins with, three at most."""
    members: list[memoryview] = []
    at = 0
    while at < len(body) and len(members) < 3:
        *_, end = _bounds(body, at)
        members.append(body[at:end])
        at = end
    return members


def _octets(element: memoryview, *, depth: int) -> bytes:
    """Return an octet string, which may be written in pieces."""
    tag, start, stop, _ = _bounds(element, 0)
    if tag == _OCTETS:
        return bytes(element[start:stop])
    if tag != _OCTETS_IN_PIECES or depth == _DEEPEST:
        raise _BrokenError
    pieces: list[bytes] = []
    while start < stop:
        *_, end = _bounds(element[:stop], start)
        pieces.append(_octets(element[start:end], depth=depth + 1))
        start = end
    return b"".join(pieces)


def _bounds(data: memoryview, at: int) -> tuple[int, int, int, int]:
    """Return an element's tag, where its content starts and stops, and where it ends."""
    tag, start, length = _header(data, at)
    if length is not None:
        return tag, start, start + length, start + length
    # Of no set length: up to the mark that ends it, past those that end what is within it.
    end, open_ = start, 1
    while open_:
        inner, end, length = _header(data, end)
        if length is None:
            open_ += 1
        else:
            end += length
            open_ -= inner == _END
    return tag, start, end - 2, end


def _header(data: memoryview, at: int) -> tuple[int, int, int | None]:
    """Return an element's tag, where its content starts, and its length; None if none is set."""
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length == 0x80:
        return tag, start, None
    if length > 0x80:
        size = length & 0x7F
        start, length = start + size, int.from_bytes(data[start : start + size], "big")
    if start + length > len(data):
        raise _BrokenError
    return tag, start, length
