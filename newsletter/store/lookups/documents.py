"""Documents and refusals as the operator looks through them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from newsletter.model.documents import RefusalReason
from newsletter.model.lookups import PAGE_ROWS, DocumentPage, DocumentRow, Page, Place, RefusedRow
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.lookups.days import as_date, utc_day

_documents = tables.documents
_editions = tables.editions
_files = tables.files
_told = tables.edition_documents

#: Documents that one search looks at: headlines have no index, and a page must come at once.
_LOOKED_AT = 5000

#: Places shown of one document.
_MOST_PLACES = 5

_COLUMNS = (
    _documents.c.id,
    _documents.c.headline,
    _documents.c.source,
    _documents.c.origin,
    _documents.c.language,
    _documents.c.url,
    _documents.c.first_seen_at,
    _documents.c.published_at,
    _documents.c.forgotten_at,
    _documents.c.superseded_by_id,
)


class DocumentLookups:
    """Documents, what was refused, and when places brought news."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, *, text: str = "", before: int | None = None) -> DocumentPage:
        """Return documents whose headline or source holds every word of a text, the newest first.

        One call looks at some thousand documents, whatever it finds; the next page goes on from there.

        Args:
            text: Words in any case, or parts of words; empty: all documents.
            before: `next_id` of the page before.
        """
        with self._database.reading() as connection:
            ids, next_id = self._ids(connection, text.casefold().split(), before)
            query = select(*_COLUMNS).where(_documents.c.id.in_(ids)).order_by(_documents.c.id.desc())
            rows = connection.execute(query).all() if ids else []
            places, told = _places(connection, ids), _tellings(connection, ids)
            searched_to = _first_seen(connection, next_id) if text.strip() and next_id else None
        return DocumentPage(
            rows=tuple(_to_row(row, places.get(row.id, ()), told.get(row.id, ())) for row in rows),
            next_id=next_id,
            searched_to=searched_to,
        )

    def _ids(
        self, connection: Connection, words: Sequence[str], before: int | None
    ) -> tuple[list[int], int | None]:
        """Return the ids of one page, and where the next one begins."""
        limit = _LOOKED_AT if words else PAGE_ROWS
        query = (
            select(_documents.c.id, _documents.c.headline, _documents.c.source, _documents.c.origin)
            .order_by(_documents.c.id.desc())
            .limit(limit + 1)
        )
        if before is not None:
            query = query.where(_documents.c.id < before)
        rows = connection.execute(query).all()
        ids: list[int] = []
        for row in rows[:limit]:
            haystack = f"{row.headline}\n{row.source or ''}\n{row.origin or ''}".casefold()
            if all(word in haystack for word in words):
                if len(ids) == PAGE_ROWS:
                    return ids, ids[-1]
                ids.append(row.id)
        return ids, rows[limit - 1].id if len(rows) > limit else None

    def tellings(self, document_id: int) -> tuple[tuple[str, int], ...]:
        """Return name of list and number of each edition that told a document, or counts it as told."""
        with self._database.reading() as connection:
            return _tellings(connection, [document_id]).get(document_id, ())

    def refused(self, *, before: int | None = None) -> Page[RefusedRow]:
        """Return the files and items that stand refused, the newest first."""
        query = (
            select(_files)
            .where(_files.c.refusal.is_not(None), _files.c.gone_at.is_(None))
            .order_by(_files.c.id.desc())
            .limit(PAGE_ROWS + 1)
        )
        if before is not None:
            query = query.where(_files.c.id < before)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        shown = tuple(_to_refused(row) for row in rows[:PAGE_ROWS])
        return Page(rows=shown, next_id=shown[-1].id if len(rows) > PAGE_ROWS else None)

    def refused_count(self) -> int:
        """Return how many files and items stand refused."""
        query = select(func.count()).where(_files.c.refusal.is_not(None), _files.c.gone_at.is_(None))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def news_days(self, places: Sequence[str], *, since: datetime) -> dict[str, tuple[date, ...]]:
        """Return the days (UTC) on which some places brought a document, by place, the oldest first.

        Args:
            places: Folders, addresses of feeds as they were added, names of mailboxes.
            since: UTC.
        """
        found: dict[str, list[date]] = {}
        with self._database.reading() as connection:
            day = utc_day(connection, _files.c.first_seen_at)
            query = (
                select(_files.c.folder, day.label("day"))
                .where(
                    _files.c.folder.in_(places),
                    _files.c.document_id.is_not(None),
                    _files.c.first_seen_at >= since,
                )
                .group_by(_files.c.folder, day)
                .order_by(_files.c.folder, day)
            )
            for folder, when in connection.execute(query):
                found.setdefault(folder, []).append(as_date(when))
        return {folder: tuple(days) for folder, days in found.items()}


def _first_seen(connection: Connection, document_id: int) -> datetime:
    moment: datetime = connection.execute(
        select(_documents.c.first_seen_at).where(_documents.c.id == document_id)
    ).scalar_one()
    return moment


def _places(connection: Connection, ids: Sequence[int]) -> dict[int, list[Place]]:
    """Return where documents lie, in the order of discovery, a few places of each."""
    found: dict[int, list[Place]] = {}
    query = (
        select(_files.c.document_id, _files.c.folder, _files.c.path)
        .where(_files.c.document_id.in_(ids))
        .order_by(_files.c.id)
    )
    for row in connection.execute(query) if ids else ():
        places = found.setdefault(row.document_id, [])
        if len(places) < _MOST_PLACES:
            places.append(Place(folder=row.folder, path=row.path))
    return found


def _tellings(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    """Return which editions told documents."""
    if not ids:
        return {}
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    # With the lists' names, so that the index of list and document answers it.
    names = connection.scalars(select(tables.lists.c.name)).all()
    query = (
        select(_told.c.document_id, _editions.c.list_name, _editions.c.number)
        .join(_editions, _editions.c.id == _told.c.edition_id)
        .where(_told.c.list_name.in_(names), _told.c.document_id.in_(ids))
        .order_by(_editions.c.id)
    )
    for row in connection.execute(query):
        found[row.document_id] = (*found.get(row.document_id, ()), (row.list_name, row.number))
    return found


def _to_row(
    row: Row[*tuple[Any, ...]], places: Sequence[Place], told: Sequence[tuple[str, int]]
) -> DocumentRow:
    return DocumentRow(
        id=row.id,
        headline=row.headline,
        source=row.source or row.origin or "",
        language=row.language,
        url=row.url,
        first_seen_at=row.first_seen_at,
        published_at=row.published_at,
        forgotten_at=row.forgotten_at,
        is_replaced=row.superseded_by_id is not None,
        places=tuple(places),
        told=tuple(told),
    )


def _to_refused(row: Row[Any]) -> RefusedRow:
    return RefusedRow(
        id=row.id,
        place=Place(folder=row.folder, path=row.path),
        refusal=RefusalReason(row.refusal),
        detail=row.detail,
        first_seen_at=row.first_seen_at,
    )
