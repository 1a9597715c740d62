"""Writing the states of deliveries: every step goes through here and is held to the model's transitions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    case,
    exists,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)

from newsletter.model.deliveries import HELD_STATES, TRANSITIONS, WAITING_STATES, DeliveryState
from newsletter.model.editions import EditionState
from newsletter.model.subscribers import SubscriptionState
from newsletter.store import tables

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions

#: What is noted of readers who are to get nothing any more, and of those who are to get nothing for now.
GONE = "the reader left, or the address is suppressed"
PAUSED = "the reader has paused"

#: What is noted of readers whom a cancelled edition did not reach.
CANCELLED = "the operator cancelled the edition"


def step(
    *where: ColumnElement[bool],
    target: DeliveryState,
    now: datetime | ColumnElement[datetime],
    **values: Any,  # noqa: ANN401 - columns of whatever type
) -> Update:
    """Return the statement that lets deliveries take a step, if the state that each is in allows it.

    Args:
        where: Which ones.
        target: The state that they enter.
        now: UTC.
        values: More columns to write; `due_at` and `claimed_by` are emptied unless given.
    """
    columns = {"due_at": null(), "claimed_by": null()}
    return held_step(*where, target=target, now=now, **columns | values)


def held_step(
    *where: ColumnElement[bool],
    target: DeliveryState,
    now: datetime | ColumnElement[datetime],
    **values: Any,  # noqa: ANN401 - columns of whatever type
) -> Update:
    """The same for deliveries that a sender holds: they are not due, and are its own until `values` say else.

    A column that is not written keeps its indexes as they are.
    """
    before = [_constant(state) for state, targets in TRANSITIONS.items() if target in targets]
    columns = {"state": _constant(target), "changed_at": now}
    return update(_deliveries).where(*where, _deliveries.c.state.in_(before)).values(columns | values)


def write_step(
    connection: Connection,
    *where: ColumnElement[bool],
    target: DeliveryState,
    now: datetime,
    **values: Any,  # noqa: ANN401 - columns of whatever type
) -> int:
    """Let the deliveries that match take a step, as `step` says; return how many did.

    The others are as they were.
    """
    return connection.execute(step(*where, target=target, now=now, **values)).rowcount


def requeue(connection: Connection, *where: ColumnElement[bool], now: datetime) -> int:
    """Queue deliveries again, at the head: at the end, those of every crash would be hit together."""
    return write_step(
        connection, *where, target=DeliveryState.QUEUED, now=now, due_at=_deliveries.c.queued_at
    )


def withhold(connection: Connection, reasons: Mapping[int, str], now: datetime) -> None:
    """Take deliveries out that must not go on, each with the reason why."""
    for reason in dict.fromkeys(reasons.values()):
        write_step(
            connection,
            _deliveries.c.id.in_([i for i, why in reasons.items() if why == reason]),
            target=DeliveryState.SUPPRESSED,
            now=now,
            reply=reason,
        )


def of_states(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    """Return the condition that a delivery is in one of some states, in the words of the index of these."""
    chosen = _deliveries.c.state.in_([state.value for state in states])
    if HELD_STATES.issuperset(states):
        return is_held() & chosen
    return is_free() & chosen if HELD_STATES.isdisjoint(states) else chosen


def edition_beside(states: Collection[DeliveryState]) -> ColumnElement[int]:
    """Return the edition of a delivery, for a condition that stands beside `of_states`."""
    if HELD_STATES.issuperset(states):
        # An expression: by an index of its edition SQLite would read all of that.
        return _deliveries.c.edition_id + literal_column("0")
    return _deliveries.c.edition_id


def is_held() -> ColumnElement[bool]:
    """Return the condition that a sender holds a delivery.

    Looked up first, by the index of just that: to have them in order, SQLite would read all deliveries.
    """
    held = _deliveries.alias("held")
    return _deliveries.c.id.in_(select(held.c.id).where(held.c.claimed_by.is_not(None)))


def is_free() -> ColumnElement[bool]:
    """Return the condition that no sender holds a delivery, as `ix_deliveries_free` has it.

    SQLite draws no conclusions: without these very words it does not use that index.
    """
    return and_(*(_deliveries.c.state != _constant(state) for state in sorted(HELD_STATES)))


def settle_cancelled(connection: Connection, now: datetime) -> None:
    """Take out what was being sent when its edition was cancelled, and came back to wait."""
    cancelled = held_editions().where(_editions.c.state == EditionState.CANCELLED.value)
    # One by one: of several at once SQLite, once it has counted them, would rather read all deliveries.
    for edition_id in connection.scalars(cancelled).all():
        write_step(
            connection,
            _deliveries.c.edition_id == edition_id,
            of_states(WAITING_STATES),
            target=DeliveryState.SUPPRESSED,
            now=now,
            reply=CANCELLED,
        )


def unwanted(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Return the deliveries whose reader has left or paused, or whose address is suppressed, and why."""
    if not delivery_ids:
        return {}
    why = refusal(literal(now, tables.UtcDateTime)).label("refusal")
    query = with_reader(select(_deliveries.c.id, why)).where(_deliveries.c.id.in_(delivery_ids))
    return {row.id: row.refusal for row in connection.execute(query) if row.refusal is not None}


def with_reader(query: Select[Any]) -> Select[Any]:
    """Join deliveries with their editions, subscribers and, where there are such, subscriptions."""
    return (
        query.join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .outerjoin(_subscriptions, goes_by(_deliveries.c.subscriber_id))
    )


def goes_by(subscriber_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a subscription is the one by which a subscriber gets an edition.

    It is found by its subscriber.
    """
    # An expression: by the index of a list's subscriptions PostgreSQL, which has not counted them yet after
    # many were taken in, would read them all for each delivery.
    of_list = (_subscriptions.c.list_name + literal_column("''")) == _editions.c.audience_list
    return (_subscriptions.c.subscriber_id == subscriber_id) & of_list


def refusal(now: ColumnElement[datetime]) -> ColumnElement[str | None]:
    """Return why the reader of a delivery, joined by `with_reader`, gets nothing; NULL if he wants it."""
    suppressed = (
        exists().where(_suppressions.c.address_hash == _subscribers.c.address_hash).correlate(_subscribers)
    )
    confirmed = _subscriptions.c.state == _constant(SubscriptionState.CONFIRMED)
    return case(
        (or_(_subscriptions.c.state.is_(None), ~confirmed, suppressed), literal(GONE)),
        (_subscriptions.c.paused_until > now, literal(PAUSED)),
    )


def held_editions() -> Select[tuple[int]]:
    """Return a subquery of the editions that are paused or cancelled."""
    # A literal: with a parameter SQLite would not use the index, and would read all editions instead.
    return select(_editions.c.id).where(_editions.c.state != _constant(EditionState.OPEN))


def _constant(state: StrEnum) -> ColumnElement[str]:
    """Return a state as part of a statement's text, which is then the same for each execution."""
    return literal_column(f"'{state.value}'")
