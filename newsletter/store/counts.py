"""Counts over whole tables, for whoever watches."""

from datetime import datetime

from sqlalchemy import func, select

from newsletter.model.subscribers import SubscriptionState
from newsletter.store import tables
from newsletter.store.database import Database

_signups = tables.signups
_subscriptions = tables.subscriptions


class Counts:
    """How many rows stand how."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subscriptions(self) -> dict[tuple[str, SubscriptionState], int]:
        """Return how many subscriptions there are by list and state, those of suppressed addresses too."""
        columns = _subscriptions.c.list_name, _subscriptions.c.state
        query = select(*columns, func.count()).group_by(*columns)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {(list_name, SubscriptionState(state)): count for list_name, state, count in rows}

    def due_letters(self, *, now: datetime) -> int:
        """Return how many sign-ups are to be looked at now."""
        query = select(func.count()).where(_signups.c.due_at <= now)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0
