"""Copies of an install's editions for whoever looks them over before readers get them."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from newsletter import subscribe, wiring
from newsletter.deliver import EditionCopies, Stationery, reader_maker, send_copy
from newsletter.messages.render import personalise
from newsletter.model.deliveries import SendResult
from newsletter.model.editions import Edition, MailingList, PublishedEdition
from newsletter.model.messages import Message, Reader, Rendering
from newsletter.settings import Settings
from newsletter.store.store import Store

#: Stands for the reader of a copy, whose own links nobody may use.
_NOBODY = 0

#: Whom a preview is addressed to.
_SAMPLE_ADDRESS = "reader@example.org"


class Copies:
    """Previews and test copies; none of them is recorded, and their links name nobody."""

    def __init__(
        self, settings: Settings, lists: Sequence[MailingList], open_store: Callable[[], Store]
    ) -> None:
        """Bind the verbs; the store is opened when something is read."""
        self._settings = settings
        self._lists = lists
        self._open_store = open_store

    @cached_property
    def _stationery(self) -> Stationery:
        return wiring.stationery(self._settings, self._lists)

    def latest(self, mailing_list: MailingList) -> tuple[PublishedEdition, Rendering] | None:
        """Return a list's latest edition as it was rendered, or None if there is none."""
        editions = self._open_store().editions
        for edition in editions.latest(mailing_list.name):
            return edition, editions.rendering(edition.id)
        return None

    def edition(self, published: PublishedEdition) -> tuple[Edition, Rendering]:
        """Return what an edition that went out holds, and how it was rendered."""
        editions = self._open_store().editions
        return editions.content(published.id), editions.rendering(published.id)

    def bodies(self, rendering: Rendering, *, now: datetime) -> tuple[str, str]:
        """Return an edition's HTML and text as a sample reader would get them.

        Args:
            rendering: The edition.
            now: Since when that reader is on the list, UTC.
        """
        bodies = personalise(rendering, self._reader(_SAMPLE_ADDRESS, rendering, now))
        return bodies.html, bodies.text

    def make(self, address: str, rendering: Rendering, *, now: datetime) -> Message:
        """Make a copy of an edition for somebody who need not be a subscriber.

        Pressing its links unsubscribes no reader.

        Args:
            address: Whom it goes to.
            rendering: The edition.
            now: When it is signed, UTC.

        Raises:
            AddressError: It is not an address.
        """
        copies = EditionCopies(rendering, self._stationery, uid=secrets.token_hex(16))
        reader = self._reader(subscribe.parse_address(address).display, rendering, now)
        return copies.for_reader(reader, sender=rendering.headers.sender_address, now=now)

    def sample(self, rendering: Rendering, *, now: datetime) -> Message:
        """Make an edition's message to a sample reader, to be looked at; see `make`."""
        return self.make(_SAMPLE_ADDRESS, rendering, now=now)

    async def send(self, message: Message) -> SendResult:
        """Hand over a copy; see `newsletter.deliver.send_copy`.

        Raises:
            TransportError: The server cannot be reached, or refuses the sender.
        """
        return await send_copy(wiring.transport(self._settings), message)

    def _reader(self, address: str, rendering: Rendering, now: datetime) -> Reader:
        return reader_maker(rendering, self._stationery)(_NOBODY, address, "", now)
