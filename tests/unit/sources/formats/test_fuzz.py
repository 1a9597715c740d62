"""Damaged files of every format that is read here: each becomes a document or is refused, and soon."""

from __future__ import annotations

import signal

import pytest

from benchmarks.damage.making import PARSERS, check, make

#: No file may take longer, s of CPU time.
LONGEST = 5


class TooLong(BaseException):
    """Nothing on the way catches it."""


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("name", PARSERS)
def test_damaged_files_are_read_or_refused(name: str, count: int) -> None:
    """`python -m benchmarks fuzz` does the same to ten times as many, and shows the one that failed again."""

    def stop(*_: object) -> None:
        raise TooLong(f"{name} {number}")

    was_read = 0
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for number in range(count):
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
            was_read += check(name, make(name, number))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert 0 < was_read < count
