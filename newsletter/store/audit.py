"""The audit log: entries are added, and read; nothing else."""

from dataclasses import asdict

from sqlalchemy import Connection, insert, or_, select

from newsletter.model.audit import AuditEntry, AuditFilter
from newsletter.store.database import Database
from newsletter.store.operator_tables import audit


class Audit:
    """Who decided what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: AuditEntry) -> None:
        """Write an entry in a transaction of its own, where what it tells of has no other one."""
        with self._database.transaction() as connection:
            note(connection, entry)

    def entries(self, wanted: AuditFilter, *, before: int | None, limit: int) -> list[AuditEntry]:
        """Return entries, the newest first.

        Args:
            wanted: Which.
            before: Only those older than the entry of this id; None: from the newest on.
            limit: How many at most.
        """
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        for words, columns in (
            (wanted.actor, (audit.c.actor,)),
            (wanted.action, (audit.c.action,)),
            (wanted.words, (audit.c.subject, audit.c.detail)),
        ):
            if words:
                query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
        with self._database.reading() as connection:
            return [
                AuditEntry(
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    subject=row.subject,
                    detail=row.detail,
                    id=row.id,
                )
                for row in connection.execute(query)
            ]


def note(connection: Connection, entry: AuditEntry) -> None:
    """Write an entry, in the transaction that does what it tells of."""
    values = asdict(entry)
    del values["id"]
    connection.execute(insert(audit).values(values))
