"""A PostgreSQL database that tests use one after the other: to empty it costs far less than to make one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

#: Tables whose rows a database is made with.
KEPT_TABLES = {"alembic_version", "install", "queue_schema"}

#: With more rows than these, what is left of them would slow down the tests that come after.
_MOST_ROWS = 500

#: Tests that share a database at most.
_MOST_TESTS = 50

_OTHERS = (
    "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_get_activity(NULL) "
    "WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
#: What every change of tables, columns, indexes, triggers and functions changes.
_CATALOGUES = ("pg_class", "pg_attribute", "pg_trigger", "pg_proc", "pg_constraint")
#: How many rows were ever put into each table, changed and deleted. A connection tells it when it ends.
_COUNTS = (
    "SELECT relname, pg_stat_get_tuples_inserted(oid), "
    "pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid) FROM pg_class "
    f"WHERE relname IN {_CATALOGUES} OR relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_STARTED = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)


class SharedDatabase:
    """A database with all tables, lent to one test after the other, and made anew where it must be.

    Args:
        run_sql: Runs a statement on the server.
        template: Database that it is a copy of.
        address: Tells the address of a database by its name.
    """

    def __init__(self, run_sql: Callable[[str], None], template: str, address: Callable[[str], str]) -> None:
        self._run_sql, self._template, self._address = run_sql, template, address
        self._number, self._tests = 0, 0
        self._rows: Rows | None = None

    @property
    def _name(self) -> str:
        return f"test_{self._number}"

    def lend(self) -> str:
        """Return the address of a database that is as if it were new."""
        if self._rows is None:
            self._number, self._tests = self._number + 1, 0
            self._run_sql(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
            with self._connect() as connection:
                self._rows = Rows(connection)
        self._tests += 1
        return self._address(self._name)

    def take_back(self) -> None:
        """Empty it, or drop it."""
        if self._tests >= _MOST_TESTS or not self._emptied():
            self.drop()

    def drop(self) -> None:
        """Drop it; the next test gets another one."""
        if self._rows is not None:
            self._run_sql(f"DROP DATABASE {self._name} WITH (FORCE)")
            self._rows = None

    def _emptied(self) -> bool:
        assert self._rows is not None
        with self._connect() as connection:
            connection.execute(_OTHERS)
            return self._rows.delete(connection) <= _MOST_ROWS and not self._rows.is_altered

    def _connect(self) -> Connection:
        return psycopg.connect(self._address(self._name), autocommit=True)


class Rows:
    """The rows of a database but those that it is made with.

    Args:
        connection: One to a database that is as it was made.

    Attributes:
        is_altered: Whether tables, or the rows that a database is made with, are no longer as they were.
    """

    def __init__(self, connection: Connection) -> None:
        self._made = self._known = _counts(connection)
        self.is_altered = False

    def delete(self, connection: Connection) -> int:
        """Delete them from tables that have got any since, and count ids from 1 again; return how many.

        Args:
            connection: One that commits each statement, when all others have ended.
        """
        counts = _counts(connection)
        kept = KEPT_TABLES.union(_CATALOGUES)
        self.is_altered = any(counts.get(table) != self._made.get(table) for table in kept)
        touched = [t for t in counts.keys() - kept if counts[t][0] != self._known.get(t, (0, 0))[0]]
        self._known = counts
        if not touched:
            return 0
        # As a replica the server checks no reference, so that the order does not matter.
        connection.execute("SET session_replication_role = replica")
        rows = sum(connection.execute(f'DELETE FROM "{table}"'.encode()).rowcount for table in touched)
        connection.execute(_STARTED)
        connection.execute("RESET session_replication_role")
        return rows


def _counts(connection: Connection) -> dict[str, tuple[int, int]]:
    return {table: (put, changed) for table, put, changed in connection.execute(_COUNTS.encode())}
