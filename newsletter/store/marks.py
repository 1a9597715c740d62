"""Marks: the steps that a sender takes with the deliveries that it holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, literal, select, update

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.store import tables
from newsletter.store.steps import held_editions, requeue, unwanted, withhold, write_step

_deliveries = tables.deliveries


def begin_sending(
    connection: Connection, delivery_ids: Sequence[int], sender: str, now: datetime
) -> frozenset[int]:
    """Let deliveries be sent; return those that are the sender's still and whose reader wants them."""
    if not delivery_ids:
        return frozenset()
    ours = connection.scalars(
        select(_deliveries.c.id)
        .where(
            _deliveries.c.id.in_(delivery_ids),
            _deliveries.c.claimed_by == sender,
            _deliveries.c.state == DeliveryState.CLAIMED.value,
            _deliveries.c.edition_id.not_in(held_editions()),
        )
        .order_by(_deliveries.c.id)
        # Locked: a sender that takes over in this very moment must not find them after we were told to go on.
        .with_for_update(of=_deliveries)
    ).all()
    left = unwanted(connection, ours, now)
    withhold(connection, left, now)
    wanted = frozenset(ours) - left.keys()
    if wanted:
        write_step(
            connection,
            _deliveries.c.id.in_(wanted),
            _deliveries.c.claimed_by == sender,
            target=DeliveryState.SENDING,
            now=now,
            claimed_by=sender,
        )
    return wanted


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
