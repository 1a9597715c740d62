"""Days in queries: those of UTC, on both databases."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func


def utc_day(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression for the day of a moment in UTC; read what comes of it with `as_date`."""
    if connection.dialect.name == "sqlite":
        # Kept in UTC, and the day comes first.
        return func.substr(moment, 1, 10)
    # A plain date() would be that of the session's time zone.
    return func.date(func.timezone("UTC", moment))


def as_date(found: date | str) -> date:
    """Return a day that a query gave."""
    return date.fromisoformat(found) if isinstance(found, str) else found
