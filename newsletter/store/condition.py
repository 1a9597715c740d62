"""How a store is, told without changing it: opening one the usual way would make or upgrade its tables."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, inspect, text

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.migrate import HEAD

#: Larger files are not read through: it takes a second for some hundred MB.
_READ_THROUGH_BYTES = 200_000_000


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What is known of a store."""

    #: Without its password.
    place: str
    #: The SQLite file; None on PostgreSQL.
    file: Path | None = None
    #: Whether there is a database; there may be no tables in it yet.
    exists: bool = True
    #: "SQLite 3.40.1"; empty if nobody could ask.
    engine: str = ""
    #: Revision of its tables; None: there are none yet.
    revision: str | None = None
    #: Revision that this release works with.
    newest_revision: str = HEAD
    #: Whether we may write there.
    is_writable: bool = True
    #: Whether others on this machine may read it.
    is_open_to_all: bool = False
    #: SQLite's journal, "wal" if all is well; empty on PostgreSQL.
    journal: str = ""
    #: Why it cannot be read; empty if it can.
    problem: str = ""


def condition_of(url: str) -> Condition:
    """Look at a store.

    Args:
        url: "sqlite:///path" or "postgresql://...".

    Raises:
        StoreError: The address is of another kind.
    """
    database = Database(url)
    try:
        file = database.file
        if file is None:
            return _of_server(database)
        return _of_file(database.place, file)
    finally:
        database.close()


def _of_server(database: Database) -> Condition:
    try:
        with database.reading() as connection:
            return Condition(
                place=database.place,
                engine=f"PostgreSQL {connection.scalar(text('SHOW server_version'))}",
                revision=_revision(connection),
                is_writable=_may_create(connection),
            )
    except StoreError as error:
        return Condition(place=database.place, problem=str(error))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _may_create(connection: Connection) -> bool:
    """Return whether tables may be made, as an upgrade does."""
    return bool(connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")))


def _of_file(place: str, file: Path) -> Condition:
    # pathlib would raise where we may not look.
    is_there = os.access(file, os.F_OK)
    # SQLite writes beside its file, too.
    is_writable = os.access(file.parent, os.W_OK | os.X_OK) and (
        not is_there or os.access(file, os.R_OK | os.W_OK)
    )
    engine = f"SQLite {sqlite3.sqlite_version}"
    if not is_there:
        return Condition(place=place, file=file, exists=False, engine=engine, is_writable=is_writable)
    problem, revision, journal = _read(file)
    return Condition(
        place=place,
        file=file,
        engine=engine,
        revision=revision,
        is_writable=is_writable,
        is_open_to_all=bool(file.stat().st_mode & 0o004),
        journal=journal,
        problem=problem,
    )


def _read(file: Path) -> tuple[str, str | None, str]:
    """Return what is wrong with a file, the revision of its tables, and its journal."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=5)) as connection:
            journal = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            named = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if named else None
            problem = ""
            if file.stat().st_size <= _READ_THROUGH_BYTES:
                verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
                problem = "" if verdict == "ok" else f"the file is damaged: {' '.join(verdict.split())}"
    except (sqlite3.Error, OSError) as error:
        return str(error), None, ""
    return problem, row[0] if row else None, journal
