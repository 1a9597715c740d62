"""The service: woken by its clock, publishing each slot once, stopping cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from choosing import choose
from click.testing import CliRunner
from feedserver import Reply
from feedserver import serving as feeds_served

from newsletter.app import App
from newsletter.cli import commands
from newsletter.errors import SettingsError
from newsletter.model.editions import RunOutcome
from newsletter.model.jobs import JobKind
from newsletter.model.subscribers import Cadence
from newsletter.service import Service, beside, run
from newsletter.web.parts import run_together

# Far ahead: the scheduler runs at once what its own clock holds for past.
START = datetime(2046, 11, 23, 5, 0, tzinfo=UTC)
SLOT = datetime(2046, 11, 23, 7, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


MakeApp = Callable[..., App]


@pytest.fixture
def make_app(tmp_path: Path, folder: Path, store_url: str) -> MakeApp:
    def make(**overrides: object) -> App:
        values = {
            "database_url": store_url,
            "folders": (folder,),
            "settle_seconds": 0,
            "transport": "file",
            "outbox_folder": tmp_path / "outbox",
            "list_name": "daily",
            "sender_address": "digest@news.example.org",
            "public_url": "https://news.example.org",
            "secret_keys": ("a key of this test alone",),
            "port": 0,
        }
        return App.isolated(**(values | overrides))

    return make


def with_lists_of_toml(make_app: MakeApp) -> App:
    """The same app with the lists of newsletter.toml in the working directory."""
    settings = make_app().settings
    return App.load(
        **{name: getattr(settings, name) for name in type(settings).model_fields if name != "lists"}
    )


def drop(folder: Path, headline: str) -> None:
    (folder / f"{headline}.txt").write_text(f"{headline}\n\nThe harbour of Port Aldis opened again.\n")


@asynccontextmanager
async def serving(app: App, clock: Clock) -> AsyncIterator[Service]:
    stopping = asyncio.Event()
    service = Service(app, clock=clock, stopping=stopping)
    task = asyncio.create_task(service.serve())
    try:
        yield service
    finally:
        stopping.set()
        await asyncio.wait_for(task, 20)
        app.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has happened in another task; fail after 20 seconds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def outbox(tmp_path: Path) -> int:
    return len(list((tmp_path / "outbox").glob("*.eml")))


async def test_a_file_that_is_dropped_is_taken_in_without_waiting_for_the_next_look(
    make_app, folder, clock
) -> None:
    app = make_app(ingest_every_seconds=86_400)
    async with serving(app, clock) as service:
        await until(lambda: service._scheduler.get_job("next slot") is not None)
        # The first look, made when the service starts, is over; what is dropped from now on must be noticed.
        await until(lambda: app.documents._forgot_at is not None and not service._ingesting.locked())
        drop(folder, "Harbour reopens")
        number = iter(range(10_000))
        while app.store.documents.count() == 0:
            # Watching begins at its own time: what changed before is left to the next look.
            (folder / f"{next(number)}.part").touch()
            await asyncio.sleep(0.1)
        assert [document.headline for document in app.store.documents.new_for("daily")] == ["Harbour reopens"]


async def test_a_slot_that_comes_is_ingested_published_and_delivered(
    make_app, folder, clock, tmp_path
) -> None:
    app = make_app()
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    async with serving(app, clock) as service:
        await until(lambda: service._scheduler.get_job("next slot") is not None)
        assert service._coming_slot == SLOT
        assert outbox(tmp_path) == 0
        drop(folder, "Harbour reopens")
        clock.now = SLOT
        service._engine.wake(JobKind.PUBLISH)
        await until(lambda: outbox(tmp_path) == 1)
        await until(lambda: service._coming_slot == SLOT + timedelta(days=1))
        service._engine.wake(JobKind.PUBLISH)
        await asyncio.sleep(0.2)
    assert outbox(tmp_path) == 1


async def test_an_edition_and_the_digest_of_its_week_come_at_one_slot(
    make_app, folder, clock, tmp_path
) -> None:
    app = make_app(weekly_schedule="0 7 * * *")
    for name in ("ada", "wim"):
        app.subscribers.add(app.mailing_list(None), f"{name}@example.org", now=START)
    choose(app.store, "wim@example.org", cadence=Cadence.WEEKLY)
    async with serving(app, clock) as service:
        await until(lambda: service._scheduler.get_job("next slot") is not None)
        drop(folder, "Harbour reopens")
        clock.now = SLOT
        service._engine.wake(JobKind.PUBLISH)
        await until(lambda: outbox(tmp_path) == 2)
        recorded = {name: app.store.editions.runs(name) for name in ("daily", "daily.weekly")}
    for runs in recorded.values():
        assert [(r.outcome, r.slot_at, r.edition_number) for r in runs] == [(RunOutcome.PUBLISHED, SLOT, 1)]


async def test_the_scheduler_wakes_the_publisher_at_the_slot(make_app, folder, tmp_path) -> None:
    """Whatever the machine's own clock shows: a schedule of every minute, started a moment before one."""
    offset = timedelta(0)

    def clock() -> datetime:
        return datetime.now(UTC) + offset

    now = datetime.now(UTC)
    offset = timedelta(seconds=60 - now.second - 2)
    app = make_app(schedule="* * * * *", ingest_every_seconds=3600)
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=clock())
    drop(folder, "Harbour reopens")
    stopping = asyncio.Event()
    service = Service(app, clock=clock, stopping=stopping)
    task = asyncio.create_task(service.serve())
    try:
        await until(lambda: outbox(tmp_path) == 1)
    finally:
        stopping.set()
        await asyncio.wait_for(task, 20)
        app.close()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_is_wrong_is_told_by_the_service(make_app, folder, clock, tmp_path) -> None:
    app = make_app(alert_address="ops@example.org")
    async with serving(app, clock) as service:
        await until(lambda: service._scheduler.get_job("next slot") is not None)
        folder.rename(tmp_path / "gone")
        clock.now = START + timedelta(minutes=1)
        service._engine.wake(JobKind.ALERT)
        await until(lambda: outbox(tmp_path) == 1)
    [file] = (tmp_path / "outbox").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == f"Alert: source cannot be read: {folder}"


