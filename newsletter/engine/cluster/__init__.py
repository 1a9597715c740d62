"""Workers on many machines share one queue: Procrastinate's, in the store's PostgreSQL database.

There is no leader and no further server. Whoever is woken puts a job into the queue, and whoever has a hand
free takes it. A job is only a reason to look: what is to be done stands in the store, so that a job that is
lost, doubled or late does no harm.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from psycopg import AsyncConnection

from newsletter.engine.base import Verb, Works, attempt
from newsletter.engine.cluster.joining import (
    HEARTBEAT_SECONDS,
    RESCUE_TIMES,
    Roll,
    rescue,
)
from newsletter.model.deliveries import DeliveryRange
from newsletter.model.jobs import STALLED_SECONDS, JobKind, Rest

log = logging.getLogger(__name__)

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

#: Queues that every worker looks after, whatever else it does.
_LEFT_OVER, _RESCUE = "left-over", "rescue"

#: How long an idle worker waits for a word of a new job before it looks by itself, in seconds.
_LOOK_SECONDS = 5.0

#: After how long a worker that the database failed begins again, in seconds.
_REST_SECONDS = 5.0

#: How long a batch that failed waits before it is tried again: doubled each time, in seconds.
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 5, 600

#: How long a connection to the database is waited for, in seconds.
_ANSWER_SECONDS = 5.0

#: Connections to the database that the queue needs, besides one to listen for each of two workers.
_CONNECTIONS = 4


class _AgainError(Exception):
    """Something is left of a batch."""

    def __init__(self, rest: Rest) -> None:
        super().__init__()
        self.rest = rest


class _FailedError(Exception):
    """A job failed, which has been told."""


class _Retrying(BaseRetryStrategy):
    """Batches are tried until nothing is left of them."""

    def __init__(self, roll: Roll) -> None:
        super().__init__()
        self._roll = roll

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """Return when a batch is tried again."""
        if isinstance(exception, _AgainError):
            if not exception.rest.was_in_vain:
                self._roll.expect_put_off(job)
            return RetryDecision(retry_in={"seconds": round(exception.rest.seconds)})
        seconds = min(_FIRST_RETRY_SECONDS * 2 ** min(job.attempts, 10), _LONGEST_RETRY_SECONDS)
        return RetryDecision(retry_in={"seconds": seconds})


class Cluster:
    """Takes part in the work of all machines that share a store."""

    def __init__(
        self,
        kinds: Iterable[JobKind],
        *,
        address: str,
        release: str,
        defer_left_over: Callable[[], Awaitable[int]],
    ) -> None:
        """Prepare; nothing is connected before `run`.

        Args:
            kinds: What is done here.
            address: Of the database, as its driver takes it.
            release: Ours, for operators to see which runs where.
            defer_left_over: Puts deliveries into the queue that are due and in no batch; returns the batches.
        """
        self.kinds = frozenset(kinds)
        self._address = address
        self._release = release
        self._defer_left_over = defer_left_over
        self._asked: dict[str, int | None] = {}
        self._is_asked = asyncio.Event()
        #: Those to the database that are open.
        self._connections: WeakSet[AsyncConnection] = WeakSet()
        #: Jobs that are being done.
        self._in_hand = 0

    def wake(self, kind: JobKind, *, tick: int | None = None) -> None:
        """Let something be done soon, here or elsewhere."""
        if kind in self.kinds:
            # Of deliveries there are batches in the queue: what is in none is looked for.
            self._ask(_LEFT_OVER if kind is JobKind.DELIVER else kind.value, tick)

    def _ask(self, queue: str, tick: int | None) -> None:
        self._asked[queue] = tick
        self._is_asked.set()

    async def run(self, works: Works, *, stopping: asyncio.Event) -> None:
        """Take jobs until `stopping` is set; those in hand are done, or given back, first."""
        _quieten()
        while not stopping.is_set():
            app = self._app(works)
            try:
                async with app.open_async():
                    await self._take_part(app, stopping)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may go well
                log.error("the queue does not answer: %s", _reason(error))  # noqa: TRY400 - one line says it
                await _wait(stopping, _REST_SECONDS)

    def _app(self, works: Works) -> App:
        connector = PsycopgConnector(
            conninfo=self._address,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            configure=self._prepare,
        )
        app = App(connector=connector)
        app.job_manager = roll = Roll(connector, release=self._release)

        works = self._counted(works)
        app.task(name=JobKind.DELIVER, queue=JobKind.DELIVER, retry=_Retrying(roll))(_sender(works))
        for kind in self.kinds - {JobKind.DELIVER}:
            _register(app, kind, works.verbs[kind])
        _register(app, _LEFT_OVER, self._look_for_left_over)

        async def look_for_the_gone(timestamp: int) -> None:
            await rescue(app.job_manager, timestamp)

        app.periodic(cron=RESCUE_TIMES)(app.task(name=_RESCUE, queue=_RESCUE)(look_for_the_gone))
        return app

    def _counted(self, works: Works) -> Works:
        """Return works that are counted while they are done."""

        def counting(work: Callable[_Given, Awaitable[_Result]]) -> Callable[_Given, Awaitable[_Result]]:
            """Count one of them."""

            async def do(*args: _Given.args, **options: _Given.kwargs) -> _Result:
                """Do it."""
                self._in_hand += 1
                try:
                    return await work(*args, **options)
                finally:
                    self._in_hand -= 1

            return do

        verbs = {kind: counting(verb) for kind, verb in works.verbs.items()}
        return Works(verbs=verbs, send_batch=counting(works.send_batch))

    async def _look_for_left_over(self) -> None:
        if count := await self._defer_left_over():
            log.debug("%d batches are put into the queue", count)

    async def _take_part(self, app: App, stopping: asyncio.Event) -> None:
        rest = [kind.value for kind in sorted(self.kinds - {JobKind.DELIVER})] + [_LEFT_OVER, _RESCUE]
        # Apart, so that nothing waits behind batches, which may take minutes.
        works = [self._work(app, rest, len(rest), stopping)]
        if JobKind.DELIVER in self.kinds:
            works.append(self._work(app, [JobKind.DELIVER.value], 1, stopping))
        deferring = asyncio.create_task(self._defer(app))
        try:
            await asyncio.gather(*works)
        finally:
            deferring.cancel()

    async def _work(self, app: App, queues: list[str], hands: int, stopping: asyncio.Event) -> None:
        """Take jobs from some queues, and begin again whenever the database was lost."""
        told = asyncio.create_task(stopping.wait())
        try:
            while not stopping.is_set():
                worker = app.run_worker_async(
                    queues=queues,
                    name=queues[0],
                    concurrency=hands,
                    delete_jobs="successful",
                    fetch_job_polling_interval=_LOOK_SECONDS,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    install_signal_handlers=False,
                )
                running = asyncio.create_task(worker)
                await asyncio.wait((running, told), return_when=asyncio.FIRST_COMPLETED)
                ending = await self._ended(running)
                if not stopping.is_set():
                    log.warning(
                        "the queue was lost: %s", _reason(ending) if ending else "no word got through"
                    )
                    await _wait(stopping, _REST_SECONDS)
        finally:
            told.cancel()

    async def _ended(self, running: asyncio.Task[None]) -> BaseException | None:
        """Let a worker take no more jobs, and wait for those in hand; return why it had ended, if it had.

        A database that does not answer then is not waited for: others find out what it would have been told.
        """
        running.cancel()
        while not (await asyncio.wait((running,), timeout=_ANSWER_SECONDS))[0]:
            if not self._in_hand:
                for connection in self._connections:
                    connection.pgconn.finish()
                running.cancel()
        [ending] = await asyncio.gather(running, return_exceptions=True)
        return ending

    async def _prepare(self, connection: AsyncConnection) -> None:
        """Let each statement stand for itself: one round to the database instead of three."""
        self._connections.add(connection)
        await connection.set_autocommit(True)

    async def _defer(self, app: App) -> None:
        """Put into the queue what is asked for."""
        while True:
            await self._is_asked.wait()
            self._is_asked.clear()
            asked, self._asked = self._asked, {}
            for queue, tick in asked.items():
                try:
                    await _defer(app, queue, tick)
                except AlreadyEnqueued:
                    pass
                except Exception as error:  # noqa: BLE001 - the clock asks again
                    log.warning("%s could not be put into the queue: %s", queue, _reason(error))


def _register(app: App, queue: str, verb: Verb) -> None:
    """Let an app know what is done for the jobs of a queue."""

    async def do(**_: Any) -> None:  # noqa: ANN401 - whatever a newer release says besides
        """Do it; what failed is told here, and seen in the queue."""
        if not await attempt(queue, verb):
            raise _FailedError

    app.task(name=queue, queue=queue)(do)


def _sender(works: Works) -> Callable[..., Awaitable[None]]:
    """Return what is done for a batch."""

    async def deliver(*, edition_id: int, first_id: int, last_id: int, **_: Any) -> None:  # noqa: ANN401 - as above
        """Send a batch; it comes again as long as anything is left of it."""
        batch = DeliveryRange(edition_id=edition_id, first_id=first_id, last_id=last_id)
        left: list[Rest | None] = []

        async def send() -> None:
            """Keep what is left, which `attempt` has no place for."""
            left.append(await works.send_batch(batch))

        if not await attempt(JobKind.DELIVER, send):
            raise _FailedError
        if left[0] is not None:
            raise _AgainError(left[0])

    return deliver


async def _defer(app: App, queue: str, tick: int | None) -> None:
    """Put a job into a queue, unless one waits there already.

    Raises:
        AlreadyEnqueued: One does.
    """
    # Two at once would do the same twice.
    values: dict[str, Any] = {"queue": queue, "lock": queue, "queueing_lock": queue}
    if tick is None:
        await app.configure_task(queue, **values).defer_async()
        return
    deferrer = app.configure_task(queue, **values, task_kwargs={"timestamp": tick})
    await app.job_manager.defer_periodic_job(job=deferrer.job, periodic_id="", defer_timestamp=tick)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass


def _reason(error: BaseException) -> str:
    """Return what the database, or the network, said of an error."""
    return " ".join(str(error.__cause__ or error).split())


def _quieten() -> None:
    """Let Procrastinate tell nothing: what becomes of jobs, and of the connection, is told by us."""
    if logging.getLogger().level == logging.DEBUG:
        return
    for library in ("procrastinate", "psycopg.pool"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
