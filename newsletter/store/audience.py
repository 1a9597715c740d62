"""Who an edition goes to: the readers of its cadence who have not paused."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, exists, func, insert, literal, or_, select, text

from newsletter.model.deliveries import DeliveryState
from newsletter.model.subscribers import Cadence, Readership, SubscriptionState
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.past import EARLIER, past_copies, sets_had

_deliveries = tables.deliveries
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions


class Audiences:
    """How many readers lists have, by how often they are mailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def readership(self, list_name: str, *, now: datetime) -> Readership:
        """Count the confirmed subscribers of a list, suppressed addresses left out.

        Args:
            list_name: The list whose subscriptions count.
            now: UTC; who has paused until later gets nothing now.
        """
        paused = case((~_is_awake(now), 1), else_=0)
        query = (
            select(_subscriptions.c.cadence, paused.label("paused"), func.count().label("readers"))
            .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
            .where(_is_confirmed(list_name))
            .group_by(_subscriptions.c.cadence, paused)
        )
        with self._database.reading() as connection:
            found = {
                (Cadence(row.cadence), bool(row.paused)): row.readers for row in connection.execute(query)
            }
        return Readership(
            awake={cadence: found.get((cadence, False), 0) for cadence in Cadence},
            paused={cadence: found.get((cadence, True), 0) for cadence in Cadence},
        )

    def had(
        self, list_name: str, edition_ids: Sequence[int], *, cadence: Cadence, now: datetime
    ) -> Counter[frozenset[int]]:
        """Count by the set of some editions that they have had the readers to whom an edition would go now.

        Whose copy still waits counts as having had it; who has had none of them is not counted.

        Args:
            list_name: The list whose subscriptions count.
            edition_ids: The editions.
            cadence: Of readers who are mailed so often.
            now: UTC.
        """
        query = (
            past_copies(edition_ids)
            .join(_subscriptions, _subscriptions.c.subscriber_id == EARLIER.c.subscriber_id)
            .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
            .where(in_audience(list_name, cadence, now))
        )
        with self._database.reading() as connection:
            return Counter(had for _, had in sets_had(connection, query))


def queue_deliveries(
    connection: Connection, edition_id: int, *, list_name: str, cadence: Cadence, now: datetime
) -> None:
    """Queue an edition for each of its readers.

    Args:
        connection: In the transaction that writes the edition.
        edition_id: The edition.
        list_name: The list whose subscriptions count.
        cadence: Of readers who are mailed so often.
        now: When it was made, UTC; who has paused until later does not get it.
    """
    columns = {
        "edition_id": literal(edition_id),
        "subscriber_id": _subscriptions.c.subscriber_id,
        "state": literal(DeliveryState.QUEUED.value),
        "attempts": literal(0),
        "uncertain_count": literal(0),
        "due_at": literal(now, tables.UtcDateTime),
        "reply": literal(""),
        "queued_at": literal(now, tables.UtcDateTime),
        "changed_at": literal(now, tables.UtcDateTime),
    }
    audience = (
        select(*columns.values())
        .join(_subscribers, _subscribers.c.id == _subscriptions.c.subscriber_id)
        .where(in_audience(list_name, cadence, now))
        # Otherwise PostgreSQL's plan of the day decides who is first.
        .order_by(_subscriptions.c.subscriber_id)
    )
    if connection.dialect.name != "sqlite":
        # Nobody deletes one of these readers from here on: see `tables.deliveries`.
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": Lock.OUTBOX.value})
    connection.execute(insert(_deliveries).from_select(list(columns), audience))


def in_audience(list_name: str, cadence: Cadence, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a subscription, joined with its subscriber, gets an edition made now."""
    return _is_confirmed(list_name) & (_subscriptions.c.cadence == cadence.value) & _is_awake(now)


def _is_confirmed(list_name: str) -> ColumnElement[bool]:
    suppressed = (
        exists()
        .where(tables.suppressions.c.address_hash == _subscribers.c.address_hash)
        .correlate(_subscribers)
    )
    return (
        (_subscriptions.c.list_name == list_name)
        & (_subscriptions.c.state == SubscriptionState.CONFIRMED.value)
        & ~suppressed
    )


def _is_awake(now: datetime) -> ColumnElement[bool]:
    paused_until = _subscriptions.c.paused_until
    return or_(paused_until.is_(None), paused_until <= now)
