"""Documents and the files that they were read from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select

from newsletter.model.documents import (
    Copy,
    Document,
    FileOutcome,
    FileReport,
    FoundFile,
    KnownFile,
    RefusalReason,
    Span,
)
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.recording import mark_gone, record_file
from newsletter.store.statements import in_portions, rows_as_dicts

_documents = tables.documents
_files = tables.files
_sources = tables.sources
_told = tables.edition_documents

#: Columns of a document that are its fields just so.
_KEPT = tuple(
    column.name
    for column in _documents.c
    if column.name in Document.__dataclass_fields__ and column.name not in {"paragraphs", "tags"}
)


class Documents:
    """What was ingested, from where, and what is new to a list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known_files(self, folder: str) -> Mapping[str, KnownFile]:
        """Return what is remembered of a folder's files, by path."""
        columns = _files.c.path, _files.c.fingerprint, _files.c.container, _files.c.refusal, _files.c.detail
        query = select(*columns).where(_files.c.folder == folder, _files.c.gone_at.is_(None))
        with self._database.reading() as connection:
            return {
                row.path: KnownFile(
                    path=row.path,
                    fingerprint=row.fingerprint,
                    # One that stands refused counts as unread, whatever it once held.
                    is_read=row.refusal is None,
                    refusal=RefusalReason(row.refusal) if row.refusal else None,
                    detail=row.detail,
                    container=row.container,
                )
                for row in connection.execute(query)
            }

    def last_path(self, folder: str, first: str, last: str) -> str:
        """Return the path in a folder that sorts last of those between two; "" if none is remembered."""
        query = select(func.max(_files.c.path)).where(
            _files.c.folder == folder, _files.c.path >= first, _files.c.path <= last
        )
        with self._database.reading() as connection:
            return connection.scalar(query) or ""

    def record(self, folder: str, found: Sequence[FoundFile], *, now: datetime) -> list[FileReport]:
        """Take in some files of a folder in one transaction.

        Args:
            folder: Absolute path of the folder.
            found: What the folder source read, refused, or left alone.
            now: UTC.

        Returns:
            One line for each file, in the same order; the documents in a file that holds several follow it.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.DOCUMENTS)
            return [line for file in found for line in record_file(connection, folder, file, now)]

    def mark_gone(self, folder: str, paths: Sequence[str], *, now: datetime) -> None:
        """Note that files of a folder are no longer there.

        Their documents stay: what was read is not unread by deleting a file.
        """
        if not paths:
            return
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.DOCUMENTS)
            mark_gone(connection, folder, paths, now)

    def new_for(
        self, list_name: str, *, folders: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[Document]:
        """Return the documents that a list has not been told, oldest first.

        A version that a newer one replaced is left out.

        Args:
            list_name: The list.
            folders: Absolute paths, and names of mailboxes; of what lies in folders only that in these.
                Empty means all.
            sources: Addresses of feeds, as they were added or are asked for; only documents of these, and of
                `folders`. None: of all feeds.
        """
        query = select(_documents).where(*_new_for(list_name, folders, sources)).order_by(_documents.c.id)
        with self._database.reading() as connection:
            rows = rows_as_dicts(connection.execute(query))
            places = _places(connection, [row["id"] for row in rows])
        return [_to_document(row, places.get(row["id"], [])) for row in rows]

    def new_ids_for(
        self, list_name: str, *, folders: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[int]:
        """Return the ids of the documents that `new_for` returns."""
        query = select(_documents.c.id).where(*_new_for(list_name, folders, sources))
        with self._database.reading() as connection:
            return list(connection.scalars(query.order_by(_documents.c.id)))

    def new_count_for(
        self, list_name: str, *, folders: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> int:
        """Return how many documents `new_for` returns."""
        query = select(func.count()).select_from(_documents).where(*_new_for(list_name, folders, sources))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def get_many(self, document_ids: Sequence[int], *, with_forgotten: bool = False) -> list[Document]:
        """Return documents by id, in the order asked for; unknown ids are left out.

        Args:
            document_ids: In any order.
            with_forgotten: Also those whose text is no longer kept.
        """
        ids = list(dict.fromkeys(document_ids))
        found: dict[int, Document] = {}
        with self._database.reading() as connection:
            for some in in_portions(ids):
                query = select(_documents).where(_documents.c.id.in_(some))
                if not with_forgotten:
                    query = query.where(_documents.c.forgotten_at.is_(None))
                rows = rows_as_dicts(connection.execute(query))
                places = _places(connection, some)
                found |= {row["id"]: _to_document(row, places.get(row["id"], [])) for row in rows}
        return [found[i] for i in ids if i in found]

    def earlier_versions(self, document_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return for each document the ids of the versions that it replaced, the latest first.

        Documents that replaced nothing are not among them.
        """
        earlier: dict[int, list[int]] = {}
        # Pairs of a version and the document that it led to.
        heirs = {i: i for i in document_ids}
        with self._database.reading() as connection:
            while heirs:
                ids = list(heirs)
                found: list[Row[Any, Any]] = []
                for some in in_portions(ids):
                    query = (
                        select(_documents.c.id, _documents.c.superseded_by_id)
                        .where(_documents.c.superseded_by_id.in_(some))
                        .order_by(_documents.c.id.desc())
                    )
                    found += connection.execute(query).all()
                heirs = {row.id: heirs[row.superseded_by_id] for row in found}
                for document_id, heir in heirs.items():
                    earlier.setdefault(heir, []).append(document_id)
        return {heir: tuple(ids) for heir, ids in earlier.items()}

    def count(self) -> int:
        """Return how many documents there are, older versions included."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(_documents)) or 0

    def refusals(self, *, limit: int = 100) -> list[FileReport]:
        """Return the files that stand refused, the latest first."""
        query = (
            select(_files)
            .where(_files.c.refusal.is_not(None), _files.c.gone_at.is_(None))
            .order_by(_files.c.first_seen_at.desc(), _files.c.path)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [
                FileReport(
                    folder=row.folder,
                    path=row.path,
                    outcome=FileOutcome.REFUSED,
                    refusal=RefusalReason(row.refusal),
                    detail=row.detail,
                )
                for row in connection.execute(query)
            ]


def _new_for(
    list_name: str, folders: Sequence[str], sources: Sequence[str] | None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a list has not been told a document; as `Documents.new_for`."""
    where = [
        _documents.c.superseded_by_id.is_(None),
        _documents.c.forgotten_at.is_(None),
        ~exists().where(_told.c.document_id == _documents.c.id, _told.c.list_name == list_name),
    ]
    if sources is not None:
        moved = select(_sources.c.added_url).where(_sources.c.url.in_(sources))
        named = _files.c.folder.in_([*folders, *sources])
        where.append(_lies_in(or_(named, _files.c.folder.in_(moved))))
    elif folders:
        # Folders are absolute paths; what feeds and accounts are named by is not.
        where.append(_lies_in(or_(_files.c.folder.in_(folders), ~_files.c.folder.startswith("/"))))
    return where


def _lies_in(places: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a document has a file of which a condition holds."""
    return exists().where(_files.c.document_id == _documents.c.id, places)


def _places(connection: Connection, document_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return the rows of the files that hold each document, in the order of their discovery."""
    places: dict[int, list[Any]] = {}
    columns = _files.c.document_id, _files.c.folder, _files.c.path, _files.c.source, _files.c.url
    for some in in_portions(document_ids):
        query = select(*columns).where(_files.c.document_id.in_(some)).order_by(_files.c.id)
        for row in connection.execute(query):
            places.setdefault(row.document_id, []).append(row)
    return places


def _to_document(row: Mapping[str, Any], places: Sequence[Any]) -> Document:
    values = {key: row[key] for key in _KEPT}
    spans = tuple(Span(start=start, end=end) for start, end in row["paragraphs"])
    copies: dict[str, str | None] = {}
    for place in places:
        if place.source and place.source != (row["source"] or row["origin"]):
            copies.setdefault(place.source, place.url)
    return Document(
        **values,
        paragraphs=spans,
        tags=tuple(row["tags"]),
        places=tuple(f"{place.folder}/{place.path}" for place in places),
        copies=tuple(Copy(source=source, url=url) for source, url in copies.items()),
    )
