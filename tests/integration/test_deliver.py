"""Delivering through a real SMTP server, from both databases: nobody skipped, nobody mailed twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from faults.turns import NOW, Clock, MakeApp
from sqlalchemy import Connection, event, text
from stores import postgres_in_the_sweep

from newsletter.app import App
from newsletter.errors import SenderBusyError, StoreError
from newsletter.model.deliveries import DeliverReport, DeliveryRange, DeliveryState

S = DeliveryState
READERS = ("ada@example.org", "bo@example.org", "chi@example.org", "dag@example.org", "eve@example.org")


@pytest.fixture
def make_app(store_url: str, tmp_path: Path, smtp_port: int) -> Iterator[MakeApp]:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    apps = []

    def make(**overrides: object) -> App:
        values = {
            "database_url": store_url,
            "folders": (folder,),
            "settle_seconds": 0,
            "list_name": "daily",
            "sender_address": "digest@news.example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp_port,
            "smtp_security": "none",
            "smtp_connections": 2,
            "smtp_timeout_seconds": 20.0,
        }
        app = App.isolated(**(values | overrides))
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


def publish(app: App, readers: tuple[str, ...] = READERS) -> int:
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    for address in readers:
        app.subscribers.add(mailing_list, address, now=NOW)
    edition = app.publish(mailing_list, now=NOW).edition
    assert edition is not None
    assert edition.audience == len(readers)
    return edition.id


def test_readers_are_queued_as_they_came_wherever_their_rows_lie(make_app: MakeApp) -> None:
    app = make_app()
    database = app.store._database
    for address in READERS:
        app.subscribers.add(app.mailing_list(None), address, now=NOW)
    with database.transaction() as connection:
        # PostgreSQL writes a changed row anew, behind all others, and finds it there without an index.
        for table, column in (("subscriptions", "subscriber_id"), ("subscribers", "id")):
            connection.execute(text(f"UPDATE {table} SET {column} = {column} WHERE {column} = 1"))
    if not database.is_sqlite:
        event.listen(database.engine, "begin", use_no_index)
    edition = publish(app)
    with database.reading() as connection:
        query = text("SELECT subscriber_id FROM deliveries WHERE edition_id = :edition ORDER BY id")
        queued = connection.scalars(query, {"edition": edition}).all()
    assert queued == sorted(queued)


def use_no_index(connection: Connection) -> None:
    for way in ("indexscan", "indexonlyscan", "bitmapscan", "nestloop", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")


async def deliver(app: App, clock: Clock, stopping: asyncio.Event | None = None, **more) -> DeliverReport:
    return await app.deliver(clock=clock, stopping=stopping or asyncio.Event(), **more)


def counts(app: App, edition_id: int) -> dict[str, int]:
    return {state.value: count for state, count in app.store.deliveries.counts(edition_id).items()}


async def test_every_reader_gets_one_message_of_their_own(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 5}
    assert counts(app, edition) == {"accepted": 5}
    assert script.received() == dict.fromkeys(READERS, 1)
    for address, content in script.accepted:
        message = message_from_bytes(content, policy=policy.default)
        assert address in message["To"]
        assert message["Subject"] == "Harbour reopens"
        bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
        assert all(address in body for body in bodies)
        assert all(other not in body for other in READERS if other != address for body in bodies)
    assert len({message_from_bytes(content)["Message-ID"] for _, content in script.accepted}) == 5
    assert script.connections == 2


async def test_a_turn_s_end_is_found_out_by_one_for_all(make_app: MakeApp, clock, monkeypatch) -> None:
    app = make_app(smtp_connections=8)
    publish(app)
    claims: list[int] = []
    claim = app.store.deliveries.claim

    def counted(**how):
        claims.append(1)
        return claim(**how)

    monkeypatch.setattr(app.store.deliveries, "claim", counted)
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 5}
    assert len(claims) == 2


async def test_a_turn_of_some_deliveries_leaves_the_others_alone(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    edition = publish(app)
    ids = [d.id for d in app.store.deliveries.claim(sender="me", limit=9, now=NOW)]
    app.store.deliveries.release(sender="me", now=NOW)
    some = DeliveryRange(edition_id=edition, first_id=ids[1], last_id=ids[2])
    report = await deliver(app, clock, only=some)
    assert (report.outcomes, report.due, report.next_due) == ({S.ACCEPTED: 2}, 0, None)
    assert sorted(script.received()) == sorted(READERS[1:3])
    assert counts(app, edition) == {"accepted": 2, "queued": 3}
    assert (await deliver(app, clock, only=some)).outcomes == {}


async def test_running_again_sends_nothing(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    publish(app)
    await deliver(app, clock)
    assert (await deliver(app, clock)).outcomes == {}
    assert len(script.accepted) == 5


async def test_a_refused_reader_fails_alone(make_app: MakeApp, clock, script) -> None:
    script.answers["RCPT bo@example.org"] = ["550 5.1.1 no such user"]
    app = make_app()
    edition = publish(app)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 4, "failed": 1}
    failed = list(app.store.operations.listed(edition, states=[S.FAILED]))
    assert [(record.address, record.reply) for record in failed] == [
        ("bo@example.org", "RCPT: 550 5.1.1 no such user")
    ]


async def test_a_deferred_reader_is_tried_again_when_due_and_not_before(
    make_app: MakeApp, clock, script
) -> None:
    script.answers["RCPT bo@example.org"] = ["450 4.2.1 busy", "250 2.1.5 ok"]
    app = make_app()
    edition = publish(app)
    report = await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 4, "deferred": 1}
    assert report.next_due is not None
    clock.now = report.next_due - timedelta(seconds=1)
    assert (await deliver(app, clock)).outcomes == {}
    clock.now = report.next_due
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 1}
    assert script.received() == dict.fromkeys(READERS, 1)


@postgres_in_the_sweep
async def test_a_reader_deferred_for_days_is_given_up(make_app: MakeApp, clock, script) -> None:
    script.answers["RCPT"] = ["450 4.2.1 busy"]
    app = make_app()
    edition = publish(app, READERS[:1])
    attempts = 0
    while (report := await deliver(app, clock)).next_due is not None:
        clock.now = report.next_due
        attempts += 1
        assert attempts < 60
    assert counts(app, edition) == {"failed": 1}
    assert timedelta(days=3, hours=20) < clock.now - NOW < timedelta(days=4)
    assert "given up" in next(app.store.operations.listed(edition)).reply


async def test_an_uncertain_message_is_sent_once_more_under_the_same_id(
    make_app: MakeApp, clock, script
) -> None:
    script.answers["TAKE bo@example.org"] = ["drop", "take"]
    app = make_app()
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 5, S.UNCERTAIN: 1}
    assert counts(app, edition) == {"accepted": 5}
    ids = [
        message_from_bytes(c)["Message-ID"] for address, c in script.accepted if address == "bo@example.org"
    ]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_second_uncertain_outcome_is_held(make_app: MakeApp, clock, script) -> None:
    script.answers["TAKE bo@example.org"] = ["drop"]
    app = make_app()
    edition = publish(app)
    await deliver(app, clock)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 4, "uncertain": 1}
    assert script.received()["bo@example.org"] == 2


async def test_an_uncertain_message_is_held_when_told_so(make_app: MakeApp, clock, script) -> None:
    script.answers["TAKE bo@example.org"] = ["drop"]
    app = make_app(uncertain_policy="hold")
    edition = publish(app)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 4, "uncertain": 1}
    assert script.received()["bo@example.org"] == 1


async def test_a_server_that_ends_sessions_early_costs_nobody_an_attempt(
    make_app: MakeApp, clock, script
) -> None:
    script.answers["MAIL"] = ["250 ok", "250 ok", "421 4.7.0 enough", "250 ok"]
    app = make_app(smtp_connections=1)
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 5}
    assert counts(app, edition) == {"accepted": 5}


async def test_an_unreachable_server_uses_up_nobodys_attempt(make_app: MakeApp, clock, script) -> None:
    app = make_app(smtp_port=1)
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.problem is not None
    assert "127.0.0.1:1 cannot be reached" in report.problem
    assert report.due == 5
    assert counts(app, edition) == {"queued": 5}
    again = make_app()
    assert (await deliver(again, clock)).outcomes == {S.ACCEPTED: 5}


async def test_a_refused_sender_uses_up_nobodys_attempt(make_app: MakeApp, clock, script) -> None:
    script.answers["MAIL"] = ["553 5.7.1 not yours"]
    app = make_app()
    edition = publish(app)
    report = await deliver(app, clock)
    assert report.permanent
    assert counts(app, edition) == {"queued": 5}


async def test_a_stop_finishes_what_is_in_flight_and_the_next_run_does_the_rest(
    make_app: MakeApp, clock, script
) -> None:
    app = make_app()
    edition = publish(app)
    stopping = asyncio.Event()
    report = await deliver(app, clock, stopping, on_result=stopping.set)
    sent = report.outcomes[S.ACCEPTED]
    # A result and the beginning of the next message are one commit: the stop came after both.
    assert 1 <= sent <= 4, "what the two connections had begun"
    assert counts(app, edition) == {"accepted": sent, "queued": 5 - sent}
    await deliver(app, clock)
    assert script.received() == dict.fromkeys(READERS, 1)


async def test_who_leaves_before_the_message_is_sent_gets_nothing(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    edition = publish(app)
    app.subscribers.remove(app.mailing_list(None), "bo@example.org", suppress=False, now=NOW)
    app.subscribers.remove(app.mailing_list(None), "chi@example.org", suppress=True, now=NOW)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 3, "suppressed": 2}


async def test_sending_stops_at_once_when_nothing_can_be_written(
    make_app: MakeApp, clock, script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    edition = publish(app)
    write, calls = app.store.deliveries.advance, []

    def fail_later(**arguments: object) -> object:
        calls.append(arguments)
        if len(calls) > 3:
            raise StoreError("the store is full")
        return write(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(app.store.deliveries, "advance", fail_later)
    with pytest.raises(StoreError, match="the store is full; sending stopped"):
        await deliver(app, clock)
    accepted_before = len(script.accepted)
    assert accepted_before < 5
    monkeypatch.undo()
    await deliver(app, lambda: NOW + timedelta(minutes=2))
    assert counts(app, edition) == {"accepted": 5}
    assert set(script.received()) == set(READERS), "nobody is lost"
    assert len(script.accepted) <= 5 + 2, "at most one more for each connection"


async def test_a_second_sender_is_told_to_wait(make_app: MakeApp, clock, script) -> None:
    app, other = make_app(), make_app()
    publish(app)
    with (
        other.store.sender_lock(alone=True),
        pytest.raises(SenderBusyError, match="another process is sending"),
    ):
        await deliver(app, clock)
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 5}


async def test_a_dead_senders_claims_are_taken_over(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    edition = publish(app)
    claimed = app.store.deliveries.claim(sender="dead", limit=3, now=NOW)
    app.store.deliveries.advance(
        begin=[claimed[0].id], marks=[], sender="dead", policy=app.settings.uncertain_policy, now=NOW
    )
    report = await deliver(app, clock)
    assert report.recovered_uncertain == 1
    assert counts(app, edition) == {"accepted": 5}


async def test_a_lost_acknowledgement_then_a_crash_still_reaches_everybody(
    make_app: MakeApp, clock, script
) -> None:
    script.answers["CONTENT bo@example.org"] = ["stall", "250 ok"]
    app = make_app(smtp_timeout_seconds=1.0)
    edition = publish(app)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 5}


@pytest.mark.parametrize("words", ["250 re\u00e7u", "250 ok \x00 queued"])
async def test_any_bytes_in_a_reply_are_taken(make_app: MakeApp, clock, script, words: str) -> None:
    script.answers["CONTENT"] = [words]
    app = make_app()
    edition = publish(app)
    async with asyncio.timeout(20):
        await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 5}
    assert script.received() == dict.fromkeys(READERS, 1)


async def test_an_unexpected_failure_while_writing_hangs_nobody(
    make_app: MakeApp, clock, script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    publish(app)

    def fail(**arguments: object) -> frozenset[int]:
        raise RuntimeError("out of the blue")

    monkeypatch.setattr(app.store.deliveries, "advance", fail)
    with pytest.raises(RuntimeError, match="out of the blue"):
        async with asyncio.timeout(20):
            await deliver(app, clock)


async def test_a_store_that_fails_for_a_moment_fails_no_reader(
    make_app: MakeApp, clock, script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    edition = publish(app)

    def fail(edition_id: int, *, variant: int) -> None:
        raise StoreError("gone for a moment")

    monkeypatch.setattr(app.store.editions, "rendering", fail)
    with pytest.raises(StoreError):
        await deliver(app, clock)
    monkeypatch.undo()
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 5}


async def test_one_lists_refused_sender_does_not_hold_up_another(make_app: MakeApp, clock, script) -> None:
    Path("newsletter.toml").write_text(
        '[[lists]]\nname = "a"\nsender_address = "a@news.example.org"\n'
        '[[lists]]\nname = "b"\nsender_address = "b@news.example.org"\n'
    )
    base = make_app().settings
    app = App.load(**{name: getattr(base, name) for name in type(base).model_fields if name != "lists"})
    app.ingest(now=NOW)
    for name in ("a", "b"):
        for address in READERS:
            app.subscribers.add(app.mailing_list(name), address, now=NOW)
        app.publish(app.mailing_list(name), now=NOW)
    script.answers["MAIL a@news.example.org"] = ["553 5.7.1 not yours"]
    report = await deliver(app, clock)
    assert report.outcomes == {S.ACCEPTED: 5}
    assert report.problem is not None
    assert "refuses the sender" in report.problem
    assert report.due == 5
    app.close()


@postgres_in_the_sweep
async def test_many_who_left_do_not_end_the_turn(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    readers = tuple(f"r{n:03}@example.org" for n in range(120))
    edition = publish(app, readers)
    for address in readers[:100]:
        app.subscribers.remove(app.mailing_list(None), address, suppress=False, now=NOW)
    await deliver(app, clock)
    assert counts(app, edition) == {"accepted": 20, "suppressed": 100}


async def test_files_instead_of_a_server(make_app: MakeApp, clock, script, tmp_path: Path) -> None:
    app = make_app(transport="file", outbox_folder=tmp_path / "out")
    publish(app)
    assert (await deliver(app, clock)).outcomes == {S.ACCEPTED: 5}
    files = sorted((tmp_path / "out").glob("*"))
    assert [file.suffix for file in files] == [".eml"] * 5
    recipients = {message_from_bytes(file.read_bytes(), policy=policy.default)["To"] for file in files}
    assert recipients == set(READERS)
    assert script.accepted == []


async def test_a_test_copy_records_nothing(make_app: MakeApp, clock, script) -> None:
    app = make_app()
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    made = app.draft(mailing_list, now=NOW)
    assert made is not None
    message = app.copies.make("editor@example.org", made.rendering, now=NOW)
    result = await app.copies.send(message)
    assert result.reply.code == 250
    assert script.received() == {"editor@example.org": 1}
    assert app.store.editions.latest("daily") == []
    assert app.draft(mailing_list, now=NOW) is not None, "still new"
