"""Marks: the steps that a sender takes with the deliveries that it holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, literal, select, update

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.store import tables
from newsletter.store.groups import begin_step, lock_rows, result_step
from newsletter.store.steps import held_editions, requeue, unwanted, withhold, write_step

_deliveries = tables.deliveries


class OvertakenError(Exception):
    """Some results came too late: each is to be written by itself, in a transaction that begins anew."""


def begin_sending(
    connection: Connection, delivery_ids: Sequence[int], sender: str, now: datetime
) -> frozenset[int]:
    """Let deliveries be sent; return those that are the sender's still and whose reader wants them."""
    if not delivery_ids:
        return frozenset()
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        lock(connection, delivery_ids)
    values = {"ids": list(delivery_ids), "sender": sender, "now": now}
    begun = frozenset(row[0] for row in begin_step(is_sqlite=is_sqlite).rows(connection, values))
    rest = [delivery_id for delivery_id in delivery_ids if delivery_id not in begun]
    if rest:
        withhold_unwanted(connection, rest, sender, now)
    return begun


def lock(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Wait on PostgreSQL for whoever takes over in this very moment, or erases a reader.

    What is read thereafter is what they have written.
    """
    lock_rows(is_sqlite=False).rows(connection, {"ids": list(delivery_ids)})


def withhold_unwanted(
    connection: Connection, delivery_ids: Sequence[int], sender: str, now: datetime
) -> None:
    """Take out those of a sender's claims that their readers do not want; what a pause holds stays."""
    ours = connection.scalars(
        select(_deliveries.c.id).where(
            _deliveries.c.id.in_(delivery_ids),
            _deliveries.c.claimed_by == sender,
            _deliveries.c.state == DeliveryState.CLAIMED.value,
            _deliveries.c.edition_id.not_in(held_editions()),
        )
    ).all()
    withhold(connection, unwanted(connection, ours, now), now)


def write_marks(connection: Connection, marks: Sequence[DeliveryMark], sender: str, now: datetime) -> None:
    """Write the results of deliveries that a sender holds.

    Raises:
        OvertakenError: Not all of them can be written; the transaction is to be rolled back.
    """
    of_state: dict[DeliveryState, list[DeliveryMark]] = {}
    for mark in marks:
        of_state.setdefault(mark.state, []).append(mark)
    is_sqlite = connection.dialect.name == "sqlite"
    same = {"sender": sender, "now": now}
    for state, some in of_state.items():
        write = result_step(state, is_sqlite=is_sqlite)
        rows = [_row(mark) for mark in some]
        if is_sqlite:
            written = write.count_many(connection, same, rows)
        else:
            lists = {name: [row[name] for row in rows] for name in rows[0]}
            written = write.count(connection, same | lists)
        if written != len(rows):
            raise OvertakenError


def _row(mark: DeliveryMark) -> dict[str, object]:
    row = {"delivery_id": mark.delivery_id, "attempted": int(mark.attempted), "said": mark.reply}
    return row if mark.next_attempt_at is None else row | {"next_at": mark.next_attempt_at}


def write_mark(connection: Connection, mark: DeliveryMark, sender: str | None, now: datetime) -> bool:
    """Write one step; return False if the delivery is in other hands, or in no state to take it."""
    where = [_deliveries.c.id == mark.delivery_id]
    if sender is not None:
        where.append(_deliveries.c.claimed_by == sender)
    waits = mark.state is DeliveryState.DEFERRED
    queued_at: ColumnElement[datetime] = _deliveries.c.queued_at
    if waits and mark.attempted:
        # What waited for its turn for days, at a slow rate, has all its time before it still.
        moment = literal(now, tables.UtcDateTime)
        queued_at = case((_deliveries.c.attempts == 0, moment), else_=_deliveries.c.queued_at)
    written = write_step(
        connection,
        *where,
        target=mark.state,
        now=now,
        attempts=_deliveries.c.attempts + int(mark.attempted),
        due_at=mark.next_attempt_at if waits else None,
        queued_at=queued_at,
        reply=mark.reply,
    )
    return written == 1


def settle_uncertain(
    connection: Connection, delivery_id: int, policy: UncertainPolicy, now: datetime
) -> None:
    """Queue an uncertain delivery once more if the policy says so; a second time it is held."""
    this = _deliveries.c.id == delivery_id
    connection.execute(
        update(_deliveries).where(this).values(uncertain_count=_deliveries.c.uncertain_count + 1)
    )
    if policy is UncertainPolicy.RESEND:
        requeue(
            connection,
            this,
            _deliveries.c.state == DeliveryState.UNCERTAIN.value,
            _deliveries.c.uncertain_count == 1,
            now=now,
        )


def subscriber_of(connection: Connection, delivery_id: int) -> int:
    """Return whose delivery it is."""
    subscriber_id: int = connection.execute(
        select(_deliveries.c.subscriber_id).where(_deliveries.c.id == delivery_id)
    ).scalar_one()
    return subscriber_id
