"""Leaving by the link in a mail, and taking that back."""

from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.errors import LinkError
from newsletter.model.readers import Leaving
from newsletter.model.subscribers import SubscriptionState
from newsletter.store.store import Store
from newsletter.subscribe.addresses import masked

#: For how long a reader may take back that he has left.
_RETURN_WITHIN = timedelta(hours=1)


def leaving(store: Store, subscriber_id: int, list_name: str) -> Leaving:
    """Return what the page behind an unsubscribe link shows; nothing is changed.

    Of somebody who was erased, or never was, it says that nobody is subscribed: whoever presses an old link
    wants no more than that.
    """
    reader = store.readers.find(subscriber_id)
    choice = reader.choices.get(list_name) if reader else None
    return Leaving(
        list_name=list_name,
        masked_address=masked(reader.address.display) if reader else "",
        is_subscribed=choice is not None and choice.state is SubscriptionState.CONFIRMED,
    )


def leave(store: Store, subscriber_id: int, list_name: str, *, origin: str, now: datetime) -> Leaving:
    """End a subscription; doing it again changes nothing.

    Args:
        store: Where subscriptions are.
        subscriber_id: The reader.
        list_name: The list.
        origin: By which way: an IP address, "one click".
        now: UTC.
    """
    store.readers.leave(subscriber_id, list_name, origin=origin, now=now)
    left = leaving(store, subscriber_id, list_name)
    can_return = store.readers.can_come_back(subscriber_id, list_name, within=_RETURN_WITHIN, now=now)
    return replace(left, can_return=can_return)


def come_back(store: Store, subscriber_id: int, list_name: str, *, origin: str, now: datetime) -> Leaving:
    """Take back that a reader has left a list a short while ago; doing it again changes nothing.

    A complaint is not taken back so, nor anything else that suppresses the address.

    Args:
        store: Where subscriptions are.
        subscriber_id: The reader.
        list_name: The list.
        origin: IP address of whoever takes it back.
        now: UTC.

    Raises:
        LinkError: The reader did not leave within the last hour, or the address is suppressed.
    """
    is_back = store.readers.come_back(subscriber_id, list_name, within=_RETURN_WITHIN, origin=origin, now=now)
    after = leaving(store, subscriber_id, list_name)
    if not is_back and not after.is_subscribed:
        raise LinkError("that can no longer be taken back: sign up again")
    return after
