"""Recording files: what was read becomes a document, a version of one, or another place of one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from newsletter.model.documents import FileOutcome, FileReport, FoundFile, ParsedDocument, ParsedItem
from newsletter.store import tables
from newsletter.store.sameness import Sameness, compare
from newsletter.store.statements import in_portions, inserted_id

_documents = tables.documents
_files = tables.files

#: Documents under one address that a new text is held against, the latest first.
_MOST_COMPARED = 20


def mark_gone(connection: Connection, folder: str, paths: Sequence[str], now: datetime) -> None:
    """Note that files of a folder are no longer there; their documents stay."""
    for some in in_portions(paths):
        here = (_files.c.folder == folder) & _files.c.gone_at.is_(None)
        connection.execute(update(_files).where(here, _files.c.path.in_(some)).values(gone_at=now))


def record_file(
    connection: Connection, folder: str, found: FoundFile, now: datetime, *, is_whole: bool = True
) -> list[FileReport]:
    """Take in one file; returns its line, and one for each document in a file that holds several.

    Args:
        connection: A transaction that writes.
        folder: Where it lies.
        found: What was read there.
        now: UTC.
        is_whole: Whether what stands there is all of the text. Of a page that cannot be had for once, the
            summary stands there.
    """
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
    if row and row.document_id is None and row.refusal is None:
        # It held several.
        _record_items(connection, folder, found.path, (), now)
    return [_record_document(connection, folder, found, row, now, is_whole=is_whole)]


def _record_document(
    connection: Connection,
    folder: str,
    found: FoundFile,
    row: Any,  # noqa: ANN401 - a result row
    now: datetime,
    *,
    container: str = "",
    is_whole: bool = True,
) -> FileReport:
    """Record a file, or an item of one, that holds one document."""
    assert found.document is not None  # noqa: S101 - what this is called for
    parsed = found.document
    known_id = connection.scalar(
        select(_documents.c.id).where(_documents.c.content_hash == parsed.content_hash)
    )
    # A file that was gone and came back under its name is another document, not a new version.
    earlier_id: int | None = row.document_id if row and row.gone_at is None else None
    if known_id is not None:
        outcome, document_id = FileOutcome.KNOWN, int(known_id)
    else:
        outcome, document_id = _add_version(connection, parsed, earlier_id, now, is_whole=is_whole)
    read: dict[str, object] = {
        "document_id": document_id,
        "source": parsed.credit,
        "url": parsed.url,
        "container": container,
        "refusal": None,
        "detail": "",
    }
    _write_file(connection, folder, found, row, read, now)
    if earlier_id is not None and earlier_id != document_id:
        _supersede(connection, old_id=earlier_id, new_id=document_id)
        outcome = FileOutcome.CHANGED
    return FileReport(folder=folder, path=found.path, outcome=outcome, headline=parsed.headline)


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
    mark_gone(connection, folder, list(known), now)
    return reports


def _write_file(
    connection: Connection,
    folder: str,
    found: FoundFile,
    row: Any,  # noqa: ANN401 - a result row
    values: Mapping[str, object],
    now: datetime,
) -> None:
    said = {"fingerprint": found.fingerprint, "gone_at": None, **values}
    seen = {"seen_at": now, **said}
    if row is not None:
        # What stands refused is looked at each time.
        if all(getattr(row, name) == value for name, value in said.items()):
            return
        connection.execute(update(_files).where(_files.c.id == row.id).values(**seen))
    else:
        connection.execute(insert(_files).values(folder=folder, path=found.path, first_seen_at=now, **seen))


def _add_version(
    connection: Connection,
    parsed: ParsedDocument,
    stood_there: int | None,
    now: datetime,
    *,
    is_whole: bool,
) -> tuple[FileOutcome, int]:
    """Add a text that is not known, unless the article of its address says all of it.

    Args:
        connection: A transaction that writes.
        parsed: The text.
        stood_there: The document of whose text it takes the place in its file.
        now: UTC.
        is_whole: Whether it is all that stands there now.
    """
    query = (
        select(_documents.c.id, _documents.c.headline, _documents.c.text)
        .where(
            _documents.c.canonical_url == parsed.canonical_url,
            _documents.c.superseded_by_id.is_(None),
            _documents.c.forgotten_at.is_(None),
        )
        .order_by(_documents.c.id.desc())
        .limit(_MOST_COMPARED)
    )
    earlier_id: int | None = None
    for row in connection.execute(query) if parsed.canonical_url else ():
        same_headline = parsed.headline == row.headline
        stood = row.id == stood_there
        sameness = compare(parsed.text, row.text, same_headline=same_headline, is_edit=stood and is_whole)
        if sameness is Sameness.PART or (sameness is Sameness.TEASER and stood):
            return FileOutcome.KNOWN, int(row.id)
        if sameness is Sameness.VERSION:
            earlier_id = row.id
            break
    document_id = _add(connection, parsed, now)
    if earlier_id is None:
        return FileOutcome.NEW, document_id
    connection.execute(
        update(_documents).where(_documents.c.id == earlier_id).values(superseded_by_id=document_id)
    )
    return FileOutcome.CHANGED, document_id


def _add(connection: Connection, parsed: ParsedDocument, now: datetime) -> int:
    names = [column.name for column in _documents.c if hasattr(parsed, column.name)]
    values = {name: getattr(parsed, name) for name in names}
    values["tags"] = list(parsed.tags)
    values["paragraphs"] = [[span.start, span.end] for span in parsed.paragraphs]
    result = connection.execute(insert(_documents).values(**values, first_seen_at=now))
    return inserted_id(result)


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
