"""What could hold up or lose a reader while sending: crowded servers, cancelled turns, odd stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from faults.server import Fault, FaultServer, Phase, Then

from newsletter import wiring
from newsletter.app import App
from newsletter.deliver.ledger import Ledger
from newsletter.model.deliveries import DeliverReport

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
READERS = tuple(f"reader{number}@example.org" for number in range(12))
#: Within which what should not wait has to end; generous, as machines are slow at times.
MOMENT_SECONDS = 20.0

MakeApp = Callable[[FaultServer], App]


@pytest.fixture
def make_app(sqlite_url: str, tmp_path: Path) -> Iterator[MakeApp]:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    apps = []

    def make(server: FaultServer) -> App:
        app = App.isolated(
            database_url=sqlite_url,
            folders=(folder,),
            settle_seconds=0,
            list_name="daily",
            sender_address="digest@news.example.org",
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            smtp_connections=4,
            smtp_timeout_seconds=120.0,
        )
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


def publish(app: App) -> int:
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    for address in READERS:
        app.subscribers.add(mailing_list, address, now=NOW)
    edition = app.publish(mailing_list, now=NOW).edition
    assert edition is not None
    return edition.id


async def deliver(app: App, stopping: asyncio.Event | None = None, *, force: bool = False) -> DeliverReport:
    async with asyncio.timeout(MOMENT_SECONDS):
        return await app.deliver(clock=lambda: NOW, stopping=stopping or asyncio.Event(), force=force)


def counts(app: App, edition_id: int) -> dict[str, int]:
    return {state.value: count for state, count in app.store.deliveries.counts(edition_id).items()}


async def test_a_server_that_takes_fewer_connections_still_gets_everything(make_app: MakeApp) -> None:
    crowded = Fault(
        phase=Phase.GREETING, says=b"421 4.7.0 too many connections\r\n", then=Then.CLOSE, skips=2
    )
    async with FaultServer(crowded) as server:
        app = make_app(server)
        edition = publish(app)
        report = await deliver(app)
        assert counts(app, edition) == {"accepted": len(READERS)}
        assert report.problem is None
        assert app.store.accounts.breakers() == {}
        assert set(server.book.received().values()) == {1}


async def test_a_stop_does_not_wait_for_a_probe(make_app: MakeApp) -> None:
    silent = Fault(phase=Phase.GREETING, then=Then.STALL)
    refusing = Fault(phase=Phase.GREETING, says=b"421 4.3.2 later\r\n", then=Then.CLOSE, times=4)
    async with FaultServer(refusing, silent) as server:
        app = make_app(server)
        edition = publish(app)
        assert (await deliver(app)).problem is not None
        before = server.book.connections
        stopping = asyncio.Event()
        turn = asyncio.create_task(deliver(app, stopping, force=True))
        while server.book.connections == before:
            await asyncio.sleep(0)
        stopping.set()
        report = await turn
        assert report.due == len(READERS)
        assert counts(app, edition) == {"queued": len(READERS)}
        assert app.store.accounts.breakers(), "nobody knows yet whether it is back"


async def test_a_step_whose_worker_was_cancelled_keeps_no_other_waiting(make_app: MakeApp) -> None:
    async with FaultServer() as server:
        app = make_app(server)
        publish(app)
        store = app.store
        store.deliveries.lease(sender="me", now=NOW)
        first, second = (d.id for d in store.deliveries.claim(sender="me", limit=2, now=NOW))
        bag = wiring.postbag(app.settings, app.lists)
        ledger = Ledger(store, bag, "me", lambda: NOW)
        gone, kept = ledger.begin(first), ledger.begin(second)
        await asyncio.sleep(0)
        gone.cancel()
        async with asyncio.timeout(MOMENT_SECONDS):
            assert await kept
