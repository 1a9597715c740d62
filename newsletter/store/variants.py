"""Variants of an edition: which reader gets which, and how they are kept."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, insert, select, update

from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import Variant
from newsletter.store import tables
from newsletter.store.codec import to_json

_deliveries = tables.deliveries
_variants = tables.edition_variants

#: A reader whose copy came to this has not had the edition, and will not.
_MISSED = (DeliveryState.FAILED.value, DeliveryState.SUPPRESSED.value)


def assign_variants(
    connection: Connection, edition_id: int, missable: Sequence[Sequence[int]], variants: Sequence[Variant]
) -> None:
    """Give each queued delivery of an edition the variant that its reader's past calls for.

    A reader who got none of the editions that told a story, and is not about to get one, has missed it.
    Only variants that somebody gets are kept. A reader whose variant is not among them gets the edition as it
    is.

    Args:
        connection: In the transaction that queued the deliveries.
        edition_id: The edition.
        missable: As `Draft.missable`; at most 8.
        variants: As `Draft.variants`.
    """
    mine = _deliveries.c.edition_id == edition_id
    for place, edition_ids in enumerate(missable):
        connection.execute(
            update(_deliveries)
            .where(mine, ~_has_had(edition_ids))
            .values(variant=_deliveries.c.variant + (1 << place))
        )
    wanted = set(connection.scalars(select(_deliveries.c.variant).where(mine).distinct())) - {0}
    kept = [variant for variant in variants if variant.number in wanted]
    for variant in kept:
        connection.execute(insert(_variants).values(**_columns(edition_id, variant)))
    unmade = wanted - {variant.number for variant in kept}
    if unmade:
        connection.execute(
            update(_deliveries).where(mine, _deliveries.c.variant.in_(unmade)).values(variant=0)
        )


def _has_had(edition_ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a delivery's reader has had one of these editions, or may still get it."""
    earlier = _deliveries.alias("earlier")
    return exists(
        select(earlier.c.id).where(
            earlier.c.edition_id.in_(edition_ids),
            earlier.c.subscriber_id == _deliveries.c.subscriber_id,
            earlier.c.state.not_in(_MISSED),
        )
    )


def variant_row(connection: Connection, edition_id: int, number: int) -> Row[Any]:
    """Return one variant as it is kept.

    Raises:
        LookupError: It is not kept: nobody gets it.
    """
    query: Select[Any] = select(_variants).where(
        _variants.c.edition_id == edition_id, _variants.c.variant == number
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(f"edition {edition_id} has no variant {number}")
    return row


def _columns(edition_id: int, variant: Variant) -> dict[str, object]:
    rendering = variant.rendering
    return {
        "edition_id": edition_id,
        "variant": variant.number,
        "subject": rendering.subject,
        "preheader": rendering.preheader,
        "html": rendering.html,
        "body_text": rendering.text,
        "token": rendering.token,
        "content": to_json(variant.edition),
    }