async def test_two_services_at_once_publish_once(make_app, folder, clock, tmp_path) -> None:
    first, second = make_app(), make_app()
    first.subscribers.add(first.mailing_list(None), "ada@example.org", now=START)
    async with serving(first, clock) as one, serving(second, clock) as two:
        drop(folder, "Harbour reopens")
        clock.now = SLOT
        one._engine.wake(JobKind.PUBLISH)
        two._engine.wake(JobKind.PUBLISH)
        await until(lambda: outbox(tmp_path) == 1)
        await asyncio.sleep(0.3)
        store = first.store
        editions = store.editions.latest("daily", limit=5)
        assert [edition.number for edition in editions] == [1]
        assert [r.outcome for r in store.editions.runs("daily")] == [RunOutcome.PUBLISHED]


async def test_a_slot_missed_within_the_grace_period_is_made_up(make_app, folder, clock, tmp_path) -> None:
    app = make_app()
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    app.slots_due(app.mailing_list(None), now=START)
    drop(folder, "Harbour reopens")
    clock.now = SLOT + timedelta(hours=5)
    async with serving(app, clock):
        await until(lambda: outbox(tmp_path) == 1)


async def test_a_slot_missed_for_longer_is_recorded_as_skipped(make_app, folder, clock, tmp_path) -> None:
    app = make_app()
    mailing_list = app.mailing_list(None)
    app.subscribers.add(mailing_list, "ada@example.org", now=START)
    app.slots_due(mailing_list, now=START)
    drop(folder, "Harbour reopens")
    clock.now = SLOT + timedelta(hours=7)
    async with serving(app, clock):
        await until(lambda: bool(app.store.editions.runs("daily")))
        recorded = app.store.editions.runs("daily")
        assert [(r.outcome, r.slot_at) for r in recorded] == [(RunOutcome.SKIPPED, SLOT)]
        assert "grace period" in recorded[0].reason
    assert outbox(tmp_path) == 0


async def test_nothing_new_is_recorded_with_the_reason(make_app, clock, tmp_path) -> None:
    app = make_app()
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    app.slots_due(app.mailing_list(None), now=START)
    clock.now = SLOT
    async with serving(app, clock):
        await until(lambda: bool(app.store.editions.runs("daily")))
        assert [r.outcome for r in app.store.editions.runs("daily")] == [RunOutcome.NOTHING_NEW]
    assert outbox(tmp_path) == 0


