"""Deliver: queued deliveries become messages, and each one's outcome is recorded."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from newsletter.deliver.desk import make_reader, write_message
from newsletter.deliver.postbag import Clock, Postbag, Sign, Stationery
from newsletter.deliver.sending import Sending
from newsletter.deliveries.breaker import holds, trip
from newsletter.deliveries.transport import Transport
from newsletter.errors import TransportError
from newsletter.model.deliveries import EDITION_ACCOUNT, Breaker, DeliverReport, SendResult
from newsletter.model.messages import Message
from newsletter.store.deliveries import Recovery
from newsletter.store.store import Store

__all__ = [
    "Clock",
    "Postbag",
    "Sign",
    "Stationery",
    "deliver",
    "make_reader",
    "send_copy",
    "write_message",
]

log = logging.getLogger(__name__)


async def deliver(
    store: Store,
    bag: Postbag,
    *,
    clock: Clock,
    stopping: asyncio.Event,
    list_name: str | None = None,
    on_result: Callable[[], None] | None = None,
    force: bool = False,
) -> DeliverReport:
    """Send everything that is due, and return when nothing more is.

    Each step is durable before the next one is taken, so that a process killed at any moment loses nobody;
    what was being sent at that moment is uncertain, and the policy rules it. A server in trouble opens a
    breaker that the store keeps: until a probe succeeds nothing is tried, and nobody's attempt is used up.

    Args:
        store: Where the deliveries are.
        bag: Transport and policies.
        clock: Returns the time, UTC.
        stopping: Once set, nothing more is begun; messages in flight are finished.
        list_name: Only this list's; None for all.
        on_result: Called after each attempt, for a progress bar.
        force: Look at once whether a server in trouble is back, as somebody who has just mended it would.

    Raises:
        SenderBusyError: Another process is sending from this store.
        StoreError: State cannot be written any more; sending stopped at once.
    """
    with store.sender_lock():
        recovery = await store.in_time(store.deliveries.recover, policy=bag.uncertain, now=clock())
        if recovery.uncertain:
            policy = bag.uncertain.value
            log.warning("%d deliveries of a dead sender are uncertain: %s", recovery.uncertain, policy)
        turn = _Turn(store, bag, clock, stopping, list_name, on_result or (lambda: None), force=force)
        return await turn.run(recovery)


class _Turn:
    """A turn of sending with what comes before and after it: breakers are looked at, opened and closed."""

    def __init__(
        self,
        store: Store,
        bag: Postbag,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None,
        on_result: Callable[[], None],
        *,
        force: bool,
    ) -> None:
        self._store = store
        self._bag = bag
        self._clock = clock
        self._stopping = stopping
        self._list_name = list_name
        self._on_result = on_result
        self._force = force

    async def run(self, recovery: Recovery) -> DeliverReport:
        breakers = await self._store.in_time(self._store.accounts.breakers)
        breaker = breakers.get(self._bag.account)
        if not await self._due():
            over = [name for name in breakers if name.startswith(EDITION_ACCOUNT)]
            await self._store.in_time(self._store.accounts.close_breakers, over)
            return await self._report(recovery)
        if breaker is not None:
            if holds(breaker, now=self._clock()) and not self._force:
                return await self._report(recovery, trouble=breaker, tried=False)
            problem = await self._probe()
            if problem is not None and self._stopping.is_set():
                return await self._report(recovery, trouble=breaker, tried=False)
            if problem is not None:
                return await self._report(recovery, trouble=await self._trip(breaker, problem))
        aside = self._set_aside(breakers)
        sending = Sending(
            self._store,
            self._bag,
            clock=self._clock,
            stopping=self._stopping,
            list_name=self._list_name,
            on_result=self._on_result,
            set_aside=set(aside),
            is_trial=breaker is not None,
        )
        await sending.run()
        refused = await self._settle_refusals(sending, breakers, aside)
        opened = None
        if sending.problem is not None and await self._due():
            opened = await self._trip(breaker, sending.problem)
        trouble = opened or next(iter([*refused, *aside.values()]), None)
        return await self._report(
            recovery, sending, trouble=trouble, tried=bool(opened or refused or not aside)
        )

    def _set_aside(self, breakers: dict[str, Breaker]) -> dict[int, Breaker]:
        """Return the editions whose sender the server has refused a short while ago."""
        return {
            int(name.removeprefix(EDITION_ACCOUNT)): breaker
            for name, breaker in breakers.items()
            if name.startswith(EDITION_ACCOUNT) and holds(breaker, now=self._clock()) and not self._force
        }

    async def _settle_refusals(
        self, sending: Sending, breakers: dict[str, Breaker], aside: dict[int, Breaker]
    ) -> list[Breaker]:
        """Open the breakers of editions whose sender was refused, and return them; close those over."""
        kept = {f"{EDITION_ACCOUNT}{edition_id}" for edition_id in (*sending.refused_senders, *aside)}
        over = [name for name in breakers if name.startswith(EDITION_ACCOUNT) and name not in kept]
        if self._list_name is None:
            await self._store.in_time(self._store.accounts.close_breakers, over)
        return [
            await self._trip(breakers.get(f"{EDITION_ACCOUNT}{edition_id}"), error, edition_id)
            for edition_id, error in sending.refused_senders.items()
        ]

    async def _probe(self) -> TransportError | None:
        """See whether the server lets us in again; if so, forget the trouble."""
        connecting = asyncio.ensure_future(self._bag.transport.connect())
        told = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((connecting, told), return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                return TransportError("it was to stop before the server had answered")
            connection = await connecting
        except TransportError as error:
            return error
        finally:
            told.cancel()
            connecting.cancel()
        await connection.close()
        await self._store.in_time(self._store.accounts.close_breakers, [self._bag.account])
        log.info("the server answers again")
        return None

    async def _trip(
        self, before: Breaker | None, problem: TransportError, edition_id: int | None = None
    ) -> Breaker:
        """Open the breaker of the account or of one edition, and give up what has waited too long already."""
        now = self._clock()
        breaker = trip(before, reason=str(problem), permanent=problem.permanent, now=now)
        name = self._bag.account if edition_id is None else f"{EDITION_ACCOUNT}{edition_id}"
        await self._store.in_time(self._store.accounts.open_breaker, name, breaker)
        if before is None:
            # After days in which we were off, one failure is no reason: the network may not be up yet.
            return breaker
        given_up = await self._store.in_time(
            self._store.deliveries.give_up,
            queued_before=now - timedelta(seconds=self._bag.retry.give_up_after_seconds),
            edition_id=edition_id,
            reply=str(problem),
            now=now,
        )
        if given_up:
            log.error("%d deliveries are given up, they waited too long: %s", given_up, problem)
        return breaker

    async def _due(self) -> int:
        return await self._store.in_time(
            self._store.deliveries.due_count, now=self._clock(), list_name=self._list_name
        )

    async def _report(
        self,
        recovery: Recovery,
        sending: Sending | None = None,
        *,
        trouble: Breaker | None = None,
        tried: bool = True,
    ) -> DeliverReport:
        due = await self._due()
        trouble = trouble if due else None
        return DeliverReport(
            outcomes=dict(sending.outcomes) if sending else {},
            recovered_uncertain=recovery.uncertain,
            in_doubt=recovery.waiting,
            problem=trouble.reason if trouble else None,
            permanent=trouble.permanent if trouble else False,
            due=due,
            next_due=await self._store.in_time(self._store.deliveries.next_due, list_name=self._list_name),
            paused_until=trouble.open_until if trouble else None,
            tried=tried,
            rate_until=sending.queue.rate_until if sending else None,
        )


async def send_copy(transport: Transport, message: Message) -> SendResult:
    """Hand over one message that no delivery stands for: a test copy.

    Raises:
        TransportError: The server cannot be reached, or refuses the sender.
    """

    async def go_on() -> bool:
        return True

    connection = await transport.connect()
    try:
        return await connection.send(message, before_content=go_on)
    finally:
        await connection.close()
