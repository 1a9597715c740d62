"""The desk: writes each reader's message from the edition's rendering, or that of its variant."""

from datetime import datetime

from newsletter.deliver.postbag import Stationery
from newsletter.messages.links import mailto_unsubscribe
from newsletter.messages.mime import build_message, message_id
from newsletter.model.deliveries import Delivery
from newsletter.model.messages import Message, Reader, Rendering
from newsletter.store.store import Store

#: Editions and variants whose rendering is kept in memory at a time.
_RENDERINGS_KEPT = 16


class Desk:
    """Writes the messages of one turn."""

    def __init__(self, store: Store, stationery: Stationery) -> None:
        self._store = store
        self._stationery = stationery
        self._editions: dict[tuple[int, int], tuple[str, Rendering]] = {}

    async def write(self, delivery: Delivery, *, now: datetime) -> Message:
        """Write the message of one delivery.

        Raises:
            MessageRefusedError: It cannot be made for this reader.
        """
        edition_id, variant = delivery.edition_id, delivery.variant
        if (edition_id, variant) not in self._editions:
            if len(self._editions) >= _RENDERINGS_KEPT:
                self._editions.pop(next(iter(self._editions)))
            edition = await self._store.in_time(self._store.editions.get, edition_id)
            rendering = await self._store.in_time(self._store.editions.rendering, edition_id, variant=variant)
            self._editions[edition_id, variant] = (edition.uid, rendering)
        uid, rendering = self._editions[edition_id, variant]
        reader = make_reader(
            rendering,
            self._stationery,
            subscriber_id=delivery.subscriber_id,
            address=delivery.address,
            name=delivery.name,
            since=delivery.since,
        )
        return_path = self._stationery.return_path
        sender = return_path(delivery.id) if return_path else rendering.headers.sender_address
        return write_message(rendering, reader, self._stationery, uid=uid, sender=sender, now=now)


def make_reader(
    rendering: Rendering,
    stationery: Stationery,
    *,
    subscriber_id: int,
    address: str,
    name: str,
    since: datetime,
) -> Reader:
    """Return a reader with the addresses of his own pages, or of unsubscribing by mail."""
    headers, links = rendering.headers, stationery.links
    token = stationery.unsubscribe_token
    by_mail = mailto_unsubscribe(
        headers.unsubscribe_address,
        list_name=headers.list_name,
        token=token(subscriber_id, headers.list_name) if token else "",
    )
    unsubscribe_url, preferences_url = by_mail, None
    if links is not None:
        unsubscribe_url = links.unsubscribe_url(subscriber_id=subscriber_id, list_name=headers.list_name)
        preferences_url = links.preferences_url(subscriber_id=subscriber_id, list_name=headers.list_name)
    return Reader(
        subscriber_id=subscriber_id,
        address=address,
        name=name,
        since=since,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mail=by_mail,
        preferences_url=preferences_url,
    )


def write_message(
    rendering: Rendering,
    reader: Reader,
    stationery: Stationery,
    *,
    uid: str,
    sender: str,
    now: datetime,
) -> Message:
    """Make one reader's message; its Message-ID is the same each time.

    Args:
        rendering: The edition, rendered for everybody.
        reader: Who it is for.
        stationery: Signs it, if it signs at all.
        uid: The edition's random name.
        sender: Envelope sender.
        now: When it is signed, UTC.

    Raises:
        MessageRefusedError: It cannot be made for this reader.
    """
    domain = rendering.headers.sender_domain
    return build_message(
        rendering,
        reader,
        message_id=message_id(uid, reader.subscriber_id, domain),
        sender=sender,
        sign=stationery.signing(domain, now=now),
    )
