"""The ledger: steps of deliveries are durable before anybody goes on."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from newsletter.deliver.postbag import Postbag
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliveryMark
from newsletter.store.accounts import Spending
from newsletter.store.advancing import Advance
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Turns of the event loop that a write waits for others to join it, at most.
_MOST_ROUNDS = 4


class Ledger:
    """Writes steps durably, all that are waiting in one transaction: one fsync serves many connections."""

    def __init__(self, store: Store, bag: Postbag, sender: str, clock: Clock) -> None:
        self._store = store
        self._bag = bag
        self._sender = sender
        self._clock = clock
        # What is shared was counted before it was handed over.
        counts_here = bag.rates and not bag.shared
        self._spending = Spending(account=bag.account, limits=bag.rates) if counts_here else None
        self._begins: list[tuple[int, asyncio.Future[bool]]] = []
        #: Steps from one message to the next.
        self._strides: list[Stride] = []
        self._marks: list[tuple[DeliveryMark, Callable[[bool], None]]] = []
        #: Those that wait until all is durable that was told before.
        self._settling: list[asyncio.Future[bool]] = []
        self._writer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    def begin(self, delivery_id: int) -> asyncio.Future[bool]:
        """Make it durable that a delivery is being sent; what is returned will tell whether it may be."""
        future = asyncio.get_running_loop().create_future()
        self._begins.append((delivery_id, future))
        self._see_to_it()
        return future

    @property
    def is_broken(self) -> bool:
        """Whether nothing can be made durable any more."""
        return self._broken is not None

    def go_on(self, stride: "Stride") -> None:
        """Make it durable that one delivery was accepted, and that another is being sent.

        It takes less time than `record` and `begin`, and most deliveries come this way.
        """
        self._strides.append(stride)
        if len(self._strides) == 1:
            self._see_to_it()

    def record(self, mark: DeliveryMark, *, then: Callable[[bool], None]) -> None:
        """Make a result durable, in one go with whatever is begun or recorded next, or sooner.

        Args:
            mark: The result.
            then: Called when it is durable; with False if the delivery is no longer ours.
        """
        self._marks.append((mark, then))
        self._see_to_it()

    async def settled(self) -> None:
        """Wait until everything is durable that was told so far.

        Raises:
            StoreError: It cannot be made durable.
        """
        if self._broken is not None:
            raise self._broken
        is_at_work = self._writer is not None and not self._writer.done()
        if self._marks or self._begins or self._strides or is_at_work:
            future = asyncio.get_running_loop().create_future()
            self._settling.append(future)
            self._see_to_it()
            await future

    def _see_to_it(self) -> None:
        if self._broken is not None:
            raise self._broken
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._begins or self._strides or self._marks or self._settling:
            await self._let_others_join()
            group = _Group(self._begins, self._strides, self._marks, self._settling)
            self._begins, self._strides, self._marks, self._settling = [], [], [], []
            try:
                done = await self._store.soon(
                    self._store.deliveries.advance,
                    begin=group.begun_ids,
                    accepted=[(stride.accepted_id, stride.reply) for stride in group.strides],
                    marks=[mark for mark, _ in group.marks],
                    sender=self._sender,
                    policy=self._bag.uncertain,
                    bounces=self._bag.bounces,
                    spending=self._spending,
                    now=self._clock(),
                )
                group.tell(done)
            except Exception as error:  # noqa: BLE001 - whatever it is, everybody who waits must hear of it
                self._fail(error, group)
                return

    async def _let_others_join(self) -> None:
        """Let those join whose servers have answered as well: a commit costs more than a row."""
        for _ in range(_MOST_ROUNDS):
            told = len(self._begins) + len(self._strides) + len(self._marks)
            await asyncio.sleep(0)
            if told == len(self._begins) + len(self._strides) + len(self._marks):
                return

    def _fail(self, error: Exception, group: "_Group") -> None:
        """Let everybody who waits know that nothing can be written any more."""
        self._broken = error
        group.fail(error)
        waiting = _Group(self._begins, self._strides, [], self._settling)
        self._begins, self._strides, self._marks, self._settling = [], [], [], []
        waiting.fail(error)


class Stride(NamedTuple):
    """The step from a delivery that was accepted to the one behind it; a tuple: most deliveries make one."""

    accepted_id: int
    #: What the server said, as one line.
    reply: str
    #: The delivery that is to be sent now.
    begun_id: int
    #: Is told whether the result was written, which it is not if the delivery is no longer ours, and whether
    #: the next one may be sent; also when nothing can be made durable any more.
    then: Callable[[bool, bool], None]


class _Group(NamedTuple):
    """Steps that are made durable in one go, and those who wait for it."""

    begins: list[tuple[int, asyncio.Future[bool]]]
    strides: list[Stride]
    marks: list[tuple[DeliveryMark, Callable[[bool], None]]]
    settling: list[asyncio.Future[bool]]

    @property
    def begun_ids(self) -> list[int]:
        """Which deliveries are begun."""
        return [delivery_id for delivery_id, _ in self.begins] + [each.begun_id for each in self.strides]

    def tell(self, done: Advance) -> None:
        """Tell everybody what has come of it."""
        begun, overtaken = done.begun, done.overtaken
        if overtaken:
            log.warning("results that came too late, another sender took over: %s", sorted(overtaken))
        for mark, then in self.marks:
            then(mark.delivery_id not in overtaken)
        for delivery_id, begin in self.begins:
            _tell(begin, answer=delivery_id in begun)
        for future in self.settling:
            _tell(future, answer=True)
        while self.strides:
            stride = self.strides.pop(0)
            stride.then(stride.accepted_id not in overtaken, stride.begun_id in begun)

    def fail(self, error: Exception) -> None:
        """Tell everybody who has not been told that it has failed."""
        for future in (*self.settling, *(begin for _, begin in self.begins)):
            if not future.done():
                future.set_exception(error)
        for stride in self.strides:
            # An error here would keep the next ones waiting.
            with suppress(Exception):
                stride.then(False, False)  # noqa: FBT003


def _tell(future: asyncio.Future[bool], *, answer: bool) -> None:
    """Answer whoever waits; one who was cancelled meanwhile waits no more."""
    if not future.done():
        future.set_result(answer)
