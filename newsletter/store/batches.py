"""Batches: deliveries of one edition that one worker sends, put into the queue that all workers share.

On PostgreSQL alone; on SQLite one process does everything. A batch says where to look, and the delivery's row
what is to be done: a batch that is lost is put into the queue again, and one too many finds nothing to do.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, TextClause, func, select, text

from newsletter.model.deliveries import EDITION_ACCOUNT
from newsletter.model.jobs import JobKind
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.steps import held_editions

_deliveries = tables.deliveries

#: Deliveries of a batch at most: some seconds of work at a fast server, minutes at a slow one.
BATCH = 500

#: From so many due deliveries of an edition on, they are held against its batches only if there are too few.
_MANY = 20_000

#: Editions looked after at a time, the oldest first.
_MOST_EDITIONS = 1000


def _deferring(batches: str) -> TextClause:
    """Return the statement that puts batches into the queue, all at once.

    Args:
        batches: A query for their first and last ids; SQL.
    """
    return text(
        "SELECT cardinality(procrastinate_defer_jobs_v1(array_agg("  # noqa: S608 - our own words
        "ROW(:kind, :kind, 0, NULL, NULL, jsonb_build_object('edition_id', CAST(:edition_id AS bigint), "
        "'first_id', first_id, 'last_id', last_id), NULL)::procrastinate_job_to_defer_v1 "
        "ORDER BY first_id))) "
        f"FROM ({batches}) AS batches"
    )


#: By arithmetic: to number the rows of a million readers would take longer than to queue them.
_WHOLE = _deferring(
    "SELECT first_id, least(first_id + :batch - 1, CAST(:last_id AS bigint)) AS last_id "
    "FROM generate_series(CAST(:first_id AS bigint), CAST(:last_id AS bigint), :batch) AS first_id"
)

#: What is due and in no batch that waits or is worked on: of all points in order, rows behind every end.
_LEFT_OVER = _deferring(
    "SELECT min(id) AS first_id, max(id) AS last_id FROM ("
    " SELECT id, (row_number() OVER (ORDER BY id) - 1) / :batch AS number FROM ("
    "  SELECT id, end_id,"
    "  max(end_id) OVER (ORDER BY id, end_id NULLS LAST ROWS UNBOUNDED PRECEDING) AS covered"
    "  FROM ("
    "   SELECT id, NULL::bigint AS end_id FROM deliveries WHERE edition_id = :edition_id AND due_at <= :now"
    "   UNION ALL"
    "   SELECT (args->>'first_id')::bigint, (args->>'last_id')::bigint FROM procrastinate_jobs"
    "   WHERE task_name = :kind AND status IN ('todo', 'doing')"
    "   AND (args->>'edition_id')::bigint = :edition_id"
    "  ) AS points"
    " ) AS told WHERE end_id IS NULL AND (covered IS NULL OR covered < id)"
    ") AS numbered GROUP BY number"
)

#: How many deliveries the batches of each edition stand for, at most.
_COVERED = text(
    "SELECT (args->>'edition_id')::bigint AS edition_id, "
    "sum((args->>'last_id')::bigint - (args->>'first_id')::bigint + 1)::bigint AS count "
    "FROM procrastinate_jobs WHERE task_name = :kind AND status IN ('todo', 'doing') GROUP BY 1"
)

#: Of batches that wait, those that stand for nothing any more: somebody without a batch has seen to it all.
_FORGET_DONE = text(
    "DELETE FROM procrastinate_jobs WHERE id IN ("
    " SELECT j.id FROM procrastinate_jobs j WHERE j.task_name = :kind AND j.status = 'todo' AND NOT EXISTS ("
    "  SELECT 1 FROM deliveries d WHERE d.edition_id = (j.args->>'edition_id')::bigint"
    "  AND d.id BETWEEN (j.args->>'first_id')::bigint AND (j.args->>'last_id')::bigint"
    "  AND (d.due_at IS NOT NULL OR d.claimed_by IS NOT NULL)"
    " ) FOR UPDATE SKIP LOCKED)"
)

#: Batches that were put off: all, or those of some editions. What others hold they are about to do.
_BRING_FORWARD = text(
    "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id IN ("
    " SELECT id FROM procrastinate_jobs WHERE task_name = :kind AND status = 'todo' AND scheduled_at > now()"
    " AND (CAST(:all AS boolean) OR (args->>'edition_id')::bigint = ANY(CAST(:edition_ids AS bigint[])))"
    " FOR UPDATE SKIP LOCKED)"
)


def defer_batches(connection: Connection, edition_id: int, first_id: int | None, last_id: int | None) -> None:
    """Put an edition's batches into the queue, in the transaction that queues its deliveries.

    Args:
        connection: That transaction; on SQLite nothing is done.
        edition_id: The edition.
        first_id: Its first delivery; None if it has none.
        last_id: Its last one.
    """
    if connection.dialect.name != "sqlite" and first_id is not None:
        ids = {"edition_id": edition_id, "first_id": first_id, "last_id": last_id}
        connection.execute(_WHOLE, {"kind": JobKind.DELIVER.value, "batch": BATCH} | ids)


def bring_forward(connection: Connection, accounts: Collection[str]) -> None:
    """Let batches be taken at once that were put off until a trouble would be over, which it is now.

    Args:
        connection: The transaction in which it ends; on SQLite nothing is done.
        accounts: What the trouble stood for: editions, as they are named among accounts, or an account.
    """
    if connection.dialect.name == "sqlite":
        return
    editions = [name for name in accounts if name.startswith(EDITION_ACCOUNT)]
    connection.execute(
        _BRING_FORWARD,
        {
            "kind": JobKind.DELIVER.value,
            "all": len(editions) < len(accounts),
            "edition_ids": [int(name.removeprefix(EDITION_ACCOUNT)) for name in editions],
        },
    )


class Batches:
    """What the queue does not know of yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def defer_left_over(self, *, now: datetime) -> int:
        """Put what is due and in no batch into the queue: retries, what was taken back; return the batches.

        Of an edition with many readers on their way, it may wait until those have been served.

        Args:
            now: UTC.
        """
        kind = {"kind": JobKind.DELIVER.value, "batch": BATCH}
        due = (
            select(_deliveries.c.edition_id, func.count().label("count"))
            .where(
                _deliveries.c.due_at.is_not(None),
                _deliveries.c.due_at <= now,
                _deliveries.c.edition_id.not_in(held_editions()),
            )
            .group_by(_deliveries.c.edition_id)
            .order_by(_deliveries.c.edition_id)
            .limit(_MOST_EDITIONS)
        )
        deferred = 0
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.BATCHES)
            covered = _counts(connection, _COVERED, kind)
            for edition_id, count in connection.execute(due).all():
                if count > covered.get(edition_id, 0) or count < _MANY:
                    wanted = {"edition_id": edition_id, "now": now}
                    deferred += connection.scalar(_LEFT_OVER, kind | wanted) or 0
        return deferred

    def forget_done(self) -> int:
        """Take batches out of the queue in which nothing is left to do; return how many.

        Whoever sends without a worker leaves such behind, and without one nobody would look at them.
        """
        if self._database.is_sqlite:
            return 0
        with self._database.transaction() as connection:
            return connection.execute(_FORGET_DONE, {"kind": JobKind.DELIVER.value}).rowcount


def _counts(connection: Connection, query: TextClause, values: dict[str, Any]) -> dict[int, int]:
    return {int(edition_id): int(count) for edition_id, count in connection.execute(query, values)}
