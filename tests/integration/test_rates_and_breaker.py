"""Rates, and leaving a server in trouble alone: a real SMTP server, both databases, restarts in between."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from faults.server import Fault, FaultServer, Phase, Session, Taken, Then
from faults.turns import MOMENT_SECONDS, NOW, READERS, Clock, MakeApp, counts, deliver, publish
from stores import postgres_in_the_sweep

from newsletter.app import App
from newsletter.model.deliveries import DeliveryState, Resolution

S = DeliveryState
#: Long enough that nothing ends by itself while a test runs.
PATIENT_SECONDS = 120.0


def attempts(app: App, edition_id: int) -> int:
    return sum(record.attempts for record in app.store.operations.listed(edition_id))


# Rates


async def test_a_rate_is_kept_across_a_restart(make_app: MakeApp, clock: Clock, server: FaultServer) -> None:
    app = make_app(smtp_rates="5/hour")
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 5}
    assert report.due == 1
    assert report.problem is None
    assert report.rate_until is not None
    assert timedelta(hours=1) <= report.rate_until - NOW <= timedelta(minutes=61)

    restarted = make_app(smtp_rates="5/hour")
    clock.now = report.rate_until - timedelta(minutes=5)
    waits = await deliver(restarted, clock)
    assert waits.outcomes == {}
    assert waits.rate_until == report.rate_until, "a restart moves nothing"
    assert counts(restarted, edition) == {"accepted": 5, "queued": 1}

    clock.now = report.rate_until
    goes = await deliver(restarted, clock)
    assert goes.outcomes == {S.ACCEPTED: 1}
    assert goes.rate_until is None
    assert server.book.received() == dict.fromkeys(READERS, 1)


async def test_what_the_server_never_saw_is_not_counted_for_a_rate(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.faults = [Fault(phase=Phase.RCPT, says=b"450 4.2.1 busy\r\n", times=4)]
    app = make_app(smtp_rates="5/hour", smtp_connections=1)
    publish(app)
    report = await deliver(app, clock)
    restarted = make_app(smtp_rates="5/hour")
    clock.now = NOW + timedelta(minutes=30)
    again = await deliver(restarted, clock)
    assert report.outcomes[S.DEFERRED] == 4
    accepted = report.outcomes.get(S.ACCEPTED, 0) + again.outcomes[S.ACCEPTED]
    assert accepted == 5, "the rate is of messages handed over"


@pytest.mark.parametrize("most", [1, 2])
async def test_one_slow_domain_never_gets_more_than_its_share_and_holds_up_nobody(
    make_app: MakeApp, clock: Clock, server: FaultServer, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    slow = tuple(f"r{n}@slow.example" for n in range(6))
    others = tuple(f"r{n}@other{n}.example" for n in range(6))
    now_open: Counter[str] = Counter()
    most_open: Counter[str] = Counter()
    others_through = asyncio.Event()

    class Watching(Session):
        async def on_rcpt(self, line: str) -> None:
            await super().on_rcpt(line)
            domain = self.recipient.rpartition("@")[2]
            now_open[domain] += 1
            most_open[domain] = max(most_open[domain], now_open[domain])

        async def ended(self, message: Taken) -> None:
            domain = message.recipient.rpartition("@")[2]
            if domain == "slow.example":
                await others_through.wait()
            now_open[domain] -= 1
            await super().ended(message)
            if set(others) <= set(server.book.received()):
                others_through.set()

    monkeypatch.setattr("faults.server.Session", Watching)
    app = make_app(smtp_domain_connections=most, smtp_connections=4)
    edition = publish(app, slow + others)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 12}
    assert most_open["slow.example"] == most


# A server in trouble


async def test_a_server_that_is_down_is_left_alone_and_then_found_again(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app = make_app()
    edition = publish(app)
    await server.stop()
    report = await deliver(app, clock)
    assert report.problem is not None
    assert "cannot be reached" in report.problem
    assert (report.tried, report.due, report.permanent) == (True, 6, False)
    assert report.paused_until == NOW + timedelta(seconds=60)
    assert counts(app, edition) == {"queued": 6}
    assert attempts(app, edition) == 0

    await server.start(server.port)
    clock.now = NOW + timedelta(seconds=59)
    restarted = make_app()
    untried = await deliver(restarted, clock)
    assert (untried.tried, untried.problem, untried.due) == (False, report.problem, 6)
    assert untried.paused_until == report.paused_until
    assert server.book.connections == 0

    clock.now = NOW + timedelta(seconds=60)
    back = await deliver(restarted, clock)
    assert (back.tried, back.problem, back.paused_until) == (True, None, None)
    assert back.outcomes == {S.ACCEPTED: 6}
    assert server.book.received() == dict.fromkeys(READERS, 1)
    assert restarted.store.accounts.breakers() == {}


async def test_whoever_has_mended_the_server_need_not_wait(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app = make_app()
    publish(app)
    await server.stop()
    await deliver(app, clock)
    await server.start(server.port)
    assert (await deliver(app, clock)).outcomes == {}
    assert (await deliver(app, clock, force=True)).outcomes == {S.ACCEPTED: 6}


async def test_the_pause_doubles_up_to_a_quarter_of_an_hour(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app = make_app()
    edition = publish(app)
    await server.stop()
    pauses = []
    for _ in range(6):
        report = await deliver(app, clock)
        assert report.tried
        assert report.paused_until is not None
        pauses.append((report.paused_until - clock.now).total_seconds())
        clock.now = report.paused_until
    assert pauses == [60, 120, 240, 480, 900, 900]
    assert attempts(app, edition) == 0


async def test_a_refused_sign_in_pauses_long_and_is_tried_once(
    make_app: MakeApp, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    async with FaultServer(Fault(phase=Phase.AUTH, says=b"535 5.7.8 no\r\n"), tls=tls) as server:
        app = make_app(
            smtp_port=server.port, smtp_security="starttls", smtp_username="me", smtp_password="wr0ng"
        )
        edition = publish(app)
        report = await deliver(app, clock)
        assert report.problem is not None
        assert "SMTP_PASSWORD" in report.problem
        assert report.permanent
        assert report.paused_until == NOW + timedelta(minutes=15)
        tries = sum(line.startswith("AUTH") for line in server.book.commands)
        assert tries <= 2, "one for each connection: more would lock us out"
        assert not (await deliver(app, clock)).tried
        assert sum(line.startswith("AUTH") for line in server.book.commands) == tries
        assert counts(app, edition) == {"queued": 6}
        assert attempts(app, edition) == 0

        server.faults = []
        clock.now = report.paused_until
        assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 6}


async def test_a_server_that_asks_to_be_left_alone_is(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.faults = [Fault(phase=Phase.MAIL, says=b"421 4.3.2 too busy\r\n", then=Then.CLOSE)]
    app = make_app()
    edition = publish(app, tuple(f"r{n}@example.org" for n in range(40)))
    report = await deliver(app, clock)
    assert report.problem is not None
    assert "421" in report.problem
    assert report.paused_until == NOW + timedelta(seconds=60)
    assert server.book.connections <= 4
    assert server.book.taken == []
    counted = counts(app, edition)
    assert counted.get("failed", 0) == 0
    assert sum(counted.values()) == 40

    server.faults = []
    clock.now = NOW + timedelta(minutes=20)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 40}


async def test_readers_refused_one_after_the_other_stop_the_run(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.faults = [Fault(phase=Phase.RCPT, says=b"550 5.7.1 we do not like you\r\n")]
    app = make_app(smtp_connections=1)
    edition = publish(app, tuple(f"r{n:02}@example.org" for n in range(30)))
    report = await deliver(app, clock)
    assert report.permanent
    assert report.problem is not None
    assert "one reader after the other" in report.problem
    assert "we do not like you" in report.problem
    assert counts(app, edition) == {"failed": 9, "deferred": 1, "queued": 20}

    assert report.paused_until is not None
    clock.now = report.paused_until
    again = await deliver(app, clock)
    assert again.outcomes == {S.DEFERRED: 10}, "what is refused meanwhile is not held against anybody"
    assert again.permanent
    assert again.paused_until == clock.now + timedelta(minutes=15)

    server.faults = []
    clock.now = again.paused_until
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 21}
    assert app.store.operations.retry(edition, states=[S.FAILED], now=clock.now) == 9
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 9}, "nobody is lost by it"


@postgres_in_the_sweep
async def test_a_few_refused_readers_among_others_stop_nothing(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    readers = tuple(f"r{n:02}@example.org" for n in range(30))
    server.faults = [
        Fault(phase=Phase.RCPT, recipient=address, says=b"550 5.1.1 no such user\r\n")
        for n, address in enumerate(readers)
        if n % 3
    ]
    app = make_app(smtp_connections=1)
    edition = publish(app, readers)
    report = await deliver(app, clock)
    assert report.problem is None
    assert counts(app, edition) == {"accepted": 10, "failed": 20}


@postgres_in_the_sweep
async def test_a_refused_sender_of_one_list_holds_up_no_other(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    Path("newsletter.toml").write_text(
        '[[lists]]\nname = "a"\nsender_address = "a@news.example.org"\n'
        '[[lists]]\nname = "b"\nsender_address = "b@news.example.org"\n'
    )
    base = make_app().settings
    app = App.load(**{name: getattr(base, name) for name in type(base).model_fields if name != "lists"})
    refused, taken = publish(app, list_name="a"), publish(app, list_name="b")

    def refuses_a(phase: Phase, recipient: str = "") -> Fault | None:
        said = server.book.commands[-1] if server.book.commands else ""
        if phase is Phase.MAIL and "<a@news" in said:
            return Fault(phase=Phase.MAIL, says=b"550 5.7.1 not yours\r\n")
        return None

    server.fault = refuses_a  # type: ignore[method-assign]
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 6}
    assert report.problem is not None
    assert (counts(app, refused), counts(app, taken)) == ({"queued": 6}, {"accepted": 6})
    assert attempts(app, refused) == 0

    mails = len(server.book.commands)
    within = await deliver(app, clock)
    assert (within.outcomes, within.tried) == ({}, False), "the pause is kept"
    assert len(server.book.commands) == mails

    del server.fault  # type: ignore[attr-defined]
    assert report.paused_until is not None
    clock.now = report.paused_until
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 6}
    assert app.store.accounts.breakers() == {}
    app.close()


async def test_after_four_days_of_an_unreachable_server_it_is_given_up(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    app = make_app()
    edition = publish(app)
    await server.stop()
    for day in range(4):
        clock.now = NOW + timedelta(days=day)
        await deliver(app, clock)
        assert counts(app, edition) == {"queued": 6}
    clock.now = NOW + timedelta(days=4, seconds=1)
    report = await deliver(app, clock)
    assert counts(app, edition) == {"failed": 6}
    assert (report.due, report.problem) == (0, None), "nothing is left to be done"
    replies = {record.reply for record in app.store.operations.listed(edition)}
    assert all("given up" in reply and "cannot be reached" in reply for reply in replies)


@pytest.mark.parametrize("is_down", [False, True])
async def test_days_of_a_pause_are_not_days_of_trying(
    make_app: MakeApp, clock: Clock, server: FaultServer, is_down: bool
) -> None:
    app = make_app()
    edition = publish(app)
    app.store.deliveries.claim(sender="stopped", limit=2, now=NOW)
    app.store.operations.pause(edition)
    app.store.deliveries.release(sender="stopped", now=NOW)
    clock.now = NOW + timedelta(days=5)
    assert app.store.operations.resume(edition, now=clock.now) == 6
    if is_down:
        await server.stop()
    server.faults = [Fault(phase=Phase.RCPT, says=b"450 4.2.1 come again\r\n")]
    await deliver(app, clock)
    assert counts(app, edition) == ({"queued": 6} if is_down else {"deferred": 6})


async def test_days_of_being_held_are_not_days_of_trying(
    make_app: MakeApp, clock: Clock, server: FaultServer
) -> None:
    server.faults = [Fault(phase=Phase.DOT, then=Then.RESET)]
    app = make_app(uncertain_policy="hold")
    edition = publish(app)
    await deliver(app, clock)
    assert counts(app, edition) == {"uncertain": 6}
    clock.now = NOW + timedelta(days=5)
    assert app.store.operations.resolve(edition, Resolution.RESEND, now=clock.now) == 6
    server.faults = [Fault(phase=Phase.RCPT, says=b"450 4.2.1 come again\r\n")]
    await deliver(app, clock)
    assert counts(app, edition) == {"deferred": 6}


# Stopping while a server says nothing


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(MOMENT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO, Phase.MAIL, Phase.RCPT])
async def test_a_stop_does_not_wait_for_a_server_that_has_nothing_of_a_message(
    make_app: MakeApp, clock: Clock, server: FaultServer, phase: Phase
) -> None:
    server.faults = [Fault(phase=phase, then=Then.STALL)]
    app = make_app(smtp_timeout_seconds=PATIENT_SECONDS)
    edition = publish(app)
    stopping = asyncio.Event()
    turn = asyncio.create_task(deliver(app, clock, stopping))
    await until(lambda: server.book.come_up[0] == 2)
    stopping.set()
    report = await turn
    assert report.outcomes == {}
    assert server.book.taken == []
    assert counts(app, edition) == {"queued": 6}
    assert attempts(app, edition) == 0


async def test_a_stop_waits_for_the_reply_to_a_whole_message(
    make_app: MakeApp, clock: Clock, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = asyncio.Event()
    whole: list[str] = []

    class Thinking(Session):
        async def ended(self, message: Taken) -> None:
            whole.append(message.recipient)
            await reply.wait()
            await super().ended(message)

    monkeypatch.setattr("faults.server.Session", Thinking)
    app = make_app(smtp_timeout_seconds=PATIENT_SECONDS)
    edition = publish(app)
    stopping = asyncio.Event()
    turn = asyncio.create_task(deliver(app, clock, stopping))
    await until(lambda: len(whole) == 2)
    stopping.set()
    for _ in range(50):
        await asyncio.sleep(0)
    assert not turn.done()
    assert counts(app, edition)["sending"] == 2
    reply.set()
    report = await turn
    assert report.outcomes == {S.ACCEPTED: 2}
    assert counts(app, edition) == {"accepted": 2, "queued": 4}
    assert sorted(server.book.received()) == sorted(whole)
