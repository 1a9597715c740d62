"""Unpacking a body piece by piece, never more than asked for: a few octets may stand for gigabytes."""

import zlib
from typing import Any

from newsletter.errors import FetchError

_GZIP = zlib.MAX_WBITS | 16
#: Each costs a copy of what follows it.
_MOST_MEMBERS = 500


class Inflater:
    """Unpacks one body.

    Args:
        packing: Value of its Content-Encoding (RFC 9110, section 8.4).

    Raises:
        FetchError: It is packed in a way that was not asked for, or twice.
    """

    def __init__(self, packing: str) -> None:
        self._kind = packing.strip().lower().removeprefix("x-")
        if self._kind not in {"", "identity", "gzip", "deflate"}:
            raise FetchError(f"it is packed in a way that was not asked for ({self._kind[:40]})")
        self._stream: Any = None
        self._members = 0

    def add(self, piece: bytes, *, most: int) -> bytes:
        """Unpack the next piece.

        Args:
            piece: Packed octets.
            most: How many unpacked ones are returned at most; what is beyond them is lost.

        Raises:
            FetchError: It is not packed as said.
        """
        if self._kind in {"", "identity"}:
            return piece[:most]
        unpacked = bytearray()
        try:
            while piece and len(unpacked) < most and (stream := self._stream_for(piece)):
                unpacked += stream.decompress(piece, most - len(unpacked))
                piece = stream.unused_data
        except zlib.error:
            raise FetchError("it is not packed as its head says") from None
        return bytes(unpacked)

    def check_end(self) -> None:
        """Check that the body is whole.

        Raises:
            FetchError: It ends in the middle.
        """
        if self._stream is not None and not self._stream.eof:
            raise FetchError("it was cut off")

    def _stream_for(self, piece: bytes) -> Any:  # noqa: ANN401 - zlib's class has no name
        """Return what unpacks a piece; None for what follows the end.

        A file of gzip may have several members (RFC 1952, section 2.2).
        """
        if self._stream is not None and not self._stream.eof:
            return self._stream
        if self._stream is not None and (self._kind == "deflate" or not piece.startswith(b"\x1f")):
            return None
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise FetchError(f"it is packed in more than {_MOST_MEMBERS} pieces")
        bits = _GZIP
        if self._kind == "deflate":
            # By the standard with zlib's head, by many servers without it.
            bits = zlib.MAX_WBITS if piece[0] & 0x0F == 8 else -zlib.MAX_WBITS
        self._stream = zlib.decompressobj(bits)
        return self._stream
