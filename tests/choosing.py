"""What readers choose about a list, written straight into the store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from newsletter.model.subscribers import Cadence
from newsletter.store import tables
from newsletter.store.store import Store


def choose(
    store: Store,
    address: str,
    *,
    list_name: str = "daily",
    cadence: Cadence | None = None,
    paused_until: datetime | None = None,
) -> None:
    """Let a reader pause, or go on, and change the cadence if one is given."""
    values: dict[str, object] = {"paused_until": paused_until}
    if cadence is not None:
        values["cadence"] = cadence.value
    reader = select(tables.subscribers.c.id).where(tables.subscribers.c.address_key == address)
    mine = tables.subscriptions.c.subscriber_id.in_(reader)
    with store._database.transaction() as connection:
        connection.execute(
            update(tables.subscriptions)
            .where(mine, tables.subscriptions.c.list_name == list_name)
            .values(**values)
        )
