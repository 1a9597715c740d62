"""Workers on PostgreSQL share one queue: they come, go and die, and each reader gets one copy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from faults.turns import MakeApp, deliver, publish
from sqlalchemy import text

from newsletter.app import App
from newsletter.cli import commands
from newsletter.deliveries.breaker import trip
from newsletter.engine import cluster
from newsletter.model.deliveries import DeliveryState
from newsletter.model.jobs import JobKind
from newsletter.service import Service
from newsletter.store import batches
from newsletter.store.store import Store

READERS = tuple(f"r{number}@example.org" for number in range(40))
SENDING = (JobKind.DELIVER,)


def real_clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, and a worker that does not rest for long."""
    monkeypatch.setattr(batches, "BATCH", 5)
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster, "_REST_SECONDS", 0.1)


@asynccontextmanager
async def working(
    app: App, *, kinds: tuple[JobKind, ...] = SENDING, clock: Callable[[], datetime] = real_clock
) -> AsyncIterator[asyncio.Event]:
    """A host that takes part; yields what stops it."""
    stopping = asyncio.Event()
    service = Service(app, clock=clock, stopping=stopping, kinds=kinds)
    task = asyncio.create_task(service.serve())
    try:
        yield stopping
    finally:
        stopping.set()
        await asyncio.wait_for(task, 20)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


def sql(store: Store, statement: str) -> list[tuple[object, ...]]:
    with store._database.transaction() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def counts(app: App) -> dict[DeliveryState, int]:
    [edition] = app.store.editions.latest("daily")
    return app.store.deliveries.counts(edition.id)


def jobs_of(app: App, kind: str = "deliver") -> list[str]:
    return [
        str(status)
        for (status,) in sql(app.store, f"SELECT status FROM procrastinate_jobs WHERE queue_name = '{kind}'")
    ]


async def test_two_hosts_share_the_batches_and_nobody_is_served_twice(make_app: MakeApp, server) -> None:
    one, two = make_app(), make_app()
    publish(one, READERS)
    assert jobs_of(one) == ["todo"] * 8
    async with working(one), working(two):
        await until(lambda: counts(one) == {DeliveryState.ACCEPTED: 40} and not jobs_of(one))
    assert server.book.received() == dict.fromkeys(READERS, 1)


async def test_an_idle_worker_is_woken_by_what_is_published(make_app: MakeApp, server, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 3600.0)
    app = make_app()
    async with working(app):
        await until(lambda: app.store.jobs.state().workers != () and not jobs_of(app, "left-over"))
        await asyncio.to_thread(publish, app, READERS[:7])
        await until(lambda: server.book.received() == dict.fromkeys(READERS[:7], 1))


async def test_a_host_that_stops_gives_back_what_it_has_not_begun(make_app: MakeApp, server) -> None:
    one, two = make_app(smtp_connections=1), make_app()
    publish(one, READERS)
    async with working(one) as stopping:
        await until(lambda: len(server.book.taken) >= 3)
        stopping.set()
    state = one.store.jobs.state()
    assert state.workers == ()
    assert "doing" not in jobs_of(one)
    assert counts(one).keys() <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}
    async with working(two):
        await until(lambda: counts(two) == {DeliveryState.ACCEPTED: 40})
    assert server.book.received() == dict.fromkeys(READERS, 1)


@pytest.mark.sweep
async def test_a_host_joins_and_the_other_may_leave(make_app: MakeApp, server) -> None:
    one, two = make_app(smtp_connections=1), make_app()
    publish(one, READERS)
    async with AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(working(one))
        await until(lambda: len(server.book.taken) >= 2)
        await stack.enter_async_context(working(two))
        leaving.set()
        await until(lambda: counts(two) == {DeliveryState.ACCEPTED: 40} and not jobs_of(two))
    assert server.book.received() == dict.fromkeys(READERS, 1)


def dead_worker(app: App) -> int:
    """A worker that was last heard of a minute ago."""
    [(worker_id,)] = sql(
        app.store,
        "INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - interval '1 minute') RETURNING id",
    )
    return int(str(worker_id))


