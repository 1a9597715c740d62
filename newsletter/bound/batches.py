"""Batches of deliveries that come out of the queue: sent one by one, over connections that are kept."""

import asyncio
from dataclasses import replace
from functools import cached_property

from newsletter import wiring
from newsletter.deliver import Postbag, deliver, forget_idle_troubles
from newsletter.deliver.desk import Desk
from newsletter.deliver.recovery import Recoverer
from newsletter.deliveries.kept import KeptTransport
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliverReport, DeliveryRange
from newsletter.model.editions import MailingList
from newsletter.settings import Settings
from newsletter.store.store import Store


class Batches:
    """What one worker sends."""

    def __init__(self, settings: Settings, lists: tuple[MailingList, ...], store: Store) -> None:
        """Bind the verb; nothing is connected yet."""
        self._settings = settings
        self._lists = lists
        self._store = store

    @cached_property
    def _transport(self) -> KeptTransport:
        return KeptTransport(wiring.transport(self._settings))

    @cached_property
    def _bag(self) -> Postbag:
        bag = wiring.postbag(self._settings, self._lists)
        return replace(bag, transport=self._transport, desk=Desk(self._store, bag.stationery))

    async def close(self) -> None:
        """Say goodbye to the connections that are kept."""
        await self._transport.close()

    async def send(self, batch: DeliveryRange, *, clock: Clock, stopping: asyncio.Event) -> DeliverReport:
        """Send what is due of a batch; see `newsletter.deliver`."""
        return await deliver(self._store, self._bag, clock=clock, stopping=stopping, only=batch)

    async def defer_left_over(self, *, clock: Clock) -> int:
        """Take back what senders held that are gone, and put into the queue what is due and in no batch.

        Troubles of editions that are over are forgotten, too.

        Returns:
            How many batches that makes.
        """
        await Recoverer(self._store, self._bag, clock).look()
        await forget_idle_troubles(self._store, clock=clock)
        return await self._store.in_time(self._store.batches.defer_left_over, now=clock())
