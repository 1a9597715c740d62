"""How summaries are compared: within equal bytes, and with an interval that comes out the same again."""

from __future__ import annotations

import pytest

from benchmarks.rouge_scores import compare
from benchmarks.summaries import fill


@pytest.mark.parametrize(
    ("budget", "taken"),
    [(100, [2, 0, 1]), (35, [2, 1]), (25, [0, 1]), (5, [1]), (3, [2])],
)
def test_every_sentence_is_taken_that_still_fits(budget: float, taken: list[int]) -> None:
    assert fill([2, 0, 1], [20, 5, 30], budget) == taken


def test_an_interval_holds_the_mean_and_comes_out_the_same_again() -> None:
    ours, theirs = [30.0, 41.5, 28.0, 35.0], [29.0, 40.0, 28.5, 31.0]
    found = compare(ours, theirs)
    assert found.mean == 1.5
    assert found.low < found.mean < found.high
    assert compare(ours, theirs) == found
    assert compare(ours, ours).low == compare(ours, ours).high == 0.0
