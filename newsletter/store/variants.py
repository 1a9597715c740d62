"""Variants of an edition: which reader gets which, and how they are kept."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from newsletter.model.editions import Variant, WeekBehind
from newsletter.store import tables
from newsletter.store.codec import to_json
from newsletter.store.past import EARLIER, has_had, past_copies, sets_had
from newsletter.store.statements import in_portions

_deliveries = tables.deliveries
_variants = tables.edition_variants


def assign_variants(
    connection: Connection,
    edition_id: int,
    missable: Sequence[Sequence[int]],
    variants: Sequence[Variant],
    week: WeekBehind | None = None,
) -> None:
    """Give each queued delivery of an edition the variant that its reader's past calls for.

    A reader who got none of the editions that told a story, and is not about to get one, has missed it.
    Only variants that somebody gets are kept. A reader whose variant is not among them gets the edition as it
    is. Of a weekly digest, whoever has had some of the editions that it is made of gets the variant without
    them; whoever has had all that it tells gets nothing.

    Args:
        connection: In the transaction that queued the deliveries.
        edition_id: The edition.
        missable: As `Draft.missable`; at most 3.
        variants: As `Draft.variants`.
        week: As `Draft.week`.
    """
    mine = _deliveries.c.edition_id == edition_id
    fresh = mine if week is None else mine & ~has_had(week.edition_ids)
    for place, edition_ids in enumerate(missable):
        connection.execute(
            update(_deliveries)
            .where(fresh, ~has_had(edition_ids))
            .values(variant=_deliveries.c.variant + (1 << place))
        )
    if week is not None:
        _leave_out(connection, edition_id, week)
    wanted = set(connection.scalars(select(_deliveries.c.variant).where(mine).distinct())) - {0}
    kept = [variant for variant in variants if variant.number in wanted]
    for variant in kept:
        connection.execute(insert(_variants).values(**_columns(edition_id, variant)))
    unmade = wanted - {variant.number for variant in kept}
    if unmade:
        connection.execute(
            update(_deliveries).where(mine, _deliveries.c.variant.in_(unmade)).values(variant=0)
        )


def _leave_out(connection: Connection, edition_id: int, week: WeekBehind) -> None:
    """Leave out of a weekly digest what its readers have had, and whoever has had all of it."""
    mine = _deliveries.c.edition_id == edition_id
    queued = _deliveries.alias("queued")
    query = past_copies(week.edition_ids).join(
        queued, (queued.c.subscriber_id == EARLIER.c.subscriber_id) & (queued.c.edition_id == edition_id)
    )
    readers: dict[int | None, list[int]] = {}
    variant_for = cache(week.variant_for)
    for subscriber_id, had in sets_had(connection, query):
        readers.setdefault(variant_for(had), []).append(subscriber_id)
    for number, ids in readers.items():
        for some in in_portions(ids):
            these = mine & _deliveries.c.subscriber_id.in_(some)
            if number is None:
                connection.execute(delete(_deliveries).where(these))
            else:
                connection.execute(update(_deliveries).where(these).values(variant=number))


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
