"""What is due: which deliveries may be claimed, and what a sender must know of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from newsletter.model.deliveries import Delivery, DeliveryState
from newsletter.store import tables
from newsletter.store.steps import held_editions, refusal, with_reader

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions

#: No wait between two attempts is longer; see RETRY_MINUTES.
_LONGEST_WAIT = timedelta(days=2)


def due_ids(
    now: datetime | ColumnElement[datetime],
    list_name: str | ColumnElement[str] | None,
    except_editions: Sequence[int],
    only: ColumnElement[bool] | None = None,
) -> Select[int]:
    """Return the query for what may be claimed, in its order; it takes values or parameters.

    Args:
        now: UTC.
        list_name: Only this list's; None for all.
        except_editions: None of these.
        only: Only of a range, see `within`; None for all.
    """
    query = _due_within(only, now) if only is not None else _due_at(now)
    if list_name is not None:
        query = query.where(of_list(list_name))
    if except_editions:
        query = query.where(_deliveries.c.edition_id.not_in(except_editions))
    return query


def _due_at(now: datetime | ColumnElement[datetime]) -> Select[int]:
    """Return the query for all that is due, by the index of just that."""
    return (
        select(_deliveries.c.id)
        .where(
            _deliveries.c.due_at.is_not(None),
            _deliveries.c.due_at <= now,
            _deliveries.c.edition_id.not_in(held_editions()),
        )
        .order_by(_deliveries.c.due_at, _deliveries.c.id)
    )


def _due_within(only: ColumnElement[bool], now: datetime | ColumnElement[datetime]) -> Select[int]:
    """Return the query for what is due of a range, by the ids: what else is due is not looked at."""
    # An expression: by the index of what is due, all of it would be read.
    never = literal(datetime.max.replace(tzinfo=UTC), tables.UtcDateTime)
    return (
        select(_deliveries.c.id)
        .where(
            only,
            func.coalesce(_deliveries.c.due_at, never) <= now,
            _deliveries.c.edition_id.not_in(held_editions()),
        )
        .order_by(_deliveries.c.id)
    )


def within(
    *,
    edition_id: int | ColumnElement[int],
    first_id: int | ColumnElement[int],
    last_id: int | ColumnElement[int],
) -> ColumnElement[bool]:
    """Return the condition that a delivery is in a range; see `DeliveryRange`."""
    # An expression: by the index of its edition SQLite would read all of that.
    of_edition = (_deliveries.c.edition_id + literal_column("0")) == edition_id
    return _deliveries.c.id.between(first_id, last_id) & of_edition


def of_list(list_name: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a delivery is of an edition of a list."""
    # An expression: by the index of the editions SQLite would read and sort all that is due for each claim.
    return (_deliveries.c.edition_id + literal_column("0")).in_(
        select(_editions.c.id).where(_editions.c.list_name == list_name)
    )


def claimed(now: ColumnElement[datetime]) -> Select[Any]:
    """Return the query for what a sender must know of deliveries, and what their readers want.

    Its columns are those that `to_delivery` reads, and last `refusal`.
    """
    return with_reader(
        select(
            _deliveries.c.id,
            _deliveries.c.edition_id,
            _deliveries.c.subscriber_id,
            _subscribers.c.address,
            _subscribers.c.name,
            _subscriptions.c.since,
            _deliveries.c.attempts,
            _deliveries.c.queued_at,
            _deliveries.c.variant,
            refusal(now).label("refusal"),
        )
    )


def to_delivery(row: Sequence[Any]) -> Delivery:
    """Return a delivery as a row of `claimed` has it, whose columns are in its order."""
    return Delivery._make((*row[:-1], row[3].rpartition("@")[2].lower()))


def correct_times(connection: Connection, now: datetime) -> None:
    """Make due what a clock that was ahead has put off: nothing queued waits, and no wait lasts for days."""
    is_wrong = or_(
        _deliveries.c.state == DeliveryState.QUEUED.value, _deliveries.c.due_at > now + _LONGEST_WAIT
    )
    connection.execute(update(_deliveries).where(_deliveries.c.due_at > now, is_wrong).values(due_at=now))
