"""Deliver: queued deliveries become messages, and each one's outcome is recorded."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from newsletter.deliver.crew import Crew, Terms
from newsletter.deliver.desk import EditionCopies, reader_maker
from newsletter.deliver.postbag import FindSigner, Postbag, Stationery
from newsletter.deliver.recovery import Recoverer
from newsletter.deliver.sending import Sending
from newsletter.deliver.workers import Workers, most_worth, worth_starting
from newsletter.deliveries.breaker import holds, trip
from newsletter.deliveries.transport import Transport
from newsletter.errors import TransportError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import EDITION_ACCOUNT, Breaker, DeliverReport, DeliveryRange, SendResult
from newsletter.model.messages import Message
from newsletter.store.store import Store

__all__ = [
    "Clock",
    "Crew",
    "EditionCopies",
    "FindSigner",
    "Postbag",
    "Stationery",
    "deliver",
    "forget_idle_troubles",
    "reader_maker",
    "send_copy",
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
    only: DeliveryRange | None = None,
    crew: Crew | None = None,
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
        only: Only these deliveries; None for all. What the report says is due is then said of them alone.
        crew: Processes that may send side by side; None: this one alone, as it always is for `only` some.

    Raises:
        SenderBusyError: Another process is sending from this store, which is on SQLite; or one must be alone.
        StoreError: State cannot be written any more; sending stopped at once.
        WorkerError: One of the crew cannot be started.
    """
    if store.is_shared:
        bag = replace(bag, shared=True)
    with store.sender_lock() as files:
        recoverer = Recoverer(store, bag, clock)
        on_result = on_result or (lambda: None)
        turn = _Turn(store, bag, clock, stopping, list_name, on_result, recoverer, force=force, only=only)
        turn.may_start(crew if only is None else None, files=files)
        if only is not None and store.is_shared:
            # Whoever has only some to send leaves it to others to look after all.
            return await turn.run()
        await recoverer.look()
        looking = asyncio.create_task(recoverer.keep_looking())
        try:
            return await turn.run()
        finally:
            looking.cancel()


async def forget_idle_troubles(store: Store, *, clock: Clock) -> None:
    """Close the breakers of editions once nothing at all is due, where workers only send some each.

    Args:
        store: Where they are.
        clock: Returns the time, UTC.

    Raises:
        StoreError: The store does not answer.
    """
    breakers = await store.in_time(store.accounts.breakers)
    if breakers and not await store.in_time(store.deliveries.due_count, now=clock(), at_most=1):
        await _close_editions(store, breakers)


