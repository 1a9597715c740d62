"""Erasing: what is forgotten of a reader, and what stays under no name."""

from sqlalchemy import Connection, delete, or_, select, update

from newsletter.store import tables
from newsletter.store.past import copies_of

_consents = tables.consents
_feedback = tables.feedback
_signups = tables.signups
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions


def erase(connection: Connection, address_key: str) -> bool:
    """Forget an address wherever it stands; return False if it stands nowhere.

    Args:
        connection: A transaction that writes, and holds the lock of subscribers.
        address_key: See `Address.key`.
    """
    asked = connection.execute(delete(_signups).where(_signups.c.address_key == address_key))
    subscriber_id = connection.scalar(
        select(_subscribers.c.id).where(_subscribers.c.address_key == address_key)
    )
    if subscriber_id is not None:
        _forget_mails(connection, subscriber_id)
        _forget(connection, subscriber_id)
    return subscriber_id is not None or asked.rowcount > 0


def is_erased(address: str) -> bool:
    """Tell whether an address, or its form for comparing, is what stands for a reader who was erased."""
    return "@" not in address


def _forget_mails(connection: Connection, subscriber_id: int) -> None:
    """Clear what was kept of mails that came from the address before it was anybody's."""
    who = connection.execute(
        select(_subscribers.c.address, _subscribers.c.address_key).where(_subscribers.c.id == subscriber_id)
    ).one()
    senders = {f"from {address}:" for address in (who.address, who.address_key)}
    named = (_feedback.c.reason.icontains(sender, autoescape=True) for sender in senders)
    connection.execute(
        update(_feedback).where(_feedback.c.subscriber_id.is_(None), or_(*named)).values(reason="")
    )


def _forget(connection: Connection, subscriber_id: int) -> None:
    """Leave of a subscriber only a number that deliveries are counted under."""
    gone = f"erased-{subscriber_id}"
    mine = tables.deliveries.c.id.in_(copies_of(subscriber_id))
    for table in (_subscriptions, _consents, tables.bounce_scores):
        connection.execute(delete(table).where(table.c.subscriber_id == subscriber_id))
    connection.execute(
        update(_subscribers)
        .where(_subscribers.c.id == subscriber_id)
        .values(address=gone, address_key=gone, address_hash=gone, name="")
    )
    # What a server said may hold the address.
    connection.execute(update(tables.deliveries).where(mine).values(reply=""))
    connection.execute(update(_feedback).where(_feedback.c.subscriber_id == subscriber_id).values(reason=""))
