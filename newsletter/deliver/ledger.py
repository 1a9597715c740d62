"""The ledger: steps of deliveries are durable before anybody goes on."""

import asyncio
import logging

from newsletter.deliver.postbag import Postbag
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliveryMark
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

log = logging.getLogger(__name__)


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
        self._marks: list[tuple[DeliveryMark, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    def begin(self, delivery_id: int) -> asyncio.Future[bool]:
        """Make it durable that a delivery is being sent; what is returned will tell whether it may be."""
        future = asyncio.get_running_loop().create_future()
        self._begins.append((delivery_id, future))
        return self._written(future)

    def record(self, mark: DeliveryMark) -> asyncio.Future[bool]:
        """Make a result durable; what is returned will be False if the delivery is no longer ours."""
        future = asyncio.get_running_loop().create_future()
        self._marks.append((mark, future))
        return self._written(future)

    def _written(self, future: asyncio.Future[bool]) -> asyncio.Future[bool]:
        if self._broken is not None:
            raise self._broken
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return future

    async def _write(self) -> None:
        while self._begins or self._marks:
            begins, self._begins = self._begins, []
            marks, self._marks = self._marks, []
            try:
                done = await self._store.soon(
                    self._store.deliveries.advance,
                    begin=[delivery_id for delivery_id, _ in begins],
                    marks=[mark for mark, _ in marks],
                    sender=self._sender,
                    policy=self._bag.uncertain,
                    bounces=self._bag.bounces,
                    spending=self._spending,
                    now=self._clock(),
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, everybody who waits must hear of it
                self._fail(error, [future for _, future in (*begins, *marks)])
                return
            if done.overtaken:
                log.warning(
                    "results that came too late, another sender took over: %s", sorted(done.overtaken)
                )
            for delivery_id, begin in begins:
                _tell(begin, delivery_id in done.begun)
            for mark, record in marks:
                _tell(record, mark.delivery_id not in done.overtaken)

    def _fail(self, error: Exception, futures: list[asyncio.Future[bool]]) -> None:
        """Let everybody who waits know that nothing can be written any more."""
        self._broken = error
        waiting = [future for _, future in (*self._begins, *self._marks)]
        self._begins, self._marks = [], []
        for future in (*futures, *waiting):
            if not future.done():
                future.set_exception(error)


def _tell(future: asyncio.Future[bool], answer: bool) -> None:  # noqa: FBT001 - the answer itself
    """Answer whoever waits; one who was cancelled meanwhile waits no more."""
    if not future.done():
        future.set_result(answer)
