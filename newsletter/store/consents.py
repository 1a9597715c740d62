"""The record of consent: why somebody is, or is not, on a list."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from newsletter.model.readers import Consent, ConsentAction
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.statements import in_portions

_consents = tables.consents

#: What puts somebody on a list; taking a leaving back refers to it.
_GIVEN = (ConsentAction.CONFIRMED.value, ConsentAction.ADDED.value)


class Consents:
    """What readers, and those who acted for them, did about subscriptions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, subscriber_id: int) -> list[Consent]:
        """Return a reader's record, the oldest entry first."""
        query = select(_consents).where(_consents.c.subscriber_id == subscriber_id).order_by(_consents.c.id)
        with self._database.reading() as connection:
            return [
                Consent(
                    list_name=row.list_name,
                    action=ConsentAction(row.action),
                    at=row.at,
                    origin=row.origin,
                    wording=row.wording,
                    asked_at=row.asked_at,
                )
                for row in connection.execute(query)
            ]


def note(
    connection: Connection,
    subscriber_id: int,
    list_name: str,
    action: ConsentAction,
    *,
    at: datetime,
    origin: str,
    wording: str = "",
    asked_at: datetime | None = None,
) -> None:
    """Write one entry, in the transaction that does what it tells of."""
    connection.execute(
        insert(_consents).values(
            subscriber_id=subscriber_id,
            list_name=list_name,
            action=action.value,
            at=at,
            origin=origin,
            wording=wording,
            asked_at=asked_at,
        )
    )


def latest_given(
    connection: Connection, list_name: str, subscriber_ids: Sequence[int]
) -> dict[int, tuple[datetime, str]]:
    """Return when, and from where, the consent came that readers are on a list by, by subscriber."""
    found: dict[int, tuple[datetime, str]] = {}
    for some in in_portions(subscriber_ids):
        query = (
            select(_consents.c.subscriber_id, _consents.c.at, _consents.c.origin)
            .where(
                _consents.c.subscriber_id.in_(some),
                _consents.c.list_name == list_name,
                _consents.c.action.in_(_GIVEN),
            )
            .order_by(_consents.c.id)
        )
        found |= {row.subscriber_id: (row.at, row.origin) for row in connection.execute(query)}
    return found
