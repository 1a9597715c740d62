"""The queue of claimed deliveries that a turn's workers share: domains and rates decide who is next."""

import asyncio
from collections import Counter, deque
from datetime import datetime, timedelta

from newsletter.deliver.postbag import Postbag
from newsletter.deliveries.rates import RateGate
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Delivery, DeliveryRange
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

#: Deliveries claimed at a time for each connection.
_CLAIMED_PER_CONNECTION = 10

#: How many claims' worth of deliveries may wait for a domain before no more are claimed.
_MOST_WAITING = 4

#: Longest wait for a rate within a turn, in seconds; a longer one ends the turn.
_LONGEST_WAIT_SECONDS = 60.0

#: How often a turn looks at the letters that go out beside it.
_LOOK_EVERY = timedelta(seconds=1)


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
        #: When deliveries were let out by the rates that are not being handed over yet, by id.
        self._reserved: dict[int, datetime] = {}
        #: Held by the worker that looks for more; it may have to ask the store.
        self._looking = asyncio.Lock()
        #: Those that wait until something changes.
        self._sleepers: list[asyncio.Future[None]] = []
        self._gate: RateGate | None = None
        #: When letters were looked at last that count for the same rates, UTC.
        self._looked_at: datetime | None = None
        #: When the rate lets the next one out, if that ended the turn; UTC.
        self.rate_until: datetime | None = None

    async def take(self) -> Delivery | None:
        """Return the next delivery, or None if the turn is over for this worker."""
        while not self._stopping.is_set() and self.rate_until is None:
            async with self._looking:
                now = self._clock()
                gate = await self._rates()
                await self._look_at_letters(gate, now)
                turn = gate.next_turn(now)
                if turn <= now:
                    delivery = self._pick()
                    if delivery is not None:
                        self._on_their_way[_domain(delivery)] += 1
                        return self._reserve(delivery, gate, now)
                    if await self._claim():
                        continue
                    if all(self._is_aside(waiting) for waiting in self._waiting):
                        return None
                    sleeper = asyncio.get_running_loop().create_future()
                    self._sleepers.append(sleeper)
            if turn <= now:
                await sleeper
            else:
                await self._wait(turn, (turn - now).total_seconds())
        return None

    def take_behind(self, delivery: Delivery) -> Delivery | None:
        """Return what its worker is to send behind a delivery, if that is known at once.

        One to the same domain needs no room of its own: it goes out once the other is through.
        """
        gate = self._gate
        if gate is None or not self._waiting or self._stopping.is_set() or self.rate_until is not None:
            return None
        now = self._clock()
        if self._bag.rates and (self._letters_are_due(now) or gate.next_turn(now) > now):
            return None
        domain = _domain(delivery)
        behind = self._pick(domain)
        if behind is None:
            return None
        if _domain(behind) != domain:
            self._on_their_way[_domain(behind)] += 1
        return self._reserve(behind, gate, now)

    def begun(self, delivery: Delivery) -> None:
        """Tell that a delivery is being handed over: it counts for the rates."""
        self._reserved.pop(delivery.id, None)

    def done(self, delivery: Delivery, *, behind: Delivery | None = None) -> None:
        """Tell that a delivery is no longer on its way.

        Args:
            delivery: It.
            behind: What `take_behind` returned for it, which is on its way now.
        """
        self._give_back_turn(delivery)
        domain = _domain(delivery)
        if behind is None or _domain(behind) != domain:
            self._on_their_way[domain] -= 1
            self.wake()

    def put_back(self, delivery: Delivery) -> None:
        """Give back a delivery that no server has seen; the others may still serve it."""
        self._waiting.appendleft(delivery)
        self.wake()

    def put_back_behind(self, delivery: Delivery, behind: Delivery) -> None:
        """Give back what was to go out behind a delivery that is still on its way."""
        self._give_back_turn(behind)
        if _domain(behind) != _domain(delivery):
            self._on_their_way[_domain(behind)] -= 1
        self.put_back(behind)

    def wake(self) -> None:
        """Let workers that wait look again."""
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    def _give_back_turn(self, delivery: Delivery) -> None:
        """Let the rates forget a delivery that was not handed over after all."""
        reserved_at = self._reserved.pop(delivery.id, None)
        if reserved_at is not None and self._gate is not None:
            self._gate.give_back(reserved_at)

    def _reserve(self, delivery: Delivery, gate: RateGate, now: datetime) -> Delivery:
        """Let the rates count a delivery."""
        if self._bag.rates:
            gate.take(now)
            self._reserved[delivery.id] = now
        return delivery

    def _pick(self, domain_at_hand: str | None = None) -> Delivery | None:
        """Take the first delivery whose edition is not set aside and whose domain has room."""
        for place, delivery in enumerate(self._waiting):
            if self._set_aside and self._is_aside(delivery):
                continue
            domain = _domain(delivery)
            if domain == domain_at_hand or self._on_their_way[domain] < self._bag.domain_connections:
                del self._waiting[place]
                return delivery
        return None

    def _is_aside(self, delivery: Delivery) -> bool:
        until = self._set_aside.get(delivery.edition_id)
        return until is not None and self._clock() < until

    async def _claim(self) -> bool:
        """Claim more, if not too much waits already; return whether there was any."""
        limit = _CLAIMED_PER_CONNECTION * self._bag.transport.connections
        if len(self._waiting) >= _MOST_WAITING * limit:
            return False
        now = self._clock()
        claimed = await self._store.in_time(
            self._store.deliveries.claim,
            sender=self._sender,
            limit=limit,
            now=now,
            list_name=self._list_name,
            except_editions=[edition_id for edition_id, until in self._set_aside.items() if now < until],
            only=self._only,
        )
        self._waiting.extend(claimed)
        return bool(claimed)

    async def _rates(self) -> RateGate:
        """Return the gate, which begins with what was used before a restart."""
        if self._gate is None:
            limits = self._bag.rates
            spending = Spending(account=self._bag.account, limits=limits)
            used = await self._store.in_time(self._store.accounts.usage, spending) if limits else []
            self._gate = RateGate(limits, used)
        return self._gate

    async def _look_at_letters(self, gate: RateGate, now: datetime) -> None:
        """Count the letters that went out beside this turn, if that was not done a moment ago."""
        if not self._bag.rates or not self._letters_are_due(now):
            return
        letters = Spending(account=self._bag.account, limits=self._bag.rates, of_letters=True)
        gate.look_beside(await self._store.in_time(self._store.accounts.usage, letters))
        self._looked_at = now

    def _letters_are_due(self, now: datetime) -> bool:
        return self._looked_at is None or not timedelta() <= now - self._looked_at < _LOOK_EVERY

    async def _wait(self, turn: datetime, seconds: float) -> None:
        """Wait for the rate's next turn, or note that it is too far away to wait for."""
        if seconds > _LONGEST_WAIT_SECONDS:
            self.rate_until = turn
            self.wake()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


def _domain(delivery: Delivery) -> str:
    return delivery.address.rpartition("@")[2].lower()
