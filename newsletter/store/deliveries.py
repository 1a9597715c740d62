"""The outbox: who gets which edition, and how far each delivery has come."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from newsletter.model.deliveries import (
    FREE_STATES,
    HELD_STATES,
    WAITING_STATES,
    Delivery,
    DeliveryMark,
    DeliveryRange,
    DeliveryState,
    UncertainPolicy,
)
from newsletter.model.feedback import BounceKind, BouncePolicy
from newsletter.store import tables
from newsletter.store.accounts import Spending, spend
from newsletter.store.database import Database, Lock
from newsletter.store.due import correct_times, due_ids, of_list, to_delivery, within
from newsletter.store.groups import claim_step, claimed_rows
from newsletter.store.keys import AddressHasher
from newsletter.store.marks import (
    OvertakenError,
    begin_sending,
    settle_uncertain,
    subscriber_of,
    write_mark,
    write_marks,
)
from newsletter.store.steps import (
    edition_beside,
    held_editions,
    is_free,
    is_held,
    of_states,
    requeue,
    settle_cancelled,
    withhold,
    write_step,
)

log = logging.getLogger(__name__)

_deliveries = tables.deliveries
_senders = tables.senders

#: How long what a sender holds is its own without a word from it. Somebody looks each half a minute at most:
#: what a dead one held goes out within a minute.
LEASE_SECONDS = 30

_BOUNCES = BouncePolicy()


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What was taken back from senders that are gone."""

    #: Deliveries whose outcome nobody knows.
    uncertain: int
    #: Deliveries in the hands of senders whose lease has not run out: they live, or died a moment ago.
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Advance:
    """What a group of steps came to."""

    #: Deliveries that may be handed to the server now.
    begun: frozenset[int]
    #: Results that came too late: another sender has taken the delivery over.
    overtaken: frozenset[int] = frozenset()


