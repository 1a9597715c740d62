"""Subscribers as the operator looks through them, and everything about one of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, or_, select

from newsletter.model.feedback import (
    BounceScore,
    FeedbackAction,
    FeedbackKind,
    FeedbackOutcome,
    FeedbackRecord,
)
from newsletter.model.lookups import (
    PAGE_ROWS,
    Page,
    ReaderFile,
    SubscriberFilter,
    SubscriberRow,
    SubscriptionRow,
    Suppression,
)
from newsletter.model.subscribers import Address, Cadence, SubscriptionState, SuppressionReason
from newsletter.store import tables
from newsletter.store.consents import Consents
from newsletter.store.database import Database
from newsletter.store.erasing import is_erased
from newsletter.store.keys import AddressHasher

_feedback = tables.feedback
_scores = tables.bounce_scores
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions


class SubscriberLookups:
    """Who reads, and everything about one reader."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher
        self._consents = Consents(database)

    def page(self, wanted: SubscriberFilter, *, before: int | None = None) -> Page[SubscriberRow]:
        """Return subscribers, those first who came last.

        Args:
            wanted: Which.
            before: `next_id` of the page before.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_matching(wanted, before)).all()
            ids = [row.id for row in rows[:PAGE_ROWS]]
            subscriptions = _subscriptions_of(connection, ids)
        shown = tuple(_to_row(row, subscriptions.get(row.id, {})) for row in rows[:PAGE_ROWS])
        return Page(rows=shown, next_id=ids[-1] if len(rows) > PAGE_ROWS else None)

    def id_of(self, address: Address) -> int | None:
        """Return the number of whoever has an address; None if nobody has."""
        query = select(_subscribers.c.id).where(_subscribers.c.address_key == address.key)
        with self._database.reading() as connection:
            found: int | None = connection.scalar(query)
        return found

    def reader(self, subscriber_id: int) -> ReaderFile | None:
        """Return everything about one reader but deliveries; None if there is none, or they were erased."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(_subscribers).where(_subscribers.c.id == subscriber_id)
            ).one_or_none()
            if row is None or is_erased(row.address):
                return None
            mine = _subscriptions.c.subscriber_id == subscriber_id
            query = select(_subscriptions).where(mine).order_by(_subscriptions.c.list_name)
            return ReaderFile(
                id=row.id,
                address=Address(display=row.address, key=row.address_key),
                name=row.name,
                created_at=row.created_at,
                suppression=self._suppression(connection, row.address_key),
                subscriptions=tuple(_to_subscription(one) for one in connection.execute(query)),
                consents=tuple(self._consents.of(subscriber_id)),
                bounce_score=_score(connection, subscriber_id),
                feedback=tuple(_feedback_of(connection, subscriber_id)),
            )

    def _suppression(self, connection: Connection, address_key: str) -> Suppression | None:
        query = select(_suppressions).where(_suppressions.c.address_hash == self._hasher.hash(address_key))
        row = connection.execute(query).one_or_none()
        return Suppression(reason=SuppressionReason(row.reason), since=row.created_at) if row else None


def _matching(wanted: SubscriberFilter, before: int | None) -> Select[Any]:
    query = (
        select(
            _subscribers.c.id,
            _subscribers.c.address,
            _subscribers.c.address_key,
            _subscribers.c.name,
            _subscribers.c.created_at,
            _suppressions.c.reason,
        )
        .join(
            _suppressions,
            _suppressions.c.address_hash == _subscribers.c.address_hash,
            isouter=not wanted.is_suppressed,
        )
        # Of readers who were erased only a number is left.
        .where(_subscribers.c.address_key.contains("@"))
        .order_by(_subscribers.c.id.desc())
        .limit(PAGE_ROWS + 1)
    )
    if before is not None:
        query = query.where(_subscribers.c.id < before)
    if wanted.text:
        key = _subscribers.c.address_key.contains(wanted.text.casefold(), autoescape=True)
        query = query.where(or_(key, _subscribers.c.name.icontains(wanted.text, autoescape=True)))
    if wanted.list_name or wanted.state:
        query = query.where(_is_on(wanted))
    return query


def _is_on(wanted: SubscriberFilter) -> Any:  # noqa: ANN401 - a condition
    """Return the condition that a subscriber stands so with the list, or with any."""
    conditions = [_subscriptions.c.subscriber_id == _subscribers.c.id]
    if wanted.list_name:
        conditions.append(_subscriptions.c.list_name == wanted.list_name)
    if wanted.state:
        conditions.append(_subscriptions.c.state == wanted.state.value)
    return exists().where(*conditions).correlate(_subscribers)


def _subscriptions_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, SubscriptionState]]:
    found: dict[int, dict[str, SubscriptionState]] = {}
    query = (
        select(_subscriptions.c.subscriber_id, _subscriptions.c.list_name, _subscriptions.c.state)
        .where(_subscriptions.c.subscriber_id.in_(ids))
        .order_by(_subscriptions.c.subscriber_id, _subscriptions.c.list_name)
    )
    for row in connection.execute(query) if ids else ():
        found.setdefault(row.subscriber_id, {})[row.list_name] = SubscriptionState(row.state)
    return found


def _score(connection: Connection, subscriber_id: int) -> BounceScore | None:
    query = select(_scores).where(_scores.c.subscriber_id == subscriber_id)
    row = connection.execute(query).one_or_none()
    return BounceScore(score=row.score, counted_at=row.counted_at) if row else None


def _feedback_of(connection: Connection, subscriber_id: int) -> list[FeedbackRecord]:
    query = (
        select(_feedback)
        .where(_feedback.c.subscriber_id == subscriber_id)
        .order_by(_feedback.c.id.desc())
        .limit(PAGE_ROWS)
    )
    return [
        FeedbackRecord(
            received_at=row.received_at,
            outcome=FeedbackOutcome(
                kind=FeedbackKind(row.kind), action=FeedbackAction(row.action), reason=row.reason
            ),
        )
        for row in connection.execute(query)
    ]


def _to_row(row: Row[Any], subscriptions: dict[str, SubscriptionState]) -> SubscriberRow:
    return SubscriberRow(
        id=row.id,
        address=Address(display=row.address, key=row.address_key),
        name=row.name,
        created_at=row.created_at,
        suppressed=SuppressionReason(row.reason) if row.reason else None,
        subscriptions=subscriptions,
    )


def _to_subscription(row: Row[Any]) -> SubscriptionRow:
    return SubscriptionRow(
        list_name=row.list_name,
        state=SubscriptionState(row.state),
        since=row.since,
        source=row.source,
        cadence=Cadence(row.cadence),
        paused_until=row.paused_until,
    )
