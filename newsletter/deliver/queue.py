"""The queue of claimed deliveries that a turn's workers share: domains and rates decide who is next."""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from datetime import datetime, timedelta

from newsletter.deliver.company import Company
from newsletter.deliver.postbag import Postbag
from newsletter.deliver.rates import rates_of
from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Delivery, DeliveryRange
from newsletter.store.store import Store

#: Deliveries claimed at a time for each connection.
_CLAIMED_PER_CONNECTION = 10

#: How many claims' worth of deliveries may wait for a domain before no more are claimed.
_MOST_WAITING = 4

#: For so long all workers believe the one that found nothing more: at a turn's end each would ask for itself.
_EMPTY_FOR = timedelta(seconds=1)

#: Longest wait for a rate within a turn, in seconds; a longer one ends the turn.
_LONGEST_WAIT_SECONDS = 60.0


class Queue:
    """Hands out deliveries, one at a time, to several workers."""

    def __init__(
        self,
        store: Store,
        bag: Postbag,
        *,
        sender: str,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None,
        set_aside: dict[int, datetime],
        only: DeliveryRange | None = None,
        company: Company,
    ) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            store: Where the deliveries are.
            bag: Rates, domains and connections.
            sender: Name to claim under.
            clock: Returns the time, UTC.
            stopping: Once set, nothing more is handed out.
            list_name: Only this list's; None for all.
            set_aside: Until when editions are to be left alone, UTC, by id; may grow meanwhile.
            only: Only these deliveries; None for all.
            company: Those who send beside us.
        """
        self._store = store
        self._bag = bag
        self._sender = sender
        self._clock = clock
        self._stopping = stopping
        self._list_name = list_name
        self._only = only
        self._set_aside = set_aside
        self._waiting: deque[Delivery] = deque()
        self._on_their_way: Counter[str] = Counter()
        #: By what the rates count deliveries that are not being handed over yet, by id.
        self._reserved: dict[int, datetime] = {}
        #: Claims more before the last one is taken.
        self._refilling: asyncio.Task[None] | None = None
        #: Held by the worker that looks for more; it may have to ask the store.
        self._looking = asyncio.Lock()
        #: Those that wait until something changes.
        self._sleepers: list[asyncio.Future[None]] = []
        self._limit = _CLAIMED_PER_CONNECTION * bag.transport.connections
        self._rates = rates_of(store, bag, clock)
        self._has_rates = bool(bag.rates)
        self._company = company
        #: When the store had nothing more, UTC.
        self._empty_at: datetime | None = None
        #: When the rate lets the next one out, if that ended the turn; UTC.
        self.rate_until: datetime | None = None

    async def take(self) -> Delivery | None:
        """Return the next delivery, or None if the turn is over for this worker."""
        while not self._stopping.is_set() and self.rate_until is None:
            async with self._looking:
                turn = await self._rates.turn(min(len(self._waiting), self._limit) or self._limit)
                if turn is None:
                    delivery = self._pick()
                    if delivery is not None:
                        self._on_their_way[delivery.domain] += 1
                        return self._reserve(delivery)
                    if await self._claim():
                        continue
                    if all(self._is_aside(waiting) for waiting in self._waiting):
                        return None
                    sleeper = asyncio.get_running_loop().create_future()
                    self._sleepers.append(sleeper)
            if turn is None:
                await sleeper
            else:
                await self._wait(turn, (turn - self._clock()).total_seconds())
        return None

    def take_behind(self, delivery: Delivery) -> Delivery | None:
        """Return what its worker is to send behind a delivery, if that is known at once.

        One to the same domain needs no room of its own: it goes out once the other is through.
        """
        if not self._waiting or self._stopping.is_set() or self.rate_until is not None:
            return None
        if self._has_rates and not self._rates.is_free(self._clock()):
            return None
        if len(self._waiting) <= self._limit // 2 and self._empty_at is None:
            self._refill()
        domain = delivery.domain
        behind = self._pick(domain)
        if behind is None:
            return None
        if behind.domain != domain:
            self._on_their_way[behind.domain] += 1
        return self._reserve(behind) if self._has_rates else behind

    def _refill(self) -> None:
        """See that more is claimed beside what goes on."""
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._claim_beside())

    async def _claim_beside(self) -> None:
        # A store that fails is met by whoever finds nothing left.
        with suppress(StoreError):
            async with self._looking:
                if not self._stopping.is_set() and await self._claim():
                    self.wake()

    async def settled(self) -> None:
        """Wait until nothing more is being claimed."""
        if self._refilling is not None:
            await self._refilling

    def look_again(self) -> None:
        """Tell that the store may have something again."""
        self._empty_at = None

    def begun(self, delivery: Delivery) -> None:
        """Tell that a delivery is being handed over: it counts for the rates."""
        if self._has_rates:
            self._reserved.pop(delivery.id, None)

    def done(self, delivery: Delivery, *, behind: Delivery | None = None) -> None:
        """Tell that a delivery is no longer on its way.

        Args:
            delivery: It.
            behind: What `take_behind` returned for it, which is on its way now.
        """
        if self._has_rates:
            self._give_back_turn(delivery)
        if behind is None or behind.domain != delivery.domain:
            self._on_their_way[delivery.domain] -= 1
            self.wake()

    def put_back(self, delivery: Delivery) -> None:
        """Give back a delivery that no server has seen; the others may still serve it."""
        self._waiting.appendleft(delivery)
        self.wake()

    def put_back_behind(self, delivery: Delivery, behind: Delivery) -> None:
        """Give back what was to go out behind a delivery that is still on its way."""
        self._give_back_turn(behind)
        if behind.domain != delivery.domain:
            self._on_their_way[behind.domain] -= 1
        self.put_back(behind)

    @property
    def on_their_way(self) -> Counter[str]:
        """How many deliveries are on their way to each domain."""
        return self._on_their_way

    def waiting(self) -> Counter[str]:
        """Return how many claimed deliveries wait for each domain."""
        return Counter(delivery.domain for delivery in self._waiting)

    def wake(self) -> None:
        """Let workers that wait look again."""
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    def _give_back_turn(self, delivery: Delivery) -> None:
        """Let the rates forget a delivery that was not handed over after all."""
        taken = self._reserved.pop(delivery.id, None)
        if taken is not None:
            self._rates.give_back(taken)

    def _reserve(self, delivery: Delivery) -> Delivery:
        """Let the rates count a delivery."""
        if self._has_rates:
            self._reserved[delivery.id] = self._rates.take(self._clock())
        return delivery

    def _pick(self, domain_at_hand: str | None = None) -> Delivery | None:
        """Take the first delivery whose edition is not set aside and whose domain has room."""
        for place, delivery in enumerate(self._waiting):
            if self._set_aside and self._is_aside(delivery):
                continue
            domain = delivery.domain
            on_their_way = self._on_their_way.get(domain, 0) - (domain == domain_at_hand)
            if on_their_way < self._company.room(domain):
                del self._waiting[place]
                return delivery
        return None

    def _is_aside(self, delivery: Delivery) -> bool:
        until = self._set_aside.get(delivery.edition_id)
        return until is not None and self._clock() < until

    async def _claim(self) -> bool:
        """Claim more, if not too much waits already; return whether there was any."""
        if len(self._waiting) >= _MOST_WAITING * self._limit:
            return False
        now = self._clock()
        if self._empty_at is not None and timedelta() <= now - self._empty_at < _EMPTY_FOR:
            return False
        claimed = await self._store.soon(
            self._store.deliveries.claim,
            sender=self._sender,
            limit=self._limit,
            now=now,
            list_name=self._list_name,
            except_editions=[edition_id for edition_id, until in self._set_aside.items() if now < until],
            only=self._only,
        )
        self._waiting.extend(claimed)
        self._empty_at = None if claimed else now
        if claimed and self._company.is_close:
            await self._company.meet()
            self.wake()
        return bool(claimed)

    async def close(self) -> None:
        """Give back to the rates what was not used, once nothing is on its way any more."""
        await self._rates.close()

    async def _wait(self, turn: datetime, seconds: float) -> None:
        """Wait for the rate's next turn, or note that it is too far away to wait for."""
        nap = min(seconds, self._rates.nap_seconds)
        if seconds > _LONGEST_WAIT_SECONDS:
            self.rate_until = turn
            self.wake()
            return
        try:
            async with asyncio.timeout(nap):
                await self._stopping.wait()
        except TimeoutError:
            pass
