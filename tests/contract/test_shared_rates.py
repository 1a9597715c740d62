"""Rates that several senders share are counted in the store: together they hand over what one would."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from newsletter.deliver.rates import SharedRates
from newsletter.deliveries.rates import grant
from newsletter.model.deliveries import RateLimit
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FEW = RateLimit(count=4, period_seconds=1)
#: Times are written in whole microseconds; the bounds of slices of a second are not.
ROUNDING = timedelta(microseconds=2)
MORE = RateLimit(count=25, period_seconds=60)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def spending(*limits: RateLimit, of_letters: bool = False) -> Spending:
    return Spending(account="me@mail.example:587", limits=limits, of_letters=of_letters)


def counted(store: Store, of: Spending) -> int:
    return sum(usage.count for usage in store.accounts.usage(of))


async def test_no_period_holds_more_than_the_count_whoever_hands_over(store: Store) -> None:
    clock, chance = Clock(), random.Random(7)
    one = spending(FEW, MORE)
    senders = [SharedRates(store, one, clock) for _ in range(2)]
    senders.append(SharedRates(store, spending(FEW, MORE, of_letters=True), clock))
    handed_over: list[datetime] = []
    while len(handed_over) < 60:
        rates = chance.choice(senders)
        turn = await rates.turn(chance.randint(1, 6))
        if turn is not None:
            assert turn > clock.now
            clock.now = min(turn, clock.now + timedelta(seconds=20))
            continue
        taken = rates.take(clock.now)
        if chance.random() < 0.2:
            rates.give_back(taken)
        else:
            handed_over.append(clock.now)
        clock.now += timedelta(seconds=chance.choice([0, 0, 0.01, 0.2]))
    for limit in (FEW, MORE):
        for first, one_too_many in zip(handed_over, handed_over[limit.count :], strict=False):
            assert one_too_many - first >= timedelta(seconds=limit.period_seconds) - ROUNDING
    assert clock.now - NOW < timedelta(minutes=5), "nor much less"


@pytest.mark.parametrize("limit", [FEW, MORE])
def test_senders_that_ask_at_the_same_time_get_no_more_than_there_is(store: Store, limit: RateLimit) -> None:
    one = spending(limit)
    decide = partial(grant, one.limits, want=3, now=NOW)

    def ask(_: int) -> int:
        return store.accounts.reserve(one, decide, until=NOW, unused={}, now=NOW).count

    with ThreadPoolExecutor(4) as pool:
        granted = list(pool.map(ask, range(20)))
    assert sum(granted) == limit.count == counted(store, one)


async def test_what_was_not_used_is_given_back(store: Store) -> None:
    clock = Clock()
    one = spending(MORE)
    rates, other = SharedRates(store, one, clock), SharedRates(store, one, clock)
    assert await rates.turn(10) is None
    rates.give_back(rates.take(clock.now))
    rates.take(clock.now)
    assert counted(store, one) == 10
    await rates.close()
    await rates.close()
    assert counted(store, one) == 1
    late = other.take(clock.now) if await other.turn(5) is None else None
    clock.now += timedelta(seconds=3)
    assert late is not None
    assert not other.is_free(clock.now), "too old"
    assert await other.turn(5) is None
    other.give_back(late)
    await other.close()
    assert counted(store, one) == 1
    clock.now += timedelta(seconds=120)
    assert await rates.turn(1) is None
    assert counted(store, one) == 1, "what is long over is forgotten"


async def test_a_store_that_is_slow_to_answer_stops_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it lets out is too old when it comes, until it is asked for a longer time."""
    clock = Clock()
    reserve = store.accounts.reserve

    def slowly(*arguments: object, **options: object) -> object:
        granted = reserve(*arguments, **options)  # type: ignore[arg-type]
        clock.now += timedelta(seconds=0.3)
        monkeypatch.setattr("newsletter.deliver.rates.time.monotonic", lambda: clock.now.timestamp())
        return granted

    monkeypatch.setattr("newsletter.deliver.rates.time.monotonic", lambda: clock.now.timestamp())
    monkeypatch.setattr(store.accounts, "reserve", slowly)
    rates = SharedRates(store, spending(FEW), clock)
    assert await rates.turn(2) is None
    assert rates.is_free(clock.now)
