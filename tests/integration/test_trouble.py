"""A mail server in trouble, or one that lies, costs no reader a mail: real SMTP server, both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from faults.server import Fault, FaultServer, Phase
from faults.turns import NOW, READERS, Clock, MakeApp, counts, deliver, publish
from stores import postgres_in_the_sweep

from newsletter.model.deliveries import DeliveryState
from newsletter.model.subscribers import SuppressionReason

S = DeliveryState


@pytest.fixture(params=["in groups", pytest.param("one by one", marks=pytest.mark.sweep)])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[FaultServer]:
    """Most servers take commands in groups (PIPELINING, RFC 2920); those that do not are met in the sweep."""
    groups = ("PIPELINING",) if request.param == "in groups" else ()
    async with FaultServer(extensions=(*FaultServer.usual, *groups)) as started:
        yield started


@postgres_in_the_sweep
async def test_a_server_that_knows_nobody_any_more_costs_hardly_anybody(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    """A relay whose table of recipients got lost says 5.1.1 to all, for hours."""
    server.faults = [Fault(phase=Phase.RCPT, says=b"550 5.1.1 user unknown in relay recipient table\r\n")]
    app = make_app()
    edition = publish(app, tuple(f"r{n:03}@example.org" for n in range(60)))
    for _ in range(24):
        report = await deliver(app, clock)
        assert report.paused_until is not None
        clock.now = report.paused_until
    assert counts(app, edition)["failed"] == 9
    assert app.store.subscribers.suppression_counts() == {SuppressionReason.BOUNCE: 2}
    server.faults = []
    clock.now += timedelta(hours=4)
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 51}
    assert app.store.operations.retry(edition, states=[S.FAILED], now=clock.now) == 7
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 7}
    for record in app.store.operations.listed(edition, states=[S.FAILED]):
        app.store.subscribers.lift_suppression(app.subscribers.address(record.address))
    assert app.store.operations.retry(edition, states=[S.FAILED], now=clock.now) == 2
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 2}


@pytest.mark.parametrize("is_followed", [True, False])
async def test_a_short_row_of_dead_addresses_counts_against_each(
    make_app: MakeApp, clock: Clock, server: FaultServer, is_followed: bool
) -> None:
    readers = tuple(f"r{n}@example.org" for n in range(8))
    dead = readers[:7] if is_followed else readers
    server.faults = [
        Fault(phase=Phase.RCPT, recipient=address, says=b"550 5.1.1 no such user\r\n") for address in dead
    ]
    app = make_app(smtp_connections=1)
    edition = publish(app, readers)
    assert (await deliver(app, clock)).problem is None
    assert counts(app, edition) == ({"failed": 7, "accepted": 1} if is_followed else {"failed": 8})
    assert app.store.subscribers.suppression_counts() == {SuppressionReason.BOUNCE: len(dead)}


async def test_a_server_that_takes_only_small_messages_fails_not_the_whole_list(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.extensions = ("SIZE 2000",)
    app = make_app(smtp_connections=1)
    edition = publish(app, tuple(f"r{n:02}@example.org" for n in range(30)))
    report = await deliver(app, clock)
    assert report.problem is not None
    assert "takes at most 2000" in report.problem
    assert counts(app, edition) == {"failed": 9, "deferred": 1, "queued": 20}


@pytest.mark.parametrize(
    "says",
    [
        b"550 5.7.1 verification failed: mx.far.example said: 550 Sender address rejected\r\n",
        b"450 4.7.1 Sender address rejected: greylisted\r\n",
        b"530 5.7.0 Authentication required\r\n",
    ],
)
async def test_one_reader_who_is_answered_as_if_it_were_us_keeps_nobody_waiting(
    make_app: MakeApp, clock: Clock, server: FaultServer, says: bytes
) -> None:
    server.faults = [Fault(phase=Phase.RCPT, recipient="r2@example.org", says=says)]
    app = make_app(smtp_connections=1)
    edition = publish(app, tuple(f"r{n}@example.org" for n in range(9)))
    report = await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 2, "deferred": 1, "queued": 6}
    assert report.paused_until is not None
    clock.now = report.paused_until if not report.permanent else NOW + timedelta(minutes=4)
    report = await deliver(app, clock, force=True)
    assert counts(app, edition) == {"accepted": 8, "deferred": 1}
    (record,) = app.store.operations.listed(edition, states=[S.DEFERRED])
    assert (record.address, record.attempts) == ("r2@example.org", 0)
    assert record.reply, "what was said is kept"


async def test_a_sender_that_is_refused_for_a_moment_waits_for_no_other_lists_end(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    """The other list takes hours; this one is tried again after its pause, within the same turn."""
    server.faults = [Fault(phase=Phase.MAIL, says=b"451 4.3.0 later\r\n", times=1)]
    app = make_app(smtp_connections=1)
    first = publish(app, READERS[:2])
    mailing_list = replace(app.mailing_list(None), name="other")
    folder = Path(app.settings.folders[0])
    (folder / "b.txt").write_text("Ferry late\n\nThe ferry was late on Tuesday.\n")
    app.ingest(now=NOW)
    for address in READERS:
        app.subscribers.add(mailing_list, address, now=NOW)
    second = app.publish(mailing_list, now=NOW).edition
    assert second is not None
    order = []

    def pass_time() -> None:
        order.append(counts(app, first))
        clock.now += timedelta(seconds=25)

    report = await deliver(app, clock, on_result=pass_time)
    assert report.problem is None
    assert counts(app, first) == {"accepted": 2}
    assert counts(app, second.id) == {"accepted": len(READERS)}
    first_accepted = next(place for place, states in enumerate(order) if "accepted" in states)
    assert first_accepted < len(order) - 2, "before the other list was through"


async def test_who_waited_for_a_slow_rate_is_not_given_up_by_a_short_outage(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app = make_app(smtp_rates="1/day")
    edition = publish(app, READERS)
    for day in range(5):
        clock.now = NOW + timedelta(days=day, minutes=30 * day)
        await deliver(app, clock)
    assert counts(app, edition) == {"queued": 1, "accepted": 5}
    port = server.port
    await server.stop()
    for _ in range(2):
        clock.now += timedelta(days=1)
        await deliver(app, clock)
    assert counts(app, edition) == {"queued": 1, "accepted": 5}
    again = FaultServer(Fault(phase=Phase.RCPT, says=b"450 4.7.1 greylisted\r\n", times=1))
    await again.start(port)
    clock.now += timedelta(hours=1)
    await deliver(app, clock)
    assert counts(app, edition) == {"deferred": 1, "accepted": 5}, (
        "tried for the first time on the eighth day"
    )
    clock.now += timedelta(days=1)
    await deliver(app, clock)
    await again.stop()
    assert counts(app, edition) == {"accepted": 6}


async def test_one_failure_after_days_off_gives_nobody_up(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    """The network of a machine that has just started may not be up yet."""
    app = make_app()
    edition = publish(app)
    await server.stop()
    await deliver(app, clock)
    clock.now = NOW + timedelta(days=6)
    report = await deliver(app, clock)
    assert counts(app, edition) == {"queued": 6}
    assert report.paused_until == clock.now + timedelta(minutes=1)


async def test_a_server_that_wants_to_be_left_alone_uses_up_nobodys_attempt(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.faults = [Fault(phase=Phase.RCPT, says=b"421 4.7.0 too fast\r\n")]
    app = make_app(smtp_connections=1)
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.paused_until is not None
    assert counts(app, edition) == {"deferred": 1, "queued": 5}
    assert {record.attempts for record in app.store.operations.listed(edition)} == {0}
