"""Processes that send side by side are killed at random: nobody is lost or served twice without need."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crash.sink import Sink
from crash.world import engine_of
from sqlalchemy import text

from newsletter.app import App
from newsletter.model.deliveries import DeliveryState

READERS = tuple(f"reader{n:03}@d{n % 7}.example.org" for n in range(200))
WORKERS, CONNECTIONS = 3, 6
MOST_SECONDS = 120

#: Sends what is due, however little, from several processes, and says when it begins.
PARENT = """
import asyncio, json, sys
from datetime import UTC, datetime
from newsletter.app import App
from newsletter.deliver import workers
from newsletter.errors import SenderBusyError
workers._WORTH_A_PROCESS = 1
app = App.isolated(**json.loads(sys.argv[1]))
print("begins", flush=True)
try:
    asyncio.run(app.deliver(clock=lambda: datetime.now(UTC), stopping=asyncio.Event()))
except SenderBusyError:
    pass
app.close()
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink(longest_wait_seconds=0.05) as server:
        yield server


def children(parent: int) -> list[int]:
    """Return the workers of a parent; none once it is gone."""
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return []


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def strike_worker(parent: int, chance: random.Random) -> int:
    workers = children(parent)
    kill(*[chance.choice(workers)] if workers else [])
    return CONNECTIONS // WORKERS if workers else 0


def strike_parent(parent: int, _: random.Random) -> int:
    """Its workers notice, and finish what is in flight: nothing is in doubt."""
    kill(parent)
    return 0


def strike_all(parent: int, _: random.Random) -> int:
    kill(parent, *children(parent))
    return CONNECTIONS


@pytest.mark.sweep
def test_workers_killed_at_random_lose_nobody(store_url: str, tmp_path: Path, sink: Sink) -> None:
    app, settings = publish(store_url, tmp_path, sink)
    chance, doubtful = random.Random(1), 0
    strikes: list[Callable[[int, random.Random], int]] = [
        strike_worker,
        strike_worker,
        strike_parent,
        strike_all,
    ]
    for turn in range(40):
        if is_done(app):
            break
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, json.dumps(settings)], stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "begins\n"
            if turn < 8:
                sink.wait_for_copies(len(sink.book) + chance.randint(1, 25), timeout_seconds=10)
                doubtful += strikes[turn % len(strikes)](parent.pid, chance)
            # What is killed is waited for by whoever started it.
            parent.wait(MOST_SECONDS)
        sink.wait_until_quiet()
        if store_url.startswith("postgres"):
            # Half a minute later, as far as the leases of those know that died with their parent.
            age_leases(store_url)
    assert is_done(app), "somebody is never served"
    copies = sink.copies()
    assert set(copies) == set(READERS), "somebody is lost"
    assert doubtful > 0
    assert copies.total() - len(READERS) <= doubtful, "at most what was in flight at a kill"
    assert len({(copy.recipient, copy.message_id) for copy in sink.book}) == len(READERS)
    app.close()


def publish(store_url: str, folder: Path, sink: Sink) -> tuple[App, dict[str, object]]:
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(
        "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n"
    )
    settings: dict[str, object] = {
        "database_url": store_url,
        "folders": [str(folder / "in")],
        "settle_seconds": 0,
        "list_name": "daily",
        "sender_address": "digest@news.example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": sink.port,
        "smtp_security": "none",
        "smtp_connections": CONNECTIONS,
        "send_workers": WORKERS,
        "smtp_timeout_seconds": 10.0,
    }
    app, now = App.isolated(**settings), datetime.now(UTC)
    mailing_list = app.mailing_list(None)
    app.ingest(now=now)
    list(app.subscribers.import_csv(mailing_list, ["address", *READERS], source="readers.csv", now=now))
    assert app.publish(mailing_list, now=now).edition is not None
    return app, settings


def is_done(app: App) -> bool:
    [edition] = app.store.editions.latest("daily", limit=5)
    return app.store.deliveries.counts(edition.id) == {DeliveryState.ACCEPTED: len(READERS)}


def age_leases(store_url: str) -> None:
    with engine_of(store_url).connect() as connection:
        connection.execute(text("UPDATE senders SET lease_until = lease_until - interval '1 minute'"))
