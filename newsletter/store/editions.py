"""Editions, the documents that they told, and the runs that made them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import (
    Connection,
    Row,
    Select,
    func,
    select,
)

from newsletter import model
from newsletter.model.editions import (
    Edition,
    EditionState,
    PublishedEdition,
    Run,
    RunOutcome,
    Variant,
    WeekBehind,
)
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.subscribers import Cadence
from newsletter.store import tables
from newsletter.store.codec import from_json
from newsletter.store.database import Database
from newsletter.store.lists import know_lists
from newsletter.store.statements import insert_new
from newsletter.store.variants import variant_row

_lists = tables.lists
_editions = tables.editions
_told = tables.edition_documents
_runs = tables.runs
_deliveries = tables.deliveries


class Editions:
    """What was published, for whom, and every turn that came to nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def know_list(self, name: str, *, now: datetime) -> datetime:
        """Make a list known to the store and return since when it is, UTC; safe to repeat."""
        with self._database.reading() as connection:
            since: datetime | None = connection.scalar(
                select(_lists.c.created_at).where(_lists.c.name == name)
            )
        if since is not None:
            return since
        with self._database.transaction() as connection:
            know_lists(connection, [name], now=now)
            stored: datetime = connection.execute(
                select(_lists.c.created_at).where(_lists.c.name == name)
            ).scalar_one()
        return stored

    def published_lists(self) -> list[str]:
        """Return the names of all lists that have an edition, whether they are still set or not."""
        query = select(_lists.c.name).where(_lists.c.last_number > 0).order_by(_lists.c.name)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def next_number(self, list_name: str) -> int:
        """Return the number that the list's next edition will bear."""
        with self._database.reading() as connection:
            last = connection.scalar(select(_lists.c.last_number).where(_lists.c.name == list_name))
        return (last or 0) + 1

    def publish(
        self,
        edition: Edition,
        rendering: Rendering,
        *,
        uid: str,
        cadence: Cadence = Cadence.EACH,
        missable: Sequence[Sequence[int]] = (),
        variants: Sequence[Variant] = (),
        week: WeekBehind | None = None,
        proposal: "model.proposals.Proposal | None" = None,
        entry: "model.audit.AuditEntry | None" = None,
    ) -> PublishedEdition:
        """Store an edition, what it told, its deliveries and its run, all in one transaction.

        One delivery is queued for each confirmed subscriber of that cadence who has not paused, and whose
        address is not suppressed. Readers who missed what the list was told before get the variant for them,
        if there is one.

        Args:
            edition: Frozen; its number is the list's next.
            rendering: The edition rendered for everybody.
            uid: Random name for Message-IDs.
            cadence: Of readers who are mailed so often.
            missable: As `Draft.missable`.
            variants: As `Draft.variants`.
            week: As `Draft.week`.
            proposal: What it was proposed as, and seen last; None: it was not.
            entry: Goes into the audit log, where an operator decided.

        Raises:
            PublishConflictError: Another process published first, an edition was proposed for the slot, or
                the proposal was changed; nothing was written.
        """
        # A sender reads editions and makes none.
        from newsletter.store import publishing

        with self._database.transaction() as connection:
            edition_id = publishing.publish(
                connection,
                edition,
                rendering,
                uid=uid,
                cadence=cadence,
                missable=missable,
                variants=variants,
                week=week,
                proposal=proposal,
                entry=entry,
            )
            return _one(connection, edition_id)

    def record_run(self, run: Run) -> None:
        """Record a turn that made no edition; a failed one is replaced by what came after it.

        What was proposed for its slot is settled with it, unless it failed.

        Raises:
            PublishConflictError: The slot was answered by another process meanwhile.
        """
        from newsletter.store import publishing

        with self._database.transaction() as connection:
            publishing.record_run(connection, run)

    def answered_until(self, list_name: str, *, now: datetime) -> datetime | None:
        """Return the latest slot of a list that was answered or skipped, UTC.

        Slots later than `now` do not count: a clock that was once ahead must not silence the list until then.
        """
        query = select(func.max(_runs.c.slot_at)).where(
            _runs.c.list_name == list_name,
            _runs.c.outcome != RunOutcome.FAILED.value,
            _runs.c.slot_at <= now,
        )
        with self._database.reading() as connection:
            latest: datetime | None = connection.scalar(query)
        return latest

    def last_turn(self, list_name: str) -> datetime | None:
        """Return when a list last had an edition, or nothing that was new; UTC."""
        answered = (RunOutcome.PUBLISHED.value, RunOutcome.NOTHING_NEW.value)
        query = select(func.max(_runs.c.started_at)).where(
            _runs.c.list_name == list_name, _runs.c.outcome.in_(answered)
        )
        with self._database.reading() as connection:
            latest: datetime | None = connection.scalar(query)
        return latest

    def count_as_told(self, list_name: str, repeats: Mapping[int, int]) -> None:
        """Record documents that say nothing new as told by an earlier edition; safe to repeat.

        Args:
            list_name: The list.
            repeats: Document to the edition that told its story.
        """
        rows = [
            {"edition_id": edition_id, "document_id": document_id, "list_name": list_name}
            for document_id, edition_id in sorted(repeats.items())
        ]
        if rows:
            with self._database.transaction() as connection:
                connection.execute(insert_new(connection, _told), rows)

    def runs(self, list_name: str, *, limit: int = 10) -> list[Run]:
        """Return a list's latest turns, the newest first."""
        query = select(_runs).where(_runs.c.list_name == list_name).order_by(_runs.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [
                Run(
                    list_name=row.list_name,
                    slot_at=row.slot_at,
                    started_at=row.started_at,
                    outcome=RunOutcome(row.outcome),
                    reason=row.reason,
                    edition_number=row.edition_number,
                )
                for row in connection.execute(query)
            ]

    def latest(self, list_name: str, *, limit: int = 1) -> list[PublishedEdition]:
        """Return a list's latest editions, the newest first."""
        query = (
            _headings()
            .where(_editions.c.list_name == list_name)
            .order_by(_editions.c.number.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_to_published(row) for row in connection.execute(query)]

    def numbered(self, list_name: str, number: int) -> PublishedEdition | None:
        """Return a list's edition of that number, or None if there is none."""
        query = _headings().where(_editions.c.list_name == list_name, _editions.c.number == number)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _to_published(row) if row is not None else None

    def get(self, edition_id: int) -> PublishedEdition:
        """Return one edition."""
        with self._database.reading() as connection:
            return _one(connection, edition_id)

    def content(self, edition_id: int) -> Edition:
        """Return an edition as it was frozen, with every sentence's place in its document."""
        with self._database.reading() as connection:
            content = connection.execute(
                select(_editions.c.content).where(_editions.c.id == edition_id)
            ).scalar_one()
        return from_json(Edition, content)

    def rendering(self, edition_id: int, *, variant: int = 0) -> Rendering:
        """Return an edition as it was rendered for everybody, or for those who get one of its variants."""
        query = select(_editions).where(_editions.c.id == edition_id)
        with self._database.reading() as connection:
            row = told = connection.execute(query).one()
            if variant:
                told = variant_row(connection, edition_id, variant)
        return Rendering(
            subject=told.subject,
            preheader=told.preheader,
            html=told.html,
            text=told.body_text,
            token=told.token,
            headers=read_headers(row.headers),
        )


def read_headers(content: str) -> ListHeaders:
    """Read what the headers are made from; without pydantic, which a sender has no other use for."""
    values = json.loads(content)
    known = {field.name: values[field.name] for field in fields(ListHeaders) if field.name in values}
    return ListHeaders(**known | {"date": datetime.fromisoformat(values["date"])})


def _headings() -> Select[tuple[object, ...]]:
    c = _editions.c
    return select(c.id, c.uid, c.list_name, c.number, c.subject, c.created_at, c.slot_at, c.audience, c.state)


def _one(connection: Connection, edition_id: int) -> PublishedEdition:
    return _to_published(connection.execute(_headings().where(_editions.c.id == edition_id)).one())


def _to_published(row: Row[tuple[object, ...]]) -> PublishedEdition:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    return PublishedEdition(**columns | {"state": EditionState(columns["state"])})
