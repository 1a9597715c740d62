"""Leaving a list: every way to it, by page, one click, mail or operator, ends here."""

from datetime import datetime

from sqlalchemy import Connection, update

from newsletter.model.readers import ConsentAction
from newsletter.model.subscribers import SubscriptionState
from newsletter.store import tables
from newsletter.store.consents import note

_subscriptions = tables.subscriptions


def leave(connection: Connection, subscriber_id: int, list_name: str, *, origin: str, now: datetime) -> bool:
    """End a subscription and put that on record; return False if it had ended, or never was.

    Claims, and the step before each message, look at the subscription's state: it takes effect before the
    next message is sent.
    """
    ended = connection.execute(
        update(_subscriptions)
        .where(
            _subscriptions.c.subscriber_id == subscriber_id,
            _subscriptions.c.list_name == list_name,
            _subscriptions.c.state != SubscriptionState.UNSUBSCRIBED.value,
        )
        .values(state=SubscriptionState.UNSUBSCRIBED.value, since=now)
    )
    if ended.rowcount:
        note(connection, subscriber_id, list_name, ConsentAction.LEFT, at=now, origin=origin)
    return ended.rowcount > 0
