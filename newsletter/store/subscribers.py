"""Subscribers, their subscriptions, and suppressions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.model.subscribers import (
    AddOutcome,
    Address,
    Subscriber,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.keys import AddressHasher

_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions

#: Rows fetched at a time when everybody is listed.
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An address that is to be put on a list."""

    address: Address
    name: str = ""


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
            hashes = {c.address.key: self._hasher.hash(c.address.key) for c in candidates}
            standing = _standing(connection, list_name, hashes)
            answers = [_decide_add(standing.get(c.address.key)) for c in candidates]
            if not dry_run:
                wanted = [
                    c
                    for c, (outcome, _) in zip(candidates, answers, strict=True)
                    if outcome is AddOutcome.ADDED
                ]
                _insert(connection, list_name, wanted, standing, hashes, source=source, now=now)
        return answers

    def unsubscribe(self, list_name: str, address: Address, *, now: datetime) -> SubscriptionState | None:
        """End a subscription; doing it twice changes nothing.

        Returns:
            The state it was in, or None if the address was never on the list.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                select(_subscriptions.c.subscriber_id, _subscriptions.c.state)
                .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
                .where(_subscribers.c.address_key == address.key, _subscriptions.c.list_name == list_name)
            ).one_or_none()
            if row is None:
                return None
            state = SubscriptionState(row.state)
            if state is not SubscriptionState.UNSUBSCRIBED:
                connection.execute(
                    update(_subscriptions)
                    .where(
                        _subscriptions.c.subscriber_id == row.subscriber_id,
                        _subscriptions.c.list_name == list_name,
                    )
                    .values(state=SubscriptionState.UNSUBSCRIBED.value, since=now)
                )
            return state

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
        """Forget an address: its subscriptions, its name, and itself wherever it stands; once and for all.

        Its deliveries still count, under no name. A suppression stays: it is a hash, and the reason why the
        address is not mailed when somebody imports it again.

        Returns:
            False if nobody has the address.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.SUBSCRIBERS)
            subscriber_id = connection.scalar(
                select(_subscribers.c.id).where(_subscribers.c.address_key == address.key)
            )
            if subscriber_id is None:
                return False
            _erase(connection, subscriber_id)
        return True

    def count(self, list_name: str, state: SubscriptionState) -> int:
        """Return how many subscriptions of a list are in a state, suppressed addresses not counted."""
        query = select(func.count()).select_from(
            _listed(list_name, state).where(_suppressions.c.reason.is_(None)).subquery()
        )
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def listed(self, list_name: str, state: SubscriptionState | None = None) -> Iterator[Subscriber]:
        """Yield the subscribers of a list in the order they came, in flat memory."""
        last_id = 0
        while True:
            query = (
                _listed(list_name, state)
                .where(_subscribers.c.id > last_id)
                .order_by(_subscribers.c.id)
                .limit(_PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield Subscriber(
                    id=row.id,
                    address=Address(display=row.address, key=row.address_key),
                    name=row.name,
                    list_name=list_name,
                    state=SubscriptionState(row.state),
                    since=row.since,
                    suppressed=SuppressionReason(row.reason) if row.reason else None,
                )
            if len(rows) < _PAGE:
                return
            last_id = rows[-1].id


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """What the store knows of an address that is to be added."""

    subscriber_id: int | None
    state: SubscriptionState | None
    suppressed: SuppressionReason | None


def suppress(connection: Connection, address_hash: str, reason: SuppressionReason, *, now: datetime) -> bool:
    """Write a suppression; return False if there is one already, be it from this very moment."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    written = connection.scalar(
        dialect.insert(_suppressions)
        .values(address_hash=address_hash, reason=reason.value, created_at=now)
        .on_conflict_do_nothing(index_elements=["address_hash"])
        .returning(_suppressions.c.address_hash)
    )
    return written is not None


def _erase(connection: Connection, subscriber_id: int) -> None:
    """Leave of a subscriber only a number that deliveries are counted under."""
    gone = f"erased-{subscriber_id}"
    mine = tables.deliveries.c.subscriber_id == subscriber_id
    connection.execute(delete(_subscriptions).where(_subscriptions.c.subscriber_id == subscriber_id))
    connection.execute(
        delete(tables.bounce_scores).where(tables.bounce_scores.c.subscriber_id == subscriber_id)
    )
    connection.execute(
        update(_subscribers)
        .where(_subscribers.c.id == subscriber_id)
        .values(address=gone, address_key=gone, address_hash=gone, name="")
    )
    # What a server said may hold the address.
    connection.execute(update(tables.deliveries).where(mine).values(reply=""))
    connection.execute(
        update(tables.feedback).where(tables.feedback.c.subscriber_id == subscriber_id).values(reason="")
    )


def _standing(connection: Connection, list_name: str, hashes: Mapping[str, str]) -> dict[str, _Standing]:
    query = (
        select(_subscribers.c.address_key, _subscribers.c.id, _subscriptions.c.state)
        .outerjoin_from(
            _subscribers,
            _subscriptions,
            and_(
                _subscriptions.c.subscriber_id == _subscribers.c.id,
                _subscriptions.c.list_name == list_name,
            ),
        )
        .where(_subscribers.c.address_key.in_(list(hashes)))
    )
    known = {row.address_key: row for row in connection.execute(query)}
    reasons = {
        row.address_hash: SuppressionReason(row.reason)
        for row in connection.execute(
            select(_suppressions).where(_suppressions.c.address_hash.in_(list(hashes.values())))
        )
    }
    suppressed = {
        key: reasons[address_hash] for key, address_hash in hashes.items() if address_hash in reasons
    }
    return {
        key: _Standing(
            subscriber_id=known[key].id if key in known else None,
            state=SubscriptionState(known[key].state) if key in known and known[key].state else None,
            suppressed=suppressed.get(key),
        )
        for key in hashes
        if key in known or key in suppressed
    }


def _decide_add(standing: _Standing | None) -> tuple[AddOutcome, str]:
    if standing is None:
        return AddOutcome.ADDED, ""
    if standing.suppressed is not None:
        return AddOutcome.REFUSED, f"suppressed ({standing.suppressed.value})"
    if standing.state is SubscriptionState.UNSUBSCRIBED:
        return AddOutcome.REFUSED, "unsubscribed; only the reader may sign up again"
    if standing.state is SubscriptionState.CONFIRMED:
        return AddOutcome.ALREADY_THERE, ""
    return AddOutcome.ADDED, ""


def _insert(
    connection: Connection,
    list_name: str,
    wanted: Sequence[Candidate],
    standing: dict[str, _Standing],
    hashes: Mapping[str, str],
    *,
    source: str,
    now: datetime,
) -> None:
    if not wanted:
        return
    ids = {key: known.subscriber_id for key, known in standing.items() if known.subscriber_id is not None}
    unknown = [c for c in wanted if c.address.key not in ids]
    if unknown:
        connection.execute(
            insert(_subscribers),
            [
                {
                    "address": c.address.display,
                    "address_key": c.address.key,
                    "address_hash": hashes[c.address.key],
                    "name": c.name,
                    "created_at": now,
                }
                for c in unknown
            ],
        )
        added = select(_subscribers.c.address_key, _subscribers.c.id).where(
            _subscribers.c.address_key.in_([c.address.key for c in unknown])
        )
        ids |= {row.address_key: row.id for row in connection.execute(added)}
    unconfirmed = [ids[c.address.key] for c in wanted if _is_unconfirmed(standing.get(c.address.key))]
    if unconfirmed:
        connection.execute(
            update(_subscriptions)
            .where(
                _subscriptions.c.list_name == list_name,
                _subscriptions.c.subscriber_id.in_(unconfirmed),
            )
            .values(state=SubscriptionState.CONFIRMED.value, since=now, source=source)
        )
    fresh = [c for c in wanted if not _is_unconfirmed(standing.get(c.address.key))]
    if fresh:
        connection.execute(
            insert(_subscriptions),
            [
                {
                    "subscriber_id": ids[c.address.key],
                    "list_name": list_name,
                    "state": SubscriptionState.CONFIRMED.value,
                    "since": now,
                    "source": source,
                }
                for c in fresh
            ],
        )


def _is_unconfirmed(standing: _Standing | None) -> bool:
    return standing is not None and standing.state is SubscriptionState.UNCONFIRMED


def _listed(list_name: str, state: SubscriptionState | None) -> Select[tuple[object, ...]]:
    query = (
        select(
            _subscribers.c.id,
            _subscribers.c.address,
            _subscribers.c.address_key,
            _subscribers.c.name,
            _subscriptions.c.state,
            _subscriptions.c.since,
            _suppressions.c.reason,
        )
        .join(_subscriptions, _subscriptions.c.subscriber_id == _subscribers.c.id)
        .outerjoin(_suppressions, _suppressions.c.address_hash == _subscribers.c.address_hash)
        .where(_subscriptions.c.list_name == list_name)
    )
    return query if state is None else query.where(_subscriptions.c.state == state.value)
