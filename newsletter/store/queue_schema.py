"""The tables of the queue that workers on many machines share, as Procrastinate's release brings them.

They live in the store's own PostgreSQL database, so that an edition and its batches are one transaction.
SQLite has none: there, one process does everything.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from newsletter.errors import StoreError
from newsletter.store.database import Database, Lock

#: Who works on the queue (Procrastinate's own table says when a worker was heard of, not where it is), and
#: which of Procrastinate's files was run last.
_OURS = """
CREATE TABLE queue_workers (
    worker_id bigint PRIMARY KEY REFERENCES procrastinate_workers ON DELETE CASCADE,
    host text NOT NULL,
    pid integer NOT NULL,
    release text NOT NULL,
    started_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE queue_schema (last_file text NOT NULL);
INSERT INTO queue_schema VALUES ('')
"""


def install(connection: Connection) -> None:
    """Make the queue's tables, unless they are there.

    Args:
        connection: A transaction on PostgreSQL that nobody else does this in at the same time.

    Raises:
        StoreError: Procrastinate is not installed, or the database holds another program's queue.
    """
    is_there, is_ours = connection.execute(
        text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL, to_regclass('queue_schema') IS NOT NULL")
    ).one()
    if is_there and is_ours:
        return
    if is_there:
        raise StoreError(
            "the database holds another program's queue (procrastinate_jobs): give newsletter one of its own"
        )
    _run(connection, (_folder() / "schema.sql").read_text("utf-8"))
    _run(connection, _OURS)
    _note(connection, _files()[-1].name)


def upgrade(database: Database) -> None:
    """Run the files that a newer release of Procrastinate brought; safe on several hosts at once.

    Each release has files to run before its code ("pre") and others for when no older code runs any more
    ("post"). The newest "post" wait for the release after it: till then, workers of both run side by side.

    Raises:
        StoreError: Procrastinate is not installed, or a file failed.
    """
    if database.is_sqlite:
        return
    with database.reading() as connection:
        missing = _missing(_last_file(connection))
    for file in missing:
        with database.transaction() as connection:
            database.serialise(connection, Lock.MIGRATION)
            if file in _missing(_last_file(connection)):
                _run(connection, file.read_text("utf-8"))
                _note(connection, file.name)


def _missing(last_file: str) -> list[Path]:
    """Return the files to be run, in their order."""
    missing = [file for file in _files() if file.name > last_file]
    while missing and "_post_" in missing[-1].name:
        missing.pop()
    return missing


def _files() -> list[Path]:
    return sorted((_folder() / "migrations").glob("*.sql"))


def _folder() -> Path:
    """Return where Procrastinate keeps its SQL; it is not imported for that, which would take 0.3 s."""
    spec = find_spec("procrastinate")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError("PostgreSQL needs Procrastinate: pip install 'newsletter[postgres]'")
    return Path(spec.submodule_search_locations[0]) / "sql"


def _last_file(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT last_file FROM queue_schema")))


def _note(connection: Connection, name: str) -> None:
    connection.execute(text("UPDATE queue_schema SET last_file = :name"), {"name": name})


def _run(connection: Connection, statements: str) -> None:
    # The driver's own call takes several statements at once, and leaves their percent signs alone.
    driver: Any = connection.connection.driver_connection
    driver.execute(statements)
