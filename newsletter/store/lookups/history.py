"""How things went over time: who joined and left, and what came back, by day."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from newsletter.model.lookups import DayCounts
from newsletter.model.readers import ConsentAction
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.lookups.days import as_date, utc_day

_consents = tables.consents
_feedback = tables.feedback
_suppressions = tables.suppressions

#: Kinds of `History.audience`.
JOINED, LEFT = "joined", "left"


class History:
    """What happened on which day (UTC)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def audience(self, list_name: str, *, since: datetime) -> tuple[DayCounts, ...]:
        """Return how many joined and left a list by day, as the record of consent has it.

        Readers who were erased are not in it. An import counts on the day that its file says consent was
        given, if it says so.

        Args:
            list_name: The list.
            since: UTC.
        """
        with self._database.reading() as connection:
            day = utc_day(connection, _consents.c.at)
            query = (
                select(day.label("day"), _consents.c.action, func.count().label("readers"))
                .where(_consents.c.list_name == list_name, _consents.c.at >= since)
                .group_by(day, _consents.c.action)
            )
            rows = connection.execute(query).all()
        left = ConsentAction.LEFT.value
        return _by_day((row.day, LEFT if row.action == left else JOINED, row.readers) for row in rows)

    def feedback(self, *, since: datetime) -> tuple[DayCounts, ...]:
        """Return how many messages came back by day and kind, of all lists (UTC)."""
        with self._database.reading() as connection:
            day = utc_day(connection, _feedback.c.received_at)
            query = (
                select(day.label("day"), _feedback.c.kind, func.count().label("messages"))
                .where(_feedback.c.received_at >= since)
                .group_by(day, _feedback.c.kind)
            )
            return _by_day((row.day, row.kind, row.messages) for row in connection.execute(query))

    def suppressions(self, *, since: datetime) -> tuple[DayCounts, ...]:
        """Return how many addresses were suppressed by day and reason, of those that still are (UTC)."""
        with self._database.reading() as connection:
            day = utc_day(connection, _suppressions.c.created_at)
            query = (
                select(day.label("day"), _suppressions.c.reason, func.count().label("addresses"))
                .where(_suppressions.c.created_at >= since)
                .group_by(day, _suppressions.c.reason)
            )
            return _by_day((row.day, row.reason, row.addresses) for row in connection.execute(query))


def _by_day(found: Iterable[tuple[Any, str, int]]) -> tuple[DayCounts, ...]:
    days: dict[date, dict[str, int]] = {}
    for day, kind, count in found:
        counts = days.setdefault(as_date(day), {})
        counts[kind] = counts.get(kind, 0) + count
    return tuple(DayCounts(day=day, counts=days[day]) for day in sorted(days))
