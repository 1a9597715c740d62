"""Work that may never end is done in a process that can be stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
from functools import partial

import pytest

from newsletter.errors import SummarizerError, TimeLimitError
from newsletter.stories.apart import run_apart


def forever() -> None:
    while True:
        pass


def refuse() -> None:
    raise SummarizerError("no such summarizer")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_result_comes_back_from_another_process() -> None:
    assert run_apart(partial(sorted, [3, 1, 2]), limit_seconds=60) == [1, 2, 3]
    assert run_apart(os.getpid, limit_seconds=60) != os.getpid()


def test_what_never_ends_is_stopped_and_leaves_no_process() -> None:
    with pytest.raises(TimeLimitError, match="longer than 2 s"):
        run_apart(forever, limit_seconds=2)
    assert multiprocessing.active_children() == []


def test_an_expected_error_comes_back_as_it_was() -> None:
    with pytest.raises(SummarizerError, match="no such summarizer"):
        run_apart(refuse, limit_seconds=60)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(TimeLimitError, match="died"):
        run_apart(die, limit_seconds=60)
