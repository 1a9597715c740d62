"""Which editions readers have had."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from newsletter.model.deliveries import DeliveryState
from newsletter.store import tables

_deliveries = tables.deliveries

#: Deliveries of earlier editions, beside those that are asked about.
EARLIER = _deliveries.alias("earlier")

#: A reader whose copy came to this has not had the edition, and will not.
_MISSED = (DeliveryState.FAILED.value, DeliveryState.SUPPRESSED.value)

#: Rows fetched at a time.
_PAGE = 5000


def has_had(edition_ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a delivery's reader has had one of these editions, or may still get it."""
    return exists(
        select(EARLIER.c.id).where(
            _are_had(edition_ids), EARLIER.c.subscriber_id == _deliveries.c.subscriber_id
        )
    )


def copies_of(subscriber_id: int | ColumnElement[int]) -> Select[tuple[int]]:
    """Return a query of the ids of a reader's deliveries: looked up in each edition by its index."""
    own = _deliveries.alias("own")
    every_edition = own.c.edition_id.in_(select(tables.editions.c.id))
    return select(own.c.id).where(every_edition, own.c.subscriber_id == subscriber_id)


def past_copies(edition_ids: Sequence[int]) -> Select[tuple[int, int]]:
    """Return a query of who has had which of these editions; to be joined with the readers asked about."""
    return select(EARLIER.c.subscriber_id, EARLIER.c.edition_id).where(_are_had(edition_ids))


def sets_had(connection: Connection, query: Select[tuple[int, int]]) -> Iterator[tuple[int, frozenset[int]]]:
    """Yield readers with the editions that they have had, in flat memory; who has had none is left out.

    Args:
        connection: To read by.
        query: As `past_copies`.
    """
    ordered: Select[Any] = query.order_by(EARLIER.c.subscriber_id).execution_options(yield_per=_PAGE)
    rows = connection.execute(ordered)
    for subscriber_id, group in groupby(rows, key=lambda row: row.subscriber_id):
        yield subscriber_id, frozenset(row.edition_id for row in group)


def _are_had(edition_ids: Sequence[int]) -> ColumnElement[bool]:
    return EARLIER.c.edition_id.in_(edition_ids) & EARLIER.c.state.not_in(_MISSED)
