"""Days in a row for charts: gaps become nothing, and long rows become weeks; pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from newsletter.model.lookups import DayCounts

#: Rows longer than this are shown by week.
_MOST_DAYS = 100


def in_a_row(found: Sequence[DayCounts], *, first: date, last: date) -> tuple[DayCounts, ...]:
    """Return every day from the first to the last, or every week that begins on a Monday in it.

    Args:
        found: Days on which something happened, in any order; those outside are passed over.
        first: The first day.
        last: The last day; not before the first.
    """
    is_by_week = (last - first).days >= _MOST_DAYS
    step = timedelta(days=7 if is_by_week else 1)
    start = first - timedelta(days=first.weekday()) if is_by_week else first
    counts: dict[date, dict[str, int]] = {}
    day = start
    while day <= last:
        counts[day] = {}
        day += step
    for one in found:
        if start <= one.day <= last:
            into = counts[start + (one.day - start) // step * step]
            for kind, count in one.counts.items():
                into[kind] = into.get(kind, 0) + count
    return tuple(DayCounts(day=day, counts=kinds) for day, kinds in counts.items())
