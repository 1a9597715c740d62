"""Whole summaries as rows of numbers."""

from __future__ import annotations

import numpy as np

from newsletter.stories.editor.features import describe
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES, describe_proposals, list_proposals

NEWS = [
    "The glacier above Quill lost four metres of ice this summer, the institute said.",
    "Its tongue now ends 90 metres further up than in 1990.",
    "Hikers on the glacier path must take the upper route from Monday.",
    "The upper route takes an hour longer.",
]


def test_numbers_of_full_summaries_are_zero_in_shorter_ones() -> None:
    described = describe(NEWS, headline="Glacier shrinks", language="en")
    sets = list_proposals([3, 0, 1], [1, 2])
    rows = describe_proposals(described, [0.4, 0.1, 0.2, 0.0], sets, sentence_count=2)
    assert sets == [(0,), (1,), (3,), (0, 1), (0, 3), (1, 3)]
    assert rows.shape == (6, len(PROPOSAL_FEATURES))
    column = {name: rows[:, place] for place, name in enumerate(PROPOSAL_FEATURES)}
    full = np.array([len(chosen) == 2 for chosen in sets])
    of_full = [name for name in PROPOSAL_FEATURES if name.endswith("_of_full")]
    assert len(of_full) > 3
    for name in of_full:
        assert np.array_equal(column[name], column[name.removesuffix("_of_full")] * full)
        assert column[name][full].any()
