"""Lists as the store knows them: by name, since when, and how far they are numbered."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from newsletter.store import tables
from newsletter.store.statements import insert_new


def know_lists(connection: Connection, names: Iterable[str], *, now: datetime) -> None:
    """Make lists known to the store; those that are known stay as they are.

    Args:
        connection: A transaction that writes.
        names: Of the lists.
        now: Since when a new one is known, UTC.
    """
    # In one order, so that two writers never wait for each other.
    for name in sorted(names):
        row = {"name": name, "created_at": now, "last_number": 0}
        connection.execute(insert_new(connection, tables.lists).values(row))
