"""How summaries are compared: within equal bytes, and with an interval that comes out the same again."""

from __future__ import annotations

import pytest

from benchmarks.articles import mend
from benchmarks.rouge import Judge
from benchmarks.rouge_scores import compare, score
from benchmarks.several import scores
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


@pytest.mark.parametrize(
    ("lost", "mended"),
    [
        (
            "The form says ?single? or ?married? from now on.",
            "The form says “single” or “married” from now on.",
        ),
        ("He left.?We are late,? she said.", "He left. “We are late,” she said."),
        ("It?s late.Who asked? The mayor?s aide.", "It’s late. Who asked? The mayor’s aide."),
        ("Is it late? Nobody knew.", "Is it late? Nobody knew."),
    ],
)
def test_lost_marks_are_put_back(lost: str, mended: str) -> None:
    assert mend(lost) == mended


def test_what_sentences_are_worth() -> None:
    pytest.importorskip("rouge_score", reason="needs the extra bench")
    judge = Judge.of(["The dam broke.", "Cows drowned in the valley.", "The dam broke."], "The dam broke.")
    assert judge.worths([(0,), (1,), (0, 2)]).tolist() == pytest.approx([2.0, 0.25, 2 * 3 / 9 + 2 * 2 / 6])
    assert judge.oracle(2) == [0]
    assert Judge.of(["One.", "The dam broke on Monday in the rain."], "A dam broke. Rain.").oracle(2) == [1]


@pytest.mark.sweep
def test_summaries_of_several_documents_are_scored_as_those_of_one() -> None:
    pytest.importorskip("rouge_score", reason="needs the extra bench")
    text, references = "The dam broke. Cows drowned.", ["A dam broke in the valley.", "Cows drowned, 12."]
    assert scores(text, references) == pytest.approx(score([text], references)[:2])
    assert scores("", references) == (0.0, 0.0)
