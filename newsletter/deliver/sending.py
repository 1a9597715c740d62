"""One turn of sending: as many workers as connections share one queue of claimed deliveries."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

from newsletter.deliver.company import Company
from newsletter.deliver.crew import Terms
from newsletter.deliver.desk import Desk
from newsletter.deliver.findings import Findings
from newsletter.deliver.lane import Lane, Pace
from newsletter.deliver.ledger import Ledger
from newsletter.deliver.postbag import Postbag
from newsletter.deliver.presence import Presence
from newsletter.deliver.queue import Queue
from newsletter.deliveries.transport import Connection
from newsletter.errors import MessageRefusedError, SenderRefusedError, StoreError, TransportError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import (
    Breaker,
    Delivery,
    DeliveryMark,
    DeliveryRange,
    DeliveryState,
    SendOutcome,
    SendPhase,
    SendResult,
)
from newsletter.model.messages import Message
from newsletter.store.store import Store

log = logging.getLogger(__name__)


class _NoConnectionError(TransportError):
    """A connection could not be opened for now."""


class Sending:
    """One turn of sending.

    Attributes:
        findings: What was learnt about readers and servers.
        queue: What the workers share.
    """

    def __init__(
        self,
        store: Store,
        bag: Postbag,
        terms: Terms,
        *,
        clock: Clock,
        stopping: asyncio.Event,
        on_result: Callable[[], None],
        only: DeliveryRange | None = None,
        name: str = "",
    ) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            store: Where the deliveries are.
            bag: How they go out.
            terms: What the turn begins with.
            clock: Returns the time, UTC.
            stopping: Once set, nothing more is begun.
            on_result: Called after each attempt.
            only: Only these deliveries; None for all.
            name: To claim under; empty: a random one.
        """
        self._store, self._bag, self._clock = store, bag, clock
        self._stopping, self._on_result = stopping, on_result
        self._name = name or secrets.token_hex(16)
        self._ending = asyncio.Event()
        self._presence = Presence(store, self._name, clock)
        self._company = Company(store, bag, self._name, clock)
        self._ledger = Ledger(store, bag, self._name, clock)
        self._desk = bag.desk or Desk(store, bag.stationery)
        #: Workers that wait for a server which has nothing of a message yet: they may be cut off.
        self._harmless: set[asyncio.Task[None]] = set()
        #: Workers that have not ended.
        self._at_work: set[asyncio.Task[None]] = set()
        # Grows: what one connection finds out, the others are to know.
        set_aside = dict(terms.set_aside)
        self.queue = Queue(
            store,
            bag,
            sender=self._name,
            clock=clock,
            stopping=self._ending,
            list_name=terms.list_name,
            set_aside=set_aside,
            only=only,
            company=self._company,
        )
        self._outcomes: Counter[DeliveryState] = Counter()
        #: Apart from the others: most are accepted, and to look up a state takes longer than to count it.
        self._accepted = 0
        self.findings = Findings(
            bag, clock, troubles=terms.troubles, set_aside=set_aside, is_trial=terms.is_trial
        )
        self._pace = Pace(
            queue=self.queue,
            findings=self.findings,
            ledger=self._ledger,
            presence=self._presence,
            desk=self._desk,
            clock=clock,
            ending=self._ending,
            count=self._count_accepted,
        )
        self._company.watch(
            on_their_way=self.queue.on_their_way,
            waiting=self.queue.waiting,
            refused=lambda: self.findings.refused_in_a_row,
        )

    @property
    def outcomes(self) -> Counter[DeliveryState]:
        """How many attempts ended in each state."""
        return self._outcomes + Counter({DeliveryState.ACCEPTED: self._accepted})

    @property
    def halted(self) -> Breaker | None:
        """Why another sender has stopped, and we with it; None if that was not so."""
        return self._company.breaker

    @property
    def rate_until(self) -> datetime | None:
        """When the rate lets the next one out, if that ended the turn; UTC."""
        return self.queue.rate_until

    async def run(self) -> None:
        """Send until nothing is due, the server is in trouble, or it is to stop.

        Raises:
            StoreError: State cannot be written any more; sending stopped at once.
        """
        await self._presence.prolong()
        await self._company.meet()
        self._hear()
        workers = [asyncio.create_task(self._work()) for _ in range(self._bag.transport.connections)]
        self._at_work.update(workers)
        beside = [
            asyncio.create_task(self._presence.keep(on_loss=self._end)),
            asyncio.create_task(self._stop_when_told(workers)),
            asyncio.create_task(self._company.keep_meeting(on_news=self._hear)),
        ]
        try:
            results = await asyncio.gather(*workers, return_exceptions=True)
        finally:
            for task in beside:
                task.cancel()
            await self.queue.settled()
        lease = (await asyncio.gather(*beside, return_exceptions=True))[0]
        failures = [r for r in (*results, lease) if isinstance(r, Exception)]
        if failures:
            await self._presence.end_if_possible()
        for failure in failures:
            if isinstance(failure, StoreError):
                raise StoreError(f"{failure}; sending stopped") from failure
        if failures:
            raise failures[0]
        if not self.findings.all_are_refused:
            await self._count_unproven()
        await self.queue.close()
        await self._presence.end()

    async def _stop_when_told(self, workers: list[asyncio.Task[None]]) -> None:
        """Begin nothing more, and cut off waits in which no server has anything of a message."""
        await self._stopping.wait()
        self._end()
        for worker in workers:
            if worker in self._harmless:
                worker.cancel()

    def _hear(self) -> None:
        """Let workers go on by what the others do, or stop with them."""
        self.findings.hear_of_refusals(self._company.refused_beside)
        if self.halted is not None or self.findings.problem is not None:
            self._end()
        self.queue.wake()

    def _end(self) -> None:
        self._ending.set()
        self.queue.wake()

    async def _work(self) -> None:
        """Send one delivery after another over a connection of our own."""
        lane = Lane()
        try:
            try:
                await self._send_all(lane)
            except asyncio.CancelledError:
                if not self._stopping.is_set():
                    raise
            await self._ledger.settled()
        except BaseException:
            self._end()
            raise
        finally:
            self._at_work.discard(_this_worker())
            await self._leave(lane)

    async def _send_all(self, lane: Lane) -> None:
        while (delivery := lane.step() or await self._next(lane)) is not None:
            try:
                await self._send(delivery, lane)
            except TransportError as error:
                lane.connection = None
                delivery = lane.in_hand or delivery
                if lane.ahead is not None:
                    self.queue.put_back_behind(delivery, lane.ahead)
                    lane.drop_ahead()
                await self._meet_trouble(delivery, error)
                if not isinstance(error, SenderRefusedError):
                    return
            finally:
                # Others may have been through since.
                self.queue.done(lane.in_hand or delivery, behind=lane.ahead)
            if self._is_over():
                return

    async def _next(self, lane: Lane) -> Delivery | None:
        """Wait for a delivery that was not known ahead; what was sent before is through by then."""
        await self._ledger.settled()
        lane.in_hand = await self.queue.take()
        return lane.in_hand

    async def _leave(self, lane: Lane) -> None:
        """Give back what a lane holds, and close its connection."""
        if lane.ahead is not None:
            self.queue.put_back(lane.ahead)
            self.queue.done(lane.ahead)
        if lane.connection is not None:
            await lane.connection.close()

    async def _meet_trouble(self, delivery: Delivery, error: TransportError) -> None:
        """Decide what becomes of the server, or of the edition, and of a delivery that met the trouble."""
        if isinstance(error, SenderRefusedError):
            self.findings.set_edition_aside(delivery.edition_id, error)
        else:
            self._note(error)
            log.info("a connection is given up: %s", error)
        mark = self.findings.put_off(delivery, error)
        if mark is not None:
            self._record(delivery, mark)
            await self._ledger.settled()
        else:
            self.queue.put_back(delivery)

    def _note(self, error: TransportError) -> None:
        """Take an error for trouble with the server, unless it only takes no further connection.

        Many servers take few connections at once and answer the next one with 421: those that are open serve
        everybody. Should they be lost as well, the last one tells.
        """
        self._at_work.discard(_this_worker())
        if not (isinstance(error, _NoConnectionError) and self._at_work):
            self.findings.problem = error

    def _is_over(self) -> bool:
        """Return whether this worker has reason to leave the server alone."""
        if self.findings.all_are_refused:
            self._ending.set()
        return self._ending.is_set() or self.findings.problem is not None

    async def _send(self, delivery: Delivery, lane: Lane) -> None:
        """Send the delivery in hand, and maybe others behind it; outcomes are, or will be, on record."""
        try:
            message = lane.message or await self._desk.write(delivery, now=self._clock())
        except StoreError:
            raise
        except Exception as error:
            if not isinstance(error, (MessageRefusedError, ValueError)):
                log.exception("delivery %d: unexpected error", delivery.id)
            reply = f"no message could be made: {error}"
            self.findings.count_refusal(reply)
            mark = DeliveryMark(delivery_id=delivery.id, state=DeliveryState.FAILED, reply=reply)
            self._record(delivery, mark)
            await self._ledger.settled()
            return
        self._pace.look_ahead(lane)
        try:
            result = await self._hand_over(delivery, message, lane)
            if result.outcome is not SendOutcome.WITHDRAWN:
                await self._take_in(lane.in_hand or delivery, result)
        except BaseException:
            if lane.connection is not None:
                connection, lane.connection = lane.connection, None
                await connection.close()
            raise
        if not result.reusable and lane.connection is not None:
            connection, lane.connection = lane.connection, None
            await connection.close()

    async def _hand_over(self, delivery: Delivery, message: Message, lane: Lane) -> SendResult:
        """Send a message over a lane's connection, or over a new one if that has ended meanwhile.

        The result is about what is in hand by then.
        """
        worker = _this_worker()
        taken = partial(self._pace.taken, lane)

        async def before_content() -> bool:
            """Put on record that the message is being sent; False: it must not be, any more.

            What was sent before it over this connection is on record as well by then.
            """
            self._harmless.discard(worker)
            if self._ending.is_set():
                return False
            if not await self._ledger.begin(delivery.id) or not self._presence.holds:
                return False
            self.queue.begun(delivery)
            return True

        self._harmless.add(worker)
        try:
            if lane.connection is not None:
                result = await lane.connection.send(
                    message, before_content=before_content, following=lane.message_ahead, taken=taken
                )
                if not _lost_before_envelope(result):
                    return result
                # The server ended a session that had served others: that says nothing about this message.
                connection, lane.connection = lane.connection, None
                await connection.close()
            lane.connection = await self._connect()
            return await lane.connection.send(
                message, before_content=before_content, following=lane.message_ahead, taken=taken
            )
        finally:
            self._harmless.discard(worker)

    async def _connect(self) -> Connection:
        try:
            return await self._bag.transport.connect()
        except TransportError as error:
            if error.permanent:
                raise
            raise _NoConnectionError(str(error)) from error

    async def _take_in(self, delivery: Delivery, result: SendResult) -> None:
        """Learn from a result and record it; an acceptance is durable before the next content is sent."""
        self._record(delivery, self.findings.take_in(delivery, result))
        if result.outcome is not SendOutcome.ACCEPTED:
            await self._ledger.settled()
        elif self.findings.unproven:
            await self._ledger.settled()
            await self._count_unproven()

    async def _count_unproven(self) -> None:
        """Count held refusals for their addresses: others were accepted, or there were only few."""
        refused, self.findings.unproven = self.findings.unproven, {}
        if refused:
            await self._store.in_time(
                self._store.deliveries.count_bounces, refused, bounces=self._bag.bounces, now=self._clock()
            )

    def _record(self, delivery: Delivery, mark: DeliveryMark) -> None:
        """See that a result is made durable, and counted then."""
        self._ledger.record(mark, then=partial(self._count, delivery, mark))

    def _count(self, delivery: Delivery, mark: DeliveryMark, is_ours: bool) -> None:  # noqa: FBT001
        if not is_ours:
            return
        if mark.state is DeliveryState.ACCEPTED:
            self._count_accepted(delivery, mark.reply)
            return
        if mark.state is DeliveryState.UNCERTAIN:
            # The policy may have queued it again.
            self.queue.look_again()
        self._outcomes[mark.state] += 1
        log.warning("delivery %d to %s: %s (%s)", delivery.id, delivery.address, mark.state, mark.reply)
        self._on_result()

    def _count_accepted(self, delivery: Delivery, reply: str) -> None:
        self._accepted += 1
        if log.isEnabledFor(logging.DEBUG):
            log.debug("delivery %d to %s: accepted (%s)", delivery.id, delivery.address, reply)
        self._on_result()


def _this_worker() -> asyncio.Task[None]:
    worker = asyncio.current_task()
    assert worker is not None  # noqa: S101 - a worker is a task
    return worker


def _lost_before_envelope(result: SendResult) -> bool:
    return (
        result.outcome is SendOutcome.DEFERRED
        and result.reply.phase is SendPhase.MAIL
        and not result.reusable
    )
