"""Forgetting: texts, and places of documents, that are older than the operator keeps them."""

from datetime import datetime

from sqlalchemy import Select, delete, exists, func, or_, select, update

from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.statements import in_portions

_documents = tables.documents
_editions = tables.editions
_files = tables.files
_sources = tables.sources
_told = tables.edition_documents


class Forgetting:
    """What is no longer kept.

    Of a document stay its hash, so that its text never becomes new again, and who published what under which
    headline. Editions keep the sentences that they told.

    What is to be forgotten is looked up without keeping others from writing, and forgotten in short
    transactions.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def texts(self, *, before: datetime, now: datetime) -> int:
        """Forget the texts that no edition has told since then; returns how many.

        Args:
            before: UTC; documents that were first seen, and last told, before then.
            now: UTC.
        """
        told_since = exists().where(
            _told.c.document_id == _documents.c.id,
            _told.c.edition_id == _editions.c.id,
            _editions.c.created_at >= before,
        )
        is_old = (_documents.c.first_seen_at < before) & _documents.c.forgotten_at.is_(None) & ~told_since
        with self._database.reading() as connection:
            ids = connection.scalars(select(_documents.c.id).where(is_old)).all()
        forgotten = 0
        for some in in_portions(ids):
            with self._database.transaction() as connection:
                self._database.serialise(connection, Lock.DOCUMENTS)
                # Again, for an edition may have told one meanwhile.
                old = update(_documents).where(_documents.c.id.in_(some), is_old)
                forgotten += connection.execute(old.values(text="", paragraphs=[], forgotten_at=now)).rowcount
        return forgotten

    def places(self, *, gone_before: datetime) -> int:
        """Forget the files, and the items of feeds, that have been gone since before then; returns how many.

        Their documents stay, so that a text that comes back is known.

        Args:
            gone_before: UTC.
        """
        gone = _files.c.gone_at < gone_before
        # One that never became a document would be new if it came back.
        unseen = (_files.c.seen_at < gone_before) & _files.c.document_id.is_not(None)
        with self._database.reading() as connection:
            ids = [
                *connection.scalars(select(_files.c.id).where(gone)),
                *connection.scalars(_items_that_left().where(unseen)),
            ]
        forgotten = 0
        for some in in_portions(ids):
            with self._database.transaction() as connection:
                self._database.serialise(connection, Lock.DOCUMENTS)
                # Again, for one may have come back meanwhile.
                old = delete(_files).where(_files.c.id.in_(some), or_(gone, unseen))
                forgotten += connection.execute(old).rowcount
        return forgotten


def _items_that_left() -> Select[tuple[int]]:
    """Return the query for the items that their feeds hold no more, as far as anybody knows.

    A feed that says that nothing has changed, or that cannot be had, still holds what it held.
    """
    latest = (
        select(_files.c.folder, func.max(_files.c.seen_at).label("seen_at"))
        .where(_files.c.folder.startswith("http"))
        .group_by(_files.c.folder)
        .subquery()
    )
    is_source = exists().where(_sources.c.added_url == _files.c.folder)
    return (
        select(_files.c.id)
        .join(latest, latest.c.folder == _files.c.folder)
        .where(or_(_files.c.seen_at < latest.c.seen_at, ~is_source))
    )