class Deliveries:
    """Claims, steps and counts of deliveries."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def lease(self, *, sender: str, now: datetime) -> None:
        """Begin or prolong a sender's lease: what it holds is its own for another `LEASE_SECONDS`."""
        until = now + timedelta(seconds=LEASE_SECONDS)
        with self._database.transaction() as connection:
            prolonged = connection.execute(
                update(_senders).where(_senders.c.name == sender).values(lease_until=until)
            )
            if prolonged.rowcount == 0:
                connection.execute(insert(_senders).values(name=sender, started_at=now, lease_until=until))

    def recover(
        self, *, policy: UncertainPolicy, now: datetime, dead: Sequence[str] | None = None
    ) -> Recovery:
        """Take back what senders that are gone held; only for a holder of the sender lock.

        On SQLite the lock proves that all others are gone, on PostgreSQL the end of its lease tells it of
        each. A claimed delivery is queued again: no server has heard of it, and its former holder, should he
        live, finds that it is no longer his before he sends it. One that was being sent is uncertain: the
        policy decides whether it is queued once more or held for the operator.

        Args:
            policy: What to do with uncertain ones.
            now: UTC.
            dead: Senders that are known to be gone: of them alone; None: of all that are.
        """
        return self._database.repeated(lambda: self._recover(policy, now, dead))

    def _recover(self, policy: UncertainPolicy, now: datetime, dead: Sequence[str] | None) -> Recovery:
        # One far beyond its length is of a clock that has been set back since; hosts' differ a little.
        longest = now + timedelta(seconds=2 * LEASE_SECONDS)
        alive = select(_senders.c.name).where(_senders.c.lease_until > now, _senders.c.lease_until <= longest)
        is_held = _deliveries.c.claimed_by.is_not(None)
        gone: ColumnElement[bool] = is_held
        if dead is not None:
            gone &= _deliveries.c.claimed_by.in_(dead)
        elif not self._database.is_sqlite:
            gone &= _deliveries.c.claimed_by.not_in(alive)
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.RECOVERY)
            lost = _take_back(connection, gone, policy, now)
            settle_cancelled(connection, now)
            correct_times(connection, now)
            waiting = connection.scalar(select(func.count()).select_from(_deliveries).where(is_held)) or 0
            ended = _senders.c.name.not_in(alive) if dead is None else _senders.c.name.in_(dead)
            connection.execute(delete(_senders).where(ended))
        return Recovery(uncertain=lost, waiting=waiting)

    def claim(
        self,
        *,
        sender: str,
        limit: int,
        now: datetime,
        list_name: str | None = None,
        except_editions: Sequence[int] = (),
        only: DeliveryRange | None = None,
    ) -> list[Delivery]:
        """Take the next deliveries that are due, of editions that are neither paused nor cancelled.

        Readers who left or paused, and addresses suppressed since the edition was queued, are marked
        suppressed.

        Args:
            sender: Random name of the claiming sender.
            limit: How many at most.
            now: UTC.
            list_name: Only this list's; None for all.
            except_editions: None of these.
            only: Only these; None for all.
        """
        claim = claim_step(
            is_sqlite=self._database.is_sqlite,
            of_one_list=list_name is not None,
            with_exceptions=bool(except_editions),
            of_range=only is not None,
        )
        values = {"sender": sender, "now": now, "limit": limit}
        if list_name is not None:
            values["list_name"] = list_name
        if except_editions:
            values["exceptions"] = list(except_editions)
        if only is not None:
            values |= asdict(only)
        with self._database.transaction() as connection:
            # Where all of those claimed have left, look further: an empty answer means that none is due.
            while ids := [row[0] for row in claim.rows(connection, values)]:
                if wanted := self._wanted(connection, ids, now):
                    return wanted
            return []

    def _wanted(self, connection: Connection, ids: Sequence[int], now: datetime) -> list[Delivery]:
        """Return what was claimed, and take out what its readers do not want."""
        query = claimed_rows(is_sqlite=self._database.is_sqlite)
        rows = query.rows(connection, {"ids": list(ids), "now": now})
        withhold(connection, {row[0]: row[-1] for row in rows if row[-1] is not None}, now)
        return [to_delivery(row) for row in rows if row[-1] is None]

    def advance(
        self,
        *,
        begin: Sequence[int],
        marks: Sequence[DeliveryMark],
        accepted: Sequence[tuple[int, str]] = (),
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy = _BOUNCES,
        spending: Spending | None = None,
        now: datetime,
    ) -> Advance:
        """Make the steps of several deliveries durable in one transaction.

        Args:
            begin: Deliveries that are about to be handed to a server.
            marks: Results of others.
            sender: The sender that claimed them all.
            policy: What to do with uncertain ones.
            bounces: When refusals suppress an address.
            spending: Whose rates the begun ones count for; None without rates.
            now: UTC.

        Returns:
            Which may go on, and which results came too late. A delivery that another sender has taken over,
            whose reader has left or paused, or whose edition was paused meanwhile, may not.
        """
        marks = [
            *marks,
            *(DeliveryMark(delivery_id=i, state=DeliveryState.ACCEPTED, reply=r) for i, r in accepted),
        ]
        # Whoever erases a reader, or takes in a bounce, locks the same rows from the other end.
        return self._database.repeated(
            lambda: self._advance(begin, marks, sender, policy, bounces, spending, now)
        )

    def _advance(
        self,
        begin: Sequence[int],
        marks: Sequence[DeliveryMark],
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy,
        spending: Spending | None,
        now: datetime,
    ) -> Advance:
        try:
            with self._database.transaction() as connection:
                write_marks(connection, marks, sender, now)
                return self._follow_up(connection, begin, marks, sender, policy, bounces, spending, now)
        except OvertakenError:
            log.debug("results that came too late are among others: each is written by itself")
        with self._database.transaction() as connection:
            written = [mark for mark in marks if write_mark(connection, mark, sender, now)]
            done = self._follow_up(connection, begin, written, sender, policy, bounces, spending, now)
            late = {mark.delivery_id for mark in marks if mark not in written}
            return replace(done, overtaken=frozenset(late))

    def _follow_up(
        self,
        connection: Connection,
        begin: Sequence[int],
        written: Sequence[DeliveryMark],
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy,
        spending: Spending | None,
        now: datetime,
    ) -> Advance:
        """Do what results call for, and begin others."""
        for mark in written:
            if mark.state is DeliveryState.UNCERTAIN:
                settle_uncertain(connection, mark.delivery_id, policy, now)
            elif mark.bounce is not BounceKind.NONE:
                self._count_bounce(connection, mark.delivery_id, mark.bounce, bounces, now)
        begun = begin_sending(connection, begin, sender, now)
        if spending is not None and begun:
            spend(connection, spending, len(begun), now=now)
        return Advance(begun=begun)

    def count_bounces(
        self, refused: Mapping[int, BounceKind], *, bounces: BouncePolicy, now: datetime
    ) -> None:
        """Count refusals for the addresses that they are about, which their marks had left out.

        Args:
            refused: What each refusal says about the mailbox, by delivery.
            bounces: When refusals suppress an address.
            now: UTC.
        """

        def count() -> None:
            """Count them all in one transaction."""
            with self._database.transaction() as connection:
                for delivery_id, kind in refused.items():
                    self._count_bounce(connection, delivery_id, kind, bounces, now)

        self._database.repeated(count)

    def _count_bounce(
        self,
        connection: Connection,
        delivery_id: int,
        kind: BounceKind,
        bounces: BouncePolicy,
        now: datetime,
    ) -> None:
        # Most turns meet none, and what keeps them knows all that readers do.
        from newsletter.store.feedback import count_bounce

        reader = subscriber_of(connection, delivery_id)
        count_bounce(connection, self._hasher, reader, kind, bounces, now=now)

    def release(self, *, sender: str, now: datetime) -> int:
        """Queue again what a sender claimed and has not begun to send, end its lease; return how many."""
        with self._database.transaction() as connection:
            count = requeue(
                connection,
                _deliveries.c.claimed_by == sender,
                _deliveries.c.state == DeliveryState.CLAIMED.value,
                now=now,
            )
            connection.execute(delete(_senders).where(_senders.c.name == sender))
            settle_cancelled(connection, now)
            return count

    def give_up(
        self, *, queued_before: datetime, reply: str, now: datetime, edition_id: int | None = None
    ) -> int:
        """Fail what has waited too long for a server that cannot be reached; return how many.

        Args:
            queued_before: UTC; what was queued later still waits.
            reply: Why.
            now: UTC.
            edition_id: Only this edition's; None for all.
        """
        where = [
            _deliveries.c.due_at.is_not(None),
            _deliveries.c.queued_at < queued_before,
            _deliveries.c.edition_id.not_in(held_editions()),
        ]
        if edition_id is not None:
            where += [_deliveries.c.edition_id == edition_id, of_states(WAITING_STATES)]
        with self._database.transaction() as connection:
            return write_step(
                connection, *where, target=DeliveryState.FAILED, now=now, reply=f"given up: {reply}"
            )

    def next_due(self, *, list_name: str | None = None, only: DeliveryRange | None = None) -> datetime | None:
        """Return when the next delivery may be claimed, UTC; None if none is waiting."""
        query = select(func.min(_deliveries.c.due_at)).where(_deliveries.c.edition_id.not_in(held_editions()))
        query = query.where(within(**asdict(only)) if only is not None else _deliveries.c.due_at.is_not(None))
        if list_name is not None:
            query = query.where(of_list(list_name))
        with self._database.reading() as connection:
            due: datetime | None = connection.scalar(query)
        return due

    def due_count(
        self,
        *,
        now: datetime,
        list_name: str | None = None,
        only: DeliveryRange | None = None,
        at_most: int | None = None,
    ) -> int:
        """Return how many deliveries may be claimed now; a million take a while to count.

        Args:
            now: UTC.
            list_name: Only this list's; None for all.
            only: Only these; None for all.
            at_most: Count no further.
        """
        within_range = within(**asdict(only)) if only is not None else None
        due = due_ids(now, list_name, (), within_range).order_by(None).limit(at_most).subquery()
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(due)) or 0

    def counts(self, edition_id: int) -> dict[DeliveryState, int]:
        """Return how many readers of an edition stand in each state; states with none are left out."""
        free, held = (
            select(_deliveries.c.state, func.count())
            .where(edition_beside(states) == edition_id, those)
            .group_by(_deliveries.c.state)
            for states, those in ((FREE_STATES, is_free()), (HELD_STATES, is_held()))
        )
        query = free.union_all(held)
        with self._database.reading() as connection:
            return {DeliveryState(state): count for state, count in connection.execute(query)}


def _take_back(
    connection: Connection, gone: ColumnElement[bool], policy: UncertainPolicy, now: datetime
) -> int:
    """Take back what matches; return how many of them are uncertain."""
    requeue(connection, gone, _deliveries.c.state == DeliveryState.CLAIMED.value, now=now)
    sending = gone & (_deliveries.c.state == DeliveryState.SENDING.value)
    lost = 0
    for delivery_id in connection.scalars(select(_deliveries.c.id).where(sending)).all():
        mark = DeliveryMark(
            delivery_id=delivery_id,
            state=DeliveryState.UNCERTAIN,
            reply="the sender died after DATA began",
        )
        # Should its sender live after all, it may have told how it ended in this very moment.
        if write_mark(connection, mark, None, now):
            settle_uncertain(connection, delivery_id, policy, now)
            lost += 1
    return lost
