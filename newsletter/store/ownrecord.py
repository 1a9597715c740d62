"""A reader's own record: everything that is stored about one, for whoever asks for their data."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Row, Select, Table, select

from newsletter.store import tables
from newsletter.store.keys import AddressHasher
from newsletter.store.past import copies_of

_consents = tables.consents
_deliveries = tables.deliveries
_editions = tables.editions
_feedback = tables.feedback
_scores = tables.bounce_scores
_signups = tables.signups
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions


def own_record(connection: Connection, hasher: AddressHasher, subscriber_id: int) -> dict[str, object]:
    """Return what is stored about a reader, by plain names; times as ISO 8601 in UTC.

    Args:
        connection: Any transaction.
        hasher: Finds the suppression of an address.
        subscriber_id: The reader; one who exists.
    """
    person = connection.execute(select(_subscribers).where(_subscribers.c.id == subscriber_id)).one()
    key = person.address_key
    return {
        "address": person.address,
        "name": person.name,
        "known_since": person.created_at.isoformat(),
        "subscriptions": _rows(connection, _of(_subscriptions, subscriber_id), but=("subscriber_id",)),
        "consents": _rows(
            connection,
            _of(_consents, subscriber_id).order_by(_consents.c.id),
            but=("id", "subscriber_id"),
        ),
        "sign_ups": _rows(
            connection,
            select(_signups).where(_signups.c.address_key == key).order_by(_signups.c.id),
            but=("address_key",),
        ),
        "deliveries": _rows(connection, _deliveries_of(subscriber_id)),
        "bounces_and_complaints": _rows(
            connection,
            _of(_feedback, subscriber_id).order_by(_feedback.c.id),
            but=("id", "digest", "subscriber_id", "delivery_id"),
        ),
        "bounce_score": _rows(connection, _of(_scores, subscriber_id), but=("subscriber_id",)),
        "suppression": _rows(
            connection,
            select(_suppressions).where(_suppressions.c.address_hash == hasher.hash(key)),
        ),
    }


def _of(table: Table, subscriber_id: int) -> Select[tuple[object, ...]]:
    return select(table).where(table.c.subscriber_id == subscriber_id)


def _deliveries_of(subscriber_id: int) -> Select[tuple[object, ...]]:
    return (
        select(
            _editions.c.list_name.label("list_name"),
            _editions.c.number.label("edition"),
            _editions.c.subject,
            _deliveries.c.state,
            _deliveries.c.attempts,
            _deliveries.c.reply,
            _deliveries.c.queued_at,
            _deliveries.c.changed_at,
        )
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .where(_deliveries.c.id.in_(copies_of(subscriber_id)))
        .order_by(_deliveries.c.id)
    )


def _rows(
    connection: Connection, query: Select[tuple[object, ...]], *, but: Iterable[str] = ()
) -> list[dict[str, object]]:
    """Return rows as plain values, without some columns."""
    return [_plain(row, frozenset(but)) for row in connection.execute(query)]


def _plain(row: Row[tuple[object, ...]], but: frozenset[str]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row._mapping.items()  # noqa: SLF001 - a row's columns
        if name not in but
    }
