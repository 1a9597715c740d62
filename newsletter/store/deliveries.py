"""The outbox: who gets which edition, and how far each delivery has come."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, exists, func, or_, select, update

from newsletter.errors import StateError
from newsletter.model.deliveries import (
    TRANSITIONS,
    Delivery,
    DeliveryMark,
    DeliveryState,
    UncertainPolicy,
)
from newsletter.model.subscribers import SubscriptionState
from newsletter.store import tables
from newsletter.store.database import Database

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions


class Deliveries:
    """The only writer of delivery states; every step is held to the model's transitions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recover(self, *, policy: UncertainPolicy, now: datetime) -> int:
        """Take back what a dead sender held; only for the holder of the sender lock.

        A claimed delivery is queued again: no server has heard of it. One that was being sent is uncertain;
        the policy decides whether it is queued once more or held for the operator.

        Returns:
            How many were uncertain.
        """
        with self._database.transaction() as connection:
            held = _deliveries.c.claimed_by.is_not(None)
            connection.execute(
                update(_deliveries)
                .where(held, _deliveries.c.state == DeliveryState.CLAIMED.value)
                .values(
                    state=DeliveryState.QUEUED.value,
                    due_at=_deliveries.c.queued_at,
                    claimed_by=None,
                    changed_at=now,
                )
            )
            lost = connection.scalars(
                select(_deliveries.c.id).where(held, _deliveries.c.state == DeliveryState.SENDING.value)
            ).all()
            for delivery_id in lost:
                mark = DeliveryMark(
                    delivery_id=delivery_id,
                    state=DeliveryState.UNCERTAIN,
                    reply="the sender died after DATA began",
                )
                _write_mark(connection, mark, now)
                _settle_uncertain(connection, delivery_id, policy, now)
        return len(lost)

    def claim(
        self,
        *,
        sender: str,
        limit: int,
        now: datetime,
        list_name: str | None = None,
        except_editions: Sequence[int] = (),
    ) -> list[Delivery]:
        """Take the next deliveries that are due.

        Readers who left, and addresses suppressed since the edition was queued, are marked suppressed.

        Args:
            sender: Random name of the claiming sender.
            limit: How many at most.
            now: UTC.
            list_name: Only this list's; None for all.
            except_editions: None of these.
        """
        query = (
            _due(now, list_name, except_editions)
            .limit(limit)
            .with_for_update(skip_locked=True, of=_deliveries)
        )
        with self._database.transaction() as connection:
            # Where all of those selected have left, look further: an empty answer means that none is due.
            while ids := connection.scalars(query).all():
                unwanted = _unwanted(connection, ids)
                _suppress(connection, unwanted, now)
                wanted = [i for i in ids if i not in unwanted]
                if wanted:
                    break
            else:
                return []
            connection.execute(
                update(_deliveries)
                .where(_deliveries.c.id.in_(wanted))
                .values(state=DeliveryState.CLAIMED.value, claimed_by=sender, due_at=None, changed_at=now)
            )
            return _load(connection, wanted)

    def advance(
        self,
        *,
        begin: Sequence[int],
        marks: Iterable[DeliveryMark],
        sender: str,
        policy: UncertainPolicy,
        now: datetime,
    ) -> frozenset[int]:
        """Make the steps of several deliveries durable in one transaction.

        Args:
            begin: Deliveries that are about to be handed to a server.
            marks: Results of others.
            sender: The sender that claimed them all.
            policy: What to do with uncertain ones.
            now: UTC.

        Returns:
            Those of `begin` that may go on. A delivery that another sender has taken over, or whose reader
            has left meanwhile, is not among them and must not be sent.

        Raises:
            StateError: A delivery may not take the step of its mark; nothing was written.
        """
        with self._database.transaction() as connection:
            for mark in marks:
                _write_mark(connection, mark, now)
                if mark.state is DeliveryState.UNCERTAIN:
                    _settle_uncertain(connection, mark.delivery_id, policy, now)
            return _begin(connection, begin, sender, now)

    def release(self, *, sender: str, now: datetime) -> int:
        """Queue again what a sender claimed and has not begun to send; return how many."""
        with self._database.transaction() as connection:
            return connection.execute(
                update(_deliveries)
                .where(
                    _deliveries.c.claimed_by == sender,
                    _deliveries.c.state == DeliveryState.CLAIMED.value,
                )
                .values(
                    state=DeliveryState.QUEUED.value,
                    due_at=_deliveries.c.queued_at,
                    claimed_by=None,
                    changed_at=now,
                )
            ).rowcount

    def next_due(self, *, list_name: str | None = None) -> datetime | None:
        """Return when the next delivery may be claimed, UTC; None if none is waiting."""
        query = select(func.min(_deliveries.c.due_at)).where(_deliveries.c.due_at.is_not(None))
        if list_name is not None:
            query = query.join(_editions, _editions.c.id == _deliveries.c.edition_id).where(
                _editions.c.list_name == list_name
            )
        with self._database.reading() as connection:
            due: datetime | None = connection.scalar(query)
        return due

    def due_count(self, *, now: datetime, list_name: str | None = None) -> int:
        """Return how many deliveries may be claimed now."""
        due = _due(now, list_name, ()).order_by(None).subquery()
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(due)) or 0

    def counts(self, edition_id: int) -> dict[DeliveryState, int]:
        """Return how many readers of an edition stand in each state; states with none are left out."""
        query = (
            select(_deliveries.c.state, func.count())
            .where(_deliveries.c.edition_id == edition_id)
            .group_by(_deliveries.c.state)
        )
        with self._database.reading() as connection:
            return {DeliveryState(state): count for state, count in connection.execute(query)}

    def problems(self, edition_id: int, *, limit: int = 20) -> list[tuple[str, DeliveryState, str]]:
        """Return address, state and last reply of an edition's readers who did not get it for good."""
        query = (
            select(_subscribers.c.address, _deliveries.c.state, _deliveries.c.reply)
            .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
            .where(
                _deliveries.c.edition_id == edition_id,
                _deliveries.c.state.in_(
                    [
                        DeliveryState.DEFERRED.value,
                        DeliveryState.FAILED.value,
                        DeliveryState.UNCERTAIN.value,
                    ]
                ),
            )
            .order_by(_deliveries.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [(row.address, DeliveryState(row.state), row.reply) for row in connection.execute(query)]


def _due(now: datetime, list_name: str | None, except_editions: Sequence[int]) -> Select[int]:
    query = (
        select(_deliveries.c.id)
        .where(_deliveries.c.due_at.is_not(None), _deliveries.c.due_at <= now)
        .order_by(_deliveries.c.due_at, _deliveries.c.id)
    )
    if list_name is not None:
        query = query.join(_editions, _editions.c.id == _deliveries.c.edition_id).where(
            _editions.c.list_name == list_name
        )
    if except_editions:
        query = query.where(_deliveries.c.edition_id.not_in(except_editions))
    return query


def _begin(connection: Connection, delivery_ids: Sequence[int], sender: str, now: datetime) -> frozenset[int]:
    if not delivery_ids:
        return frozenset()
    ours = connection.scalars(
        select(_deliveries.c.id).where(
            _deliveries.c.id.in_(delivery_ids),
            _deliveries.c.claimed_by == sender,
            _deliveries.c.state == DeliveryState.CLAIMED.value,
        )
    ).all()
    unwanted = _unwanted(connection, ours)
    _suppress(connection, unwanted, now)
    wanted = frozenset(ours) - unwanted
    if wanted:
        connection.execute(
            update(_deliveries)
            .where(_deliveries.c.id.in_(wanted))
            .values(state=DeliveryState.SENDING.value, changed_at=now)
        )
    return wanted


def _unwanted(connection: Connection, delivery_ids: Sequence[int]) -> set[int]:
    """Return the deliveries whose reader has left or whose address is suppressed."""
    if not delivery_ids:
        return set()
    subscribed = exists().where(
        _subscriptions.c.subscriber_id == _deliveries.c.subscriber_id,
        _subscriptions.c.list_name == _editions.c.list_name,
        _subscriptions.c.state == SubscriptionState.CONFIRMED.value,
    )
    suppressed = exists().where(_suppressions.c.address_key == _subscribers.c.address_key)
    query = (
        select(_deliveries.c.id)
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .where(_deliveries.c.id.in_(delivery_ids), or_(~subscribed, suppressed))
    )
    return set(connection.scalars(query))


def _suppress(connection: Connection, delivery_ids: Iterable[int], now: datetime) -> None:
    ids = list(delivery_ids)
    if ids:
        connection.execute(
            update(_deliveries)
            .where(_deliveries.c.id.in_(ids))
            .values(
                state=DeliveryState.SUPPRESSED.value,
                due_at=None,
                claimed_by=None,
                reply="the reader left, or the address is suppressed",
                changed_at=now,
            )
        )


def _load(connection: Connection, delivery_ids: Sequence[int]) -> list[Delivery]:
    if not delivery_ids:
        return []
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
        )
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .join(
            _subscriptions,
            (_subscriptions.c.subscriber_id == _subscribers.c.id)
            & (_subscriptions.c.list_name == _editions.c.list_name),
        )
        .where(_deliveries.c.id.in_(delivery_ids))
        .order_by(_deliveries.c.id)
    )
    return [Delivery(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - a row's columns


def _write_mark(connection: Connection, mark: DeliveryMark, now: datetime) -> None:
    """Write one step, if the state that the delivery is in allows it."""
    before = [state.value for state, targets in TRANSITIONS.items() if mark.state in targets]
    waits = mark.state is DeliveryState.DEFERRED
    result = connection.execute(
        update(_deliveries)
        .where(_deliveries.c.id == bindparam("delivery_id"), _deliveries.c.state.in_(before))
        .values(
            state=mark.state.value,
            attempts=_deliveries.c.attempts + int(mark.attempted),
            due_at=mark.next_attempt_at if waits else None,
            claimed_by=None,
            reply=mark.reply,
            changed_at=now,
        ),
        {"delivery_id": mark.delivery_id},
    )
    if result.rowcount != 1:
        raise StateError(f"delivery {mark.delivery_id} may not become {mark.state.value}")


def _settle_uncertain(
    connection: Connection, delivery_id: int, policy: UncertainPolicy, now: datetime
) -> None:
    """Queue an uncertain delivery once more if the policy says so; a second time it is held."""
    connection.execute(
        update(_deliveries)
        .where(_deliveries.c.id == delivery_id)
        .values(uncertain_count=_deliveries.c.uncertain_count + 1)
    )
    if policy is UncertainPolicy.RESEND:
        connection.execute(
            update(_deliveries)
            .where(
                _deliveries.c.id == delivery_id,
                _deliveries.c.state == DeliveryState.UNCERTAIN.value,
                _deliveries.c.uncertain_count == 1,
            )
            # At the head of the queue: at its end, those of every crash would gather and be hit together.
            .values(state=DeliveryState.QUEUED.value, due_at=_deliveries.c.queued_at, changed_at=now)
        )
