"""Statements that are compiled once and then given to the driver as they are.

SQLAlchemy's own look-up of a compiled statement, and its preparation of each row of parameters, takes longer
than SQLite takes to execute it. A sender does so by the hundred thousand.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Dialect, Select, Text, TypeDecorator
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine


@cache
def _dialect(*, is_sqlite: bool) -> Dialect:
    if is_sqlite:
        return sqlite.dialect(paramstyle="named")
    from sqlalchemy.dialects.postgresql import psycopg

    return psycopg.dialect()  # type: ignore[no-untyped-call]


class Numbers(TypeDecorator[Sequence[int]]):
    """Any number of numbers as one parameter: an array, on SQLite JSON."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the database takes."""
        return Text() if dialect.name == "sqlite" else ARRAY(BigInteger())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Turn numbers into what the database takes."""
        return json.dumps(value) if dialect.name == "sqlite" else value


class Prepared:
    """A statement compiled for one kind of database."""

    def __init__(self, statement: ClauseElement, *, is_sqlite: bool) -> None:
        dialect = _dialect(is_sqlite=is_sqlite)
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - of the two kinds, DDL has no parameters
        self._text = str(compiled)
        self._is_sqlite = is_sqlite
        types = {name: bind.type.dialect_impl(dialect) for bind, name in compiled.bind_names.items()}
        processors = {name: each.bind_processor(dialect) for name, each in types.items()}
        self._processors = {name: each for name, each in processors.items() if each is not None}
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        readers = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
        #: What turns values of the driver's into ours, and the places of those that need it.
        self._readers = [(place, read) for place, read in enumerate(readers) if read is not None]
        #: Values that belong to the statement itself.
        self._fixed = self._prepare(
            {name: each for name, each in compiled.params.items() if each is not None}
        )

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Execute it, and return the rows, each a tuple or like one."""
        rows = self._driver_rows(connection, values)
        if not self._readers:
            return rows
        return [_read(list(row), self._readers) for row in rows]

    def _driver_rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        prepared = self._fixed | self._prepare(values)
        if self._is_sqlite:
            return driver_of(connection).execute(self._text, prepared).fetchall()
        return list(connection.exec_driver_sql(self._text, prepared))

    def count(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute it, and return how many rows of the table it changed."""
        prepared = self._fixed | self._prepare(values)
        if self._is_sqlite:
            return driver_of(connection).execute(self._text, prepared).rowcount
        return connection.exec_driver_sql(self._text, prepared).rowcount

    def count_many(
        self, connection: Connection, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
    ) -> int:
        """Execute it for each row of parameters; return how many rows of the table it changed.

        Args:
            connection: A transaction that writes.
            values: Parameters that are the same for all.
            rows: The others.
        """
        common = self._fixed | self._prepare(values)
        own = self._processors.keys() & rows[0].keys()
        prepared = [{**common, **(self._prepare(row) if own else row)} for row in rows]
        if self._is_sqlite:
            return driver_of(connection).executemany(self._text, prepared).rowcount
        return connection.exec_driver_sql(self._text, prepared).rowcount

    def _prepare(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Turn values into what the driver takes."""
        prepare = self._processors
        return {name: prepare[name](value) if name in prepare else value for name, value in values.items()}


class PreparedRows:
    """A statement for SQLite that is executed for each of many rows of parameters, given by their places.

    Attributes:
        moment: Turns a time, UTC, into what the driver takes for the parameter `now`.
    """

    def __init__(self, statement: ClauseElement, *, names: Sequence[str]) -> None:
        """Compile it.

        Args:
            statement: An UPDATE without parameters of its own.
            names: Of its parameters, in the order in which it has them.
        """
        dialect = sqlite.dialect(paramstyle="qmark")
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - of the two kinds, DDL has no parameters
        assert compiled.positiontup == list(names), compiled.positiontup  # noqa: S101 - as it was written
        self._text = str(compiled)
        now = next(bind for bind, name in compiled.bind_names.items() if name == "now")
        process = now.type.dialect_impl(dialect).bind_processor(dialect)
        assert process is not None  # noqa: S101 - SQLite keeps times as text
        self.moment: Callable[[datetime], Any] = process

    def count(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Execute it for each row of parameters; return how many rows of the table it changed."""
        return driver_of(connection).executemany(self._text, rows).rowcount


def _read(row: list[Any], readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    for place, read in readers:
        row[place] = read(row[place])
    return row


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection: on the way to it, SQLAlchemy needs longer than it does."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - as the dialect says
    return driver
