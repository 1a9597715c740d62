"""Company: a sender among others shares what domains and servers may be asked of, and hears of trouble."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from newsletter.deliver.postbag import Postbag
from newsletter.deliveries.breaker import holds
from newsletter.deliveries.rooms import share_rooms
from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Breaker
from newsletter.model.sharing import Room, Standing
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: How often the others are told how we stand, in seconds.
_MET_SECONDS = 1.0


class Company:
    """What a sender knows of those beside it; alone, it is its own and asks nobody.

    Attributes:
        breaker: Why another sender has stopped, which is our reason, too; None if it has not.
        refused_beside: Readers that the others were refused in a row.
    """

    def __init__(self, store: Store, bag: Postbag, sender: str, clock: Clock) -> None:
        self._store = store
        self._bag = bag
        self._sender = sender
        self._clock = clock
        self._rooms: Mapping[str, Room] | None = None
        self._meeting = asyncio.Lock()
        #: While we meet, what was on its way to each domain when that began: by it the others decide.
        self._ceiling: Counter[str] | None = None
        #: How many deliveries are on their way to each domain, and how many wait besides.
        self._on_their_way: Counter[str] = Counter()
        self._waiting: Callable[[], Counter[str]] = Counter
        self._refused: Callable[[], int] = lambda: 0
        self.breaker: Breaker | None = None
        self.refused_beside = 0

    def watch(
        self,
        *,
        on_their_way: Counter[str],
        waiting: Callable[[], Counter[str]],
        refused: Callable[[], int],
    ) -> None:
        """Be told what there is to share.

        Args:
            on_their_way: How many deliveries are on their way to each domain; changes.
            waiting: Returns how many wait for each.
            refused: Returns how many readers we were refused in a row.
        """
        self._on_their_way, self._waiting, self._refused = on_their_way, waiting, refused

    def room(self, domain: str) -> int:
        """Return how many deliveries may be on their way to a domain."""
        held = self._bag.domain_connections
        if self._rooms is not None:
            room = self._rooms.get(domain)
            held = room.held if room is not None else 0
        return held if self._ceiling is None else min(held, self._ceiling[domain])

    @property
    def is_close(self) -> bool:
        """Whether all together could ask too much of a domain: then each needs its room beforehand."""
        return self._rooms is not None

    async def meet(self) -> None:
        """Tell the others how we stand, and see how they do.

        Raises:
            StoreError: The store does not answer.
        """
        if not self._bag.shared:
            return
        async with self._meeting:
            self._ceiling = Counter(self._on_their_way)
            try:
                meeting = await self._store.in_time(
                    self._store.sharing.meet,
                    self._sender,
                    partial(self._stand, self._ceiling, self._ceiling + self._waiting()),
                    account=self._bag.account,
                    now=self._clock(),
                )
                self._rooms = meeting.own.rooms
            finally:
                self._ceiling = None
        self.refused_beside = meeting.refused_beside
        if meeting.breaker is not None and holds(meeting.breaker, now=self._clock()):
            self.breaker = meeting.breaker

    def _stand(self, on_their_way: Counter[str], wants: Counter[str], others: Sequence[Standing]) -> Standing:
        connections = self._bag.transport.connections
        rooms = share_rooms(
            self._sender,
            {domain: min(count, connections) for domain, count in wants.items()},
            on_their_way,
            others,
            connections=connections,
            limit=self._bag.domain_connections,
        )
        return Standing(sender=self._sender, connections=connections, rooms=rooms, refused=self._refused())

    async def keep_meeting(self, *, on_news: Callable[[], None]) -> None:
        """Meet again and again while a turn lasts.

        Args:
            on_news: Called after each time.
        """
        while self._bag.shared:
            await asyncio.sleep(_MET_SECONDS)
            try:
                await self.meet()
            except StoreError as error:
                # Sending itself stops where the store is gone.
                log.warning("other senders cannot be asked: %s", error)
            on_news()
