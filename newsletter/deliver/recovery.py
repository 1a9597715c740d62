"""Recovery: what senders left behind that died is looked for, by whoever begins to send and while it does."""

import asyncio
import logging
from collections.abc import Sequence

from newsletter.deliver.postbag import Postbag
from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.store.deliveries import Recovery
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: How often it is looked for during a turn, in seconds.
_LOOKED_FOR_SECONDS = 10.0


class Recoverer:
    """Takes back what senders that are gone held.

    Attributes:
        found: What was found so far; `waiting` as it was when it was looked for last.
    """

    def __init__(self, store: Store, bag: Postbag, clock: Clock) -> None:
        self._store = store
        self._bag = bag
        self._clock = clock
        self.found = Recovery(uncertain=0, waiting=0)

    async def look(self, *, dead: Sequence[str] | None = None) -> None:
        """Look for it.

        Args:
            dead: Senders that are known to be gone: look for what they held; None: look for all.

        Raises:
            StoreError: The store does not answer.
        """
        policy = self._bag.uncertain
        found = await self._store.in_time(
            self._store.deliveries.recover, policy=policy, now=self._clock(), dead=dead
        )
        if found.uncertain:
            log.warning("%d deliveries of a dead sender are uncertain: %s", found.uncertain, policy.value)
        self.found = Recovery(uncertain=self.found.uncertain + found.uncertain, waiting=found.waiting)

    async def keep_looking(self) -> None:
        """Look for it again and again, where others send beside us: they may die meanwhile."""
        while self._store.is_shared:
            await asyncio.sleep(_LOOKED_FOR_SECONDS)
            try:
                await self.look()
            except StoreError as error:
                # Sending itself stops where the store is gone.
                log.warning("what dead senders left cannot be looked for: %s", error)
