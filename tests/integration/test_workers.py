"""Processes that send side by side: as one would, faster; and whichever of them dies, nobody is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from datetime import timedelta

import pytest
from crash.world import NOW, READERS, World
from stores import postgres_in_the_sweep

from newsletter.deliver import worker, workers
from newsletter.deliver.crew import Crew
from newsletter.errors import SenderBusyError, StoreError, WorkerError
from newsletter.model.deliveries import DeliveryRange, DeliveryState
from newsletter.store.store import Store

S = DeliveryState


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Every worker that was started, however little was due."""
    begin, started = asyncio.create_subprocess_exec, []

    async def note(*command: str, **options: object) -> Process:
        worker = await begin(*command, **options)  # type: ignore[arg-type]
        started.append(worker)
        return worker

    monkeypatch.setattr(workers.asyncio, "create_subprocess_exec", note)
    monkeypatch.setattr(workers, "_WORTH_A_PROCESS", 1)
    return started


@pytest.mark.parametrize(
    ("count", "due", "connections", "expected"),
    [(1, 10**6, 16, 1), (4, 10**6, 16, 4), (4, 10**6, 2, 2), (4, 14_999, 16, 2), (4, 0, 16, 1)],
)
def test_as_many_are_started_as_are_worth_it(count: int, due: int, connections: int, expected: int) -> None:
    crew = Crew(count=count, command=(), luggage=lambda _place, _count: b"")
    assert workers.worth_starting(crew, due=due, connections=connections) == expected
    assert workers.worth_starting(None, due=due, connections=connections) == 1


@postgres_in_the_sweep
async def test_two_send_one_edition_and_the_right_to_send_is_theirs(
    world: World, started: list[Process]
) -> None:
    app = world.app(send_workers=2)
    world.publish(app)
    seen: list[int] = []

    def count() -> None:
        seen.append(1)
        if len(seen) == 1 and world.is_sqlite:
            second = Store.open(world.url)
            with pytest.raises(SenderBusyError), second.sender_lock():
                pass
            second.close()

    report = await app.deliver(clock=world.clock, stopping=asyncio.Event(), on_result=count)
    assert report.outcomes == {S.ACCEPTED: len(READERS)}
    assert (report.problem, report.due, len(seen)) == (None, 0, len(READERS))
    assert [one.returncode for one in started] == [0, 0]
    assert world.sink.most_connections <= 2, "they share the connections"
    await world.finish(duplicates=0)


async def test_to_send_only_some_none_is_started(sqlite_world: World, started: list[Process]) -> None:
    app = sqlite_world.app(send_workers=2)
    sqlite_world.publish(app)
    some = DeliveryRange(edition_id=1, first_id=1, last_id=2)
    report = await app.deliver(clock=sqlite_world.clock, stopping=asyncio.Event(), only=some)
    assert (report.outcomes, report.due, started) == ({S.ACCEPTED: 2}, 0, [])


async def test_processes_that_cannot_be_started_are_told_in_one_line(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = sqlite_world.app(send_workers=2)
    sqlite_world.publish(app)
    monkeypatch.setattr(workers, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr("newsletter.bound.crew.sys.executable", "/nowhere/python")
    with pytest.raises(WorkerError, match=r"No such file.*SEND_WORKERS=1"):
        await app.deliver(clock=sqlite_world.clock, stopping=asyncio.Event())
    await sqlite_world.finish(duplicates=0)


@pytest.mark.sweep
async def test_what_one_held_that_is_killed_goes_out_in_the_same_turn(
    world: World, started: list[Process], caplog: pytest.LogCaptureFixture
) -> None:
    app = world.app(send_workers=2)
    world.publish(app)
    world.sink.longest_wait_seconds = 0.05

    def kill() -> None:
        os.kill(started[0].pid, signal.SIGKILL)

    report = await world.send(app, kill)
    assert report.outcomes[S.ACCEPTED] >= len(READERS) - 3, "what one did last it could not tell"
    assert (report.due, report.problem) == (0, None)
    assert started[0].returncode == -signal.SIGKILL
    world.sink.longest_wait_seconds = 0.0
    await world.finish(duplicates=1)


def test_a_worker_s_clock_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    real, slept = time.clock_gettime, {}
    monkeypatch.setattr(time, "clock_gettime", lambda kind: real(kind) + slept.get(kind, 0.0))
    clock = worker._clock(NOW)
    slept[time.CLOCK_BOOTTIME] = 3600.0
    assert timedelta(hours=1) <= clock() - NOW < timedelta(hours=2)


@pytest.mark.sweep
async def test_to_stop_is_to_finish_what_is_in_flight(world: World, started: list[Process]) -> None:
    app = world.app(send_workers=2)
    world.publish(app)
    world.sink.longest_wait_seconds = 0.05
    stopping = asyncio.Event()
    report = await app.deliver(clock=world.clock, stopping=stopping, on_result=stopping.set)
    sent = report.outcomes[S.ACCEPTED]
    assert sent < len(READERS)
    assert report.due == len(READERS) - sent
    assert [one.returncode for one in started] == [0, 0]
    await world.finish(duplicates=0)


@pytest.mark.sweep
async def test_a_server_in_trouble_is_so_for_all(world: World, started: list[Process]) -> None:
    app = world.app(send_workers=2)
    world.publish(app)
    world.sink.script = dict.fromkeys(READERS, ("421 4.3.2 going down",))
    report = await world.send(app)
    assert report.problem is not None
    assert "left alone" in report.problem
    assert report.paused_until is not None
    assert (await world.send(app)).tried is False
    assert len(started) == 2
    world.sink.script = {}
    await world.finish(duplicates=0)


@pytest.mark.sweep
async def test_a_store_that_fails_stops_all(sqlite_world: World, started: list[Process]) -> None:
    """A trigger stands for a disk that is full: what is in flight cannot be recorded."""
    world = sqlite_world
    app = world.app(send_workers=2)
    world.publish(app)
    world.sink.longest_wait_seconds = 0.05

    def tell(statement: str) -> None:
        with app.store._database.transaction() as connection:
            connection.exec_driver_sql(statement)

    full = "CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    with pytest.raises(StoreError, match="disk is full; sending stopped"):
        await world.send(app, lambda: tell(full))
    assert [one.returncode for one in started] == [0, 0]
    tell("DROP TRIGGER full")
    world.sink.longest_wait_seconds = 0.0
    await world.finish(duplicates=2)
