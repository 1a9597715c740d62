"""Mailboxes that news arrives in: since when they are read, and how they stand."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from newsletter.model.mailboxes import MailboxState
from newsletter.store import tables
from newsletter.store.database import Database, Lock

_boxes = tables.mailboxes


class Mailboxes:
    """How mailboxes that news arrives in stand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, name: str, *, since: datetime, now: datetime) -> MailboxState:
        """Return how a mailbox stands; one seen for the first time is read from `since` on (UTC)."""
        with self._database.reading() as connection:
            row = connection.execute(select(_boxes).where(_boxes.c.name == name)).one_or_none()
        return _state(row) if row else MailboxState(name=name, since=since, next_at=now)

    def keep(self, state: MailboxState) -> None:
        """Remember how a mailbox stands."""
        with self._database.transaction() as connection:
            # Two processes may see a mailbox for the first time at once.
            self._database.serialise(connection, Lock.DOCUMENTS)
            connection.execute(delete(_boxes).where(_boxes.c.name == state.name))
            connection.execute(insert(_boxes).values(**asdict(state)))

    def failing(self) -> list[MailboxState]:
        """Return the mailboxes that cannot be read, by name."""
        query = select(_boxes).where(_boxes.c.failing_since.is_not(None)).order_by(_boxes.c.name)
        with self._database.reading() as connection:
            return [_state(row) for row in connection.execute(query)]


def _state(row: Any) -> MailboxState:  # noqa: ANN401 - a result row
    return MailboxState(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
