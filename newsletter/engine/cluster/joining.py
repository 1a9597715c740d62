"""Joining in: where a worker is, and what becomes of the jobs of one that is gone."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from procrastinate import PsycopgConnector, utils
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from newsletter.model.jobs import STALLED_SECONDS

log = logging.getLogger(__name__)

#: How often a worker says that it lives, in seconds.
HEARTBEAT_SECONDS = 5.0

#: When the jobs of workers that are gone are looked for: every ten seconds. The sixth field stands for them.
RESCUE_TIMES = "* * * * * */10"
_RESCUE_SECONDS = 10

#: How often, and after what pauses in seconds, it is tried to note what became of a job.
_MOST_TRIES, _TRY_SECONDS = 5, 1.0

#: PostgreSQL's code for what a function of its own raised: a job is not, or no longer, in hand.
_RAISED = "P0001"

#: Procrastinate counts whatever comes again as tried. Should this not be noted, one try more is told.
_TAKE_BACK = "UPDATE procrastinate_jobs SET attempts = attempts - 1 WHERE id = %(job_id)s AND attempts > 0"

#: How long workers that are gone can still be seen, in seconds, and jobs that failed.
_WORKERS_KEPT_SECONDS = 300.0
_FAILED_KEPT = timedelta(days=3)


class Roll(JobManager):
    """Procrastinate's door to its tables, which also notes on which machine each worker is."""

    def __init__(self, connector: PsycopgConnector, *, release: str) -> None:
        super().__init__(connector)
        self._values = {"host": socket.gethostname(), "pid": os.getpid(), "release": release}
        #: Jobs in hand that are about to be put off.
        self._put_off: set[int | None] = set()

    async def register_worker(self) -> int:
        """Register a worker; return its id."""
        worker_id = await super().register_worker()
        await self.connector.execute_query_async(
            "INSERT INTO queue_workers (worker_id, host, pid, release) "
            "VALUES (%(worker_id)s, %(host)s, %(pid)s, %(release)s)",
            worker_id=worker_id,
            **self._values,
        )
        return worker_id

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - as it is
        """Note how a job ended."""
        await _noted(job, partial(super().finish_job, job, status, delete_job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Note when a job is tried again."""
        retry = super().retry_job
        is_put_off = job.id in self._put_off
        self._put_off.discard(job.id)

        async def note() -> None:
            """Note it by the clock that jobs are given out by, which may not be this host's."""
            await retry(job, await self._as_the_database_has_it(retry_at), priority, queue, lock)
            if is_put_off:
                await self.connector.execute_query_async(_TAKE_BACK, job_id=job.id)

        await _noted(job, note)

    def expect_put_off(self, job: Job) -> None:
        """Count it as no try when a job is noted the next time: it only waits."""
        self._put_off.add(job.id)

    async def _as_the_database_has_it(self, moment: datetime | None) -> datetime:
        """Return what a moment of this host's clock, or now, is by that of the database."""
        row = await self.connector.execute_query_one_async("SELECT clock_timestamp() AS now")
        now: datetime = row["now"]
        return now if moment is None else now + (moment - utils.utcnow())


async def _noted(job: Job, note: Callable[[], Awaitable[None]]) -> None:
    """Note something of a job, however often it takes: nobody takes one from a worker that goes on living.

    Raises:
        UniqueViolation: One that does the same waits already.
    """
    for _ in range(_MOST_TRIES):
        try:
            return await note()
        except UniqueViolation:
            raise
        except ConnectorException as error:
            if getattr(error.__cause__, "sqlstate", None) == _RAISED:
                log.debug("job %s is in other hands", job.id)
                return None
            await asyncio.sleep(_TRY_SECONDS)
    # A worker that the database has lost for so long is given up, and its jobs with it.
    log.warning("what became of job %s could not be noted: it is done again", job.id)
    return None


async def rescue(jobs: JobManager, timestamp: int) -> None:
    """Put the jobs of workers that are gone back into the queue, and forget what nobody looks at any more.

    A worker that was only cut off, and comes back, finds its job in other hands; what it did counts.

    Args:
        jobs: Procrastinate's door to its tables.
        timestamp: Of the turn, seconds since 1970.
    """
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await jobs.retry_job(job)
        except UniqueViolation:
            # Another one that waits does the same.
            await jobs.finish_job(job, Status.FAILED, delete_job=True)
        log.warning("job %s (%s) of a worker that is gone is put back into the queue", job.id, job.task_name)
    await jobs.prune_stalled_workers(_WORKERS_KEPT_SECONDS)
    if timestamp % 3600 < _RESCUE_SECONDS:
        hours = int(_FAILED_KEPT / timedelta(hours=1))
        await jobs.delete_old_jobs(
            nb_hours=hours, include_failed=True, include_cancelled=True, include_aborted=True
        )
