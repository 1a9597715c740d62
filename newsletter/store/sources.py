"""Sources that are fetched: who is due, and what came of asking."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    cast,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from newsletter.model.documents import FileOutcome, FileReport, FoundFile
from newsletter.model.sources import LONGEST_WAIT, Poll, PollOutcome, SeenItem, Source
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.recording import record_file
from newsletter.store.statements import in_portions, inserted_id

_sources = tables.sources
_files = tables.files


class Sources:
    """What is fetched from where."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, url: str, *, title: str = "", is_fetching_pages: bool = False, next_at: datetime, now: datetime
    ) -> Source | None:
        """Add a source, to be asked at `next_at`; return None if there is one of this address."""
        values = {"title": title, "is_fetching_pages": is_fetching_pages, "next_at": next_at}
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.DOCUMENTS)
            if connection.scalar(select(exists().where(_named(url)))):
                return None
            added = insert(_sources).values(url=url, added_url=url, added_at=now, **values)
            source_id = inserted_id(connection.execute(added))
            return _to_source(connection.execute(select(_sources).where(_sources.c.id == source_id)).one())

    def all(self) -> list[Source]:
        """Return all sources in the order they were added."""
        with self._database.reading() as connection:
            return [_to_source(row) for row in connection.execute(select(_sources).order_by(_sources.c.id))]

    def any_due(self, *, now: datetime) -> bool:
        """Return whether there is a source to be asked."""
        due = select(exists().where(_is_due(now)))
        with self._database.reading() as connection:
            return bool(connection.scalar(due))

    def find(self, url: str) -> Source | None:
        """Return the source that was added under this address, or is asked for at it."""
        with self._database.reading() as connection:
            row = connection.execute(select(_sources).where(_named(url)).order_by(_sources.c.id)).first()
            return _to_source(row) if row else None

    def remove(self, source_id: int) -> None:
        """Ask a source no more; its documents stay, and its items stay known."""
        with self._database.transaction() as connection:
            connection.execute(delete(_sources).where(_sources.c.id == source_id))

    def claim(
        self, *, now: datetime, until: datetime, limit: int, only: Sequence[int] | None = None
    ) -> list[Source]:
        """Take some sources to ask them; nobody else takes them before a moment.

        Args:
            now: UTC; those that are due by then are taken.
            until: If nothing is recorded by then, they are due again, UTC.
            limit: How many at most.
            only: Take these instead, due or not.
        """
        wanted = _is_due(now) if only is None else _sources.c.id.in_(only)
        query = select(_sources).where(wanted).order_by(_sources.c.next_at, _sources.c.id).limit(limit)
        with self._database.transaction() as connection:
            taken = connection.execute(query.with_for_update(skip_locked=True)).all()
            for ids in in_portions([row.id for row in taken]):
                connection.execute(update(_sources).where(_sources.c.id.in_(ids)).values(next_at=until))
        return [_to_source(row) for row in taken]

    def release(self, sources: Sequence[Source]) -> None:
        """Give back sources that were taken and not asked."""
        with self._database.transaction() as connection:
            for source in sources:
                values = {"next_at": source.next_at}
                connection.execute(update(_sources).where(_sources.c.id == source.id).values(**values))

    def unknown(self, source: Source, items: Sequence[SeenItem]) -> list[SeenItem]:
        """Return those items that are new, or say something else than when they were last seen."""
        with self._database.reading() as connection:
            rows = _rows_of(connection, source, items)
        return [
            item for item in items if (row := rows[item.key]) is None or row.fingerprint != item.fingerprint
        ]

    def record(self, source: Source, poll: Poll, *, now: datetime) -> list[FileReport]:
        """Remember what came of asking a source: its items and its new state, all or nothing.

        Returns:
            One line for each item that is new or has changed; none if the source was removed meanwhile.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.DOCUMENTS)
            row = connection.execute(select(_sources).where(_sources.c.id == source.id)).one_or_none()
            if row is None:
                return []
            reports = _record_items(connection, source, poll, now)
            values = _state(connection, _to_source(row), poll, now)
            connection.execute(update(_sources).where(_sources.c.id == source.id).values(**values))
            return reports


def _is_due(now: datetime) -> ColumnElement[bool]:
    was_put_off_wrongly = _sources.c.next_at > now + LONGEST_WAIT
    return and_(_sources.c.ended_at.is_(None), or_(_sources.c.next_at <= now, was_put_off_wrongly))


def _named(url: str) -> Any:  # noqa: ANN401 - a condition
    return or_(_sources.c.added_url == url, _sources.c.url == url)


def _state(connection: Connection, source: Source, poll: Poll, now: datetime) -> dict[str, object]:
    """Return the columns of a source after a poll."""
    values: dict[str, object] = {"checked_at": now, "next_at": poll.next_at, "problem": poll.problem}
    if poll.outcome is PollOutcome.FAILED:
        return {**values, "failures": source.failures + 1, "failing_since": source.failing_since or now}
    if poll.outcome is PollOutcome.ENDED:
        return {**values, "ended_at": source.ended_at or now}
    values |= {"succeeded_at": now, "failures": 0, "failing_since": None, "ended_at": None}
    others = (_named(poll.url)) & (_sources.c.id != source.id)
    if poll.url and not connection.scalar(select(exists().where(others))):
        values["url"] = poll.url
    if poll.outcome is PollOutcome.FETCHED:
        values |= {"etag": poll.etag, "last_modified": poll.last_modified}
        values["title"] = poll.title or source.title
        values["interval_seconds"] = int(poll.interval.total_seconds()) if poll.interval else None
    return values


def _rows_of(
    connection: Connection, source: Source, items: Sequence[SeenItem]
) -> Mapping[str, Row[Any] | None]:
    """Return what is remembered of each item, by its key.

    An item whose key is not known is one that has lost its key, if there is one: of what is not in the feed
    under its own key, what said the same, else what had the same link and title.
    """
    here = {item.key for item in items}
    by_key = _select(connection, source, _files.c.path, list(here))
    seen = {item.key: item for item in items}
    found: dict[str, Row[Any] | None] = {
        row.path: row for row in by_key if not seen[row.path].is_another(row.alias)
    }
    missing = [item for item in items if item.key not in found]
    # Items that change keys among themselves have lost theirs, too.
    kept = here - {row.path for row in by_key if row.path not in found}
    prints = _select(connection, source, _files.c.fingerprint, [item.fingerprint for item in missing])
    aliases = _select(connection, source, _files.c.alias, [item.alias for item in missing if item.alias])
    lost = [row for row in (*prints, *aliases) if row.path not in kept]
    taken: set[int] = set()
    for same in ("fingerprint", "alias"):
        for item in missing:
            wanted = getattr(item, same)
            rows = [row for row in lost if wanted and getattr(row, same) == wanted and row.id not in taken]
            if found.get(item.key) is None and rows:
                found[item.key] = rows[-1]
                taken.add(rows[-1].id)
    return {item.key: found.get(item.key) for item in items}


def _select(connection: Connection, source: Source, column: Any, values: Sequence[str]) -> list[Row[Any]]:  # noqa: ANN401
    rows: list[Row[Any]] = []
    of_source = select(_files).where(_files.c.folder == source.added_url).order_by(_files.c.id)
    for some in in_portions(values):
        rows += connection.execute(of_source.where(column.in_(some))).all()
    return rows


def _record_items(connection: Connection, source: Source, poll: Poll, now: datetime) -> list[FileReport]:
    rows = _rows_of(connection, source, poll.seen)
    changed = {item.seen.key: item for item in poll.items}
    reports: list[FileReport] = []
    for seen in poll.seen:
        row, item = rows[seen.key], changed.get(seen.key)
        is_told = row is not None and row.fingerprint == seen.fingerprint
        if item is None or is_told:
            if row is not None and row.path != seen.key:
                _keep(connection, source, seen, row, now)
            continue
        _keep(connection, source, seen, row, now)
        found = FoundFile(
            path=seen.key,
            fingerprint=seen.fingerprint,
            document=item.document,
            refusal=item.refusal,
            detail=item.detail,
        )
        is_whole = not source.is_fetching_pages
        reports += record_file(connection, source.added_url, found, now, is_whole=is_whole)
    _touch(connection, source, [seen.key for seen in poll.seen], now)
    return [report for report in reports if report.outcome is not FileOutcome.UNCHANGED]


def _keep(
    connection: Connection, source: Source, seen: SeenItem, row: Row[Any] | None, now: datetime
) -> None:
    """Let an item's row stand under the key and the alias that it has now."""
    values: dict[str, object] = {"path": seen.key, "alias": seen.alias, "fingerprint": seen.fingerprint}
    # Another item that had this key before, if there is one, keeps its row under a name that no key has.
    earlier = (_files.c.folder == source.added_url) & (_files.c.path == seen.key)
    if row is None or row.path != seen.key:
        renamed = _files.c.path + "//" + cast(_files.c.id, String)
        connection.execute(update(_files).where(earlier).values(path=renamed))
    if row is not None:
        connection.execute(update(_files).where(_files.c.id == row.id).values(**values))
    else:
        times = {"first_seen_at": now, "seen_at": now}
        connection.execute(insert(_files).values(folder=source.added_url, detail="", **times, **values))


def _touch(connection: Connection, source: Source, keys: Sequence[str], now: datetime) -> None:
    """Note that items are in the feed still."""
    for some in in_portions(keys):
        here = _files.c.path.in_(some)
        connection.execute(
            update(_files).where(_files.c.folder == source.added_url, here).values(seen_at=now)
        )


def _to_source(row: Row[Any]) -> Source:
    return Source(**{name: getattr(row, name) for name in Source.__dataclass_fields__})