async def _close_editions(store: Store, breakers: Mapping[str, Breaker]) -> None:
    over = [name for name in breakers if name.startswith(EDITION_ACCOUNT)]
    await store.in_time(store.accounts.close_breakers, over)


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
        recoverer: Recoverer,
        *,
        force: bool,
        only: DeliveryRange | None,
    ) -> None:
        self._store = store
        self._bag = bag
        self._clock = clock
        self._stopping = stopping
        self._list_name = list_name
        self._on_result = on_result
        self._recoverer = recoverer
        self._force = force
        self._only = only
        self._crew: Crew | None = None
        self._files: tuple[int, ...] = ()

    def may_start(self, crew: Crew | None, *, files: tuple[int, ...]) -> None:
        """Let processes that send side by side be started, with the open files that hold the right to it."""
        self._crew, self._files = crew, files

    async def run(self) -> DeliverReport:
        """Do the turn."""
        breakers = await self._store.in_time(self._store.accounts.breakers)
        breaker = breakers.get(self._bag.account)
        if not await self._due(at_most=1):
            if self._only is None:
                await _close_editions(self._store, breakers)
            return await self._report()
        if breaker is not None:
            if holds(breaker, now=self._clock()) and not self._force:
                return await self._report(trouble=breaker, tried=False)
            problem = await self._probe()
            if problem is not None and self._stopping.is_set():
                return await self._report(trouble=breaker, tried=False)
            if problem is not None:
                return await self._report(trouble=await self._trip(breaker, problem))
        return await self._send(breakers)

    async def _send(self, breakers: Mapping[str, Breaker]) -> DeliverReport:
        """Send, with a server that seems well, and settle the breakers by what it did."""
        breaker = breakers.get(self._bag.account)
        troubles = {
            int(name.removeprefix(EDITION_ACCOUNT)): trouble
            for name, trouble in breakers.items()
            if name.startswith(EDITION_ACCOUNT)
        }
        aside = self._aside(troubles)
        sending = await self._begun(troubles, aside, is_trial=breaker is not None)
        await sending.run()
        refused = await self._settle_refusals(sending, troubles, aside)
        aside = {
            number: why for number, why in aside.items() if number not in sending.findings.accepted_editions
        }
        opened = None
        if sending.findings.problem is not None and await self._due(at_most=1):
            opened = await self._trip(breaker, sending.findings.problem)
        trouble = opened or sending.halted or next(iter([*refused, *aside.values()]), None)
        return await self._report(sending, trouble=trouble, tried=bool(opened or refused or not aside))

    async def _begun(
        self, troubles: Mapping[int, Breaker], aside: Mapping[int, Breaker], *, is_trial: bool
    ) -> Sending | Workers:
        """Return what sends: this process, or several where so much is due that they are worth starting."""
        terms = Terms(
            list_name=self._list_name,
            troubles=troubles,
            set_aside={edition_id: trouble.open_until for edition_id, trouble in aside.items()},
            is_trial=is_trial,
        )
        connections = self._bag.transport.connections
        due = await self._due(at_most=most_worth(self._crew))
        count = worth_starting(self._crew, due=due, connections=connections)
        if self._crew is not None and count > 1:
            return Workers(
                self._crew,
                count,
                self._bag,
                terms,
                files=self._files,
                recoverer=self._recoverer,
                clock=self._clock,
                stopping=self._stopping,
                on_result=self._on_result,
            )
        return Sending(
            self._store,
            self._bag,
            terms,
            clock=self._clock,
            stopping=self._stopping,
            on_result=self._on_result,
            only=self._only,
        )

    def _aside(self, troubles: dict[int, Breaker]) -> dict[int, Breaker]:
        """Return the troubles of editions whose sender the server has refused a short while ago."""
        now = self._clock()
        return {
            edition_id: trouble
            for edition_id, trouble in troubles.items()
            if holds(trouble, now=now) and not self._force
        }

    async def _settle_refusals(
        self, sending: Sending | Workers, troubles: dict[int, Breaker], aside: dict[int, Breaker]
    ) -> list[Breaker]:
        """Open the breakers of editions whose sender was refused, and return them; close those over."""
        over = sending.findings.accepted_editions
        if self._list_name is None and self._only is None:
            over = over | {edition_id for edition_id in troubles if edition_id not in aside}
        gone = [f"{EDITION_ACCOUNT}{edition_id}" for edition_id in over if edition_id in troubles]
        await self._store.in_time(self._store.accounts.close_breakers, gone)
        for edition_id, trouble in sending.findings.troubles.items():
            await self._open(f"{EDITION_ACCOUNT}{edition_id}", trouble, edition_id)
        return list(sending.findings.troubles.values())

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

    async def _trip(self, before: Breaker | None, problem: TransportError) -> Breaker:
        """Open the account's breaker, for longer than before."""
        breaker = trip(before, reason=str(problem), permanent=problem.permanent, now=self._clock())
        await self._open(self._bag.account, breaker)
        return breaker

    async def _open(self, name: str, breaker: Breaker, edition_id: int | None = None) -> None:
        """Keep a breaker; give up what has waited too long, if the trouble has lasted as long itself."""
        now = self._clock()
        await self._store.in_time(self._store.accounts.open_breaker, name, breaker)
        oldest = now - timedelta(seconds=self._bag.retry.give_up_after_seconds)
        if breaker.opened_at > oldest:
            return
        given_up = await self._store.in_time(
            self._store.deliveries.give_up,
            queued_before=oldest,
            edition_id=edition_id,
            reply=breaker.reason,
            now=now,
        )
        if given_up:
            log.error("%d deliveries are given up, they waited too long: %s", given_up, breaker.reason)

    async def _due(self, *, at_most: int | None = None) -> int:
        return await self._store.in_time(
            self._store.deliveries.due_count,
            now=self._clock(),
            list_name=self._list_name,
            only=self._only,
            at_most=at_most,
        )

    async def _report(
        self,
        sending: Sending | Workers | None = None,
        *,
        trouble: Breaker | None = None,
        tried: bool = True,
    ) -> DeliverReport:
        due, recovery = await self._due(), self._recoverer.found
        trouble = trouble if due else None
        return DeliverReport(
            outcomes=dict(sending.outcomes) if sending else {},
            recovered_uncertain=recovery.uncertain,
            in_doubt=recovery.waiting,
            problem=trouble.reason if trouble else None,
            permanent=trouble.permanent if trouble else False,
            due=due,
            next_due=await self._store.in_time(
                self._store.deliveries.next_due, list_name=self._list_name, only=self._only
            ),
            paused_until=trouble.open_until if trouble else None,
            tried=tried,
            rate_until=sending.rate_until if sending else None,
        )


async def send_copy(transport: Transport, message: Message) -> SendResult:
    """Hand over one message that no delivery stands for: a test copy.

    Raises:
        TransportError: The server cannot be reached, or refuses the sender.
    """

    async def go_on() -> bool:
        """Let the content follow: there is no record that could forbid it."""
        return True

    connection = await transport.connect()
    try:
        return await connection.send(message, before_content=go_on)
    finally:
        await connection.close()
