"""A PostgreSQL database that tests use one after the other: to empty it costs far less than to make one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

#: Tables whose rows a database is made with.
KEPT_TABLES = {"alembic_version", "install", "queue_schema"}

#: With more rows than these, what is left of them would slow down the tests that come after.
_MOST_ROWS = 500

#: Tests that share a database at most.
_MOST_TESTS = 50

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_STARTED = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)
#: What every change of tables, columns, indexes, triggers and functions changes.
_SHAPE: LiteralString = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in ("pg_class", "pg_attribute", "pg_trigger", "pg_proc", "pg_constraint")
)
_KEPT_ROWS = " UNION ALL ".join(
    f"SELECT count(*), max(k::text) FROM {table} k" for table in sorted(KEPT_TABLES)
)
_OTHERS = (
    "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
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
        self._made: list[Any] | None = None

    @property
    def _name(self) -> str:
        return f"test_{self._number}"

    def lend(self) -> str:
        """Return the address of a database that is as if it were new."""
        if self._made is None:
            self._number, self._tests = self._number + 1, 0
            self._run_sql(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
            with self._connect() as connection:
                self._made = _shape(connection)
        self._tests += 1
        return self._address(self._name)

    def take_back(self) -> None:
        """Empty it, or drop it."""
        if self._tests >= _MOST_TESTS or not self._emptied():
            self.drop()

    def drop(self) -> None:
        """Drop it; the next test gets another one."""
        if self._made is not None:
            self._run_sql(f"DROP DATABASE {self._name} WITH (FORCE)")
            self._made = None

    def _emptied(self) -> bool:
        with self._connect() as connection:
            connection.execute(_OTHERS)
            return _shape(connection) == self._made and empty(connection) <= _MOST_ROWS

    def _connect(self) -> Connection:
        return psycopg.connect(self._address(self._name), autocommit=True)


def _shape(connection: Connection) -> list[Any]:
    return [connection.execute(query).fetchall() for query in (_SHAPE, _KEPT_ROWS)]


def empty(connection: Connection) -> int:
    """Delete all rows but those that a database is made with, count ids from 1 again; return the rows.

    Args:
        connection: One that commits each statement.
    """
    tables = [table for (table,) in connection.execute(_TABLES)]
    # As a replica the server checks no reference, so that the order does not matter.
    connection.execute("SET session_replication_role = replica")
    deletes = [f'DELETE FROM "{table}"' for table in tables if table not in KEPT_TABLES]
    rows = sum(connection.execute(delete.encode()).rowcount for delete in deletes)
    connection.execute(_STARTED)
    return rows
