"""One turn of sending: as many workers as connections share one queue of claimed deliveries."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable

from newsletter.deliver.desk import Desk
from newsletter.deliver.ledger import Ledger
from newsletter.deliver.postbag import Clock, Postbag
from newsletter.deliver.queue import Queue
from newsletter.deliveries.retry import decide_retry
from newsletter.deliveries.transport import Connection
from newsletter.errors import MessageRefusedError, SenderRefusedError, StoreError, TransportError
from newsletter.model.deliveries import (
    Delivery,
    DeliveryMark,
    DeliveryState,
    SendOutcome,
    SendPhase,
    SendResult,
)
from newsletter.model.messages import Message
from newsletter.store.deliveries import LEASE_SECONDS
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Readers refused for good in a row, with none accepted since, after which the fault is surely ours.
_MOST_REFUSED_IN_A_ROW = 10

#: The same while it is being tried whether the server is well again.
_MOST_REFUSED_ON_TRIAL = 3


class _NoConnectionError(TransportError):
    """A connection could not be opened for now."""


class Sending:
    """One turn of sending.

    Attributes:
        outcomes: How many attempts ended in each state.
        problem: What is wrong with the server; None if nothing is.
        refused_senders: Why editions were set aside, by id.
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
        set_aside: set[int],
        is_trial: bool,
    ) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            store: Where the deliveries are.
            bag: How they go out.
            clock: Returns the time, UTC.
            stopping: Once set, nothing more is begun.
            list_name: Only this list's; None for all.
            on_result: Called after each attempt.
            set_aside: Editions to leave alone.
            is_trial: The server was in trouble: few refusals are enough to stop.
        """
        self._store = store
        self._bag = bag
        self._clock = clock
        self._stopping = stopping
        self._on_result = on_result
        self._set_aside = set_aside
        self._most_refused = _MOST_REFUSED_ON_TRIAL if is_trial else _MOST_REFUSED_IN_A_ROW
        self._refused_in_a_row = 0
        self._name = secrets.token_hex(16)
        self._ending = asyncio.Event()
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
        )
        self.outcomes: Counter[DeliveryState] = Counter()
        self.problem: TransportError | None = None
        self.refused_senders: dict[int, SenderRefusedError] = {}

    async def run(self) -> None:
        """Send until nothing is due, the server is in trouble, or it is to stop.

        Raises:
            StoreError: State cannot be written any more; sending stopped at once.
        """
        await self._store.in_time(self._store.deliveries.lease, sender=self._name, now=self._clock())
        workers = [asyncio.create_task(self._work()) for _ in range(self._bag.transport.connections)]
        self._at_work.update(workers)
        beside = [asyncio.create_task(self._keep_lease()), asyncio.create_task(self._stop_when_told(workers))]
        try:
            results = await asyncio.gather(*workers, return_exceptions=True)
        finally:
            for task in beside:
                task.cancel()
        lease = (await asyncio.gather(*beside, return_exceptions=True))[0]
        failures = [r for r in (*results, lease) if isinstance(r, Exception)]
        for failure in failures:
            if isinstance(failure, StoreError):
                raise StoreError(f"{failure}; sending stopped") from failure
        if failures:
            raise failures[0]
        await self._store.in_time(self._store.deliveries.release, sender=self._name, now=self._clock())

    async def _keep_lease(self) -> None:
        """Prolong our lease long before it ends; without it, what we hold may be taken over."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            try:
                await self._store.in_time(self._store.deliveries.lease, sender=self._name, now=self._clock())
            except Exception:
                await self._end()
                raise

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
                except SenderRefusedError as error:
                    # Another list may have a sender that is taken; this one's claims are released later.
                    self._set_aside.add(delivery.edition_id)
                    self.refused_senders[delivery.edition_id] = error
                    connection = None
                except TransportError as error:
                    self._note(error)
                    connection = None
                    log.info("a connection is given up: %s", error)
                    await self.queue.put_back(delivery)
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
        if self._refused_in_a_row >= self._most_refused:
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
                await self._record(delivery, self._mark(delivery, result))
                self._judge(result)
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
            self._harmless.discard(worker)
            if self._ending.is_set() or not await self._ledger.begin(delivery.id):
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

    def _judge(self, result: SendResult) -> None:
        """See what a result says about the server rather than about the reader."""
        if result.backs_off:
            self.problem = TransportError(f"the server asks to be left alone for a while ({result.reply})")
        if result.outcome is SendOutcome.ACCEPTED:
            self._refused_in_a_row, self._most_refused = 0, _MOST_REFUSED_IN_A_ROW
        elif result.reply.code >= 500:
            self._count_refusal(str(result.reply))

    def _count_refusal(self, reply: str) -> None:
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= self._most_refused:
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
        if result.outcome is not SendOutcome.DEFERRED:
            state = DeliveryState(result.outcome.value)
            return DeliveryMark(delivery_id=delivery.id, state=state, reply=reply, bounce=result.bounce)
        decision = decide_retry(
            self._bag.retry,
            delivery_id=delivery.id,
            attempts=delivery.attempts + 1,
            queued_at=delivery.queued_at,
            now=self._clock(),
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
        )


def _lost_before_envelope(result: SendResult) -> bool:
    return (
        result.outcome is SendOutcome.DEFERRED
        and result.reply.phase is SendPhase.MAIL
        and not result.reusable
    )
