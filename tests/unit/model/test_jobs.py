"""What operators are told of the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.model.jobs import JobCount, QueueState, Worker

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
COUNT = JobCount(
    kind="deliver", waiting=0, later=0, doing=0, stalled=0, failed=0, most_attempts=0, oldest_at=None
)
WORKER = Worker(host="a", pid=1, release="1.0", started_at=NOW, seen_at=NOW, is_alive=True, doing=())
GONE = replace(WORKER, is_alive=False)


@pytest.mark.parametrize(
    ("count", "workers", "advice"),
    [
        ({}, [], ""),
        ({"waiting": 3, "doing": 1}, [WORKER], ""),
        ({"waiting": 3}, [], "no worker is there"),
        ({"stalled": 3}, [GONE], "no worker is there"),
        ({"stalled": 3}, [GONE, WORKER], "3 jobs are of workers that are gone"),
        ({"later": 1, "most_attempts": 9}, [WORKER], "tried 9 times"),
        ({"failed": 1}, [WORKER], "jobs failed (deliver)"),
        ({}, [WORKER, replace(WORKER, host="b", release="1.1")], "several releases (1.0, 1.1)"),
        ({}, [WORKER, replace(GONE, host="b", release="1.1")], ""),
    ],
)
def test_one_line_says_what_is_wrong(count: dict[str, int], workers: list[Worker], advice: str) -> None:
    state = QueueState(counts=(replace(COUNT, **count),), workers=tuple(workers))
    assert advice in state.advice
    assert bool(advice) == bool(state.advice)
