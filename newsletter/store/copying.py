"""Copies of a SQLite store: taken while others write, looked over, and put in a store's place.

By the sqlite3 module itself: SQLite's backup interface has no other door, and a store that is copied is not
opened as one, which would bring its tables to the newest form.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from newsletter.errors import BackupError
from newsletter.model.backups import StoreContents
from newsletter.model.deliveries import HELD_STATES, WAITING_STATES

#: How long another process that writes is waited for, in seconds.
_PATIENCE_SECONDS = 30

#: The same for one that has a store open which is to be replaced.
_SHORT_PATIENCE_SECONDS = 3

#: Names the row of `install` that says when a backup was made.
_MADE_AT = "backed_up_at"


def copy_store(source: Path, target: Path, *, made_at: datetime | None = None) -> StoreContents:
    """Copy a store, as it stands at one moment, into a new file that is whole by itself.

    The copy is read in one transaction: in write-ahead logging nobody waits for it, and it waits for nobody.

    Args:
        source: The store; others may write to it meanwhile.
        target: Its copy; on disk, and checked, when this returns. Only its owner may read it.
        made_at: Kept in the copy, UTC; None: what the source says, if it is a backup itself.

    Raises:
        BackupError: The source is no store, or damaged; or the copy cannot be written.
    """
    with _told_of(source), closing(_opened(source)) as original:
        _check_ours(original, source)
        with _new_file(target):
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                # Made durable at its end, by the file itself.
                copy.execute("PRAGMA synchronous=OFF")
                original.backup(copy)
            contents = _finish(target, made_at)
    return contents


def contents_of(file: Path) -> StoreContents:
    """Return what a store holds.

    Raises:
        BackupError: It is no store, or damaged.
    """
    with _told_of(file), closing(_opened(file)) as store:
        _check_ours(store, file)
        return _contents(store)


def replace_store(copy: Path, store: Path, *, kept: Path) -> bool:
    """Put a copy in a store's place, and keep what was there before.

    The store's own file is written, in one transaction: whoever opens it meanwhile waits, and a process that
    dies leaves the store that was there before. A file that is no database any more is moved aside instead.

    Args:
        copy: As `copy_store` made it.
        store: Its new place.
        kept: Where the store that was there goes.

    Returns:
        Whether there was one.

    Raises:
        BackupError: Somebody has the store open, or the disk is full.
    """
    was_there = store.exists() and store.stat().st_size > 0
    mode = store.stat().st_mode & 0o777 if was_there else 0o600
    with _told_of(store):
        if was_there and not _is_database(store):
            _move_aside(store, kept)
        # SQLite would make the file readable to all for as long as it is written.
        os.close(os.open(store, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(store, timeout=_SHORT_PATIENCE_SECONDS, isolation_level=None)) as place:
            _take_alone(place, store)
            if was_there and not kept.exists():
                with _new_file(kept), closing(sqlite3.connect(kept, isolation_level=None)) as aside:
                    place.backup(aside)
                _sync(kept)
            with closing(_opened(copy)) as original:
                original.backup(place)
        store.chmod(mode)
        _sync(store)
    return was_there


def check_alone(store: Path) -> None:
    """See that nobody has a store open.

    Raises:
        BackupError: Somebody has.
    """
    with _told_of(store):
        if store.stat().st_size > 0 and _is_database(store):
            with closing(sqlite3.connect(store, timeout=_SHORT_PATIENCE_SECONDS, isolation_level=None)) as it:
                _take_alone(it, store)


@contextmanager
def _told_of(file: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into one line.

    Raises:
        BackupError: Of what was raised.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{file}: {error}") from error
    except OSError as error:
        raise BackupError(f"{error.filename or file}: {error.strerror or error}") from error


def _opened(file: Path) -> sqlite3.Connection:
    if not file.is_file():
        raise BackupError(f"{file}: there is no such file")
    return sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)


def _check_ours(store: sqlite3.Connection, file: Path) -> None:
    try:
        found = {row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise BackupError(f"{file} is not a database, or damaged: {error}") from error
    if not {"alembic_version", "lists", "editions", "deliveries", "subscribers", "install"} <= found:
        raise BackupError(f"{file} is a database, but no store of newsletter")


@contextmanager
def _new_file(file: Path) -> Iterator[None]:
    """Make an empty file that only its owner may read; it is removed again if what follows fails."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    except BaseException:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)
        raise


def _finish(file: Path, made_at: datetime | None) -> StoreContents:
    """Make a copy one file that needs no other beside it; check it, and write it to the disk."""
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise BackupError(f"{file}: the copy is damaged, and so may be the store: {said}")
        if made_at is not None:
            row = (_MADE_AT, made_at.isoformat())
            copy.execute("INSERT OR REPLACE INTO install (name, value) VALUES (?, ?)", row)
        contents = _contents(copy)
    _sync(file)
    return contents


def _contents(store: sqlite3.Connection) -> StoreContents:
    def number(query: str) -> int:
        return int(store.execute(query).fetchone()[0])

    # Each in the words of its index: a table of many millions takes long to read.
    held = number("SELECT count(*) FROM deliveries WHERE claimed_by IS NOT NULL")
    free = " AND ".join(f"state != '{state.value}'" for state in sorted(HELD_STATES))
    states = ", ".join(f"'{state.value}'" for state in sorted(WAITING_STATES))
    waiting = number(f"SELECT count(*) FROM deliveries WHERE {free} AND state IN ({states})")  # noqa: S608
    revision = store.execute("SELECT version_num FROM alembic_version").fetchone()
    made_at = store.execute("SELECT value FROM install WHERE name = ?", (_MADE_AT,)).fetchone()
    return StoreContents(
        revision=revision[0] if revision else "",
        editions=number("SELECT count(*) FROM editions"),
        subscribers=number("SELECT count(*) FROM subscribers"),
        documents=number("SELECT count(*) FROM documents"),
        waiting=waiting + held,
        made_at=datetime.fromisoformat(made_at[0]) if made_at else None,
    )


def _sync(file: Path) -> None:
    """Write a file, and that it is there, to the disk."""
    for place, flags in ((file, os.O_RDONLY), (file.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_database(file: Path) -> bool:
    try:
        with closing(_opened(file)) as store:
            store.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        return False
    return True


def _move_aside(store: Path, kept: Path) -> None:
    store.replace(kept)
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{store}{suffix}").replace(f"{kept}{suffix}")


def _take_alone(place: sqlite3.Connection, store: Path) -> None:
    """Lock a store against everybody until the connection is closed.

    Leaving write-ahead logging needs the store to oneself: it fails while any other process has it open.

    Raises:
        BackupError: One has.
    """
    try:
        place.execute("PRAGMA locking_mode=EXCLUSIVE")
        place.execute("PRAGMA journal_mode=DELETE").fetchone()
        place.execute("BEGIN EXCLUSIVE")
        place.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        raise BackupError(
            f"{store} is in use: stop `newsletter run`, `newsletter web` and whatever else has it open first"
        ) from error
    place.execute("PRAGMA synchronous=FULL")
