"""What signs messages: the shape of it, apart from the library behind it, which only those with keys load."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol


class CopySeal(Protocol):
    """Signs the copies of one edition."""

    def sign(self, own: Sequence[bytes], *, body: Iterable[bytes], now: datetime) -> bytes:
        """Return the fields that sign a copy, to be put before it.

        Args:
            own: The fields that it has for itself, folded, without their last line ends, in the order of
                their names.
            body: Canonical, in pieces, less what all copies begin with; see `MessageSigner.canonical`.
            now: UTC.
        """
        ...


class MessageSigner(Protocol):
    """Signs for one domain."""

    def sign(self, content: bytes, *, now: datetime) -> bytes:
        """Return the fields that sign a whole message, to be put before it; `now` in UTC.

        Raises:
            MessageRefusedError: It cannot be signed so that the signature holds.
        """
        ...

    def seal(self, *, shared: Iterable[bytes], own: Sequence[bytes], body_start: bytes) -> CopySeal:
        """Return what signs copies whose fields are the same but for a few.

        Args:
            shared: Fields that are the same in every copy, folded, without their last line ends.
            own: Names of the fields that each copy has for itself, once each.
            body_start: What the bodies of all copies begin with, canonical.

        Raises:
            MessageRefusedError: From is missing or there twice.
        """
        ...

    def canonical(self, lines: bytes) -> bytes:
        """Return lines of a body as they are signed."""
        ...
