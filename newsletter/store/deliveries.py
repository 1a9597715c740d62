"""The outbox: who gets which edition, and how far each delivery has come."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from newsletter.store import tables
from newsletter.store.advancing import Advance, Advancing
from newsletter.store.database import Lock
from newsletter.store.due import correct_times, due_ids, of_list, to_delivery, within
from newsletter.store.groups import claim_step, claimed_rows
from newsletter.store.marks import (
    settle_uncertain,
    write_mark,
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

__all__ = ["LEASE_SECONDS", "Advance", "Deliveries", "Recovery"]

_deliveries = tables.deliveries
_senders = tables.senders

#: How long what a sender holds is its own without a word from it. Somebody looks each half a minute at most:
#: what a dead one held goes out within a minute.
LEASE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What was taken back from senders that are gone."""

    #: Deliveries whose outcome nobody knows.
    uncertain: int
    #: Deliveries in the hands of senders whose lease has not run out: they live, or died a moment ago.
    waiting: int


class Deliveries(Advancing):
    """Claims, steps and counts of deliveries."""

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
                    self.vouch(connection, [each.id for each in wanted])
                    return wanted
            return []

    def _wanted(self, connection: Connection, ids: Sequence[int], now: datetime) -> list[Delivery]:
        """Return what was claimed, and take out what its readers do not want."""
        query = claimed_rows(is_sqlite=self._database.is_sqlite)
        rows = query.rows(connection, {"ids": list(ids), "now": now})
        withhold(connection, {row[0]: row[-1] for row in rows if row[-1] is not None}, now)
        return [to_delivery(row) for row in rows if row[-1] is None]

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
