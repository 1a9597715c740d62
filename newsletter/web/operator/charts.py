"""Charts: how audience, deliveries and bounces went over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.model.dates import date_words
from newsletter.model.deliveries import OPEN_STATES, DeliveryState
from newsletter.model.feedback import FeedbackKind
from newsletter.model.lookups import DayCounts, EditionRow
from newsletter.model.operators import Role, SignedIn
from newsletter.web.calendar import in_a_row
from newsletter.web.charts import Chart, bar_chart, line_chart, number
from newsletter.web.desk import Desk
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate

#: Days that can be looked back.
_DAYS = (30, 90, 365)

#: Editions of which deliveries are shown.
_EDITIONS = 40

#: States of readers who were not reached, or not yet, as the charts name them.
_LEFT_OUT: Mapping[str, tuple[DeliveryState, ...]] = {
    "Failed": (DeliveryState.FAILED,),
    "Suppressed": (DeliveryState.SUPPRESSED,),
    "Uncertain": (DeliveryState.UNCERTAIN,),
    "Waiting": tuple(OPEN_STATES),
}

_CAME_BACK = {
    "Bounced for good": FeedbackKind.HARD_BOUNCE.value,
    "Bounced for now": FeedbackKind.SOFT_BOUNCE.value,
    "Spam reports": FeedbackKind.COMPLAINT.value,
}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Charts over the same days or editions, and the table that says the same."""

    id: str
    title: str
    #: What is to be known of all of them.
    note: str
    charts: tuple[Chart, ...]
    columns: tuple[str, ...]
    #: The newest first: the label, then a cell for each column.
    rows: tuple[tuple[str, ...], ...]


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    lookups = desk.app.lookups

    @gate.page(Role.EDITOR)
    async def charts(request: Request, operator: SignedIn) -> Response:
        """Show the charts of one list; what came back is of all lists."""
        series = {one.name: one for one in desk.app.series}
        wanted = request.query_params.get("list", "")
        shown = series.get(wanted, desk.app.series[0])
        list_name = shown.name
        days = next((n for n in _DAYS if str(n) == request.query_params.get("days")), _DAYS[1])
        now = desk.clock()
        editions = await run_in_threadpool(partial(lookups.editions, list_name=list_name, limit=_EDITIONS))
        audience = await run_in_threadpool(lookups.audience_days, list_name, days=days, now=now)
        suppressed = await run_in_threadpool(lookups.suppression_days, days=days, now=now)
        feedback = await run_in_threadpool(lookups.feedback_days, days=days, now=now)
        today = now.astimezone(UTC).date()
        fill = partial(in_a_row, first=today - timedelta(days=days - 1), last=today)
        return desk.show(
            "operator/charts.html",
            page="charts",
            operator=operator,
            times=times_of(desk),
            list_names=list(series),
            list_name=list_name,
            days=days,
            all_days=_DAYS,
            groups=(
                editions_group(tuple(reversed(editions.rows)), time_zone=shown.time_zone),
                audience_group(fill(audience), fill(suppressed)),
                feedback_group(fill(feedback)),
            ),
        )

    return [Route("/operator/charts", charts, methods=["GET"])]


def editions_group(rows: Sequence[EditionRow], *, time_zone: str) -> Group:
    """Return the charts of editions, the oldest first.

    Args:
        rows: The editions.
        time_zone: IANA name of that of their list, whose days they have in their names.
    """
    zone = ZoneInfo(time_zone)
    labels = [
        f"No. {row.edition.number}, {date_words(row.edition.created_at.astimezone(zone).date())}"
        for row in rows
    ]
    audience = [row.edition.audience for row in rows]
    reached = [_share(row) for row in rows]
    left_out = {
        name: [sum(row.counts.get(state, 0) for state in states) for row in rows]
        for name, states in _LEFT_OUT.items()
    }
    columns: dict[str, Sequence[float]] = {"Readers": audience, "Accepted, %": reached, **left_out}
    return Group(
        id="editions",
        title="Editions",
        note=f"The latest {_EDITIONS} at most.",
        charts=(
            line_chart("Readers each edition was queued for", labels, audience),
            line_chart("Accepted, of those", labels, reached, unit="%"),
            *(bar_chart(f"{name}, by edition", labels, values) for name, values in left_out.items()),
        ),
        columns=tuple(columns),
        rows=_table(labels, columns),
    )


def _share(row: EditionRow) -> float:
    accepted = row.counts.get(DeliveryState.ACCEPTED, 0)
    return round(100 * accepted / row.edition.audience, 2) if row.edition.audience else 0.0


def audience_group(changes: Sequence[DayCounts], suppressed: Sequence[DayCounts]) -> Group:
    """Return the charts of who came and went."""
    columns: dict[str, list[int]] = {
        "Joined": [one.counts.get("joined", 0) for one in changes],
        "Left": [one.counts.get("left", 0) for one in changes],
        "Suppressed": [sum(one.counts.values()) for one in suppressed],
    }
    note = (
        "An import counts on the day its file says consent was given. Suppressed are addresses of all lists."
    )
    return _day_group("audience", "Audience", note, changes, columns)


def feedback_group(days: Sequence[DayCounts]) -> Group:
    """Return the charts of what came back."""
    columns = {name: [one.counts.get(kind, 0) for one in days] for name, kind in _CAME_BACK.items()}
    note = (
        "What came back by mail or from a mail service, for all lists. Refusals at once are in Failed, above."
    )
    return _day_group("feedback", "Bounces and complaints", note, days, columns)


def _day_group(
    anchor: str, title: str, note: str, days: Sequence[DayCounts], columns: Mapping[str, Sequence[int]]
) -> Group:
    is_by_week = len(days) > 1 and (days[1].day - days[0].day).days > 1
    labels = [f"{'week of ' if is_by_week else ''}{date_words(one.day)}" for one in days]
    unit = "week" if is_by_week else "day"
    return Group(
        id=anchor,
        title=title,
        note=f"{note} Days are in UTC.",
        charts=tuple(bar_chart(f"{name}, by {unit}", labels, values) for name, values in columns.items()),
        columns=tuple(columns),
        rows=_table(labels, columns, only_something=True),
    )


def _table(
    labels: Sequence[str], columns: Mapping[str, Sequence[float]], *, only_something: bool = False
) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a table, the newest first; of days, those on which something happened."""
    rows = [(label, *values) for label, *values in zip(labels, *columns.values(), strict=True)]
    return tuple(
        (label, *map(number, values))
        for label, *values in reversed(rows)
        if any(values) or not only_something
    )