@pytest.mark.parametrize(
    "wrong_by",
    [timedelta(), pytest.param(timedelta(hours=1), marks=pytest.mark.sweep)],
    ids=["right", "an hour ahead"],
)
async def test_jobs_of_a_worker_that_is_gone_are_given_to_others(
    make_app: MakeApp, server, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    """At once, whatever the clock says of the host that finds them."""
    monkeypatch.setattr("procrastinate.utils.utcnow", lambda: real_clock() + wrong_by)
    app = make_app()
    publish(app, READERS)
    gone = dead_worker(app)
    sql(app.store, f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {gone}")
    # A kind of work of which one is in hand and another one waits.
    for status in ("doing", "todo"):
        sql(
            app.store,
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, status, worker_id)"
            f" VALUES ('alert', 'alert', 'alert', 'alert', '{status}', {gone})",
        )
    assert "no worker is there" in app.store.jobs.state().advice
    assert {count.kind: count.stalled for count in app.store.jobs.state().counts} == {
        "alert": 1,
        "deliver": 8,
    }
    async with working(app, kinds=(JobKind.DELIVER, JobKind.ALERT)):
        await until(lambda: not jobs_of(app) and not jobs_of(app, "alert"))
    assert server.book.received() == dict.fromkeys(READERS, 1)


@pytest.mark.sweep
async def test_a_host_that_slept_until_it_was_forgotten_takes_part_again(make_app: MakeApp, server) -> None:
    app = make_app()
    async with working(app):
        await until(lambda: app.store.jobs.state().workers != () and not jobs_of(app, "left-over"))
        sql(app.store, "DELETE FROM procrastinate_workers")
        await asyncio.to_thread(publish, app, READERS)
        await until(lambda: counts(app) == {DeliveryState.ACCEPTED: 40} and not jobs_of(app))
        await until(lambda: app.store.jobs.state().workers != ())
    assert server.book.received() == dict.fromkeys(READERS, 1)


@pytest.mark.sweep
async def test_a_batch_that_is_taken_twice_doubles_nobody(make_app: MakeApp, server) -> None:
    app, other = make_app(), make_app()
    publish(app, READERS)
    sql(
        app.store,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
        " SELECT queue_name, task_name, args FROM procrastinate_jobs ORDER BY id",
    )
    async with working(app), working(other):
        await until(lambda: not jobs_of(app))
    assert server.book.received() == dict.fromkeys(READERS, 1)


async def test_jobs_that_were_lost_skip_nobody(make_app: MakeApp, server) -> None:
    app = make_app()
    publish(app, READERS)
    sql(app.store, "DELETE FROM procrastinate_jobs WHERE id % 2 = 0")
    async with working(app):
        await until(lambda: server.book.received() == dict.fromkeys(READERS, 1))


async def test_a_newer_release_s_jobs_are_left_to_it_and_its_words_are_passed_over(
    make_app: MakeApp, server
) -> None:
    app = make_app()
    publish(app, READERS[:5])
    sql(app.store, "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('polish', 'polish')")
    sql(app.store, """UPDATE procrastinate_jobs SET args = args || '{"colour": "red"}'""")
    async with working(app):
        await until(lambda: not jobs_of(app))
    assert jobs_of(app, "polish") == ["todo"]
    assert server.book.received() == dict.fromkeys(READERS[:5], 1)


@pytest.mark.parametrize("wrong_by", [timedelta(), timedelta(hours=1)], ids=["right", "an hour ahead"])
async def test_batches_wait_as_long_as_the_server_is_in_trouble(
    make_app: MakeApp, clock, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    """By the database's clock, whatever that of a host says."""
    monkeypatch.setattr("procrastinate.utils.utcnow", lambda: real_clock() + wrong_by)
    app = make_app(smtp_port=9)
    publish(app, READERS)
    async with working(app, clock=clock):
        await until(lambda: jobs_of(app) == ["todo"] * 8 and app.store.jobs.state().counts[0].later == 8)
    [deliver] = [count for count in app.store.jobs.state().counts if count.kind == "deliver"]
    assert (deliver.waiting, deliver.later, deliver.most_attempts) == (0, 8, 1)
    assert counts(app) == {DeliveryState.QUEUED: 40}
    wait = "scheduled_at BETWEEN now() AND now() + interval '1 minute'"
    assert sql(app.store, f"SELECT DISTINCT {wait} FROM procrastinate_jobs") == [(True,)]


async def test_a_batch_that_waits_for_a_rate_was_not_tried(make_app: MakeApp, server) -> None:
    app = make_app(smtp_rates="5/hour")
    publish(app, READERS)
    async with working(app):
        await until(lambda: app.store.jobs.state().counts[0].later == 7)
    state = app.store.jobs.state()
    [deliver] = [count for count in state.counts if count.kind == "deliver"]
    assert (deliver.waiting, deliver.most_attempts, state.advice) == (0, 0, "")
    assert server.book.received() == dict.fromkeys(READERS[:5], 1)


async def test_batches_go_on_as_soon_as_the_server_is_back(make_app: MakeApp, server, clock) -> None:
    app = make_app()
    publish(app, READERS)
    trouble = trip(None, reason="it was away", permanent=True, now=clock.now - timedelta(minutes=15))
    app.store.accounts.open_breaker(f"127.0.0.1:{server.port}", trouble)
    # All but one, which finds the server well again, were put off a moment ago.
    sql(app.store, "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id % 8 <> 0")
    async with working(app, clock=clock):
        await until(lambda: counts(app) == {DeliveryState.ACCEPTED: 40} and not jobs_of(app))


async def test_the_trouble_of_an_edition_that_is_over_is_forgotten(make_app: MakeApp, clock) -> None:
    app = make_app()
    edition_id = publish(app, READERS[:1])
    trouble = trip(None, reason="the sender is refused", permanent=True, now=clock.now)
    app.store.accounts.open_breaker(f"edition {edition_id}", trouble)
    await app.batches.defer_left_over(clock=clock)
    assert app.store.accounts.breakers()
    sql(app.store, "UPDATE deliveries SET due_at = NULL, state = 'failed'")
    await app.batches.defer_left_over(clock=clock)
    assert app.store.accounts.breakers() == {}


async def test_whoever_sends_without_a_worker_leaves_no_batch_behind(make_app: MakeApp, clock) -> None:
    app = make_app()
    publish(app, READERS)
    await deliver(app, clock)
    assert jobs_of(app) == []


async def test_a_connection_to_the_database_that_is_lost_stops_nobody(make_app: MakeApp, server) -> None:
    app = make_app(smtp_connections=1)
    publish(app, READERS)
    async with working(app):
        await until(lambda: len(server.book.taken) >= 2)
        other = Store.open(app.settings.database_url)
        sql(
            other,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE '%LISTEN%'",
        )
        other.close()
        await until(lambda: counts(app) == {DeliveryState.ACCEPTED: 40} and not jobs_of(app))
    assert server.book.received() == dict.fromkeys(READERS, 1)


async def test_three_hosts_publish_a_slot_once(make_app: MakeApp, server, clock) -> None:
    apps = [make_app(schedule="0 7 * * *", ingest_every_seconds=3600) for _ in range(3)]
    clock.now = datetime(2046, 11, 23, 5, 0, tzinfo=UTC)
    apps[0].subscribers.add(apps[0].mailing_list(None), READERS[0], now=clock.now)
    async with AsyncExitStack() as stack:
        for app in apps:
            await stack.enter_async_context(working(app, kinds=tuple(JobKind), clock=clock))
        await until(lambda: apps[0].store.documents.count() == 1)
        clock.now += timedelta(hours=2)
        for _ in range(3):
            sql(
                apps[0].store,
                "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('publish', 'publish')",
            )
        await until(lambda: server.book.received() == {READERS[0]: 1} and not jobs_of(apps[0], "publish"))
    assert len(apps[0].store.editions.runs("daily")) == 1


def test_operators_see_the_queue(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    publish(app, READERS)
    gone = dead_worker(app)
    sql(app.store, f"INSERT INTO queue_workers VALUES ({gone}, 'mx1', 42, '9.9', now())")
    sql(app.store, f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {gone} WHERE id % 8 = 0")
    monkeypatch.setenv("DATABASE_URL", app.settings.database_url)
    shown = CliRunner().invoke(commands, ["jobs"])
    assert shown.exit_code == 0, shown.output
    assert "no worker is there to take jobs" in shown.output
    assert [
        line.split()[:2] for line in shown.output.splitlines() if line.startswith(("deliver", "mx1"))
    ] == [
        ["deliver", "7"],
        ["mx1", "42"],
    ]
    told = json.loads(CliRunner().invoke(commands, ["jobs", "--json"]).output)
    [count] = told["jobs"]
    assert (count["kind"], count["waiting"], count["stalled"]) == ("deliver", 7, 1)
    [worker] = told["workers"]
    assert (worker["host"], worker["alive"], worker["doing"]) == ("mx1", False, ["deliver"])
    monkeypatch.setenv("DATABASE_URL", "sqlite:///none.db")
    assert "There is no queue" in CliRunner().invoke(commands, ["jobs"]).output
    assert json.loads(CliRunner().invoke(commands, ["jobs", "--json"]).output) is None
