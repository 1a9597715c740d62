"""Statements in parts and in dialects, and what comes of them."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import sqlite

#: Values in one IN (...); SQLite takes 32,766 at most.
_VALUES_PER_STATEMENT = 500

_Value = TypeVar("_Value")


def rows_as_dicts(rows: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - SQLAlchemy's result types
    """Return result rows as plain dictionaries."""
    return [dict(row) for row in rows.mappings()]


def in_portions(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Yield values in order, so many at a time as one IN (...) may hold."""
    for start in range(0, len(values), _VALUES_PER_STATEMENT):
        yield values[start : start + _VALUES_PER_STATEMENT]


def insert_new(connection: Connection, table: Table) -> sqlite.Insert:
    """Return an INSERT into a table that passes over rows which are there already."""
    return insert_or(connection, table).on_conflict_do_nothing()


def insert_or(connection: Connection, table: Table) -> sqlite.Insert:
    """Return an INSERT into a table that can be told what to do with rows which are there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    # A tenth of what a sender on SQLite would have to load. It is told in the same words.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)  # type: ignore[return-value]


def inserted_id(result: CursorResult[Any]) -> int:
    """Return the id of the row that an INSERT made."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an INSERT into a table with an id always has one
    return int(key[0])
