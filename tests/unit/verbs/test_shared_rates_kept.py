"""What a sender that shares a rate was let have and did not use goes back to the store, whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from newsletter.deliver.rates import SharedRates
from newsletter.deliveries.rates import RateGrant
from newsletter.model.deliveries import RateLimit, RateUsage
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class SlowStore:
    """Counts what is reserved, and answers when it is told to."""

    def __init__(self) -> None:
        self.counted: Counter[datetime] = Counter()
        self.answers = asyncio.Event()
        self.answers.set()
        self.accounts = SimpleNamespace(reserve=self.reserve)

    def reserve(
        self,
        _: Spending,
        decide: Callable[[list[RateUsage]], RateGrant],
        *,
        until: datetime,
        unused: Mapping[datetime, int],
        now: datetime,
    ) -> RateGrant:
        self.counted.subtract(unused)
        limit = RateLimit(count=1, period_seconds=86400)
        used = [
            RateUsage(period_seconds=86400, slice_number=limit.slice_number(moment), count=count)
            for moment, count in self.counted.items()
        ]
        granted = decide(used)
        self.counted[until] += granted.count
        return granted

    async def in_time(self, call: Callable[..., RateGrant], *args: Any, **options: Any) -> RateGrant:
        granted = call(*args, **options)
        await self.answers.wait()
        return granted


async def test_what_is_given_back_while_the_store_is_asked_is_not_lost() -> None:
    store = SlowStore()
    spending = Spending(account="relay", limits=(RateLimit(count=1, period_seconds=86400),))
    rates = SharedRates(cast("Store", store), spending, lambda: NOW)
    assert await rates.turn(1) is None
    taken = rates.take(NOW)
    store.answers.clear()
    another = asyncio.create_task(rates.turn(1))
    await asyncio.sleep(0)
    rates.give_back(taken)
    store.answers.set()
    turn = await another
    assert turn is not None
    assert turn > NOW + timedelta(hours=23)
    await rates.close()
    assert sum(store.counted.values()) == 0
