"""Silence: whether a source that usually brings news has brought none for too long; pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

#: Days with news that a habit is read off, at least.
_LEAST_DAYS = 4

#: A source is silent after so many of its usual gaps.
_TIMES = 3


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How often a source brings news."""

    #: Days from one day with news to the next, as a rule; at least 1.
    usual_gap: float
    #: Longest of those gaps: weekends and holidays are in it.
    longest_gap: int
    last_day: date

    def is_silent(self, today: date) -> bool:
        """Tell whether nothing has come for three usual gaps, and for longer than ever before."""
        gap = (today - self.last_day).days
        return gap > _TIMES * self.usual_gap and gap > self.longest_gap


def habit_of(days: Collection[date]) -> Habit | None:
    """Return how often a source brings news; None where it has brought too little to tell.

    Args:
        days: Days on which something new came, all in one time zone, in any order.
    """
    ordered = sorted(set(days))
    if len(ordered) < _LEAST_DAYS:
        return None
    gaps = [(after - before).days for before, after in pairwise(ordered)]
    return Habit(usual_gap=float(median(gaps)), longest_gap=max(gaps), last_day=ordered[-1])
