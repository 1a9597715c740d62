"""Presence: a sender tells the store that it lives, and stops where it could not tell it for too long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from newsletter.errors import StoreError
from newsletter.model.clock import Clock, steady_seconds
from newsletter.store.deliveries import LEASE_SECONDS
from newsletter.store.store import Store

#: How often a lease is prolonged, in seconds: several tries before it ends.
_PROLONGED_SECONDS = LEASE_SECONDS / 4

#: How long a store that failed is given to take our farewell, in seconds.
_FAREWELL_SECONDS = 2.0


class Presence:
    """The lease of one sender."""

    def __init__(self, store: Store, sender: str, clock: Clock) -> None:
        """Prepare; the lease begins with `prolong`.

        Args:
            store: Where the lease is kept.
            sender: Name of the sender.
            clock: Returns the time, UTC.
        """
        self._store = store
        self._sender = sender
        self._clock = clock
        self._told_at = steady_seconds()
        self._is_shared = store.is_shared

    @property
    def holds(self) -> bool:
        """Whether what we claimed is surely ours; if not, others may have taken it over.

        A process that stood still for a while, or whose store answered late, finds out here.
        """
        return not self._is_shared or steady_seconds() - self._told_at < LEASE_SECONDS

    async def prolong(self) -> None:
        """Begin or prolong the lease.

        Raises:
            StoreError: It cannot be written.
        """
        asked_at = steady_seconds()
        await self._store.in_time(self._store.deliveries.lease, sender=self._sender, now=self._clock())
        self._told_at = asked_at

    async def end(self) -> None:
        """Give back what was claimed and end the lease, once nothing is in flight any more.

        Raises:
            StoreError: It cannot be written; the lease ends by itself.
        """
        await self._store.in_time(self._store.deliveries.release, sender=self._sender, now=self._clock())

    async def end_if_possible(self) -> None:
        """The same after something failed: a store that answers again lets others go on at once."""
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self.end()

    async def keep(self, *, on_loss: Callable[[], None]) -> None:
        """Prolong the lease long before it ends, for as long as this is not cancelled.

        Args:
            on_loss: Called where it cannot be: what we hold may be taken over.

        Raises:
            StoreError: It cannot be prolonged.
        """
        while True:
            await asyncio.sleep(_PROLONGED_SECONDS)
            try:
                await self.prolong()
            except Exception:
                on_loss()
                raise
