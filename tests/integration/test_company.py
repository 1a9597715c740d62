"""Several senders at once ask no more of a server than one would, and hear of each other's trouble."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from faults.server import FaultServer, Session, Taken
from faults.turns import NOW, Clock, MakeApp, counts, deliver, publish

from newsletter.deliver import company
from newsletter.deliveries.breaker import trip
from newsletter.model.deliveries import DeliveryState

S = DeliveryState

pytestmark = pytest.mark.parametrize("store_url", ["postgres"], indirect=True)


@pytest.fixture(autouse=True)
def _meet_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "_MET_SECONDS", 0.01)


async def test_together_they_have_no_more_on_its_way_to_a_domain_than_one_would(
    make_app: MakeApp, clock: Clock, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tuple(f"r{n}@slow.example" for n in range(40))
    others = tuple(f"r{n}@other{n}.example" for n in range(20))
    now_open: Counter[str] = Counter()
    most_open: Counter[str] = Counter()

    class Watching(Session):
        async def on_rcpt(self, line: str) -> None:
            await super().on_rcpt(line)
            domain = self.recipient.rpartition("@")[2]
            now_open[domain] += 1
            most_open[domain] = max(most_open[domain], now_open[domain])

        async def ended(self, message: Taken) -> None:
            await asyncio.sleep(0)
            now_open[message.recipient.rpartition("@")[2]] -= 1
            await super().ended(message)

    monkeypatch.setattr("faults.server.Session", Watching)
    apps = [make_app(smtp_domain_connections=2, smtp_connections=2) for _ in range(3)]
    edition = publish(apps[0], slow + others)
    reports = await asyncio.gather(*(deliver(app, clock) for app in apps))
    assert counts(apps[0], edition) == {"accepted": 60}
    assert sum(report.outcomes.get(S.ACCEPTED, 0) > 0 for report in reports) >= 2
    assert most_open["slow.example"] <= 2


async def test_a_breaker_that_one_opens_stops_the_others(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app, other = make_app(), make_app()
    edition = publish(app, tuple(f"r{n}@example.org" for n in range(100)))
    breaker = trip(None, reason="it is on fire", permanent=False, now=NOW)
    account = f"127.0.0.1:{app.settings.smtp_port}"

    def open_it() -> None:
        if other.store.accounts.breakers() == {}:
            other.store.accounts.open_breaker(account, breaker)

    report = await deliver(app, clock, on_result=open_it)
    assert 0 < report.outcomes[S.ACCEPTED] < 100
    assert (report.problem, report.paused_until) == ("it is on fire", breaker.open_until)
    assert counts(app, edition) == {
        "accepted": report.outcomes[S.ACCEPTED],
        "queued": 100 - report.outcomes[S.ACCEPTED],
    }
    assert other.store.accounts.breakers() == {account: breaker}, "it is not opened for longer"
