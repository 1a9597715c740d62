"""Rates: when the next message may be handed over, counted by one process alone or by all that share."""

import math
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from newsletter.deliver.postbag import Postbag
from newsletter.deliveries.rates import RateGate, grant
from newsletter.model.clock import Clock
from newsletter.model.deliveries import RateLimit
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

#: How often a turn looks at the letters that go out beside it.
_LOOK_EVERY = timedelta(seconds=1)

#: How long messages that were let out beforehand may be handed over: a share of the shortest period, but no
#: longer than so many seconds.
_SHARE_OF_PERIOD, _LONGEST_SECONDS = 1 / 8, 2.0

#: How often a store that is slow to answer is asked once more at once, for a longer time each.
_MOST_TRIES = 4

#: How long a sender that shares a rate waits at most before it asks again, in seconds: others give back.
_LONGEST_NAP_SECONDS = 1.0


class Rates(Protocol):
    """When the next message may be handed over.

    Attributes:
        nap_seconds: How long to wait at most before `turn` is asked again.
    """

    nap_seconds: float

    async def turn(self, want: int) -> datetime | None:
        """Return when the next message may go, UTC; None if it may at once.

        Args:
            want: How many are wanted next, as far as that is known.
        """
        ...

    def is_free(self, now: datetime) -> bool:
        """Return whether a message may go at once, as far as that is known without asking the store."""
        ...

    def take(self, now: datetime) -> datetime:
        """Count a message; return what to give it back by."""
        ...

    def give_back(self, taken: datetime) -> None:
        """Take back the count of a message that was not handed over after all."""
        ...

    async def close(self) -> None:
        """Give back what is left."""
        ...


def rates_of(store: Store, bag: Postbag, clock: Clock, *, of_letters: bool = False) -> Rates:
    """Return what counts for a transport's account."""
    if not bag.rates:
        return NoRates()
    spending = Spending(account=bag.account, limits=bag.rates, of_letters=of_letters)
    return SharedRates(store, spending, clock) if bag.shared else OwnRates(store, spending, clock)


class NoRates:
    """Where everything may go at once."""

    nap_seconds = math.inf

    async def turn(self, want: int) -> datetime | None:  # noqa: ARG002 - as much as is wanted
        """Let it out."""
        return None

    def is_free(self, now: datetime) -> bool:  # noqa: ARG002 - at any time
        """Let it out."""
        return True

    def take(self, now: datetime) -> datetime:
        """Nothing is counted."""
        return now

    def give_back(self, taken: datetime) -> None:
        """Nothing was counted."""

    async def close(self) -> None:
        """Nothing is left."""


class OwnRates:
    """Counts in this process, which alone sends editions; letters that go out beside them are looked at."""

    nap_seconds = math.inf

    def __init__(self, store: Store, spending: Spending, clock: Clock) -> None:
        self._store = store
        self._spending = spending
        self._clock = clock
        self._gate: RateGate | None = None
        #: When what goes out beside was looked at last, UTC.
        self._looked_at: datetime | None = None

    async def turn(self, want: int) -> datetime | None:  # noqa: ARG002 - one after the other
        """Begin with what was used before a restart."""
        now = self._clock()
        usage = self._store.accounts.usage
        if self._gate is None:
            used = await self._store.in_time(usage, self._spending)
            self._gate = RateGate(self._spending.limits, used)
        if self._is_to_look(now):
            self._gate.look_beside(await self._store.in_time(usage, self._spending.beside))
            self._looked_at = now
        turn = self._gate.next_turn(now)
        return None if turn <= now else turn

    def is_free(self, now: datetime) -> bool:
        """Not before what goes out beside is known."""
        return self._gate is not None and not self._is_to_look(now) and self._gate.next_turn(now) <= now

    def take(self, now: datetime) -> datetime:
        """It is counted when it is taken."""
        if self._gate is not None:
            self._gate.take(now)
        return now

    def give_back(self, taken: datetime) -> None:
        """By when it was taken."""
        if self._gate is not None:
            self._gate.give_back(taken)

    async def close(self) -> None:
        """What was handed over is in the store already."""

    def _is_to_look(self, now: datetime) -> bool:
        return self._looked_at is None or not timedelta() <= now - self._looked_at < _LOOK_EVERY


class SharedRates:
    """Counts in the store, with everybody who sends through the account: some messages at a time.

    Those that were let out are counted as if they all were handed over at the last moment at which they may
    be; the others see them at once. What is left by then is given back when more is asked for.
    """

    nap_seconds = _LONGEST_NAP_SECONDS

    def __init__(self, store: Store, spending: Spending, clock: Clock) -> None:
        self._store = store
        self._spending = spending
        self._clock = clock
        shortest = min(limit.period_seconds for limit in spending.limits)
        #: For how long it is asked, in seconds.
        self._seconds = min(shortest * _SHARE_OF_PERIOD, _LONGEST_SECONDS)
        self._left = 0
        #: Until when those left may be handed over, UTC; and what they are counted by.
        self._until = datetime.min.replace(tzinfo=UTC)
        self._unused: Counter[datetime] = Counter()

    async def turn(self, want: int) -> datetime | None:
        """Ask the store for more where none is left."""
        for _ in range(_MOST_TRIES):
            now = self._clock()
            if self.is_free(now):
                return None
            turn = await self._ask(want, now)
            if turn is not None:
                return turn
        return None if self.is_free(self._clock()) else self._clock() + timedelta(seconds=self._seconds)

    async def _ask(self, want: int, now: datetime) -> datetime | None:
        """Ask for some; return when there will be, None if there are."""
        self._put_by()
        until = now + timedelta(seconds=self._seconds)
        unused, self._unused = self._unused, Counter()
        began = time.monotonic()
        granted = await self._store.in_time(
            self._store.accounts.reserve,
            self._spending,
            partial(grant, self._spending.limits, want=max(1, want), now=now),
            until=until,
            unused=unused,
            now=now,
        )
        # What was given back while the store was asked is good by the old time.
        self._put_by()
        self._left, self._until = granted.count, until
        took = time.monotonic() - began
        if took > self._seconds / 2:
            # A store far away: what it lets out must be good for longer than its answer takes.
            self._seconds = min(2 * took + self._seconds, RateLimit.MOST_AHEAD_SECONDS / 2)
        return None if granted.count else granted.turn

    def is_free(self, now: datetime) -> bool:
        """What was let out is good for a while."""
        return self._left > 0 and now <= self._until

    def take(self, now: datetime) -> datetime:  # noqa: ARG002 - it counts as of the last moment
        """One of those that were let out."""
        self._left -= 1
        return self._until

    def give_back(self, taken: datetime) -> None:
        """Keep it for the next one; if it is too old for that, the store gets it back."""
        if taken == self._until:
            self._left += 1
        else:
            self._unused[taken] += 1

    async def close(self) -> None:
        """Give back what is left."""
        self._put_by()
        if self._unused:
            now = self._clock()
            nothing = partial(grant, self._spending.limits, want=0, now=now)
            unused, self._unused = self._unused, Counter()
            await self._store.in_time(
                self._store.accounts.reserve, self._spending, nothing, until=now, unused=unused, now=now
            )

    def _put_by(self) -> None:
        """Lay what is left with what the store gets back."""
        if self._left > 0:
            self._unused[self._until] += self._left
        self._left = 0