async def test_without_subscribers_the_documents_wait(make_app, folder, clock, tmp_path) -> None:
    app = make_app()
    app.slots_due(app.mailing_list(None), now=START)
    drop(folder, "Harbour reopens")
    clock.now = SLOT
    async with serving(app, clock):
        await until(lambda: bool(app.store.editions.runs("daily")))
        assert [r.outcome for r in app.store.editions.runs("daily")] == [RunOutcome.NO_SUBSCRIBERS]
        assert app.draft(app.mailing_list(None), now=clock.now) is not None


async def test_a_broken_template_fails_the_slot_and_the_mended_one_makes_it_up(
    make_app, folder, clock, tmp_path
) -> None:
    own = tmp_path / "own"
    template = own / "email" / "edition" / "body.html"
    template.parent.mkdir(parents=True)
    template.write_text("<p>{{ nothing_of_that_name }}</p>")
    app = make_app(template_folder=own)
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    app.slots_due(app.mailing_list(None), now=START)
    drop(folder, "Harbour reopens")
    clock.now = SLOT
    async with serving(app, clock) as service:
        await until(lambda: bool(app.store.editions.runs("daily")))
        failed = app.store.editions.runs("daily")[0]
        assert failed.outcome is RunOutcome.FAILED
        assert "body.html, line 1" in failed.reason
        assert outbox(tmp_path) == 0
        template.unlink()
        template.with_name("subject.txt").write_text("{{ edition.subject }}\n")
        clock.now = SLOT + timedelta(minutes=1)
        service._engine.wake(JobKind.PUBLISH)
        await until(lambda: outbox(tmp_path) == 1)
        assert [r.outcome for r in app.store.editions.runs("daily")] == [RunOutcome.PUBLISHED]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_an_unreachable_server_pauses_sending_and_then_goes_on(
    make_app, folder, clock, tmp_path, caplog, script, smtp_port
) -> None:
    caplog.set_level("INFO")
    app = make_app(
        transport="smtp", smtp_host="127.0.0.1", smtp_port=smtp_port, smtp_security="none", smtp_connections=1
    )
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    drop(folder, "Harbour reopens")
    app.ingest(now=START)
    app.publish(app.mailing_list(None), now=START)
    script.answers["MAIL"] = ["553 5.7.1 not yours", "250 ok"]
    async with serving(app, clock) as service:
        await until(lambda: service._sending._is_paused)
        assert f"1 messages wait until {START + timedelta(minutes=15):%H:%M:%S} UTC: " in caplog.text
        service._engine.wake(JobKind.DELIVER)
        await asyncio.sleep(0.1)
        assert script.accepted == []
        clock.now += timedelta(seconds=901)
        service._engine.wake(JobKind.DELIVER)
        await until(lambda: len(script.accepted) == 1)
        await until(lambda: not service._sending._is_paused)
        assert "sending goes on" in caplog.text


async def test_a_missing_folder_is_told_and_stops_nothing(make_app, folder, clock, caplog) -> None:
    app = make_app(folders=(folder / "missing",))
    async with serving(app, clock) as service:
        await until(lambda: "FOLDERS" in caplog.text)
        caplog.clear()
        service._engine.wake(JobKind.INGEST)
        await until(lambda: "FOLDERS" in caplog.text)


