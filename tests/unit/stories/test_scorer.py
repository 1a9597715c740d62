"""Scores of sentences: the same everywhere, for every text, and made of named parts."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SummarizerError
from newsletter.stories.editor.features import FEATURES, SENTENCE_CAP, describe
from newsletter.stories.editor.forest import Forest
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES
from newsletter.stories.editor.scorer import score_sentences
from newsletter.stories.editor.weights import Panel, Weights, shipped_weights

NEWS = [
    "The river Tarn rose by two metres on Monday and flooded the old town of Ardo.",
    "Rescue crews took forty people to safety, Mayor Ana Ruiz said.",
    "“We lost everything,” said one shopkeeper.",
    "He had opened the shop in May.",
    "Ardo will ask the ministry for help, the mayor said.",
    "Read more: how to dry a house",
]


def test_news_is_worth_more_than_what_surrounds_it() -> None:
    scores = score_sentences(NEWS, headline="Tarn floods Ardo", language="en")
    assert scores.index(max(scores)) == 0
    assert max(scores[2:]) < scores[0]


def test_the_headline_counts() -> None:
    without = score_sentences(NEWS, headline="", language="en")
    assert score_sentences(NEWS, headline="Rescue crews take forty to safety", language="en")[1] > without[1]


def test_parts_sum_to_the_score() -> None:
    matrix = describe(NEWS, headline="Tarn floods Ardo", language="en").matrix
    forest = shipped_weights().forest
    parts = forest.contributions(matrix)
    assert parts.shape == (len(NEWS), len(FEATURES))
    assert np.allclose(parts.sum(axis=1) + forest.bias, forest.score(matrix), atol=1e-9)
    assert np.count_nonzero(parts[0]) > 5


def test_a_tree_is_walked_left_up_to_its_threshold() -> None:
    tree = {"columns": [1, -1, 0, -1, -1], "thresholds": [0.5, 2.0], "values": [1.0, 0.0, 4.0, 3.0, 6.0]}
    forest = Forest.of([tree, {"columns": [-1], "thresholds": [], "values": [10.0]}])
    matrix = np.array([[9.0, 0.5], [2.0, 0.6], [2.1, 0.6]])
    assert forest.score(matrix).tolist() == [10.0, 13.0, 16.0]
    assert forest.contributions(matrix).tolist() == [[0.0, -1.0], [-1.0, 3.0], [2.0, 3.0]]
    assert forest.bias == 11.0


@pytest.mark.parametrize(
    "sentences",
    [
        [],
        [""],
        ["..."],
        ["x" * 1_000_000],
        ["字" * 100_000],
        ["RAIN FELL ON THE TOWN"] * 3,
        ["the of and"] * 4,
        ["Река поднялась.", "Дорога закрыта."],
    ],
)
@pytest.mark.parametrize("language", [None, "en", "ru", "xx"])
def test_odd_sentences_have_scores(sentences: list[str], language: str | None) -> None:
    scores = score_sentences(sentences, headline="", language=language)
    assert len(scores) == len(sentences)
    assert np.isfinite(scores).all()


def test_what_is_not_read_comes_last_in_its_order() -> None:
    lines = [f"Village {n} has {n % 7} wells, its mayor said on Monday." for n in range(SENTENCE_CAP + 50)]
    scores = score_sentences(lines, headline="Wells", language="en")
    assert max(scores[SENTENCE_CAP:]) < min(scores[:SENTENCE_CAP])
    assert scores[SENTENCE_CAP:] == sorted(scores[SENTENCE_CAP:], reverse=True)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12), st.text(max_size=30))
def test_any_text_has_finite_scores(sentences: list[str], headline: str) -> None:
    scores = score_sentences(sentences, headline=headline, language=None)
    assert len(scores) == len(sentences)
    assert np.isfinite(scores).all()
    assert scores == score_sentences(sentences, headline=headline, language=None)


def test_scores_do_not_hang_on_the_order_of_sets() -> None:
    script = (
        "from newsletter.stories.editor.scorer import score_sentences\n"
        f"print(score_sentences({NEWS!r}, headline='Tarn floods Ardo', language='en'))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_the_weights_say_where_they_come_from() -> None:
    header = shipped_weights().header
    assert {"script", "seed", "date", "data", "cross_validated"} <= header.keys()
    assert header["cross_validated"].keys() == header["data"]["articles"].keys()
    for reached in header["cross_validated"].values():
        assert {"sentences", "editor", "lead"} == reached.keys()
        assert {"rouge1", "rouge2", "rougeLsum"} == reached["editor"].keys()


def test_weights_for_other_features_are_refused() -> None:
    written = {"features": ["first"], "proposal_features": [], "trees": [], "preferences": {}}
    with pytest.raises(SummarizerError, match="fit_editor"):
        Weights.of(written)


def test_a_panel_judges_each_summary_beside_the_others() -> None:
    panel = shipped_weights().preference(3)
    assert isinstance(panel, Panel)
    rows = np.linspace(0.0, 3.0, 4 * len(PROPOSAL_FEATURES)).reshape(4, -1) % 1.3
    brought = panel.contributions(rows)
    assert brought.shape == rows.shape
    assert brought.any()
    assert np.array_equal(panel.contributions(rows + 7.0), brought)
    assert not isinstance(shipped_weights().preference(2), Panel)


def test_longer_summaries_are_judged_as_those_of_three() -> None:
    judged = shipped_weights()
    assert judged.preference(5) is judged.preference(3)
    assert judged.preference(1) is not judged.preference(2)
