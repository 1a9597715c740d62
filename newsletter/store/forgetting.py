"""Forgetting: texts, and places of documents, that are older than the operator keeps them."""

from datetime import datetime

from sqlalchemy import and_, delete, exists, or_, select, update

from newsletter.store import tables
from newsletter.store.database import Database, Lock

_documents = tables.documents
_editions = tables.editions
_files = tables.files
_told = tables.edition_documents

#: Rows forgotten in one transaction.
_AT_ONCE = 500


class Forgetting:
    """What is no longer kept.

    Of a document stay its hash, so that its text never becomes new again, and who published what under which
    headline. Editions keep the sentences that they told.
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
        old = (
            select(_documents.c.id)
            .where(_documents.c.first_seen_at < before, _documents.c.forgotten_at.is_(None), ~told_since)
            .order_by(_documents.c.first_seen_at)
            .limit(_AT_ONCE)
        )
        forgotten = 0
        while True:
            # In short transactions: others write meanwhile.
            with self._database.transaction() as connection:
                self._database.serialise(connection, Lock.DOCUMENTS)
                ids = connection.scalars(old).all()
                connection.execute(
                    update(_documents)
                    .where(_documents.c.id.in_(ids))
                    .values(text="", paragraphs=[], forgotten_at=now)
                )
            forgotten += len(ids)
            if len(ids) < _AT_ONCE:
                return forgotten

    def places(self, *, gone_before: datetime) -> int:
        """Forget the files, and the items of feeds, that have been gone since before then; returns how many.

        Their documents stay, so that a text that comes back is known.

        Args:
            gone_before: UTC.
        """
        # A feed lets go of its items; one that never became a document would be new if it came back.
        has_left_feed = and_(
            _files.c.folder.startswith("http"),
            _files.c.document_id.is_not(None),
            _files.c.seen_at < gone_before,
        )
        gone = select(_files.c.id).where(or_(_files.c.gone_at < gone_before, has_left_feed)).limit(_AT_ONCE)
        forgotten = 0
        while True:
            with self._database.transaction() as connection:
                self._database.serialise(connection, Lock.DOCUMENTS)
                ids = connection.scalars(gone).all()
                connection.execute(delete(_files).where(_files.c.id.in_(ids)))
            forgotten += len(ids)
            if len(ids) < _AT_ONCE:
                return forgotten
