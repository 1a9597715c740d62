"""What is due: which deliveries may be claimed, and what a sender must know of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, literal, or_, select, update

from newsletter.model.deliveries import Delivery, DeliveryRange, DeliveryState
from newsletter.store import tables
from newsletter.store.steps import held_editions

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions

#: No wait between two attempts is longer; see RETRY_MINUTES.
_LONGEST_WAIT = timedelta(days=2)


def due_ids(
    now: datetime,
    list_name: str | None,
    except_editions: Sequence[int],
    only: DeliveryRange | None = None,
) -> Select[int]:
    """Return the query for what may be claimed, in its order."""
    query = _due_within(only, now) if only is not None else _due_at(now)
    if list_name is not None:
        query = query.where(of_list(list_name))
    if except_editions:
        query = query.where(_deliveries.c.edition_id.not_in(except_editions))
    return query


def _due_at(now: datetime) -> Select[int]:
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


def _due_within(only: DeliveryRange, now: datetime) -> Select[int]:
    """Return the query for what is due of a range, by the ids: what else is due is not looked at."""
    # Never is later than now. An expression: by the index of what is due, all of it would be read.
    never = literal(now + _LONGEST_WAIT, tables.UtcDateTime)
    return (
        select(_deliveries.c.id)
        .where(
            within(only),
            func.coalesce(_deliveries.c.due_at, never) <= now,
            _deliveries.c.edition_id.not_in(held_editions()),
        )
        .order_by(_deliveries.c.id)
    )


def within(only: DeliveryRange) -> ColumnElement[bool]:
    """Return the condition that a delivery is in a range."""
    # An expression: by the index of its edition SQLite would read all of that.
    return _deliveries.c.id.between(only.first_id, only.last_id) & (
        (_deliveries.c.edition_id + 0) == only.edition_id
    )


def of_list(list_name: str) -> ColumnElement[bool]:
    """Return the condition that a delivery is of an edition of a list."""
    # An expression: by the index of the editions SQLite would read and sort all that is due for each claim.
    return (_deliveries.c.edition_id + 0).in_(
        select(_editions.c.id).where(_editions.c.list_name == list_name)
    )


def load(connection: Connection, delivery_ids: Sequence[int]) -> list[Delivery]:
    """Return deliveries with what a sender must know of them, by id."""
    query = (
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
        )
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .join(
            _subscriptions,
            (_subscriptions.c.subscriber_id == _subscribers.c.id)
            & (_subscriptions.c.list_name == _editions.c.audience_list),
        )
        .where(_deliveries.c.id.in_(delivery_ids))
        .order_by(_deliveries.c.id)
    )
    return [Delivery(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - a row's columns


def correct_times(connection: Connection, now: datetime) -> None:
    """Make due what a clock that was ahead has put off: nothing queued waits, and no wait lasts for days."""
    is_wrong = or_(
        _deliveries.c.state == DeliveryState.QUEUED.value, _deliveries.c.due_at > now + _LONGEST_WAIT
    )
    connection.execute(update(_deliveries).where(_deliveries.c.due_at > now, is_wrong).values(due_at=now))
