"""One turn of sending: as many workers as connections share one queue of claimed deliveries."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from newsletter.deliver.desk import Desk
from newsletter.deliver.ledger import Ledger
from newsletter.deliver.postbag import Postbag
from newsletter.deliver.presence import Presence
from newsletter.deliver.queue import Queue
from newsletter.deliveries.breaker import trip
from newsletter.deliveries.retry import decide_retry
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
from newsletter.model.feedback import BounceKind
from newsletter.model.messages import Message
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Readers refused for good in a row, with none accepted since, after which the fault is surely ours.
_MOST_REFUSED_IN_A_ROW = 10

#: From the third in a row on, a refusal counts against its reader only once somebody has been accepted.
_SUSPICIOUS_ROW = 3


class _NoConnectionError(TransportError):
    """A connection could not be opened for now."""


class Sending:
    """One turn of sending.

    Attributes:
        outcomes: How many attempts ended in each state.
        problem: What is wrong with the server; None if nothing is.
        troubles: Why editions are set aside whose sender was refused, by id.
        accepted_editions: Those of which a server took something.
        queue: What the workers share.
    """

    def __init__(
        self,
        store: Store,
        bag: Postbag,
        *,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None,
        on_result: Callable[[], None],
        troubles: Mapping[int, Breaker],
        set_aside: dict[int, datetime],
        is_trial: bool,
        only: DeliveryRange | None = None,
        name: str = "",
    ) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            store: Where the deliveries are.
            bag: How they go out.
            clock: Returns the time, UTC.
            stopping: Once set, nothing more is begun.
            list_name: Only this list's; None for all.
            on_result: Called after each attempt.
            troubles: What is kept of editions whose sender was refused before, by id.
            set_aside: Until when editions are to be left alone, UTC, by id.
            is_trial: The server was in trouble: what it refuses is put off until it has accepted something.
            only: Only these deliveries; None for all.
            name: To claim under; empty: a random one.
        """
        self._store = store
        self._bag = bag
        self._clock = clock
        self._stopping = stopping
        self._on_result = on_result
        self._set_aside = set_aside
        self._troubles_before = troubles
        self._is_trial = is_trial
        self._refused_in_a_row = 0
        #: What refusals in a suspicious row say about mailboxes, by delivery.
        self._unproven: dict[int, BounceKind] = {}
        self._name = name or secrets.token_hex(16)
        self._ending = asyncio.Event()
        self._presence = Presence(store, self._name, clock)
        self._ledger = Ledger(store, bag, self._name, clock)
        self._desk = Desk(store, bag.stationery)
        #: Workers that wait for a server which has nothing of a message yet: they may be cut off.
        self._harmless: set[asyncio.Task[None]] = set()
        #: Workers that have not ended.
        self._at_work: set[asyncio.Task[None]] = set()
        self.queue = Queue(
            store,
            bag,
            sender=self._name,
            clock=clock,
            stopping=self._ending,
            list_name=list_name,
            set_aside=set_aside,
            only=only,
        )
        self.outcomes: Counter[DeliveryState] = Counter()
        self.problem: TransportError | None = None
        self.troubles: dict[int, Breaker] = {}
        self.accepted_editions: set[int] = set()

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
        workers = [asyncio.create_task(self._work()) for _ in range(self._bag.transport.connections)]
        self._at_work.update(workers)
        beside = [
            asyncio.create_task(self._presence.keep(on_loss=self._end)),
            asyncio.create_task(self._stop_when_told(workers)),
        ]
        try:
            results = await asyncio.gather(*workers, return_exceptions=True)
        finally:
            for task in beside:
                task.cancel()
        lease = (await asyncio.gather(*beside, return_exceptions=True))[0]
        failures = [r for r in (*results, lease) if isinstance(r, Exception)]
        if failures:
            await self._presence.end_if_possible()
        for failure in failures:
            if isinstance(failure, StoreError):
                raise StoreError(f"{failure}; sending stopped") from failure
        if failures:
            raise failures[0]
        if self._refused_in_a_row < _MOST_REFUSED_IN_A_ROW:
            await self._count_unproven()
        await self._presence.end()

    async def _stop_when_told(self, workers: list[asyncio.Task[None]]) -> None:
        """Begin nothing more, and cut off waits in which no server has anything of a message."""
        await self._stopping.wait()
        await self._end()
        for worker in workers:
            if worker in self._harmless:
                worker.cancel()

    async def _end(self) -> None:
        self._ending.set()
        await self.queue.wake()

    async def _work(self) -> None:
        """Send one delivery after another over a connection of our own."""
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101 - a worker is a task
        connection: Connection | None = None
        try:
            while (delivery := await self.queue.take()) is not None:
                try:
                    connection = await self._send(delivery, connection)
                except TransportError as error:
                    connection = None
                    await self._meet_trouble(delivery, error)
                    if not isinstance(error, SenderRefusedError):
                        return
                finally:
                    await self.queue.done(delivery)
                if self._is_over():
                    return
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise
        except BaseException:
            await self._end()
            raise
        finally:
            self._at_work.discard(worker)
            if connection is not None:
                await connection.close()

    async def _meet_trouble(self, delivery: Delivery, error: TransportError) -> None:
        """Decide what becomes of the server, or of the edition, and of a delivery that met the trouble."""
        if isinstance(error, SenderRefusedError):
            self._set_edition_aside(delivery.edition_id, error)
        else:
            self._note(error)
            log.info("a connection is given up: %s", error)
        if not await self._put_off(delivery, error):
            await self.queue.put_back(delivery)

    def _note(self, error: TransportError) -> None:
        """Take an error for trouble with the server, unless it only takes no further connection.

        Many servers take few connections at once and answer the next one with 421: those that are open serve
        everybody. Should they be lost as well, the last one tells.
        """
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101 - a worker is a task
        self._at_work.discard(worker)
        if not (isinstance(error, _NoConnectionError) and self._at_work):
            self.problem = error

    def _is_over(self) -> bool:
        """Return whether this worker has reason to leave the server alone."""
        if self._refused_in_a_row >= _MOST_REFUSED_IN_A_ROW:
            self._ending.set()
        return self._ending.is_set() or self.problem is not None

    async def _send(self, delivery: Delivery, connection: Connection | None) -> Connection | None:
        """Send one delivery and record its outcome; return the connection if it can go on."""
        try:
            message = await self._desk.write(delivery, now=self._clock())
        except StoreError:
            raise
        except Exception as error:
            if not isinstance(error, (MessageRefusedError, ValueError)):
                log.exception("delivery %d: unexpected error", delivery.id)
            reply = f"no message could be made: {error}"
            self._count_refusal(reply)
            mark = DeliveryMark(delivery_id=delivery.id, state=DeliveryState.FAILED, reply=reply)
            await self._record(delivery, mark)
            return connection
        try:
            connection, result = await self._hand_over(delivery, message, connection)
            if result.outcome is not SendOutcome.WITHDRAWN:
                self._judge(delivery, result)
                await self._record(delivery, self._mark(delivery, result))
                if result.outcome is SendOutcome.ACCEPTED:
                    await self._count_unproven()
        except BaseException:
            if connection is not None:
                await connection.close()
            raise
        if result.reusable:
            return connection
        await connection.close()
        return None

    async def _hand_over(
        self, delivery: Delivery, message: Message, connection: Connection | None
    ) -> tuple[Connection, SendResult]:
        """Send a message over a connection, or over a new one if that has ended meanwhile."""
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101 - a worker is a task

        async def before_content() -> bool:
            """Put on record that the message is being sent; False: it must not be, any more."""
            self._harmless.discard(worker)
            if self._ending.is_set() or not await self._ledger.begin(delivery.id) or not self._presence.holds:
                return False
            self.queue.begun(delivery)
            return True

        self._harmless.add(worker)
        try:
            if connection is not None:
                result = await connection.send(message, before_content=before_content)
                if not _lost_before_envelope(result):
                    return connection, result
                # The server ended a session that had served others: that says nothing about this message.
                await connection.close()
            connection = await self._connect()
            try:
                return connection, await connection.send(message, before_content=before_content)
            except BaseException:
                await connection.close()
                raise
        finally:
            self._harmless.discard(worker)

    async def _connect(self) -> Connection:
        try:
            return await self._bag.transport.connect()
        except TransportError as error:
            if error.permanent:
                raise
            raise _NoConnectionError(str(error)) from error

    def _set_edition_aside(self, edition_id: int, error: SenderRefusedError) -> None:
        """Leave an edition alone for a while: another list may have a sender that is taken."""
        now = self._clock()
        if now < self._set_aside.get(edition_id, now):
            return
        before = self.troubles.get(edition_id) or self._troubles_before.get(edition_id)
        trouble = trip(before, reason=str(error), permanent=error.permanent, now=now)
        self.troubles[edition_id] = trouble
        self._set_aside[edition_id] = trouble.open_until

    async def _put_off(self, delivery: Delivery, error: TransportError) -> bool:
        """Put off a reader at whose name the trouble began, if it was so; no attempt is used up.

        Servers quote what others said of a recipient. At the head of the queue, one such reader would keep
        everybody else waiting, each time anew.
        """
        if not error.of_recipient:
            return False
        await self._record(delivery, self._deferral(delivery, str(error), attempted=False))
        return True

    def _judge(self, delivery: Delivery, result: SendResult) -> None:
        """See what a result says about the server rather than about the reader."""
        if result.backs_off:
            self.problem = TransportError(f"the server asks to be left alone for a while ({result.reply})")
        if result.outcome is SendOutcome.ACCEPTED:
            self._refused_in_a_row, self._is_trial = 0, False
            self.accepted_editions.add(delivery.edition_id)
            self.troubles.pop(delivery.edition_id, None)
        elif _is_refusal(result):
            self._count_refusal(str(result.reply))

    def _is_doubtful(self) -> bool:
        """Return whether a refusal says more about the server, or about us, than about its reader."""
        return self._is_trial or self._refused_in_a_row >= _MOST_REFUSED_IN_A_ROW

    async def _count_unproven(self) -> None:
        """Count held refusals for their addresses: others were accepted, or there were only few."""
        refused, self._unproven = self._unproven, {}
        if refused:
            await self._store.in_time(
                self._store.deliveries.count_bounces, refused, bounces=self._bag.bounces, now=self._clock()
            )

    def _count_refusal(self, reply: str) -> None:
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= _MOST_REFUSED_IN_A_ROW:
            self.problem = TransportError(
                f"one reader after the other is refused, the last with “{reply}”: see what is wrong, then "
                "`newsletter deliveries retry` sends to them again",
                permanent=True,
            )

    async def _record(self, delivery: Delivery, mark: DeliveryMark) -> None:
        if not await self._ledger.record(mark):
            return
        self.outcomes[mark.state] += 1
        level = logging.DEBUG if mark.state is DeliveryState.ACCEPTED else logging.WARNING
        log.log(level, "delivery %d to %s: %s (%s)", delivery.id, delivery.address, mark.state, mark.reply)
        self._on_result()

    def _mark(self, delivery: Delivery, result: SendResult) -> DeliveryMark:
        """Turn an attempt's result into the step that follows from it."""
        reply = str(result.reply)
        if result.outcome is SendOutcome.DEFERRED:
            return self._deferral(delivery, reply, attempted=not result.backs_off)
        if _is_refusal(result) and self._is_doubtful():
            return self._deferral(delivery, reply, attempted=False)
        bounce = result.bounce
        if bounce is not BounceKind.NONE and self._refused_in_a_row >= _SUSPICIOUS_ROW:
            self._unproven[delivery.id], bounce = bounce, BounceKind.NONE
        state = DeliveryState(result.outcome.value)
        return DeliveryMark(delivery_id=delivery.id, state=state, reply=reply, bounce=bounce)

    def _deferral(self, delivery: Delivery, reply: str, *, attempted: bool) -> DeliveryMark:
        """Put a delivery off, or give it up if it has waited too long."""
        now = self._clock()
        is_first = attempted and delivery.attempts == 0
        decision = decide_retry(
            self._bag.retry,
            delivery_id=delivery.id,
            attempts=delivery.attempts + 1,
            waits_since=now if is_first else delivery.queued_at,
            now=now,
        )
        if decision.next_attempt_at is None:
            return DeliveryMark(
                delivery_id=delivery.id, state=DeliveryState.FAILED, reply=f"given up: {reply}"
            )
        return DeliveryMark(
            delivery_id=delivery.id,
            state=DeliveryState.DEFERRED,
            reply=reply,
            next_attempt_at=decision.next_attempt_at,
            attempted=attempted,
        )


def _is_refusal(result: SendResult) -> bool:
    """Return whether a reader is refused for good, by the server or by what it said it would take."""
    if result.reply.code >= 500:
        return result.outcome is not SendOutcome.ACCEPTED
    return result.outcome is SendOutcome.FAILED and result.reply.phase is SendPhase.MAIL


def _lost_before_envelope(result: SendResult) -> bool:
    return (
        result.outcome is SendOutcome.DEFERRED
        and result.reply.phase is SendPhase.MAIL
        and not result.reusable
    )
