"""The statements of a sender at work: each takes a whole group of deliveries, however long it is."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    String,
    Text,
    any_,
    bindparam,
    case,
    column,
    exists,
    func,
    literal_column,
    select,
)

from newsletter.model.deliveries import DeliveryState
from newsletter.store import tables
from newsletter.store.due import claimed, due_ids, within
from newsletter.store.prepared import Numbers, Prepared
from newsletter.store.steps import goes_by, held_editions, refusal, step

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions

_now = bindparam("now", type_=tables.UtcDateTime())
_sender = bindparam("sender", type_=String())
_range = {
    name: bindparam(name, type_=_deliveries.c.id.type) for name in ("edition_id", "first_id", "last_id")
}


@cache
def claim_step(*, is_sqlite: bool, of_one_list: bool, with_exceptions: bool, of_range: bool) -> Prepared:
    """Return the statement that claims what is due, and returns the ids.

    Its parameters: sender, now, limit; list_name; exceptions, the editions that are left alone; and those of
    a range.
    """
    list_name = bindparam("list_name", type_=String()) if of_one_list else None
    due = due_ids(_now, list_name, (), within(**_range) if of_range else None)
    if with_exceptions:
        due = due.where(~_among(_deliveries.c.edition_id, "exceptions", is_sqlite=is_sqlite))
    # On PostgreSQL what others are claiming is passed over.
    due = due.limit(bindparam("limit", type_=Integer())).with_for_update(skip_locked=True, of=_deliveries)
    claim = step(
        _deliveries.c.id.in_(select(due.cte("due").c.id)),
        target=DeliveryState.CLAIMED,
        now=_now,
        claimed_by=_sender,
    )
    return Prepared(claim.returning(_deliveries.c.id), is_sqlite=is_sqlite)


@cache
def claimed_rows(*, is_sqlite: bool) -> Prepared:
    """Return the query of `claimed`; its parameters: ids, now."""
    those = _among(_deliveries.c.id, "ids", is_sqlite=is_sqlite)
    return Prepared(claimed(_now).where(those).order_by(_deliveries.c.id), is_sqlite=is_sqlite)


@cache
def lock_rows(*, is_sqlite: bool) -> Prepared:
    """Return the query that locks deliveries; its parameter: ids."""
    those = _among(_deliveries.c.id, "ids", is_sqlite=is_sqlite)
    query = select(_deliveries.c.id).where(those).order_by(_deliveries.c.id)
    return Prepared(query.with_for_update(of=_deliveries), is_sqlite=is_sqlite)


@cache
def begin_step(*, is_sqlite: bool) -> Prepared:
    """Return the statement that begins what a sender holds and may send, and returns the ids.

    Its parameters: ids, sender, now.
    """
    is_wanted = exists(
        select(1)
        .select_from(_subscribers)
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscriptions, goes_by(_subscribers.c.id))
        .where(_subscribers.c.id == _deliveries.c.subscriber_id, refusal(_now).is_(None))
        .correlate(_deliveries)
    )
    begin = step(
        _among(_deliveries.c.id, "ids", is_sqlite=is_sqlite),
        held_by_sender(),
        _deliveries.c.edition_id.not_in(held_editions()),
        is_wanted,
        target=DeliveryState.SENDING,
        now=_now,
        claimed_by=_sender,
    )
    return Prepared(begin.returning(_deliveries.c.id), is_sqlite=is_sqlite)


@cache
def result_step(state: DeliveryState, *, is_sqlite: bool) -> Prepared:
    """Return the statement that writes results of one kind; it tells how many deliveries took it.

    Its parameters: sender, now; delivery_id, attempted (0 or 1), said, and next_at where it waits. The latter
    are lists on PostgreSQL; on SQLite, the statement is executed for each.
    """
    waits = state is DeliveryState.DEFERRED
    columns = [
        column("delivery_id", _deliveries.c.id.type),
        column("attempted", Integer()),
        column("said", Text()),
        *([column("next_at", tables.UtcDateTime())] if waits else ()),
    ]
    given: dict[str, ColumnElement[Any]]
    if is_sqlite:
        given = {each.name: bindparam(each.name, type_=each.type) for each in columns}
    else:
        lists = [bindparam(each.name, type_=ARRAY(each.type)) for each in columns]
        given = dict(func.unnest(*lists).table_valued(*columns).render_derived("results").c.items())
    more: dict[str, Any] = {}
    if waits:
        # What waited for its turn for days, at a slow rate, has all its time before it still.
        is_first = (_deliveries.c.attempts == literal_column("0")) & (
            given["attempted"] == literal_column("1")
        )
        more = {
            "due_at": given["next_at"],
            "queued_at": case((is_first, _now), else_=_deliveries.c.queued_at),
        }
    write = step(
        _deliveries.c.id == given["delivery_id"],
        held_by_sender(),
        target=state,
        now=_now,
        attempts=_deliveries.c.attempts + given["attempted"],
        reply=given["said"],
        **more,
    )
    return Prepared(write, is_sqlite=is_sqlite)


def _among(value: ColumnElement[int], name: str, *, is_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that a value is one of the numbers in a parameter."""
    numbers = bindparam(name, type_=Numbers())
    if is_sqlite:
        return value.in_(select(func.json_each(numbers).table_valued("value").c.value))
    return value == any_(numbers)


def held_by_sender() -> ColumnElement[bool]:
    """Return the condition that the sender of a parameter of that name holds a delivery."""
    # An expression: by the index of what is held SQLite would read all that the sender holds.
    return func.coalesce(_deliveries.c.claimed_by, literal_column("''")) == _sender
