"""Workers as processes: some are killed, one is cut off from the database, and nobody is skipped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from crash.sink import Sink

from benchmarks.hosts import Lines
from newsletter.app import App
from newsletter.model.deliveries import DeliveryState
from newsletter.store import batches

pytestmark = pytest.mark.sweep

READERS = 240
CONNECTIONS = 3

#: A worker to whom a minute is five seconds.
_WORKER = """
import newsletter.deliver.presence as presence, newsletter.store.deliveries as deliveries
import newsletter.store.database as database
import newsletter.engine.cluster as cluster, newsletter.engine.cluster.joining as joining, newsletter.service
presence.LEASE_SECONDS = deliveries.LEASE_SECONDS = 3
presence._PROLONGED_SECONDS = 0.75
cluster.STALLED_SECONDS = joining.STALLED_SECONDS = 3.0
cluster.HEARTBEAT_SECONDS, cluster.RESCUE_TIMES = 0.5, "* * * * * */2"
cluster._LOOK_SECONDS = cluster._REST_SECONDS = 0.5
newsletter.service._DELIVER_SECONDS = 1
database.BUSY_TIMEOUT_SECONDS, database.ANSWER_SECONDS = 2, 2
database._ASKED_OF_SERVER |= {"idle_in_transaction_session_timeout": 2000, "lock_timeout": 2000}
from newsletter.__main__ import main
main()
"""

_PATIENT = "from newsletter.__main__ import main; main()"


class Workers:
    """Processes that take part, each with a store's address of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, program: str = _WORKER, **settings: str) -> subprocess.Popen[bytes]:
        environment = os.environ | self._environment | settings
        with (self._folder / f"worker{len(self.running)}.log").open("wb") as log:
            command = [sys.executable, "-c", program, "run", "--no-web", "--queues", "deliver", *words]
            worker = subprocess.Popen(command, cwd=self._folder, env=environment, stdout=log, stderr=log)
        self.running.append(worker)
        return worker

    def stop(self) -> list[int]:
        for worker in self.running:
            worker.send_signal(signal.SIGTERM)
        return [worker.wait(60) for worker in self.running]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink(longest_wait_seconds=0.03) as running:
        yield running


@pytest.fixture
def app(postgres_url: str, sink: Sink, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An install with an edition whose batches wait."""
    monkeypatch.setattr(batches, "BATCH", 10)
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    values = {"folders": (folder,), "settle_seconds": 0, "list_name": "daily"}
    app = App.isolated(
        database_url=postgres_url, sender_address="digest@news.example.org", smtp_host="127.0.0.1", **values
    )
    now = datetime.now(UTC)
    app.ingest(now=now)
    for number in range(READERS):
        app.subscribers.add(app.mailing_list(None), f"r{number}@example.org", now=now)
    app.publish(app.mailing_list(None), now=now)
    yield app
    app.close()


@pytest.fixture
def workers(app: App, sink: Sink, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(
        tmp_path,
        {
            "DATABASE_URL": app.settings.database_url,
            "LIST_NAME": "daily",
            "PUBLIC_URL": "https://news.example.org",
            "SECRET_KEYS": "a key of this test alone",
            "SENDER_ADDRESS": "digest@news.example.org",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(sink.port),
            "SMTP_SECURITY": "none",
            "SMTP_CONNECTIONS": str(CONNECTIONS),
        },
    )
    yield started
    for worker in started.running:
        worker.kill()
        worker.wait()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_through(app: App) -> bool:
    [edition] = app.store.editions.latest("daily")
    return app.store.deliveries.counts(edition.id) == {DeliveryState.ACCEPTED: READERS}


def test_some_are_killed_and_nobody_is_skipped(app: App, sink: Sink, workers: Workers) -> None:
    dice = random.Random(7)
    for _ in range(3):
        workers.start()
    for share in (1, 2, 3):
        until(lambda share=share: len(sink.book) >= share * READERS // 5)
        victim = dice.choice([worker for worker in workers.running if worker.poll() is None])
        victim.kill()
        workers.start()
    until(lambda: is_through(app))
    copies = sink.copies()
    assert len(copies) == READERS
    in_flight = {one.recipient for one in sink.interrupted if one.taken}
    assert {address for address, count in copies.items() if count > 1} <= in_flight
    # One that was started last may not have come so far that it ends in good order.
    assert set(workers.stop()) <= {0, -signal.SIGKILL, -signal.SIGTERM}
    assert "deliver" not in [count.kind for count in app.store.jobs.state().counts]


def test_one_is_cut_off_from_the_database_and_comes_back(app: App, sink: Sink, workers: Workers) -> None:
    address = urlsplit(app.settings.database_url)
    line = Lines(f"{parse_qs(address.query)['host'][0]}/.s.PGSQL.5432")
    cut_off = workers.start(DATABASE_URL=f"postgresql://postgres@127.0.0.1:{line.port}{address.path}")
    workers.start()
    until(lambda: len(app.store.jobs.state().workers) == 2 and len(sink.book) >= READERS // 5)
    line.cut()
    until(lambda: is_through(app))
    copies = sink.copies()
    assert len(copies) == READERS
    assert sum(copies.values()) - READERS <= CONNECTIONS
    assert cut_off.poll() is None
    line.mend()
    until(lambda: sum(one.is_alive for one in app.store.jobs.state().workers) == 2)
    assert workers.stop() == [0, 0]


def test_a_worker_for_each_core_ends_with_the_one_that_started_it(
    app: App, sink: Sink, workers: Workers
) -> None:
    # Leases of another length would pass for those of a clock that was set back.
    first = workers.start("--workers", "3", program=_PATIENT)
    until(lambda: len(app.store.jobs.state().workers) == 3)
    until(lambda: is_through(app))
    assert sink.copies() == {f"r{number}@example.org": 1 for number in range(READERS)}
    first.kill()
    until(lambda: sum(one.is_alive for one in app.store.jobs.state().workers if one.pid != first.pid) == 0)
