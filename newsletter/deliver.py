"""Deliver: queued deliveries become messages, and each one's outcome is recorded."""

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.deliveries.retry import decide_retry
from newsletter.deliveries.transport import Connection, Transport
from newsletter.errors import MessageRefusedError, SenderRefusedError, StoreError, TransportError
from newsletter.messages.links import LinkSigner, mailto_unsubscribe
from newsletter.messages.mime import build_message, message_id
from newsletter.model.deliveries import (
    DeliverReport,
    Delivery,
    DeliveryMark,
    DeliveryState,
    RetryPolicy,
    SendOutcome,
    SendPhase,
    SendResult,
    UncertainPolicy,
)
from newsletter.model.messages import Message, Reader, Rendering
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Deliveries claimed at a time for each connection.
_CLAIMED_PER_CONNECTION = 10

#: Editions whose rendering is kept in memory at a time.
_RENDERINGS_KEPT = 4

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Postbag:
    """How deliveries go out: where to, when again, and what links they carry."""

    transport: Transport
    retry: RetryPolicy
    uncertain: UncertainPolicy
    #: Signs the links to readers' pages; None without web pages.
    links: LinkSigner | None


async def deliver(
    store: Store,
    bag: Postbag,
    *,
    clock: Clock,
    stopping: asyncio.Event,
    list_name: str | None = None,
    on_result: Callable[[], None] | None = None,
) -> DeliverReport:
    """Send everything that is due, and return when nothing more is.

    Each step is durable before the next one is taken, so that a process killed at any moment loses nobody;
    what was being sent at that moment is uncertain, and the policy rules it.

    Args:
        store: Where the deliveries are.
        bag: Transport and policies.
        clock: Returns the time, UTC.
        stopping: Once set, nothing more is claimed; messages in flight are finished.
        list_name: Only this list's; None for all.
        on_result: Called after each attempt, for a progress bar.

    Raises:
        SenderBusyError: Another process is sending from this store.
        StoreError: State cannot be written any more; sending stopped at once.
    """
    with store.sender_lock():
        uncertain = await asyncio.to_thread(store.deliveries.recover, policy=bag.uncertain, now=clock())
        if uncertain:
            log.warning("%d deliveries of a dead sender are uncertain: %s", uncertain, bag.uncertain.value)
        sending = _Sending(store, bag, clock, stopping, list_name, on_result or (lambda: None))
        await sending.run()
        now = clock()
        due = await asyncio.to_thread(store.deliveries.due_count, now=now, list_name=list_name)
        problem = sending.problem if due else None
        return DeliverReport(
            outcomes=dict(sending.outcomes),
            recovered_uncertain=uncertain,
            problem=str(problem) if problem else None,
            permanent=problem.permanent if problem else False,
            due=due,
            next_due=await asyncio.to_thread(store.deliveries.next_due, list_name=list_name),
        )


