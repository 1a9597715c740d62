"""What all tables are made of."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite, which knows no zones, holds it bare."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what turns that back into an aware datetime; for SQLite in one step, a sender reads many."""
        return _from_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what PostgreSQL kept, shown in the zone of its session, into an aware datetime in UTC."""
        return None if value is None else value.astimezone(UTC)


def _from_sqlite(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(f"{kept}+00:00")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows by itself only in a column of type INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")


def row_id() -> Column[int]:
    """Return the column that numbers the rows of a table."""
    return Column("id", _ID, primary_key=True)


def reference(name: str, target: str, **options: Any) -> Column[int]:  # noqa: ANN401 - Column's own options
    """Return a column that holds the number of a row of another table, "table.column"."""
    return Column(name, _ID, ForeignKey(target), **options)


def partial_index(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Return an index of some of the rows.

    Migrations say so to PostgreSQL: said here as well, its dialect would be loaded by whoever sends from
    SQLite, and nothing reads it.
    """
    return Index(name, *columns, unique=unique, sqlite_where=where)
