"""Letters to those who sign up, through a real SMTP server, from both databases: each at most once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from faults.turns import NOW, Clock, MakeApp

from newsletter.app import App
from newsletter.deliver.letters import next_attempt
from newsletter.deliver.queue import Queue
from newsletter.model.deliveries import Breaker, Delivery, DeliveryState
from newsletter.model.feedback import FeedbackAction, Notice
from newsletter.model.readers import ConfirmationState, Letter, LetterKind, LettersReport, LetterState, SignUp
from newsletter.model.subscribers import Address, Cadence, SubscriptionState, SuppressionReason
from newsletter.store.letters import Letters
from newsletter.subscribe import parse_address

L = LetterState
MINUTE = timedelta(minutes=1)
LINK = re.compile(r"https://news\.example\.org/([cp])/([\w.~-]+)")


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture
def make_app(store_url: str, smtp_port: int, tmp_path: Path) -> Iterator[MakeApp]:
    apps = []

    def make(**overrides: object) -> App:
        values = {
            "database_url": store_url,
            "public_url": "https://news.example.org",
            "secret_keys": ("k" * 32,),
            "list_name": "daily",
            "list_title": "The Daily Brief",
            "postal_address": ("The Daily Brief", "1 Quay Street"),
            "sender_address": "digest@news.example.org",
            "reply_to": "editor@news.example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp_port,
            "smtp_security": "none",
            "smtp_timeout_seconds": 20.0,
        }
        app = App.isolated(**(values | overrides))
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


def ask(app: App, *addresses: str, clock: Clock, list_names: tuple[str, ...] = ("daily",)) -> None:
    for address in addresses:
        request = SignUp(
            address=address,
            list_names=list_names,
            cadence=Cadence.EACH,
            origin="192.0.2.1",
            wording="Yes",
        )
        app.readers.ask(request, now=clock())
    app.readers.answer(now=clock())


async def send(app: App, clock: Clock, stopping: asyncio.Event | None = None) -> LettersReport:
    async with asyncio.timeout(20):
        return await app.readers.send_letters(clock=clock, stopping=stopping or asyncio.Event())


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_from_the_form_to_the_button(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app()
    ask(app, "Ada@example.org", clock=clock)
    report = await send(app, clock)
    assert (report.outcomes, report.due, report.problem) == ({L.SENT: 1}, 0, None)
    ((recipient, content),) = script.accepted
    mail = read(content)
    assert recipient == mail["To"] == "Ada@example.org"
    assert mail["From"] == "The Daily Brief <digest@news.example.org>"
    assert mail["Reply-To"] == "editor@news.example.org"
    assert mail["Subject"] == "Confirm your subscription to The Daily Brief"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@news.example.org>")
    assert mail["List-Id"] is mail["List-Unsubscribe"] is None
    kinds = set()
    for part in mail.iter_parts():
        body = part.get_content()
        assert "ada@example.org" not in body.casefold()
        assert "192.0.2.1" not in body
        assert "48 hours" in body
        assert "1 Quay Street" in body
        kinds |= {(found[1], found[2]) for found in LINK.finditer(body)}
    ((kind, token),) = kinds
    assert kind == "c"
    assert app.readers.confirm(token, origin="192.0.2.1", now=clock()).state is ConfirmationState.CONFIRMED
    assert (await send(app, clock)).outcomes == {}


async def test_who_is_on_the_list_gets_the_link_to_their_own_page(
    make_app: MakeApp, clock: Clock, script
) -> None:
    app = make_app()
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=clock())
    ask(app, "ada@example.org", clock=clock)
    await send(app, clock)
    mail = read(script.accepted[0][1])
    assert mail["Subject"] == "You are subscribed to The Daily Brief already"
    found = LINK.search(mail.get_body(("plain",)).get_content())
    assert found is not None
    assert found[1] == "p"
    assert app.readers.preferences(found[2], now=clock()).masked_address == "a••@example.org"


async def test_what_is_refused_for_now_is_tried_again_and_counts_once(
    make_app: MakeApp, clock: Clock, script
) -> None:
    app = make_app()
    script.answers = {"RCPT": ["451 4.7.1 greylisted", "250 ok"], "CONTENT": ["452 4.3.1 full", "250 ok"]}
    ask(app, "ada@example.org", clock=clock)
    for wait, outcomes in ((0, {L.DUE: 1}), (2, {L.DUE: 1}), (8, {L.SENT: 1}), (9, {})):
        clock.now = NOW + wait * MINUTE
        assert (await send(app, clock)).outcomes == outcomes, wait
    assert script.received() == {"ada@example.org": 1}


async def test_a_refusal_for_good_suppresses_nobody(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app()
    script.answers = {"RCPT ada@example.org": ["550 5.1.1 no such user"]}
    ask(app, "ada@example.org", "bo@example.org", clock=clock)
    assert (await send(app, clock)).outcomes == {L.BOUNCED: 1, L.SENT: 1}
    assert app.store.subscribers.suppression(parse_address("ada@example.org")) is None
    clock.now += timedelta(days=3)
    assert (await send(app, clock)).outcomes == {}


async def test_where_there_is_no_mailbox_no_other_letter_goes_for_some_days(
    make_app: MakeApp, clock: Clock, script
) -> None:
    app = make_app()
    script.answers = {
        "RCPT ada@example.org": ["550 5.1.1 no such user"],
        "RCPT bo@example.org": ["554 5.7.1 not now"],
    }
    for day, outcomes in (
        (0, {L.BOUNCED: 1, L.FAILED: 1}),
        (2, {L.FAILED: 1}),
        (8, {L.BOUNCED: 1, L.FAILED: 1}),
    ):
        clock.now = NOW + timedelta(days=day)
        app.readers.forget_stale(now=clock())
        ask(app, "ada@example.org", "bo@example.org", clock=clock)
        assert (await send(app, clock)).outcomes == outcomes, day


BOUNCE = """From: mailer-daemon@mx.example.org
To: {path}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {who}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{who}> no such user
--b--
"""


@pytest.mark.parametrize(
    ("who", "action", "letters"),
    [
        ("ada@example.org", FeedbackAction.NO_LETTERS, 0),
        # Somebody whom the address sends its mail on to.
        ("dead@other.example", FeedbackAction.NOTHING, 1),
    ],
)
async def test_a_letter_that_comes_back_is_the_last_for_some_days(
    make_app: MakeApp, clock: Clock, script, who: str, action: FeedbackAction, letters: int
) -> None:
    app = make_app(bounce_address="bounces@news.example.org")
    ask(app, "ada@example.org", clock=clock)
    assert (await send(app, clock)).outcomes == {L.SENT: 1}
    path = next(one for one in script.commands if one.startswith("MAIL ")).removeprefix("MAIL ")
    outcome = app.feedback.take_message(BOUNCE.format(path=path, who=who).encode(), now=NOW)
    assert outcome.action is action
    assert "ada@" not in outcome.reason, "no erasure would find it there"
    assert app.store.subscribers.suppression(parse_address("ada@example.org")) is None
    clock.now += timedelta(days=2)
    ask(app, "ada@example.org", clock=clock)
    assert sum((await send(app, clock)).outcomes.values()) == letters


async def test_whoever_complains_of_a_letter_is_never_mailed_again(
    make_app: MakeApp, clock: Clock, script
) -> None:
    app = make_app(bounce_address="bounces@news.example.org")
    ask(app, "ada@example.org", clock=clock)
    await send(app, clock)
    path = next(one for one in script.commands if one.startswith("MAIL ")).removeprefix("MAIL ")
    forged = path.replace("+1-", "+2-")
    for sender, action in (
        (forged, FeedbackAction.NOT_BELIEVED),
        (path, FeedbackAction.SUPPRESSED),
        (path, FeedbackAction.NOTHING),
    ):
        notice = Notice(is_complaint=True, return_path=sender, reason=f"{sender} {action}")
        assert app.feedback.take_notice(notice, now=NOW).action is action
    assert app.store.subscribers.suppression(parse_address("ada@example.org")) is SuppressionReason.COMPLAINT
    clock.now += timedelta(days=2)
    ask(app, "ada@example.org", clock=clock)
    assert (await send(app, clock)).outcomes == {}


async def test_what_may_have_arrived_is_not_sent_again(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app()
    ask(app, "ada@example.org", clock=clock)
    script.answers = {"TAKE": ["drop"]}
    assert (await send(app, clock)).outcomes == {L.UNCERTAIN: 1}
    script.answers = {}
    clock.now += timedelta(hours=5)
    assert (await send(app, clock)).outcomes == {}
    assert script.received() == {"ada@example.org": 1}


@pytest.mark.parametrize(
    ("step", "before", "received"),
    [
        ("begin", True, {"ada@example.org": 1, "bo@example.org": 1}),
        ("begin", False, {"bo@example.org": 1}),
        ("record", True, {"ada@example.org": 1, "bo@example.org": 1}),
        ("record", False, {"ada@example.org": 1, "bo@example.org": 1}),
    ],
)
async def test_a_process_that_is_killed_sends_nothing_twice_and_blocks_nobody(
    make_app: MakeApp,
    clock: Clock,
    script,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    before: bool,
    received: dict[str, int],
) -> None:
    """Killed just before, or just after, a step is durable; another process then goes on."""
    first, second = make_app(), make_app()
    ask(first, "ada@example.org", "bo@example.org", clock=clock)
    whole = getattr(Letters, step)

    def killed(self: Letters, letter: Letter, *args: object, **options: object) -> object:
        if not before:
            whole(self, letter, *args, **options)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Letters, step, killed)
        with pytest.raises(KilledError):
            await send(first, clock)
    await send(second, clock)
    clock.now += timedelta(hours=5)
    assert (await send(second, clock)).outcomes == {}
    assert script.received() == received


async def test_two_processes_at_once_send_each_letter_once(make_app: MakeApp, clock: Clock, script) -> None:
    first, second = make_app(), make_app()
    addresses = [f"reader{number}@example.org" for number in range(12)]
    ask(first, *addresses, clock=clock)
    reports = await asyncio.gather(send(first, clock), send(second, clock), send(first, clock))
    assert script.received() == dict.fromkeys(addresses, 1)
    assert sum(report.outcomes.get(L.SENT, 0) for report in reports) == 12


async def test_one_who_was_overtaken_does_not_put_off_what_another_sent(
    make_app: MakeApp, clock: Clock
) -> None:
    app = make_app()
    ask(app, "ada@example.org", clock=clock)
    letters = app.store.letters
    (seen_by_one,) = letters.due(limit=9, now=NOW)
    (seen_by_another,) = letters.due(limit=9, now=NOW)
    assert letters.begin(seen_by_another, spending=None, now=NOW)
    assert not letters.put_off(seen_by_one, NOW, begun=False, reply="451")
    assert not letters.record(seen_by_one, L.FAILED, begun=False, reply="550")
    assert not letters.begin(seen_by_one, spending=None, now=NOW)
    assert letters.put_off(seen_by_another, NOW, begun=True, reply="452")
    assert not letters.begin(seen_by_one, spending=None, now=NOW)


async def test_a_server_that_is_down_lets_all_letters_wait(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app(smtp_port=1)
    ask(app, "ada@example.org", "bo@example.org", clock=clock)
    report = await send(app, clock)
    assert report.outcomes == {L.DUE: 2}
    assert "cannot be reached" in (report.problem or "")
    assert app.store.accounts.breakers() == {}
    clock.now += 2 * MINUTE
    assert (await send(make_app(), clock)).outcomes == {L.SENT: 2}


async def test_an_open_breaker_keeps_letters_back(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app()
    ask(app, "ada@example.org", clock=clock)
    breaker = Breaker(
        open_until=NOW + MINUTE, pause_seconds=60, reason="it is down", permanent=False, opened_at=NOW
    )
    app.store.accounts.open_breaker(f"127.0.0.1:{app.settings.smtp_port}", breaker)
    report = await send(app, clock)
    assert (report.outcomes, report.due, report.problem) == ({}, 1, "it is down")
    clock.now += 2 * MINUTE
    assert (await send(app, clock)).outcomes == {L.SENT: 1}


async def test_letters_count_for_the_accounts_rates(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app(smtp_rates="2/hour")
    ask(app, *(f"reader{number}@example.org" for number in range(3)), clock=clock)
    report = await send(app, clock)
    assert (report.outcomes, report.due) == ({L.SENT: 2}, 1)
    assert (await send(make_app(smtp_rates="2/hour"), clock)).outcomes == {}
    clock.now += timedelta(hours=2)
    assert (await send(app, clock)).outcomes == {L.SENT: 1}


async def test_letters_beside_an_edition_leave_it_so_much_less_of_the_rate(
    make_app: MakeApp, clock: Clock, script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    app = make_app(folders=(folder,), settle_seconds=0, smtp_connections=1, smtp_rates="5/hour, 100/second")
    beside = make_app(smtp_rates="5/hour, 100/second")
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    for number in range(6):
        app.subscribers.add(mailing_list, f"reader{number}@example.org", now=NOW)
    app.publish(mailing_list, now=NOW)
    ask(beside, "new@example.org", "newer@example.org", clock=clock)
    take = Queue.take

    async def take_after_letters(self: Queue) -> Delivery | None:
        clock.now += timedelta(seconds=2)
        if len(script.accepted) == 1:
            assert (await send(beside, clock)).outcomes == {L.SENT: 2}
        return await take(self)

    with monkeypatch.context() as patched:
        patched.setattr(Queue, "take", take_after_letters)
        report = await app.deliver(clock=clock, stopping=asyncio.Event())
    assert (report.outcomes, report.due) == ({DeliveryState.ACCEPTED: 3}, 3)
    assert len(script.accepted) == 5
    restarted = make_app(smtp_rates="5/hour, 100/second")
    assert (await restarted.deliver(clock=clock, stopping=asyncio.Event())).outcomes == {}


async def test_a_suppression_of_the_last_moment_is_heard(make_app: MakeApp, clock: Clock, script) -> None:
    app = make_app()
    ask(app, "ada@example.org", clock=clock)
    app.store.subscribers.suppress(parse_address("ada@example.org"), SuppressionReason.COMPLAINT, now=NOW)
    assert (await send(app, clock)).outcomes == {}
    assert script.accepted == []
    assert app.store.letters.due_count(now=NOW + timedelta(days=1)) == 0


async def test_told_to_stop_it_waits_for_no_server_that_has_nothing(
    make_app: MakeApp, clock: Clock, script
) -> None:
    app, stopping = make_app(), asyncio.Event()
    script.answers = {"RCPT": ["stall"]}
    ask(app, "ada@example.org", clock=clock)
    sending = asyncio.create_task(send(app, clock, stopping))
    async with asyncio.timeout(20):
        while "RCPT ada@example.org" not in script.commands:
            await asyncio.sleep(0.01)
    stopping.set()
    assert (await sending).outcomes == {}
    script.answers = {}
    assert (await send(app, clock)).outcomes == {L.SENT: 1}


async def test_a_broken_template_of_the_operators_is_told_and_letters_wait(
    make_app: MakeApp, clock: Clock, script, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "own" / "email" / "confirm"
    own.mkdir(parents=True)
    (own / "body.txt").write_text("{{ nonesuch }}")
    app = make_app(template_folder=tmp_path / "own")
    ask(app, "ada@example.org", clock=clock)
    assert (await send(app, clock)).outcomes == {L.DUE: 1}
    assert "body.txt, line 1" in caplog.text
    clock.now += 2 * MINUTE
    assert (await send(make_app(), clock)).outcomes == {L.SENT: 1}


def test_letters_are_tried_for_about_a_day() -> None:
    now, waits = NOW, []
    for attempts in range(14):
        letter = Letter(
            id=1,
            kind=LetterKind.CONFIRM,
            address=Address(display="a@example.org", key="a@example.org"),
            list_names=("daily",),
            cadence=Cadence.EACH,
            asked_at=NOW,
            attempts=attempts,
            subscriber_id=None,
        )
        until = next_attempt(letter, now=now)
        assert until is not None
        waits.append(round((until - now) / MINUTE))
        now = until
    assert next_attempt(letter.__class__(**(vars(letter) | {"attempts": 14})), now=now) is None
    assert [wait // base for wait, base in zip(waits, (1, 5, 30, *[120] * 11), strict=True)] == [1] * 14
    assert timedelta(hours=22) < now - NOW < timedelta(hours=28)


async def test_who_leaves_while_an_edition_goes_out_gets_no_message_any_more(
    make_app: MakeApp, clock: Clock, script, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    app = make_app(folders=(folder,), settle_seconds=0, smtp_connections=1)
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    readers = [f"reader{number}@example.org" for number in range(6)]
    for address in readers:
        app.subscribers.add(mailing_list, address, now=NOW)
    app.publish(mailing_list, now=NOW)
    links = app.copies._stationery.links
    assert links is not None
    ids = {s.address.display: s.id for s in app.subscribers.listed(mailing_list)}

    leaving: list[str] = []

    def leave_after_the_first() -> None:
        # In which order they stand is the database's choice.
        if len(script.accepted) == 1:
            leaving.extend(sorted(set(readers) - script.received().keys())[-2:])
            for address in leaving:
                url = links.unsubscribe_url(subscriber_id=ids[address], list_name="daily")
                app.readers.leave(url.rpartition("/")[2], origin="one click", now=NOW)

    await app.deliver(clock=clock, stopping=asyncio.Event(), on_result=leave_after_the_first)
    assert len(leaving) == 2
    assert script.received() == dict.fromkeys(set(readers) - set(leaving), 1)
    left = app.subscribers.listed(mailing_list, SubscriptionState.UNSUBSCRIBED)
    assert [one.address.display for one in left] == leaving
