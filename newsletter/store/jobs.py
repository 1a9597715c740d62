"""How the queue stands that workers on many machines share: Procrastinate's tables, looked at."""

from sqlalchemy import text

from newsletter.model.jobs import STALLED_SECONDS, JobCount, QueueState, Worker
from newsletter.store.database import Database

_IS_ALIVE = f"w.last_heartbeat > now() - interval '{STALLED_SECONDS} seconds'"

_COUNTS = text(
    "WITH jobs AS ("  # noqa: S608 - our own words
    " SELECT j.*, j.status = 'todo' AND coalesce(j.scheduled_at <= now(), true) AS is_ready,"
    f" j.status = 'doing' AND NOT coalesce({_IS_ALIVE}, false) AS is_stalled,"
    " (SELECT min(e.at) FROM procrastinate_events e WHERE e.job_id = j.id AND e.type = 'deferred') AS since"
    " FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
    ") SELECT queue_name AS kind,"
    " count(*) FILTER (WHERE is_ready) AS waiting,"
    " count(*) FILTER (WHERE status = 'todo' AND NOT is_ready) AS later,"
    " count(*) FILTER (WHERE status = 'doing' AND NOT is_stalled) AS doing,"
    " count(*) FILTER (WHERE is_stalled) AS stalled,"
    " count(*) FILTER (WHERE status = 'failed') AS failed,"
    " coalesce(max(attempts) FILTER (WHERE status IN ('todo', 'doing')), 0) AS most_attempts,"
    " min(since) FILTER (WHERE is_ready) AS oldest_at"
    " FROM jobs GROUP BY queue_name ORDER BY queue_name"
)

#: A process has a worker for batches and one for all else.
_WORKERS = text(
    "SELECT q.host, q.pid, q.release, min(q.started_at) AS started_at, max(w.last_heartbeat) AS seen_at,"  # noqa: S608
    f" bool_or({_IS_ALIVE}) AS is_alive,"
    " array_remove(array_agg(j.queue_name ORDER BY j.queue_name), NULL) AS doing"
    " FROM queue_workers q JOIN procrastinate_workers w ON w.id = q.worker_id"
    " LEFT JOIN procrastinate_jobs j ON j.worker_id = w.id AND j.status = 'doing'"
    " GROUP BY q.host, q.pid, q.release ORDER BY q.host, q.pid"
)


class Jobs:
    """The queue as operators see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self) -> QueueState | None:
        """Return how the queue stands; None on SQLite, where there is none."""
        if self._database.is_sqlite:
            return None
        with self._database.reading() as connection:
            counts = connection.execute(_COUNTS).mappings().all()
            workers = connection.execute(_WORKERS).mappings().all()
        return QueueState(
            counts=tuple(JobCount(**row) for row in counts),
            workers=tuple(Worker(**{**row, "doing": tuple(row["doing"])}) for row in workers),
        )