async def test_an_unexpected_failure_of_one_list_keeps_no_other_from_its_turn(
    make_app, folder, clock, tmp_path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    Path("newsletter.toml").write_text('[[lists]]\nname = "a"\n[[lists]]\nname = "b"\n')
    app = with_lists_of_toml(make_app)
    for name in ("a", "b"):
        app.subscribers.add(app.mailing_list(name), "ada@example.org", now=START)
        app.slots_due(app.mailing_list(name), now=START)
    drop(folder, "Harbour reopens")
    publish_due = app.publish_due

    def fail_for_a(mailing_list, *, now):
        if mailing_list.name == "a":
            raise ValueError("out of the blue")
        return publish_due(mailing_list, now=now)

    monkeypatch.setattr(app, "publish_due", fail_for_a)
    clock.now = SLOT
    async with serving(app, clock):
        await until(lambda: outbox(tmp_path) == 1)
    assert "a: unexpected error" in caplog.text


async def test_each_list_keeps_its_own_time(make_app, folder, clock, tmp_path) -> None:
    Path("newsletter.toml").write_text(
        '[[lists]]\nname = "berlin"\ntimezone = "Europe/Berlin"\n'
        '[[lists]]\nname = "tokyo"\ntimezone = "Asia/Tokyo"\n'
    )
    app = with_lists_of_toml(make_app)
    for name in ("berlin", "tokyo"):
        app.subscribers.add(app.mailing_list(name), "ada@example.org", now=START)
        app.slots_due(app.mailing_list(name), now=START)
    drop(folder, "Harbour reopens")
    clock.now = datetime(2046, 11, 23, 6, 0, tzinfo=UTC)  # 07:00 in Berlin, 15:00 in Tokyo
    async with serving(app, clock):
        await until(lambda: outbox(tmp_path) == 1)
        assert len(app.store.editions.latest("berlin")) == 1
        assert app.store.editions.latest("tokyo") == []


def test_a_service_that_could_not_send_does_not_start(make_app) -> None:
    app = make_app(transport="smtp")
    with pytest.raises(SettingsError, match="SMTP_HOST is not set"):
        run(app, clock=lambda: START)


async def test_a_part_that_fails_stops_the_others_cleanly() -> None:
    stopping, ended = asyncio.Event(), []

    async def lasting() -> None:
        await stopping.wait()
        ended.append("cleanly")

    async def failing() -> None:
        raise SettingsError("it cannot be had")

    with pytest.raises(SettingsError, match="it cannot be had"):
        await run_together(lasting, failing, stopping=stopping)
    assert ended == ["cleanly"]


async def test_sources_are_fetched_at_the_start_and_before_a_slot(
    make_app, folder, clock, tmp_path, caplog
) -> None:
    def feed(*titles: str) -> Reply:
        items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
        return Reply(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode())

    app = make_app(fetch_allowed_hosts=("127.0.0.1",))
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    async with feeds_served() as server:
        server.replies["/feed"] = feed("Ferry runs")
        for path in ("/feed", "/gone"):
            app.store.sources.add(server.url(path), next_at=START, now=START)
        server.replies["/gone"] = Reply(status=410)
        with caplog.at_level("INFO"):
            async with serving(app, clock) as service:
                await until(lambda: app.store.documents.count() == 1)
                server.replies["/feed"] = feed("Ferry runs", "Harbour reopens")
                clock.now = SLOT
                service._engine.wake(JobKind.PUBLISH)
                await until(lambda: outbox(tmp_path) == 1)
                assert app.store.documents.count() == 2
    assert server.paths().count("/gone") == 1
    assert [one.levelname for one in caplog.records if "for good (410)" in one.message] == ["WARNING"]


async def test_an_edition_that_needs_approval_is_proposed_before_its_slot_and_sent_once_approved(
    make_app, folder, clock, tmp_path
) -> None:
    app = make_app(approval="required")
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
    drop(folder, "Harbour reopens")
    async with serving(app, clock) as service:
        await until(lambda: service._scheduler.get_job("next slot") is not None)
        clock.now = SLOT - timedelta(hours=1)
        service._engine.wake(JobKind.PUBLISH)
        await until(lambda: app.proposals.of("daily") is not None)
        clock.now = SLOT
        service._engine.wake(JobKind.PUBLISH)
        proposal = app.proposals.of("daily")
        assert proposal is not None
        app.proposals.approve(proposal.id, by="ada", now=SLOT)
        service._engine.wake(JobKind.PUBLISH)
        await until(lambda: outbox(tmp_path) == 1)
        assert app.store.editions.latest("daily")[0].slot_at == SLOT


def test_processes_that_send_are_not_asked_for_where_nothing_is_sent() -> None:
    result = CliRunner().invoke(commands, ["run", "--queues", "ingest,publish", "--workers", "2"])
    assert result.exit_code == 2
    assert "add deliver to --queues" in result.output


async def test_a_process_beside_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beside, "_COMMAND", ("/nowhere/python",))
    monkeypatch.setattr(beside, "_REST_SECONDS", 0.01)
    stopping = asyncio.Event()
    sending = asyncio.create_task(beside.send_beside(1, stopping=stopping))
    await until(lambda: len(caplog.records) >= 2 or sending.done())
    assert {record.getMessage() for record in caplog.records} == {
        "a process that sends cannot be started: No such file or directory"
    }
    stopping.set()
    await sending
