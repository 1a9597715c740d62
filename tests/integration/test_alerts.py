"""Alerts from what is wrong to what the operator gets, by real SMTP and real HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from faults.turns import NOW, Clock, MakeApp
from integration.conftest import Script

from newsletter.app import App
from newsletter.cli import commands as newsletter
from newsletter.errors import SettingsError, TemplateError
from newsletter.model.alerts import Alert, AlertKind, NoticeResult
from newsletter.model.audit import AuditEntry
from newsletter.model.deliveries import Breaker
from newsletter.model.editions import Run, RunOutcome
from newsletter.model.operators import Role
from newsletter.model.sources import Poll, PollOutcome

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Hook:
    """A webhook that answers what it is told to, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    def events(self) -> list[tuple[str, str]]:
        bodies = [json.loads(body) for _, body in self.got]
        return [(body["type"], body["data"]["subject"]) for body in bodies]


@pytest.fixture
def hook() -> Iterator[tuple[Hook, str]]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append((dict(self.headers), body))
            self.send_response(hook.answers.pop(0) if hook.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield hook, f"http://127.0.0.1:{server.server_port}/alerts"
    server.shutdown()
    server.server_close()


@pytest.fixture
def values(sqlite_url: str, smtp_port: int, folder: Path) -> dict[str, object]:
    return {
        "database_url": sqlite_url,
        "folders": (folder,),
        "list_name": "daily",
        "list_title": "The Daily Brief",
        "sender_address": "digest@news.example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
        "smtp_timeout_seconds": 20.0,
        "alert_address": ("ops@example.org", "ada@example.org"),
        "disk_alert_megabytes": 0,
    }


@pytest.fixture
def make_app(values: dict[str, object]) -> Iterator[MakeApp]:
    made: list[App] = []

    def make(**overrides: object) -> App:
        app = App.isolated(**(values | overrides))
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()


def look(app: App, clock: Clock) -> list[str]:
    found: list[Alert] = app.alerts.look(since=NOW - DAY, now=clock())
    return [f"{'over' if one.cleared_at else 'raised'} {one.title}" for one in found]


async def tell(app: App, clock: Clock) -> list[NoticeResult]:
    return await app.alerts.tell(clock=clock, stopping=asyncio.Event())


def mails(script: Script) -> list[EmailMessage]:
    parsed = [message_from_bytes(content, policy=policy.default) for _, content in script.accepted]
    assert all(isinstance(mail, EmailMessage) for mail in parsed)
    return parsed  # type: ignore[return-value]


def fill_disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = type("usage", (), {"free": free})
    monkeypatch.setattr("newsletter.alert.disks.shutil.disk_usage", lambda _: usage)


async def test_an_alert_is_mailed_once_and_again_when_it_is_over(
    make_app: MakeApp, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, clock = make_app(disk_alert_megabytes=500), Clock()
    fill_disk(monkeypatch, 300_000_000)
    [raised] = look(app, clock)
    assert raised.startswith("raised disk is nearly full: ")
    assert [result.is_told for result in await tell(app, clock)] == [True, True]
    assert script.received() == {"ops@example.org": 1, "ada@example.org": 1}
    mail = mails(script)[0]
    assert mail["Subject"].startswith("Alert: disk is nearly full: ")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].display_name == "The Daily Brief alerts"
    assert mail["To"] == "ops@example.org"
    assert mail["Date"].datetime == clock().replace(microsecond=0)
    assert not [name for name in mail if name.lower().startswith("list-")], "nobody leaves a list by it"
    assert "300 MB are free (limit 500 MB)" in mail.get_content()
    for _ in range(3):
        clock.now += MINUTE
        assert look(app, clock) == []
        assert await tell(app, clock) == []
    fill_disk(monkeypatch, 900_000_000)
    assert look(app, clock) == []
    clock.now += 10 * MINUTE
    [over] = look(app, clock)
    assert over.startswith("over ")
    await tell(app, clock)
    assert len(script.accepted) == 4
    assert mails(script)[-1]["Subject"].startswith("All clear: disk is nearly full: ")
    assert len({mail["Message-ID"] for mail in mails(script)}) == 4


async def test_a_webhook_is_told_of_each_alert_signed_and_again_until_it_takes_it(
    make_app: MakeApp, hook: tuple[Hook, str]
) -> None:
    got, url = hook
    got.answers = [503, 302]
    app, clock = make_app(alert_webhook=url, alert_webhook_secret=SECRET, alert_address=("off",)), Clock()
    app.store.editions.know_list("daily", now=NOW - 2 * DAY)
    app.store.editions.record_run(
        Run(list_name="daily", slot_at=NOW, started_at=NOW, outcome=RunOutcome.SKIPPED, reason="missed")
    )
    clock.now = NOW + MINUTE
    assert look(app, clock) == ["raised no edition: daily"]
    for wait in (timedelta(), 2 * MINUTE, 10 * MINUTE):
        clock.now += wait
        [result] = await tell(app, clock)
    assert result.is_told
    assert await tell(app, clock) == []
    assert got.events() == [("alert.raised", "daily")] * 3
    names, bodies = zip(*got.got, strict=True)
    assert len({headers["Webhook-Id"] for headers in names}) == 1, "whoever gets it twice can tell"
    assert len(set(bodies)) == 1
    for headers, body in got.got:
        signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert int(names[2]["Webhook-Timestamp"]) == int(clock().timestamp())


async def test_an_alert_that_the_webhook_does_not_take_holds_up_no_other(
    make_app: MakeApp, hook: tuple[Hook, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    got, url = hook
    got.answers = [400]
    values = {"alert_webhook": url, "alert_webhook_secret": SECRET, "disk_alert_megabytes": 500}
    app, clock = make_app(alert_address=("off",), **values), Clock()
    app.store.editions.know_list("daily", now=NOW - 2 * DAY)
    app.store.editions.record_run(
        Run(list_name="daily", slot_at=NOW, started_at=NOW, outcome=RunOutcome.SKIPPED, reason="missed")
    )
    fill_disk(monkeypatch, 1)
    clock.now = NOW + MINUTE
    assert len(look(app, clock)) == 2
    assert [result.is_told for result in await tell(app, clock)] == [False, True]


async def test_a_webhook_that_never_answers_is_given_up_after_a_day(
    make_app: MakeApp, hook: tuple[Hook, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    got, url = hook
    got.answers = [500] * 99
    values = {"alert_webhook": url, "alert_webhook_secret": SECRET, "disk_alert_megabytes": 500}
    app, clock = make_app(alert_address=("off",), **values), Clock()
    fill_disk(monkeypatch, 1)
    assert len(look(app, clock)) == 1
    for _ in range(60):
        await tell(app, clock)
        clock.now += HOUR / 2
    assert 8 <= len(got.got) <= 20
    assert app.store.alerts.waiting() == 0


async def test_a_mail_that_is_refused_for_now_is_tried_again_and_one_refused_for_good_is_not(
    make_app: MakeApp, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, clock = make_app(disk_alert_megabytes=500), Clock()
    script.answers["RCPT ops@example.org"] = ["451 4.3.0 later", "250 OK"]
    script.answers["RCPT ada@example.org"] = ["550 5.1.1 nobody"]
    fill_disk(monkeypatch, 1)
    look(app, clock)
    assert [result.is_told for result in await tell(app, clock)] == [False, False]
    assert await tell(app, clock) == []
    clock.now += 2 * MINUTE
    assert [(result.target, result.is_told) for result in await tell(app, clock)] == [
        ("ops@example.org", True)
    ]
    assert app.store.alerts.waiting() == 0


async def test_while_the_mail_server_is_in_trouble_mail_waits_and_the_webhook_is_told(
    make_app: MakeApp, script: Script, hook: tuple[Hook, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = hook
    app, clock = make_app(alert_webhook=url, alert_webhook_secret=SECRET, disk_alert_megabytes=500), Clock()
    account = f"127.0.0.1:{app.settings.smtp_port}"
    breaker = Breaker(
        open_until=NOW + 15 * MINUTE, pause_seconds=900, reason="535 no", permanent=True, opened_at=NOW
    )
    app.store.accounts.open_breaker(account, breaker)
    fill_disk(monkeypatch, 1)
    look(app, clock)
    assert [result.channel.value for result in await tell(app, clock)] == ["webhook"]
    assert script.connections == 0
    clock.now += 15 * MINUTE
    assert [result.is_told for result in await tell(app, clock)] == [True, True]


async def test_a_server_that_is_gone_is_asked_once_for_all_mails(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, clock = make_app(disk_alert_megabytes=500, smtp_port=1), Clock()
    fill_disk(monkeypatch, 1)
    look(app, clock)
    results = await tell(app, clock)
    assert [result.is_told for result in results] == [False, False]
    assert results[0].reply == results[1].reply
    assert app.store.alerts.waiting() == 2


async def test_a_process_that_dies_before_it_notes_what_it_told_tells_it_again_under_the_same_name(
    make_app: MakeApp, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, clock = make_app(disk_alert_megabytes=500, alert_address=("ops@example.org",)), Clock()
    fill_disk(monkeypatch, 1)
    look(app, clock)

    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as dying:
        dying.setattr(app.store.alerts, "told", killed)
        with pytest.raises(KilledError):
            await tell(app, clock)
    assert await tell(app, clock) == [], "for five minutes it may still be at work"
    clock.now += 5 * MINUTE
    await tell(app, clock)
    assert len(script.accepted) == 2
    assert len({mail["Message-ID"] for mail in mails(script)}) == 1


def test_a_slot_that_cannot_be_answered_is_told_with_the_reason(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, clock = make_app(schedule="0 7 * * *"), Clock()
    slot = NOW.replace(hour=7, minute=0) + DAY
    app.store.editions.know_list("daily", now=slot - DAY)
    [mailing_list] = app.lists
    app.subscribers.add(mailing_list, "ada@example.org", now=NOW)

    def broken(*_: object, **__: object) -> None:
        raise TemplateError("unexpected end", path="body.html", line=3)

    monkeypatch.setattr("newsletter.publish.turns.look_through", broken)
    with pytest.raises(TemplateError):
        app.publish_due(mailing_list, now=slot)
    clock.now = slot + 29 * MINUTE
    assert look(app, clock) == []
    clock.now += MINUTE
    assert look(app, clock) == ["raised no edition: daily"]
    [raised] = app.alerts.open()
    assert "body.html, line 3: unexpected end" in raised.condition.what


def test_an_edition_that_waits_is_told_and_so_is_a_slot_that_nobody_approved(
    make_app: MakeApp, folder: Path
) -> None:
    app, clock = make_app(approval="required", settle_seconds=0), Clock()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    [daily] = app.lists
    app.slots_due(daily, now=NOW)
    app.subscribers.add(daily, "ada@example.org", now=NOW)
    app.ingest(now=NOW)
    for day, decide in enumerate((app.proposals.approve, app.proposals.skip, None)):
        clock.now = NOW + day * DAY + MINUTE
        (folder / f"{day}.txt").write_text(f"Ferry {day} runs\n\nFerry number {day} sailed to Aldis again.\n")
        app.ingest(now=clock())
        assert [one.run.outcome for one in app.publish_due(daily, now=clock())] == [RunOutcome.PROPOSED]
        waits = f"edition waits for approval: {app.proposals.waiting(now=clock())[0].proposal.name}"
        assert look(app, clock) == [f"raised {waits}"]
        if decide is not None:
            decide(app.proposals.waiting(now=clock())[0].proposal.id, by="ada", now=clock())
        clock.now = NOW.replace(hour=7) + day * DAY + HOUR
        app.publish_due(daily, now=clock())
        look(app, clock)
        clock.now += 10 * MINUTE
        assert look(app, clock) == ([f"over {waits}"] if decide else [])
    clock.now += 6 * HOUR
    assert [one.run.outcome for one in app.publish_due(daily, now=clock())] == [RunOutcome.SKIPPED]
    assert look(app, clock) == ["raised no edition: daily"]
    assert "nobody approved it within 6 h" in app.alerts.open()[-1].condition.what


def test_a_source_that_fails_for_days_is_told_and_over_once_it_answers(make_app: MakeApp) -> None:
    app, clock = make_app(), Clock()
    url = "https://gazette.example/feed"
    app.store.sources.add(url, title="Gazette", next_at=NOW, now=NOW)
    failed = Poll(outcome=PollOutcome.FAILED, next_at=NOW, problem="it answered 500")
    for day in (0, 3):
        clock.now = NOW + day * DAY
        [source] = app.store.sources.all()
        app.store.sources.record(source, failed, now=clock())
    assert look(app, clock) == ["raised source cannot be read: Gazette"]
    app.store.sources.record(source, Poll(outcome=PollOutcome.UNCHANGED, next_at=NOW), now=clock())
    clock.now += 10 * MINUTE
    assert look(app, clock) == []
    clock.now += 10 * MINUTE
    assert look(app, clock) == ["over source cannot be read: Gazette"]


def test_bounces_that_nobody_can_read_are_told_after_an_hour(make_app: MakeApp, tmp_path: Path) -> None:
    # A name in another encoding than ours must not keep bounces from being read.
    box = tmp_path / os.fsdecode(b"r\xfcck")
    shown = f"{tmp_path}/r\N{REPLACEMENT CHARACTER}ck"
    app, clock = make_app(bounce_mailbox=str(box)), Clock()

    def turn(later: timedelta) -> list[str]:
        clock.now += later
        app.feedback.take_in(now=clock.now)
        return look(app, clock)

    assert turn(timedelta()) == []
    assert turn(59 * MINUTE) == []
    app.feedback.take_in(paths=[tmp_path / "elsewhere"], now=clock.now)
    assert turn(MINUTE) == [f"raised bounces cannot be read: {shown}"]
    [alert] = app.alerts.open()
    assert "No such file or directory" in alert.condition.what
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    assert turn(MINUTE) == []
    assert turn(10 * MINUTE) == [f"over bounces cannot be read: {shown}"]


def test_admins_are_told_if_nobody_is_named(make_app: MakeApp) -> None:
    app = make_app(alert_address=())
    assert app.alerts.addresses(now=NOW) == ()
    for name, role, address in (
        ("ada", Role.ADMIN, "ada@example.org"),
        ("bo", Role.EDITOR, "bo@example.org"),
        ("cy", Role.ADMIN, ""),
    ):
        entry = AuditEntry(at=NOW, actor="root", action="add operator", subject=name)
        app.store.operators.add(name, role, address, "no hash", entry)
    assert app.alerts.addresses(now=NOW) == ("ada@example.org",)
    assert make_app(alert_address=("off",)).alerts.addresses(now=NOW) == ()
    assert make_app(alert_address=(), smtp_host="").alerts.addresses(now=NOW) == ()


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"alert_address": ("nobody",)}, "ALERT_ADDRESS"),
        ({"alert_webhook": "https://example.org/x"}, "ALERT_WEBHOOK_SECRET is not set"),
        ({"alert_webhook": "https://example.org/x", "alert_webhook_secret": "short"}, "24 to 64 bytes"),
        ({"alert_webhook": "example.org", "alert_webhook_secret": SECRET}, "ALERT_WEBHOOK"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(
    make_app: MakeApp, overrides: dict[str, object], expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected) as caught:
        make_app(**overrides).alerts.check_settings()
    assert "\n" not in str(caught.value)


async def test_the_commands_show_alerts_and_send_a_test(
    make_app: MakeApp, script: Script, hook: tuple[Hook, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    got, url = hook
    app, clock = make_app(alert_webhook=url, alert_webhook_secret=SECRET, disk_alert_megabytes=500), Clock()
    monkeypatch.setattr("newsletter.cli.common.App.load", lambda: app)

    async def run(*arguments: str, code: int = 0) -> str:
        # Beside the server, which answers in this thread.
        result = await asyncio.to_thread(CliRunner().invoke, newsletter, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    assert await run("alerts") == "Nothing is wrong.\n"
    told = await run("alerts", "test")
    assert [line.split(": ")[:2] for line in told.splitlines()] == [
        ["mail ops@example.org", "told"],
        ["mail ada@example.org", "told"],
        ["webhook", "told"],
    ]
    assert got.events() == [("alert.test", "this is only a test")]
    fill_disk(monkeypatch, 1)
    look(app, clock)
    assert "0 MB are free" in await run("alerts")
    assert "Alert: disk is nearly full" in await run("status")
    [shown] = json.loads(await run("alerts", "--json", "--all"))
    assert shown["kind"] == AlertKind.DISK_LOW.value
    assert shown["raised_at"] == "2026-11-23T06:00:00+00:00"
    assert shown["cleared_at"] is None
    script.answers["RCPT ada@example.org"] = ["550 5.1.1 nobody"]
    assert "mail ada@example.org: not told: RCPT: 550" in await run("alerts", "test", code=1)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (1,), "a test is no alert"
