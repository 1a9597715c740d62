"""Documents and the files that they were read from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, or_, select, update

from newsletter.model.documents import (
    Document,
    FileOutcome,
    FileReport,
    FoundFile,
    KnownFile,
    ParsedDocument,
    ParsedItem,
    RefusalReason,
    Span,
)
from newsletter.store import tables
from newsletter.store.database import VALUES_PER_STATEMENT, Database, Lock, inserted_id, rows_as_dicts

_documents = tables.documents
_files = tables.files
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
        columns = _files.c.path, _files.c.fingerprint, _files.c.container, _files.c.refusal
        query = select(*columns).where(_files.c.folder == folder, _files.c.gone_at.is_(None))
        with self._database.reading() as connection:
            return {
                row.path: KnownFile(
                    path=row.path,
                    fingerprint=row.fingerprint,
                    # One that stands refused counts as unread, whatever it once held.
                    is_read=row.refusal is None,
                    container=row.container,
                )
                for row in connection.execute(query)
            }

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
            _mark_gone(connection, folder, paths, now)

    def new_for(
        self, list_name: str, *, folders: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[Document]:
        """Return the documents that a list has not been told, oldest first.

        A version that a newer one replaced is left out.

        Args:
            list_name: The list.
            folders: Absolute paths; of documents in folders only those in one of them. Empty means all.
            sources: Addresses; of documents that were fetched only those from one of them. None means all.
        """
        query = select(_documents).where(
            _documents.c.superseded_by_id.is_(None),
            ~exists().where(_told.c.document_id == _documents.c.id, _told.c.list_name == list_name),
        )
        if folders or sources is not None:
            # Folders are absolute paths, sources are not.
            is_folder = _files.c.folder.startswith("/")
            of_folder = _files.c.folder.in_(folders) if folders else is_folder
            of_source = ~is_folder if sources is None else _files.c.folder.in_(sources)
            query = query.where(
                exists().where(_files.c.document_id == _documents.c.id, or_(of_folder, of_source))
            )
        with self._database.reading() as connection:
            rows = rows_as_dicts(connection.execute(query.order_by(_documents.c.id)))
            places = _places(connection, [row["id"] for row in rows])
        return [_to_document(row, places.get(row["id"], ())) for row in rows]

    def get_many(self, document_ids: Sequence[int]) -> list[Document]:
        """Return documents by id, in the order asked for; unknown ids are left out."""
        ids = list(dict.fromkeys(document_ids))
        found: dict[int, Document] = {}
        with self._database.reading() as connection:
            for start in range(0, len(ids), VALUES_PER_STATEMENT):
                chunk = ids[start : start + VALUES_PER_STATEMENT]
                rows = rows_as_dicts(connection.execute(select(_documents).where(_documents.c.id.in_(chunk))))
                places = _places(connection, chunk)
                found |= {row["id"]: _to_document(row, places.get(row["id"], ())) for row in rows}
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
                for start in range(0, len(ids), VALUES_PER_STATEMENT):
                    query = (
                        select(_documents.c.id, _documents.c.superseded_by_id)
                        .where(_documents.c.superseded_by_id.in_(ids[start : start + VALUES_PER_STATEMENT]))
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


def _mark_gone(connection: Connection, folder: str, paths: Sequence[str], now: datetime) -> None:
    for start in range(0, len(paths), VALUES_PER_STATEMENT):
        chunk = paths[start : start + VALUES_PER_STATEMENT]
        connection.execute(
            update(_files).where(_files.c.folder == folder, _files.c.path.in_(chunk)).values(gone_at=now)
        )


def record_file(connection: Connection, folder: str, found: FoundFile, now: datetime) -> list[FileReport]:
    """Take in one file, or one item of a source, in a transaction that holds the lock of documents."""
    report = FileReport(folder=folder, path=found.path, outcome=FileOutcome.UNCHANGED)
    if found.waiting:
        return [replace(report, outcome=FileOutcome.WAITING)]
    row = connection.execute(
        select(_files).where(_files.c.folder == folder, _files.c.path == found.path)
    ).one_or_none()
    if found.refusal is not None:
        values = {"refusal": found.refusal.value, "detail": found.detail}
        _write_file(connection, folder, found, row, values, now)
        return [replace(report, outcome=FileOutcome.REFUSED, refusal=found.refusal, detail=found.detail)]
    if found.items is not None:
        opened: dict[str, object] = {"document_id": None, "refusal": None, "detail": ""}
        _write_file(connection, folder, found, row, opened, now)
        items = _record_items(connection, folder, found.path, found.items, now)
        return [replace(report, outcome=FileOutcome.OPENED), *items]
    if found.document is None:
        return [report]
    return [_record_document(connection, folder, found, row, now)]


def _record_document(
    connection: Connection,
    folder: str,
    found: FoundFile,
    row: Any,  # noqa: ANN401 - a result row
    now: datetime,
    *,
    container: str = "",
) -> FileReport:
    """Record a file, or an item of one, that holds one document."""
    assert found.document is not None  # noqa: S101 - what this is called for
    # A file that was gone and came back under its name is another document, not a new version.
    earlier_id: int | None = row.document_id if row and row.gone_at is None else None
    document_id, is_new = _find_or_add(connection, found.document, now)
    read: dict[str, object] = {
        "document_id": document_id,
        "source": found.document.credit,
        "container": container,
        "refusal": None,
        "detail": "",
    }
    _write_file(connection, folder, found, row, read, now)
    outcome = FileOutcome.NEW if is_new else FileOutcome.KNOWN
    if earlier_id is not None and earlier_id != document_id:
        _supersede(connection, old_id=earlier_id, new_id=document_id)
        outcome = FileOutcome.CHANGED
    return FileReport(folder=folder, path=found.path, outcome=outcome, headline=found.document.headline)


def _record_items(
    connection: Connection, folder: str, container: str, items: Sequence[ParsedItem], now: datetime
) -> list[FileReport]:
    """Record the documents in a file that holds several; what is no longer in it is gone."""
    known = {
        row.path: row
        for row in connection.execute(
            select(_files).where(_files.c.folder == folder, _files.c.container == container)
        )
    }
    reports = []
    for item in items:
        # No file's path has two slashes side by side.
        path = f"{container}//{item.key}"
        print_of = item.document.content_hash if item.document else ""
        found = FoundFile(
            path=path, fingerprint=print_of, document=item.document, refusal=item.refusal, detail=item.detail
        )
        row = known.pop(path, None)
        if item.document is None:
            values = {"refusal": item.refusal and item.refusal.value, "detail": item.detail}
            _write_file(connection, folder, found, row, {**values, "container": container}, now)
            reports.append(
                FileReport(
                    folder=folder,
                    path=path,
                    outcome=FileOutcome.REFUSED,
                    refusal=item.refusal,
                    detail=item.detail,
                )
            )
        elif row and row.fingerprint == print_of and row.refusal is None and row.gone_at is None:
            reports.append(FileReport(folder=folder, path=path, outcome=FileOutcome.UNCHANGED))
        else:
            reports.append(_record_document(connection, folder, found, row, now, container=container))
    _mark_gone(connection, folder, list(known), now)
    return reports


def _write_file(
    connection: Connection,
    folder: str,
    found: FoundFile,
    row: Any,  # noqa: ANN401 - a result row
    values: Mapping[str, object],
    now: datetime,
) -> None:
    seen = {"fingerprint": found.fingerprint, "seen_at": now, "gone_at": None, **values}
    if row is not None:
        connection.execute(update(_files).where(_files.c.id == row.id).values(**seen))
    else:
        connection.execute(insert(_files).values(folder=folder, path=found.path, first_seen_at=now, **seen))


def _find_or_add(connection: Connection, parsed: ParsedDocument, now: datetime) -> tuple[int, bool]:
    """Return the id of the document with this text, and whether it was not there before."""
    known = connection.scalar(select(_documents.c.id).where(_documents.c.content_hash == parsed.content_hash))
    if known is not None:
        return int(known), False
    names = [column.name for column in _documents.c if hasattr(parsed, column.name)]
    values = {name: getattr(parsed, name) for name in names}
    values["tags"] = list(parsed.tags)
    values["paragraphs"] = [[span.start, span.end] for span in parsed.paragraphs]
    result = connection.execute(insert(_documents).values(**values, first_seen_at=now))
    return inserted_id(result), True


def _supersede(connection: Connection, *, old_id: int, new_id: int) -> None:
    """Let a file's new text stand in for its old one, unless another file still holds the old one.

    The new text may be an earlier version come back: it then stands for itself again.
    """
    held_elsewhere = connection.scalar(
        select(_files.c.id).where(_files.c.document_id == old_id, _files.c.gone_at.is_(None)).limit(1)
    )
    connection.execute(update(_documents).where(_documents.c.id == new_id).values(superseded_by_id=None))
    if held_elsewhere is None:
        connection.execute(
            update(_documents).where(_documents.c.id == old_id).values(superseded_by_id=new_id)
        )


def _places(connection: Connection, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    places: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(document_ids), VALUES_PER_STATEMENT):
        query = (
            select(_files.c.document_id, _files.c.folder, _files.c.path)
            .where(_files.c.document_id.in_(document_ids[start : start + VALUES_PER_STATEMENT]))
            .order_by(_files.c.id)
        )
        for row in connection.execute(query):
            places[row.document_id] = (*places.get(row.document_id, ()), f"{row.folder}/{row.path}")
    return places


def _to_document(row: Mapping[str, Any], places: tuple[str, ...]) -> Document:
    values = {key: row[key] for key in _KEPT}
    spans = tuple(Span(start=start, end=end) for start, end in row["paragraphs"])
    return Document(**values, paragraphs=spans, tags=tuple(row["tags"]), places=places)
