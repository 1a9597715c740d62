"""The ledger: steps of deliveries are durable before anybody goes on."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from newsletter.deliver.postbag import Postbag
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliveryMark
from newsletter.store.accounts import Spending
from newsletter.store.deliveries import Advance
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
        #: Those that go on at once when they are told whether they may.
        self._followers: list[tuple[int, Callable[[bool], None]]] = []
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

    def begin_then(self, delivery_id: int, then: Callable[[bool], None]) -> None:
        """The same as `begin`, with less ado.

        Args:
            delivery_id: Of the delivery.
            then: Is told whether it may be sent; also when nothing can be made durable any more.
        """
        self._followers.append((delivery_id, then))
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
        if self._marks or self._begins or self._followers or is_at_work:
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
        while self._begins or self._followers or self._marks or self._settling:
            await self._let_others_join()
            group = _Group(
                begins=self._begins, followers=self._followers, marks=self._marks, settling=self._settling
            )
            self._begins, self._followers, self._marks, self._settling = [], [], [], []
            try:
                done = await self._store.soon(
                    self._store.deliveries.advance,
                    begin=group.ids,
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
            told = len(self._begins) + len(self._followers) + len(self._marks)
            await asyncio.sleep(0)
            if told == len(self._begins) + len(self._followers) + len(self._marks):
                return

    def _fail(self, error: Exception, group: "_Group") -> None:
        """Let everybody who waits know that nothing can be written any more."""
        self._broken = error
        group.fail(error)
        waiting = _Group(begins=self._begins, followers=self._followers, marks=[], settling=self._settling)
        self._begins, self._followers, self._marks, self._settling = [], [], [], []
        waiting.fail(error)


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Steps that are made durable in one go, and those who wait for it."""

    begins: list[tuple[int, asyncio.Future[bool]]]
    followers: list[tuple[int, Callable[[bool], None]]]
    marks: list[tuple[DeliveryMark, Callable[[bool], None]]]
    settling: list[asyncio.Future[bool]]

    @property
    def ids(self) -> list[int]:
        """Which deliveries are begun."""
        return [delivery_id for delivery_id, _ in (*self.begins, *self.followers)]

    def tell(self, done: Advance) -> None:
        """Tell everybody what has come of it."""
        if done.overtaken:
            log.warning("results that came too late, another sender took over: %s", sorted(done.overtaken))
        for mark, then in self.marks:
            then(mark.delivery_id not in done.overtaken)
        for delivery_id, begin in self.begins:
            _tell(begin, answer=delivery_id in done.begun)
        for future in self.settling:
            _tell(future, answer=True)
        while self.followers:
            delivery_id, follow = self.followers.pop(0)
            follow(delivery_id in done.begun)

    def fail(self, error: Exception) -> None:
        """Tell everybody who has not been told that it has failed."""
        for future in (*self.settling, *(begin for _, begin in self.begins)):
            if not future.done():
                future.set_exception(error)
        for _, follow in self.followers:
            # An error here would keep the next ones waiting.
            with suppress(Exception):
                follow(False)  # noqa: FBT003


def _tell(future: asyncio.Future[bool], *, answer: bool) -> None:
    """Answer whoever waits; one who was cancelled meanwhile waits no more."""
    if not future.done():
        future.set_result(answer)
