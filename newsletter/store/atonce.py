"""Short writes on the calling thread, only if nobody else is writing.

A thread of its own for each group of steps costs a sender more than SQLite needs to write them.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

#: Execution option of connections whose transactions are not SQLAlchemy's to begin and end.
BEGUN_BY_HAND = "begun_by_hand"


class OccupiedError(Exception):
    """A write cannot be done at once; nothing was done."""


class AtOnce:
    """One connection for such writes, kept open; used by one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._asking = threading.local()
        self._in_use = threading.Lock()

    @property
    def is_asked_for(self) -> bool:
        """Whether this thread wants its transactions to be begun at once, or not at all."""
        return getattr(self._asking, "now", False)

    @contextmanager
    def asked_for(self) -> Iterator[None]:
        """Let this thread's transactions be such writes."""
        self._asking.now = True
        try:
            yield
        finally:
            self._asking.now = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that writes; commit at the end, roll back on any error.

        Raises:
            OccupiedError: Somebody else is writing.
            sqlite3.Error: The database refused.
        """
        if not self._in_use.acquire(blocking=False):
            raise OccupiedError
        try:
            connection, driver = self._opened()
            _begin(driver)
            try:
                yield connection
                driver.execute("COMMIT")
            except BaseException:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
                raise
        finally:
            self._in_use.release()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> tuple[Connection, sqlite3.Connection]:
        if self._connection is None:
            connection = self._engine.connect().execution_options(**{BEGUN_BY_HAND: True})
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
            self._connection = connection
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - of a SQLite file
        return self._connection, driver


def _begin(driver: sqlite3.Connection) -> None:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise OccupiedError from error
        raise
