"""When a source counts as silent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.documents import RefusalReason
from newsletter.model.refusals import REPAIRS
from newsletter.model.silence import habit_of

MONDAY = date(2026, 11, 2)


def days(*numbers: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in numbers]


@pytest.mark.parametrize(
    ("seen", "usual", "last_quiet_day"),
    [
        (days(0, 1, 2, 3), 1, 6),
        # Weekdays alone: a weekend is no silence, nor the Monday after it.
        (days(0, 1, 2, 3, 4, 7, 8, 9, 10, 11), 1, 14),
        # Once a week.
        (days(0, 7, 14, 21), 7, 42),
        # A holiday of ten days was no silence, so another one is none.
        (days(0, 1, 2, 12, 13, 14), 1, 24),
    ],
)
def test_a_source_is_silent_after_three_usual_gaps(seen: list[date], usual: int, last_quiet_day: int) -> None:
    habit = habit_of(seen)
    assert habit is not None
    assert habit.usual_gap == usual
    assert not habit.is_silent(MONDAY + timedelta(days=last_quiet_day))
    assert habit.is_silent(MONDAY + timedelta(days=last_quiet_day + 1))


def test_too_little_news_makes_no_habit() -> None:
    assert habit_of([]) is None
    assert habit_of(days(0, 0, 0, 0, 5, 9)) is None


@given(st.sets(st.dates(date(2025, 1, 1), date(2026, 12, 31)), min_size=4))
def test_no_source_is_silent_on_the_day_of_its_news(seen: set[date]) -> None:
    habit = habit_of(seen)
    assert habit is not None
    assert not habit.is_silent(max(seen))
    assert habit.is_silent(max(seen) + timedelta(days=3 * habit.longest_gap + 1))
    assert 1 <= habit.usual_gap <= habit.longest_gap


def test_every_refusal_has_a_repair() -> None:
    assert REPAIRS.keys() == set(RefusalReason)
