"""The desk: writes each reader's message from the edition's rendering, or that of its variant."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from newsletter.deliver.postbag import Stationery
from newsletter.messages.imprint import Imprint
from newsletter.messages.links import unsubscribe_mails
from newsletter.messages.mime import message_id
from newsletter.model.deliveries import Delivery
from newsletter.model.messages import Message, Reader, Rendering
from newsletter.store.store import Store

#: Editions and variants that are kept ready in memory at a time.
_KEPT = 16


class Desk:
    """Writes the messages of one turn, or of several on one event loop."""

    def __init__(self, store: Store, stationery: Stationery) -> None:
        self._store = store
        self._stationery = stationery
        self._copies: dict[tuple[int, int], EditionCopies] = {}
        #: Held by whoever makes an edition ready: all connections would at once, each for itself.
        self._making = asyncio.Lock()

    async def write(self, delivery: Delivery, *, now: datetime) -> Message:
        """Write the message of one delivery; `now` in UTC.

        Raises:
            MessageRefusedError: It cannot be made for this reader.
        """
        copies = self._copies.get((delivery.edition_id, delivery.variant))
        if copies is None:
            async with self._making:
                copies = await self._made_ready(delivery.edition_id, delivery.variant)
        return copies.of(delivery, now=now)

    def write_at_once(self, delivery: Delivery, *, now: datetime) -> Message | None:
        """The same, if its edition is ready; None if it has to be read first."""
        copies = self._copies.get((delivery.edition_id, delivery.variant))
        return None if copies is None else copies.of(delivery, now=now)

    async def _made_ready(self, edition_id: int, variant: int) -> "EditionCopies":
        """Return the copies of an edition or of its variant, made ready if they are not."""
        key = edition_id, variant
        if key not in self._copies:
            if len(self._copies) >= _KEPT:
                self._copies.pop(next(iter(self._copies)))
            edition = await self._store.in_time(self._store.editions.get, edition_id)
            rendering = await self._store.in_time(self._store.editions.rendering, edition_id, variant=variant)
            self._copies[key] = EditionCopies(rendering, self._stationery, uid=edition.uid)
        return self._copies[key]


class EditionCopies:
    """The copies of one edition, or of a variant of it.

    Args:
        rendering: It, rendered for everybody.
        stationery: What is put on each.
        uid: The edition's random name.

    Raises:
        MessageRefusedError: An address of the list cannot be used.
    """

    def __init__(self, rendering: Rendering, stationery: Stationery, *, uid: str) -> None:
        self._stationery = stationery
        self._uid = uid
        self._headers = rendering.headers
        self._imprint = Imprint(rendering, signer=stationery.signer(rendering.headers.sender_domain))
        self._make_reader = reader_maker(rendering, stationery)

    def of(self, delivery: Delivery, *, now: datetime) -> Message:
        """Write the message of one delivery; its Message-ID is the same each time.

        Raises:
            MessageRefusedError: It cannot be made for this reader.
        """
        return_path = self._stationery.return_path
        reader = self._make_reader(delivery.subscriber_id, delivery.address, delivery.name, delivery.since)
        sender = return_path(delivery.id) if return_path else self._headers.sender_address
        return self.for_reader(reader, sender=sender, now=now)

    def for_reader(self, reader: Reader, *, sender: str, now: datetime) -> Message:
        """Write the message of one reader.

        Args:
            reader: Who it is for.
            sender: Envelope sender.
            now: When it is signed, UTC.

        Raises:
            MessageRefusedError: It cannot be made for this reader.
        """
        name = message_id(self._uid, reader.subscriber_id, self._headers.sender_domain)
        return self._imprint.copy(reader, message_id=name, sender=sender, now=now)


def reader_maker(rendering: Rendering, stationery: Stationery) -> Callable[[int, str, str, datetime], Reader]:
    """Return what makes readers, with the addresses of their own pages, or of unsubscribing by mail.

    It is called with the subscriber's id, address and name, and since when the reader is one, UTC.

    Raises:
        MessageRefusedError: The address that takes unsubscribe mails is none.
    """
    headers, links, token = rendering.headers, stationery.links, stationery.unsubscribe_token
    list_name = headers.list_name
    by_mail = unsubscribe_mails(headers.unsubscribe_address, list_name=list_name)

    def make(subscriber_id: int, address: str, name: str, since: datetime) -> Reader:
        """Make one reader."""
        mail = by_mail(token(subscriber_id, list_name) if token else "")
        unsubscribe_url, preferences_url = mail, None
        if links is not None:
            unsubscribe_url = links.unsubscribe_url(subscriber_id=subscriber_id, list_name=list_name)
            preferences_url = links.preferences_url(subscriber_id=subscriber_id, list_name=list_name)
        return Reader(
            subscriber_id=subscriber_id,
            address=address,
            name=name,
            since=since,
            unsubscribe_url=unsubscribe_url,
            unsubscribe_mail=mail,
            preferences_url=preferences_url,
        )

    return make
