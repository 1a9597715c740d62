"""Editions and their deliveries as the operator looks through them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from newsletter.model.deliveries import FREE_STATES, HELD_STATES, DeliveryRecord, DeliveryState
from newsletter.model.editions import EditionState, PublishedEdition
from newsletter.model.lookups import PAGE_ROWS, EditionRow, Page, ReaderDelivery
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.past import copies_of
from newsletter.store.steps import edition_beside, of_states

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers

_HEADINGS = tuple(_editions.c[name] for name in PublishedEdition.__dataclass_fields__)

#: States of those who neither have it nor are being sent it.
_LEFT = FREE_STATES - {DeliveryState.ACCEPTED}


class EditionLookups:
    """Editions with their counts, and their deliveries by state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, *, list_name: str = "", before: int | None = None, limit: int | None = None
    ) -> Page[EditionRow]:
        """Return editions, of one list or of all, with their counts, the newest first.

        Args:
            list_name: Empty: of all lists.
            before: `next_id` of the page before.
            limit: How many; None: a page of them.
        """
        limit = limit or PAGE_ROWS
        query = select(*_HEADINGS).order_by(_editions.c.id.desc()).limit(limit + 1)
        if list_name:
            query = query.where(_editions.c.list_name == list_name)
        if before is not None:
            query = query.where(_editions.c.id < before)
        with self._database.reading() as connection:
            editions = [_to_edition(row) for row in connection.execute(query)]
            counts = _counts(connection, editions[:limit])
        rows = tuple(EditionRow(edition=one, counts=counts[one.id]) for one in editions[:limit])
        return Page(rows=rows, next_id=rows[-1].edition.id if len(editions) > limit else None)

    def deliveries(
        self, edition_id: int, state: DeliveryState, *, after: int | None = None
    ) -> Page[ReaderDelivery]:
        """Return an edition's deliveries in one state, in the order of their ids.

        Args:
            edition_id: The edition.
            state: Its index holds their ids in order; of what senders hold there is little.
            after: `next_id` of the page before.
        """
        query = (
            _any_delivery()
            .where(edition_beside([state]) == edition_id, of_states([state]))
            .order_by(_deliveries.c.id)
        )
        if after is not None:
            query = query.where(_deliveries.c.id > after)
        return self._deliveries_page(query)

    def of_reader(self, subscriber_id: int, *, before: int | None = None) -> Page[ReaderDelivery]:
        """Return a reader's deliveries, the newest first.

        Args:
            subscriber_id: The reader.
            before: `next_id` of the page before.
        """
        # Their numbers first: the index tells them, and only the rows of one page are read.
        mine = copies_of(subscriber_id)
        number = mine.selected_columns.id
        if before is not None:
            mine = mine.where(number < before)
        page = mine.order_by(number.desc()).limit(PAGE_ROWS + 1)
        query = _any_delivery().where(_deliveries.c.id.in_(page)).order_by(_deliveries.c.id.desc())
        return self._deliveries_page(query)

    def _deliveries_page(self, query: Any) -> Page[ReaderDelivery]:  # noqa: ANN401 - a query
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(PAGE_ROWS + 1)).all()
        shown = tuple(_to_delivery(row) for row in rows[:PAGE_ROWS])
        return Page(rows=shown, next_id=shown[-1].id if len(rows) > PAGE_ROWS else None)


def _counts(
    connection: Connection, editions: Sequence[PublishedEdition]
) -> dict[int, dict[DeliveryState, int]]:
    """Count readers by state, by edition; the accepted are those who are left of the audience.

    They are nearly all: counting them would read the whole index of every edition.
    """
    found: dict[int, dict[DeliveryState, int]] = {edition.id: {} for edition in editions}
    free, held = (
        select(_deliveries.c.edition_id, _deliveries.c.state, func.count().label("readers"))
        .where(edition_beside(states).in_(list(found)), of_states(states))
        .group_by(_deliveries.c.edition_id, _deliveries.c.state)
        for states in (_LEFT, HELD_STATES)
    )
    for row in connection.execute(free.union_all(held)) if editions else ():
        found[row.edition_id][DeliveryState(row.state)] = row.readers
    for edition in editions:
        accepted = edition.audience - sum(found[edition.id].values())
        if accepted:
            found[edition.id][DeliveryState.ACCEPTED] = accepted
    return found


def _any_delivery() -> Any:  # noqa: ANN401 - a query
    return (
        select(
            _deliveries.c.id,
            _deliveries.c.subscriber_id,
            _editions.c.list_name,
            _editions.c.number.label("edition_number"),
            _subscribers.c.address,
            _deliveries.c.state,
            _deliveries.c.attempts,
            _deliveries.c.uncertain_count,
            _deliveries.c.reply,
            _deliveries.c.due_at,
            _deliveries.c.changed_at,
        )
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
    )


def _to_edition(row: Row[Any]) -> PublishedEdition:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    return PublishedEdition(**columns | {"state": EditionState(columns["state"])})


def _to_delivery(row: Row[Any]) -> ReaderDelivery:
    record = DeliveryRecord(
        edition_number=row.edition_number,
        address=row.address,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        uncertain_count=row.uncertain_count,
        reply=row.reply,
        next_attempt_at=row.due_at,
        changed_at=row.changed_at,
    )
    return ReaderDelivery(id=row.id, subscriber_id=row.subscriber_id, list_name=row.list_name, record=record)
