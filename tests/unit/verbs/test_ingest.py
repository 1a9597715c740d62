"""Ingesting real folders: new once, changed as an update, refused with a reason, never a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from newsletter.app import App
from newsletter.ingest import ingest
from newsletter.model.documents import FileOutcome, IngestReport, RefusalReason
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LONG_AGO = NOW.timestamp() - 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


def write(path: Path, text: str | bytes, *, age: timedelta = timedelta(hours=1)) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    stamp = NOW.timestamp() - age.total_seconds()
    os.utime(path, (stamp, stamp))
    return path


def look(
    store: Store, *folders: Path, wait: Callable[[float], None] | None = None, max_bytes: int = 10_000
) -> IngestReport:
    def unexpected(seconds: float) -> None:
        raise AssertionError(f"waited {seconds} s for nothing")

    return ingest(
        store,
        folders=folders,
        parse=Opener(reader=TextReader(aliases=SourceAliases.with_extra({}))).open,
        max_bytes=max_bytes,
        settle_seconds=1.0,
        wait=wait or unexpected,
        now=NOW,
    )


def outcomes(report: IngestReport) -> dict[str, FileOutcome]:
    return {file.path: file.outcome for file in report.files}


def headlines(store: Store) -> list[str]:
    return [document.headline for document in store.documents.new_for("daily")]


def test_running_twice_does_nothing_the_second_time(sqlite_store: Store, folder: Path) -> None:
    write(folder / "a.txt", "Harbour reopens\n\nThe harbour opened on Monday.")
    (folder / "deep").mkdir()
    write(folder / "deep" / "b.txt", "Rates held\n\nThe bank held its rate.")
    assert outcomes(look(sqlite_store, folder)) == {
        "a.txt": FileOutcome.NEW,
        "deep/b.txt": FileOutcome.NEW,
    }
    assert set(outcomes(look(sqlite_store, folder)).values()) == {FileOutcome.UNCHANGED}
    assert headlines(sqlite_store) == ["Harbour reopens", "Rates held"]


def test_the_same_text_in_another_dress_is_not_new(sqlite_store: Store, folder: Path) -> None:
    text = "Café reopens\n\nThe “café” opened.\n"
    write(folder / "a.txt", text)
    write(folder / "b.txt", text.replace("\n", "\r\n").encode("utf-8-sig"))
    write(folder / "c.txt", text.encode("utf-16"))
    write(folder / "d.txt", text.replace("é", "e\u0301"))
    look(sqlite_store, folder)
    documents = sqlite_store.documents.new_for("daily")
    assert [len(document.places) for document in documents] == [4]


@pytest.mark.parametrize("name", ["9.41\u202fAM.txt", "a\xa0b.txt", "a\\b.txt", "a\nb.txt", "\U000e0001.txt"])
def test_a_name_that_cannot_be_shown_is_found_again(sqlite_store: Store, folder: Path, name: str) -> None:
    path = write(folder / name, "First\n\nIt is so.")
    for expected in (FileOutcome.NEW, FileOutcome.UNCHANGED, FileOutcome.UNCHANGED):
        assert list(outcomes(look(sqlite_store, folder)).values()) == [expected]
        assert len(sqlite_store.documents.known_files(str(folder))) == 1
    write(path, "Second\n\nIt is otherwise.")
    assert list(outcomes(look(sqlite_store, folder)).values()) == [FileOutcome.CHANGED]
    assert headlines(sqlite_store) == ["Second"]
    path.unlink()
    look(sqlite_store, folder)
    assert sqlite_store.documents.known_files(str(folder)) == {}


def test_a_name_in_another_encoding_stands_refused_until_it_is_gone(
    sqlite_store: Store, folder: Path
) -> None:
    name = os.fsencode(folder) + b"/caf\xa0.txt"
    with open(name, "wb") as file:  # noqa: PTH123 - a name that no Path prints
        file.write(b"A good text")
    for _ in range(2):
        assert outcomes(look(sqlite_store, folder)) == {"caf\\xa0.txt": FileOutcome.REFUSED}
        assert len(sqlite_store.documents.refusals()) == 1
    os.unlink(name)  # noqa: PTH108
    look(sqlite_store, folder)
    assert sqlite_store.documents.refusals() == []


def test_a_renamed_file_is_not_new_and_its_change_supersedes(sqlite_store: Store, folder: Path) -> None:
    path = write(folder / "a.txt", "First\n\nIt is so.")
    look(sqlite_store, folder)
    moved = path.rename(folder / "b.txt")
    assert outcomes(look(sqlite_store, folder)) == {"b.txt": FileOutcome.KNOWN}
    write(moved, "Second\n\nIt is otherwise.")
    assert outcomes(look(sqlite_store, folder)) == {"b.txt": FileOutcome.CHANGED}
    assert headlines(sqlite_store) == ["Second"]


def test_a_file_rewritten_with_the_same_size_and_time_is_noticed(sqlite_store: Store, folder: Path) -> None:
    write(folder / "a.txt", "First\n\nIt is so.")
    look(sqlite_store, folder)
    write(folder / "a.txt", "Other\n\nIt is so.")
    assert outcomes(look(sqlite_store, folder)) == {"a.txt": FileOutcome.CHANGED}


def test_a_half_written_file_waits_for_the_next_run(sqlite_store: Store, folder: Path) -> None:
    path = write(folder / "a.txt", "Harbour re", age=timedelta(0))
    waits: list[float] = []

    def go_on_writing(seconds: float) -> None:
        waits.append(seconds)
        write(path, "Harbour reopens\n\nThe harbour op", age=timedelta(0))

    assert outcomes(look(sqlite_store, folder, wait=go_on_writing)) == {"a.txt": FileOutcome.WAITING}
    assert waits == [1.0]
    assert headlines(sqlite_store) == []
    write(path, "Harbour reopens\n\nThe harbour opened.")
    assert outcomes(look(sqlite_store, folder)) == {"a.txt": FileOutcome.NEW}


def test_a_fresh_file_that_stays_as_it_is_is_taken_after_one_wait(sqlite_store: Store, folder: Path) -> None:
    write(folder / "a.txt", "Harbour reopens", age=timedelta(0))
    write(folder / "b.txt", "Rates held", age=timedelta(0))
    waits: list[float] = []
    assert set(outcomes(look(sqlite_store, folder, wait=waits.append)).values()) == {FileOutcome.NEW}
    assert waits == [1.0]


def test_what_is_refused_stops_none_of_the_others(sqlite_store: Store, folder: Path, tmp_path: Path) -> None:
    write(folder / "good.txt", "Harbour reopens\n\nThe harbour opened.")
    write(folder / "empty.txt", " \n\n")
    write(folder / "binary.txt", b"PNG\x00\x01\x02" * 50)
    write(folder / "large.txt", "word " * 3000)
    write(folder / "picture.png", b"\x89PNG")
    write(tmp_path / "secret.txt", "Secret\n\nNot for readers.")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "broken.txt").symlink_to(folder / "nowhere.txt")
    os.mkfifo(folder / "pipe.txt")
    name = os.fsencode(folder) + b"/caf\xe9.txt"
    with open(name, "wb") as file:  # noqa: PTH123 - a name that no Path prints
        file.write(b"A good text")
    os.utime(name, (LONG_AGO, LONG_AGO))
    report = look(sqlite_store, folder)
    assert {file.path: file.refusal for file in report.files} == {
        "good.txt": None,
        "empty.txt": RefusalReason.EMPTY,
        "binary.txt": RefusalReason.BINARY,
        "large.txt": RefusalReason.OVERSIZED,
        "picture.png": RefusalReason.UNSUPPORTED,
        "link.txt": RefusalReason.OUTSIDE,
        "broken.txt": RefusalReason.UNREADABLE,
        "pipe.txt": RefusalReason.NOT_A_FILE,
        "caf\\xe9.txt": RefusalReason.NAME,
    }
    assert headlines(sqlite_store) == ["Harbour reopens"]
    assert len(sqlite_store.documents.refusals()) == 8
    assert len(look(sqlite_store, folder).having(FileOutcome.REFUSED)) == 8, "looked at again each time"


def test_a_mended_file_is_no_longer_refused(sqlite_store: Store, folder: Path) -> None:
    write(folder / "a.txt", "")
    look(sqlite_store, folder)
    write(folder / "a.txt", "Harbour reopens")
    assert outcomes(look(sqlite_store, folder)) == {"a.txt": FileOutcome.NEW}
    assert sqlite_store.documents.refusals() == []


def test_a_deleted_refused_file_is_no_longer_shown(sqlite_store: Store, folder: Path) -> None:
    write(folder / "a.txt", "")
    look(sqlite_store, folder)
    (folder / "a.txt").unlink()
    look(sqlite_store, folder)
    assert sqlite_store.documents.refusals() == []


@pytest.mark.parametrize("problem", [PermissionError, TimeoutError])
def test_where_we_may_not_look_nothing_is_taken_for_gone(
    sqlite_store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, problem: type[OSError]
) -> None:
    (folder / "shut").mkdir()
    for path in ("shut/a.txt", "b.txt"):
        write(folder / path, "Harbour reopens\n\nThe harbour opened on Monday.")
    look(sqlite_store, folder)
    real = os.lstat

    def lstat(path: bytes | str | Path, **options: int | None) -> os.stat_result:
        if b"/shut/" in os.fsencode(path):
            raise problem
        return real(path, **options)

    (folder / "b.txt").unlink()
    (folder / "shut" / "a.txt").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", lstat)
        look(sqlite_store, folder)
    assert set(sqlite_store.documents.known_files(str(folder))) == {"shut/a.txt"}


def test_a_folder_that_is_not_there_is_told_and_stops_none_of_the_others(
    sqlite_store: Store, folder: Path
) -> None:
    write(folder / "a.txt", "Harbour reopens")
    report = look(sqlite_store, folder / "missing", folder)
    assert [problem.split(":")[0] for problem in report.problems] == ["FOLDERS"]
    assert outcomes(report) == {"a.txt": FileOutcome.NEW}


def test_more_files_than_one_transaction_holds(sqlite_store: Store, folder: Path) -> None:
    for number in range(130):
        write(folder / f"{number:03}.txt", f"Headline {number}\n\nText {number}.")
    assert look(sqlite_store, folder).count(FileOutcome.NEW) == 130
    assert look(sqlite_store, folder).count(FileOutcome.UNCHANGED) == 130


def test_what_was_sent_to_files_does_not_come_back_as_news(tmp_path: Path) -> None:
    app = App.isolated(
        database_url=f"sqlite:///{tmp_path / 'store.db'}", folders=[tmp_path], outbox_folder=tmp_path / "out"
    )
    (tmp_path / "out").mkdir()
    mail = "From: a@example.org\nSubject: {0}\nMessage-ID: <{0}@example.org>\n\nThe harbour opened again.\n"
    write(tmp_path / "news.eml", mail.format("News"))
    write(tmp_path / "out" / "edition.eml", mail.format("Edition"))
    report = app.ingest(now=NOW, wait=lambda _: None)
    assert [file.headline for file in report.having(FileOutcome.NEW)] == ["News"]
    app.close()


def test_the_outbox_itself_is_no_source_of_news(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    app = App.isolated(database_url=f"sqlite:///{tmp_path / 'store.db'}", outbox_folder=tmp_path / "out")
    write(tmp_path / "out" / "news.txt", "News\n\nThe harbour opened again.")
    report = app.ingest(now=NOW, folders=[tmp_path / "out"])
    assert report.files == ()
    assert [problem.split(": ")[0] for problem in report.problems] == ["FOLDERS"]
    app.close()


def test_what_is_to_be_forgotten_is_looked_for_once_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App.isolated(
        database_url=f"sqlite:///{tmp_path / 'store.db'}", folders=[tmp_path / "in"], keep_text_days=45
    )
    looks: list[datetime] = []
    monkeypatch.setattr(app.store.forgetting, "texts", lambda *, before, now: looks.append(now) or 0)
    for minutes in (0, 1, 59, 60, 61, 120, 0):
        app.ingest(now=NOW + timedelta(minutes=minutes))
    assert [(now - NOW) // timedelta(minutes=1) for now in looks] == [0, 60, 120, 0], (
        "a clock may be set back"
    )
    app.close()


def test_a_look_into_the_folder_of_the_store_changes_nothing_in_it(tmp_path: Path) -> None:
    """A folder is looked into as soon as something in it changes: this would never end."""
    app = App.isolated(database_url=f"sqlite:///{tmp_path / 'store.db'}", folders=[tmp_path])
    write(tmp_path / "a.txt", "Harbour reopens\n\nThe harbour opened on Monday.")
    for _ in range(2):
        app.ingest(now=NOW, wait=lambda _: None)
    changes: list[str] = []

    @event.listens_for(app.store._database.engine, "before_cursor_execute")
    def _(_connection, _cursor, statement: str, *_rest: object) -> None:
        changes.extend([statement] if statement.startswith(("INSERT", "UPDATE", "DELETE")) else [])

    app.ingest(now=NOW, wait=lambda _: None)
    assert changes == []
    app.close()
