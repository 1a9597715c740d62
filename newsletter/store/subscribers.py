"""Subscribers, their subscriptions, and suppressions."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, select

from newsletter.model.subscribers import (
    AddOutcome,
    Address,
    Cadence,
    Subscriber,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.store import tables
from newsletter.store.adding import Addition, Candidate
from newsletter.store.consents import latest_given
from newsletter.store.database import Database, Lock
from newsletter.store.erasing import erase
from newsletter.store.keys import AddressHasher
from newsletter.store.leaving import leave
from newsletter.store.statements import insert_new

__all__ = ["Candidate", "Subscribers", "suppress"]

_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions

#: Rows fetched at a time when everybody is listed.
_PAGE = 1000


class Subscribers:
    """Who is on which list, and who must never be mailed."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def add(
        self,
        list_name: str,
        candidates: Sequence[Candidate],
        *,
        source: str,
        now: datetime,
        dry_run: bool = False,
    ) -> list[tuple[AddOutcome, str]]:
        """Confirm some addresses on a list, in one transaction.

        An address that left the list, or is suppressed, is refused: only its owner may turn it on again.

        Args:
            list_name: The list; it must be known to the store.
            candidates: No two with the same `address.key`; a few hundred at a time.
            source: Where the consent comes from, kept with the subscription.
            now: UTC.
            dry_run: Decide, and write nothing.

        Returns:
            For each candidate what became of it, and why it was refused.
        """
        with self._database.reading() if dry_run else self._database.transaction() as connection:
            if not dry_run:
                self._database.serialise(connection, Lock.SUBSCRIBERS)
            addition = Addition(connection, self._hasher, list_name, candidates)
            if not dry_run:
                addition.write(source=source, now=now)
        return addition.decide()

    def unsubscribe(
        self, list_name: str, address: Address, *, origin: str = "the operator", now: datetime
    ) -> SubscriptionState | None:
        """End a subscription; doing it twice changes nothing.

        Args:
            list_name: The list.
            address: Whose subscription.
            origin: Who ends it, for the record of consent.
            now: UTC.

        Returns:
            The state it was in, or None if the address was never on the list.
        """
        return self._database.repeated(lambda: self._unsubscribe(list_name, address, origin, now))

    def _unsubscribe(
        self, list_name: str, address: Address, origin: str, now: datetime
    ) -> SubscriptionState | None:
        with self._database.transaction() as connection:
            row = connection.execute(
                select(_subscriptions.c.subscriber_id, _subscriptions.c.state)
                .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
                .where(_subscribers.c.address_key == address.key, _subscriptions.c.list_name == list_name)
            ).one_or_none()
            if row is None:
                return None
            leave(connection, row.subscriber_id, list_name, origin=origin, now=now)
            return SubscriptionState(row.state)

    def suppress(self, address: Address, reason: SuppressionReason, *, now: datetime) -> bool:
        """Never mail an address again, on any list; return False if that was so already."""
        with self._database.transaction() as connection:
            return suppress(connection, self._hasher.hash(address.key), reason, now=now)

    def lift_suppression(self, address: Address) -> bool:
        """Take an address off the suppressions; return False if it was not there."""
        with self._database.transaction() as connection:
            result = connection.execute(
                delete(_suppressions).where(_suppressions.c.address_hash == self._hasher.hash(address.key))
            )
            return result.rowcount > 0

    def suppression(self, address: Address) -> SuppressionReason | None:
        """Return why an address is never mailed; None if it is not suppressed."""
        query = select(_suppressions.c.reason).where(
            _suppressions.c.address_hash == self._hasher.hash(address.key)
        )
        with self._database.reading() as connection:
            reason = connection.scalar(query)
        return SuppressionReason(reason) if reason else None

    def suppression_counts(self) -> dict[SuppressionReason, int]:
        """Return how many addresses are never mailed, by reason; reasons with none are left out."""
        query = select(_suppressions.c.reason, func.count()).group_by(_suppressions.c.reason)
        with self._database.reading() as connection:
            return {SuppressionReason(reason): count for reason, count in connection.execute(query)}

    def subscriptions(self, address: Address) -> dict[str, SubscriptionState]:
        """Return how an address stands with each list that it is or was on, by the list's name."""
        query = (
            select(_subscriptions.c.list_name, _subscriptions.c.state)
            .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
            .where(_subscribers.c.address_key == address.key)
            .order_by(_subscriptions.c.list_name)
        )
        with self._database.reading() as connection:
            return {name: SubscriptionState(state) for name, state in connection.execute(query)}

    def erase(self, address: Address) -> bool:
        """Forget an address for good: name, subscriptions, consents, sign-ups.

        Its deliveries still count, under no name. A suppression stays: it is a hash, and the reason why the
        address is not mailed when somebody imports it again.

        Returns:
            False if nobody has the address, and nobody asked for anything with it.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.SUBSCRIBERS)
            return erase(connection, address.key)

    def count(self, list_name: str, state: SubscriptionState) -> int:
        """Return how many subscriptions of a list are in a state, suppressed addresses not counted."""
        query = select(func.count()).select_from(
            _listed(list_name, state).where(_suppressions.c.reason.is_(None)).subquery()
        )
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def listed(self, list_name: str, state: SubscriptionState | None = None) -> Iterator[Subscriber]:
        """Yield the subscribers of a list in the order they came, in flat memory."""
        for rows in self._pages(list_name, state):
            for row in rows:
                yield _to_subscriber(row, list_name)

    def with_consent(self, list_name: str) -> Iterator[tuple[Subscriber, datetime | None, str]]:
        """Yield the subscribers of a list, each with when and from where their consent came, in flat memory.

        Of a subscription that is older than the record of consent they are those of its beginning; None
        where somebody has not consented.
        """
        for rows in self._pages(list_name, None):
            with self._database.reading() as connection:
                given = latest_given(connection, list_name, [row.id for row in rows])
            for row in rows:
                subscriber = _to_subscriber(row, list_name)
                is_confirmed = subscriber.state is SubscriptionState.CONFIRMED
                at, origin = given.get(row.id, (row.since if is_confirmed else None, row.source))
                yield subscriber, at, origin

    def _pages(
        self, list_name: str, state: SubscriptionState | None
    ) -> Iterator[Sequence[Row[tuple[object, ...]]]]:
        last_id = 0
        while True:
            query = (
                _listed(list_name, state, is_sqlite=self._database.is_sqlite)
                # Said of both, PostgreSQL begins to read both where the page does.
                .where(_subscriptions.c.subscriber_id > last_id, _subscribers.c.id > last_id)
                .order_by(_subscriptions.c.subscriber_id)
                .limit(_PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            yield rows
            if len(rows) < _PAGE:
                return
            last_id = rows[-1].id


def _to_subscriber(row: Row[tuple[object, ...]], list_name: str) -> Subscriber:
    return Subscriber(
        id=row.id,
        address=Address(display=row.address, key=row.address_key),
        name=row.name,
        list_name=list_name,
        state=SubscriptionState(row.state),
        since=row.since,
        suppressed=SuppressionReason(row.reason) if row.reason else None,
        cadence=Cadence(row.cadence),
        paused_until=row.paused_until,
    )


def suppress(connection: Connection, address_hash: str, reason: SuppressionReason, *, now: datetime) -> bool:
    """Write a suppression; return False if there is one already, be it from this very moment."""
    written = connection.scalar(
        insert_new(connection, _suppressions)
        .values(address_hash=address_hash, reason=reason.value, created_at=now)
        .returning(_suppressions.c.address_hash)
    )
    return written is not None


def _listed(
    list_name: str, state: SubscriptionState | None, *, is_sqlite: bool = False
) -> Select[tuple[object, ...]]:
    query = (
        select(
            _subscribers.c.id,
            _subscribers.c.address,
            _subscribers.c.address_key,
            _subscribers.c.name,
            _subscriptions.c.state,
            _subscriptions.c.since,
            _subscriptions.c.source,
            _subscriptions.c.cadence,
            _subscriptions.c.paused_until,
            _suppressions.c.reason,
        )
        .join(_subscriptions, _subscriptions.c.subscriber_id == _subscribers.c.id)
        .outerjoin(_suppressions, _suppressions.c.address_hash == _subscribers.c.address_hash)
    )
    if state is None:
        # An expression: by the index of lists and states SQLite would sort the whole list for each page.
        name = func.coalesce(_subscriptions.c.list_name, "") if is_sqlite else _subscriptions.c.list_name
        return query.where(name == list_name)
    return query.where(_subscriptions.c.list_name == list_name, _subscriptions.c.state == state.value)