class _Ledger:
    """Writes steps durably, all that are waiting in one transaction: one fsync serves many connections."""

    def __init__(self, store: Store, bag: Postbag, sender: str, clock: Clock) -> None:
        self._store = store
        self._policy = bag.uncertain
        self._sender = sender
        self._clock = clock
        self._begins: list[tuple[int, asyncio.Future[bool]]] = []
        self._marks: list[tuple[DeliveryMark, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    async def begin(self, delivery_id: int) -> bool:
        """Make it durable that a delivery is being sent; return whether it may be."""
        future = asyncio.get_running_loop().create_future()
        self._begins.append((delivery_id, future))
        return await self._written(future)

    async def record(self, mark: DeliveryMark) -> None:
        """Make a result durable."""
        future = asyncio.get_running_loop().create_future()
        self._marks.append((mark, future))
        await self._written(future)

    async def _written(self, future: asyncio.Future[bool]) -> bool:
        if self._broken is not None:
            raise self._broken
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        while self._begins or self._marks:
            begins, self._begins = self._begins, []
            marks, self._marks = self._marks, []
            try:
                allowed = await asyncio.to_thread(
                    self._store.deliveries.advance,
                    begin=[delivery_id for delivery_id, _ in begins],
                    marks=[mark for mark, _ in marks],
                    sender=self._sender,
                    policy=self._policy,
                    now=self._clock(),
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, everybody who waits must hear of it
                self._fail(error, [future for _, future in (*begins, *marks)])
                return
            for delivery_id, future in begins:
                future.set_result(delivery_id in allowed)
            for _, future in marks:
                future.set_result(True)

    def _fail(self, error: Exception, futures: list[asyncio.Future[bool]]) -> None:
        """Let everybody who waits know that nothing can be written any more."""
        self._broken = error
        waiting = [future for _, future in (*self._begins, *self._marks)]
        self._begins, self._marks = [], []
        for future in (*futures, *waiting):
            future.set_exception(error)


class _Sending:
    """One turn of sending: as many workers as connections share one buffer of claimed deliveries."""

    def __init__(
        self,
        store: Store,
        bag: Postbag,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None,
        on_result: Callable[[], None],
    ) -> None:
        self._store = store
        self._bag = bag
        self._clock = clock
        self._stopping = stopping
        self._list_name = list_name
        self._on_result = on_result
        self._name = secrets.token_hex(16)
        self._ledger = _Ledger(store, bag, self._name, clock)
        self._desk = _Desk(store, bag.links)
        self._buffer: deque[Delivery] = deque()
        self._claiming = asyncio.Lock()
        #: Editions whose sender the server refuses.
        self._set_aside: set[int] = set()
        self.outcomes: Counter[DeliveryState] = Counter()
        self.problem: TransportError | None = None

    async def run(self) -> None:
        workers = [asyncio.create_task(self._work()) for _ in range(self._bag.transport.connections)]
        results = await asyncio.gather(*workers, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if isinstance(failure, StoreError):
                raise StoreError(f"{failure}; sending stopped") from failure
        if failures:
            raise failures[0]
        await asyncio.to_thread(self._store.deliveries.release, sender=self._name, now=self._clock())

    async def _work(self) -> None:
        """Send one delivery after another over a connection of our own."""
        connection: Connection | None = None
        try:
            while (delivery := await self._next()) is not None:
                if delivery.edition_id in self._set_aside:
                    continue
                try:
                    connection = await self._send(delivery, connection)
                except SenderRefusedError as error:
                    # Another list may have a sender that is taken; this one's claims are released later.
                    self._set_aside.add(delivery.edition_id)
                    self.problem = error
                    connection = None
                except TransportError as error:
                    # Untouched by any server: the others' connections may still serve it.
                    self._buffer.appendleft(delivery)
                    self.problem = error
                    log.info("a connection is given up: %s", error)
                    return
        finally:
            if connection is not None:
                await connection.close()

    async def _next(self) -> Delivery | None:
        if self._stopping.is_set():
            return None
        async with self._claiming:
            if not self._buffer:
                self._buffer.extend(
                    await asyncio.to_thread(
                        self._store.deliveries.claim,
                        sender=self._name,
                        limit=_CLAIMED_PER_CONNECTION * self._bag.transport.connections,
                        now=self._clock(),
                        list_name=self._list_name,
                        except_editions=tuple(self._set_aside),
                    )
                )
            return self._buffer.popleft() if self._buffer else None

    async def _send(self, delivery: Delivery, connection: Connection | None) -> Connection | None:
        """Send one delivery and record its outcome; return the connection if it can go on."""
        try:
            message = await self._desk.write(delivery)
        except (MessageRefusedError, ValueError) as error:
            mark = DeliveryMark(
                delivery_id=delivery.id,
                state=DeliveryState.FAILED,
                reply=f"no message could be made: {error}",
            )
            await self._record(delivery, mark)
            return connection

        async def before_content() -> bool:
            return await self._ledger.begin(delivery.id)

        fresh = connection is None
        if connection is None:
            connection = await self._bag.transport.connect()
        try:
            result = await connection.send(message, before_content=before_content)
            if not fresh and _lost_before_envelope(result):
                # The server ended a session that had served others: that says nothing about this message.
                await connection.close()
                connection = await self._bag.transport.connect()
                result = await connection.send(message, before_content=before_content)
            if result.outcome is not SendOutcome.WITHDRAWN:
                await self._record(delivery, self._mark(delivery, result))
        except BaseException:
            await connection.close()
            raise
        if result.reusable:
            return connection
        await connection.close()
        return None

    async def _record(self, delivery: Delivery, mark: DeliveryMark) -> None:
        await self._ledger.record(mark)
        self.outcomes[mark.state] += 1
        level = logging.DEBUG if mark.state is DeliveryState.ACCEPTED else logging.WARNING
        log.log(level, "delivery %d to %s: %s (%s)", delivery.id, delivery.address, mark.state, mark.reply)
        self._on_result()

    def _mark(self, delivery: Delivery, result: SendResult) -> DeliveryMark:
        """Turn an attempt's result into the step that follows from it."""
        reply = str(result.reply)
        if result.outcome is not SendOutcome.DEFERRED:
            state = DeliveryState(result.outcome.value)
            return DeliveryMark(delivery_id=delivery.id, state=state, reply=reply)
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


class _Desk:
    """Writes each reader's message from the edition's one rendering."""

    def __init__(self, store: Store, links: LinkSigner | None) -> None:
        self._store = store
        self._links = links
        self._editions: dict[int, tuple[str, Rendering]] = {}

    async def write(self, delivery: Delivery) -> Message:
        """Write the message of one delivery."""
        edition_id = delivery.edition_id
        if edition_id not in self._editions:
            if len(self._editions) >= _RENDERINGS_KEPT:
                self._editions.pop(next(iter(self._editions)))
            edition = await asyncio.to_thread(self._store.editions.get, edition_id)
            rendering = await asyncio.to_thread(self._store.editions.rendering, edition_id)
            self._editions[edition_id] = (edition.uid, rendering)
        uid, rendering = self._editions[edition_id]
        reader = Reader(
            subscriber_id=delivery.subscriber_id,
            address=delivery.address,
            name=delivery.name,
            since=delivery.since,
            **reader_urls(rendering, self._links, delivery.subscriber_id),
        )
        return write_message(rendering, reader, uid=uid)


def reader_urls(rendering: Rendering, links: LinkSigner | None, subscriber_id: int) -> dict[str, str]:
    """Return the addresses of a reader's own pages, or of unsubscribing by mail, as fields of `Reader`."""
    list_name = rendering.headers.list_name
    if links is None:
        return {
            "unsubscribe_url": mailto_unsubscribe(rendering.headers.unsubscribe_address, list_name=list_name)
        }
    return {
        "unsubscribe_url": links.unsubscribe_url(subscriber_id=subscriber_id, list_name=list_name),
        "preferences_url": links.preferences_url(subscriber_id=subscriber_id, list_name=list_name),
    }


def write_message(rendering: Rendering, reader: Reader, *, uid: str) -> Message:
    """Make one reader's message; its Message-ID is the same each time.

    Args:
        rendering: The edition, rendered for everybody.
        reader: Who it is for.
        uid: The edition's random name.
    """
    sender = rendering.headers.sender_address
    domain = sender.rpartition("@")[2]
    return build_message(
        rendering, reader, message_id=message_id(uid, reader.subscriber_id, domain), sender=sender
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
