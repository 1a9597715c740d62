"""Deliveries for which their claim still vouches: nobody has written to the store since.

Before a delivery is begun, its reader, list and edition are looked up again: any of them may have changed
since it was claimed. On SQLite a connection can tell that nobody else has written anything at all, which is
so most of the time, and costs a tenth of looking.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, literal_column, null

from newsletter.model.deliveries import DeliveryState
from newsletter.store import tables
from newsletter.store.groups import held_by_sender
from newsletter.store.prepared import PreparedRows
from newsletter.store.steps import held_step

_deliveries = tables.deliveries


class Vouched:
    """Deliveries whose claim's look at what their readers want still holds; for one connection at a time."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._driver: sqlite3.Connection | None = None
        self._version: int | None = None

    def add(self, driver: sqlite3.Connection, ids: Iterable[int]) -> None:
        """Vouch for deliveries that are being claimed in this transaction, whose readers want them."""
        self._look(driver)
        self._ids.update(ids)

    def hold(self, driver: sqlite3.Connection, ids: Sequence[int]) -> bool:
        """Return whether nobody has written since these were claimed; they are vouched for once.

        Args:
            driver: The connection that claimed them, in a transaction that writes.
            ids: Deliveries.
        """
        self._look(driver)
        hold = self._ids.issuperset(ids)
        self._ids.difference_update(ids)
        return hold

    def end(self) -> None:
        """Vouch for nothing any more: what readers want was changed over this very connection."""
        self._ids.clear()

    def _look(self, driver: sqlite3.Connection) -> None:
        """Vouch for nothing any more if another connection, of whatever process, has committed since."""
        version = driver.execute("PRAGMA data_version").fetchone()[0]
        # Each connection counts for itself, from the same number on.
        if version != self._version or driver is not self._driver:
            self._driver, self._version = driver, version
            self._ids.clear()


def accept_held(
    connection: Connection, accepted: Sequence[tuple[int, str]], sender: str, now: datetime
) -> bool:
    """Write acceptances of deliveries that a sender holds, with the server's words; SQLite alone.

    Returns:
        False if not all of them can be written; the transaction is to be rolled back.
    """
    write = _accept_step()
    moment = write.moment(now)
    rows = [(reply, moment, delivery_id, sender) for delivery_id, reply in accepted]
    return write.count(connection, rows) == len(rows)


def begin_vouched(connection: Connection, ids: Sequence[int], sender: str, now: datetime) -> bool:
    """Begin deliveries that a sender holds, and for which their claim vouches; SQLite alone.

    Returns:
        False if not all of them can be begun; the transaction is to be rolled back.
    """
    begin = _begin_step()
    moment = begin.moment(now)
    return begin.count(connection, [(moment, delivery_id, sender) for delivery_id in ids]) == len(ids)


@cache
def _accept_step() -> PreparedRows:
    write = held_step(
        _deliveries.c.id == bindparam("id", type_=_deliveries.c.id.type),
        held_by_sender(),
        target=DeliveryState.ACCEPTED,
        now=bindparam("now", type_=tables.UtcDateTime()),
        attempts=_deliveries.c.attempts + literal_column("1"),
        reply=bindparam("said", type_=_deliveries.c.reply.type),
        claimed_by=null(),
    )
    return PreparedRows(write, names=("said", "now", "id", "sender"))


@cache
def _begin_step() -> PreparedRows:
    begin = held_step(
        _deliveries.c.id == bindparam("id", type_=_deliveries.c.id.type),
        held_by_sender(),
        target=DeliveryState.SENDING,
        now=bindparam("now", type_=tables.UtcDateTime()),
    )
    return PreparedRows(begin, names=("now", "id", "sender"))
