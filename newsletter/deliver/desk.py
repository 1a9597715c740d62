"""The desk: writes each reader's message from the edition's rendering, or that of its variant."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from newsletter.deliver.postbag import Stationery
from newsletter.messages.imprint import Imprint, are_plain
from newsletter.messages.links import mailto_unsubscribe
from newsletter.messages.mime import message_ids
from newsletter.model.deliveries import Delivery
from newsletter.model.messages import ListHeaders, Message, Reader, Rendering
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
        self._headers = headers = rendering.headers
        self._imprint = Imprint(rendering, signer=stationery.signer(headers.sender_domain))
        self._make_reader = reader_maker(rendering, stationery)
        self._message_id = message_ids(uid, headers.sender_domain)
        self._sender = stationery.return_path or (lambda _delivery_id: headers.sender_address)
        self._by_mail = _mail_maker(headers, stationery)
        #: Makes links to a reader's pages, if all that is made for readers of this edition is plain.
        self._pages: Callable[[int], tuple[str, str]] | None = None
        if stationery.links is not None:
            pages = stationery.links.reader_pages(headers.list_name)
            self._pages = pages if are_plain(pages, self._by_mail, self._sender) else None

    def of(self, delivery: Delivery, *, now: datetime) -> Message:
        """Write the message of one delivery; its Message-ID is the same each time.

        Raises:
            MessageRefusedError: It cannot be made for this reader.
        """
        number, sender = delivery.subscriber_id, self._sender(delivery.id)
        if self._pages is not None:
            plain = self._imprint.plain_copy(
                delivery.address,
                delivery.name,
                delivery.since,
                self._pages(number),
                self._by_mail(number),
                message_id=self._message_id(number),
                sender=sender,
                now=now,
            )
            if plain is not None:
                return plain
        reader = self._make_reader(number, delivery.address, delivery.name, delivery.since)
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
        name = self._message_id(reader.subscriber_id)
        return self._imprint.copy(reader, message_id=name, sender=sender, now=now)


def reader_maker(rendering: Rendering, stationery: Stationery) -> Callable[[int, str, str, datetime], Reader]:
    """Return what makes readers, with the addresses of their own pages, or of unsubscribing by mail.

    It is called with the subscriber's id, address and name, and since when the reader is one, UTC.

    Raises:
        MessageRefusedError: The address that takes unsubscribe mails is none.
    """
    links, list_name = stationery.links, rendering.headers.list_name
    by_mail = _mail_maker(rendering.headers, stationery)

    def make(subscriber_id: int, address: str, name: str, since: datetime) -> Reader:
        """Make one reader."""
        mail = by_mail(subscriber_id)
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


def _mail_maker(headers: ListHeaders, stationery: Stationery) -> Callable[[int], str]:
    """Return what makes the links to unsubscribing by mail, of subscribers' ids.

    Raises:
        MessageRefusedError: The address that takes unsubscribe mails is none.
    """
    link = mailto_unsubscribe(headers.unsubscribe_address, list_name=headers.list_name)
    if stationery.unsubscribe_tokens is None:
        return lambda _subscriber_id: link
    token = stationery.unsubscribe_tokens(headers.list_name)
    # Digits, small letters and hyphens stand in a link as they are.
    return lambda subscriber_id: f"{link}%20{token(subscriber_id)}"
