"""What became of a job is noted though the database fails for a moment, and not if others have it."""

from __future__ import annotations

import pytest
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job

from newsletter.engine.cluster import joining

JOB = Job(id=7, queue="deliver", lock=None, queueing_lock=None, task_name="deliver")


class RaisedError(Exception):
    sqlstate = "P0001"


def failing(*errors: Exception):
    left = list(errors)
    calls = []

    async def note() -> None:
        calls.append(1)
        if left:
            raise left.pop(0)

    return note, calls


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_TRY_SECONDS", 0.0)


async def test_a_failure_of_the_database_is_outlasted() -> None:
    note, calls = failing(ConnectorException(), ConnectorException())
    await joining._noted(JOB, note)
    assert len(calls) == 3


async def test_one_that_others_have_taken_is_left_to_them() -> None:
    error = ConnectorException()
    error.__cause__ = RaisedError()
    note, calls = failing(error)
    await joining._noted(JOB, note)
    assert len(calls) == 1


async def test_one_that_waits_twice_is_told_at_once() -> None:
    note, calls = failing(UniqueViolation(constraint_name="x", queueing_lock="alert"))
    with pytest.raises(UniqueViolation):
        await joining._noted(JOB, note)
    assert len(calls) == 1


async def test_a_database_that_does_not_come_back_is_told(caplog: pytest.LogCaptureFixture) -> None:
    note, calls = failing(*(ConnectorException() for _ in range(9)))
    await joining._noted(JOB, note)
    assert len(calls) == joining._MOST_TRIES
    assert "could not be noted" in caplog.text
