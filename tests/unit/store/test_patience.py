"""Calls of the store in threads that are shared."""

from __future__ import annotations

import os

import pytest

from newsletter.store.patience import in_time


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_was_forked_waits_for_no_thread_of_its_parents() -> None:
    assert in_time(lambda: "parent", seconds=10, place="here") == "parent"
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if in_time(lambda: 7, seconds=10, place="here") == 7 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
