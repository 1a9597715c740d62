"""Several senders share one outbox: nobody is skipped, nobody mailed twice, and the dead hold nobody up."""

from __future__ import annotations

import asyncio
import time

import pytest
from crash.world import NOW, READERS, World

from newsletter.app import App
from newsletter.deliver import recovery
from newsletter.deliver.queue import Queue
from newsletter.model.deliveries import Delivery, DeliveryState, UncertainPolicy

S = DeliveryState


@pytest.fixture
def world(postgres_world: World) -> World:
    """Several senders share what is on PostgreSQL alone."""
    return postgres_world


def let_one_die(app: App, *, claimed: int, begun: int) -> None:
    """Leave behind what a sender held that died in the middle, its lease still running."""
    deliveries = app.store.deliveries
    deliveries.lease(sender="dead", now=NOW)
    ids = [d.id for d in deliveries.claim(sender="dead", limit=claimed, now=NOW)]
    policy = UncertainPolicy.RESEND
    deliveries.advance(begin=ids[:begun], marks=[], sender="dead", policy=policy, now=NOW)


async def test_senders_on_several_hosts_send_one_edition(world: World) -> None:
    apps = [world.app() for _ in range(3)]
    world.publish(apps[0])
    reports = await asyncio.gather(*(world.send(app) for app in apps))
    sent = [report.outcomes.get(S.ACCEPTED, 0) for report in reports]
    assert sum(sent) == len(READERS)
    assert sum(count > 0 for count in sent) >= 2
    assert all(report.problem is None for report in reports)
    await world.finish(duplicates=0)


async def test_what_a_dead_sender_held_goes_out_within_the_turn_of_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_LOOKED_FOR_SECONDS", 0.001)
    app = world.app(smtp_connections=1)
    world.publish(app)
    let_one_die(app, claimed=8, begun=2)
    found, take = app.store.deliveries.recover, Queue.take
    recovered, is_over, loop = asyncio.Event(), False, asyncio.get_running_loop()

    def end_its_lease() -> None:
        nonlocal is_over
        world.sql("UPDATE senders SET lease_until = lease_until - interval '1 hour' WHERE name = 'dead'")
        is_over = True

    async def take_once_recovered(self: Queue) -> Delivery | None:
        if is_over:
            await recovered.wait()
        return await take(self)

    def look(**arguments: object) -> object:
        done = found(**arguments)  # type: ignore[arg-type]
        if done.uncertain:
            loop.call_soon_threadsafe(recovered.set)
        return done

    monkeypatch.setattr(Queue, "take", take_once_recovered)
    monkeypatch.setattr(app.store.deliveries, "recover", look)
    report = await world.send(app, end_its_lease)
    assert report.recovered_uncertain == 2
    assert report.outcomes == {S.ACCEPTED: len(READERS)}
    await world.finish(duplicates=0)


async def test_a_living_sender_is_left_alone_and_told_of(world: World) -> None:
    app = world.app()
    world.publish(app)
    let_one_die(app, claimed=8, begun=2)
    report = await world.send(app)
    assert (report.outcomes, report.in_doubt) == ({S.ACCEPTED: len(READERS) - 8}, 8)
    await world.finish(duplicates=0)


async def test_a_sender_that_stood_still_for_too_long_hands_nothing_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the record that a message is being sent and its first byte, the machine slept."""
    app = world.app(smtp_connections=1)
    world.publish(app)
    advance = app.store.deliveries.advance
    slept = 0.0

    def sleep(**arguments: object) -> object:
        nonlocal slept
        done = advance(**arguments)  # type: ignore[arg-type]
        slept = 3600.0 if done.begun else slept
        return done

    clock = time.clock_gettime
    monkeypatch.setattr(app.store.deliveries, "advance", sleep)
    monkeypatch.setattr(time, "clock_gettime", lambda kind: clock(kind) + slept)
    await world.send(app)
    assert world.sink.book == []
    monkeypatch.undo()
    await world.finish(duplicates=0)
