"""Opening a SQLite file: how each connection to it waits, writes and begins."""

import sqlite3
import time

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.store.atonce import BEGUN_BY_HAND


def prepare_sqlite(engine: Engine, *, synchronous: str, busy_seconds: float) -> None:
    """Make every connection durable and every writing transaction exclusive from its start.

    Without BEGIN IMMEDIATE, two transactions that read before they write overwrite each other silently.

    Args:
        engine: Makes the connections.
        synchronous: How durable they write.
        busy_seconds: How long a writer waits for another one.
    """

    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(busy_seconds * 1000)}")
        _enter_wal_mode(cursor, busy_seconds)
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(BEGUN_BY_HAND):
            return
        # Without SQLAlchemy around it, which takes several times as long as a short transaction itself.
        driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        driver.execute("BEGIN" if options.get("only_reads") else "BEGIN IMMEDIATE")


def _enter_wal_mode(cursor: sqlite3.Cursor, busy_seconds: float) -> None:
    """Switch to write-ahead logging; SQLite does not wait by itself while another process is switching."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
