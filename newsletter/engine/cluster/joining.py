"""Joining in: where a worker is, and what becomes of the jobs of one that is gone."""

import logging
import os
import socket
from datetime import timedelta

from procrastinate import PsycopgConnector
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from newsletter.model.jobs import STALLED_SECONDS

log = logging.getLogger(__name__)

#: How often a worker says that it lives, in seconds.
HEARTBEAT_SECONDS = 5.0

#: When the jobs of workers that are gone are looked for: every ten seconds. The sixth field stands for them.
RESCUE_TIMES = "* * * * * */10"
_RESCUE_SECONDS = 10

#: How long workers that are gone can still be seen, in seconds, and jobs that failed.
_WORKERS_KEPT_SECONDS = 300.0
_FAILED_KEPT = timedelta(days=3)


class Roll(JobManager):
    """Procrastinate's door to its tables, which also notes on which machine each worker is."""

    def __init__(self, connector: PsycopgConnector, *, release: str) -> None:
        super().__init__(connector)
        self._values = {"host": socket.gethostname(), "pid": os.getpid(), "release": release}

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
