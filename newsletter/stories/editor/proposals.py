"""Whole summaries as proposals: a row of named numbers for each set of sentences that could be told."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from newsletter.stories.editor.features import FEATURES, Description

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Numbers that mean something else in a summary with all the sentences that it may have: whether one more is
#: worth its words hangs on how good that one is.
_OF_FULL = ("score", "best_score", "worst_score", "log_words", "coverage", "mean_place", "last_place")
#: The columns of `describe_proposals`, in their order; those "of full" are zero in shorter summaries.
PROPOSAL_FEATURES: tuple[str, ...] = (
    "score", "mean_score", "best_score", "worst_score",
    "likeness", "nearest_pair",
    "log_words", "log_words_squared", "sentences",
    "coverage", "keyword_strength", "distinct_words", "phrases", "lead_words", "headline_words",
    "headline_phrases",
    "lead", "neighbours", "mean_place", "first_place", "last_place",
    "quoted_share", "numbers", "names_introduced", "first_person", "speech",
    *(f"{name}_of_full" for name in _OF_FULL),
)  # fmt: skip
#: What a proposal's score is the sum of, in the order of `Proposal.parts`; the last is the same for all that
#: have as many sentences as they may, none of a few words.
PROPOSAL_PARTS = (*PROPOSAL_FEATURES, "all_sentences")
Token = TypeVar("Token")
_COLUMN = {name: place for place, name in enumerate(FEATURES)}


def list_proposals(pool: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Return every choice of so many sentences out of a pool, each in source order, none twice."""
    ordered = sorted(set(pool))
    return [chosen for size in sizes for chosen in combinations(ordered, size)]


def describe_proposals(
    described: Description,
    scores: Sequence[float],
    proposals: Sequence[tuple[int, ...]],
    *,
    sentence_count: int,
) -> Floats:
    """Describe proposed summaries.

    Args:
        described: The document's sentences.
        scores: Of all of them.
        proposals: Indices of sentences in source order; at least one proposal, none empty.
        sentence_count: Most sentences that a summary may have.

    Returns:
        One row a proposal, one column for each of `PROPOSAL_FEATURES`.
    """
    rows = np.empty((len(proposals), len(PROPOSAL_FEATURES)))
    traits = _Traits(described, scores)
    for size in sorted({len(chosen) for chosen in proposals}):
        places = [place for place, chosen in enumerate(proposals) if len(chosen) == size]
        rows[places] = traits.rows(
            np.array([proposals[place] for place in places], dtype=np.int64), is_full=size == sentence_count
        )
    return np.round(rows, 6)


class _Traits:
    """What is known of a document's sentences, ready to be added up for proposals."""

    def __init__(self, described: Description, scores: Sequence[float]) -> None:
        self._described = described
        raw = np.asarray(scores, dtype=np.float64)[: len(described.content)]
        self._scores = (raw - raw.mean()) / (raw.std() or 1.0)
        self._words = np.array(described.word_counts, dtype=np.float64)
        self._stems = np.array([len(stems) for stems in described.content], dtype=np.float64)
        counts = Counter(word for stems in described.content for word in stems)
        self._holds, self._vocabulary = _incidence([tuple(dict.fromkeys(s)) for s in described.content])
        self._counts = np.array([counts[word] for word in self._vocabulary], dtype=np.float64)
        pairs = [tuple(dict.fromkeys(pairwise(stems))) for stems in described.content]
        often = Counter(pair for stems in described.content for pair in pairwise(stems))
        self._phrases, _ = _incidence([tuple(p for p in found if often[p] > 1) for found in pairs])
        told = frozenset(pairwise(described.headline))
        self._headline_phrases, _ = _incidence([tuple(p for p in found if p in told) for found in pairs])
        self._lead = self._marks({word for stems in described.content[:2] for word in stems})
        self._headline = self._marks(set(described.headline))
        self._headline_sizes = (max(1, len(set(described.headline))), max(1, len(told)))

    def _marks(self, chosen: set[str]) -> Floats:
        return np.array([float(word in chosen) for word in self._vocabulary])

    def rows(self, chosen: Indices, *, is_full: bool) -> Floats:
        """Return the rows of proposals of one size; `chosen` has one row each."""
        size = chosen.shape[1]
        scores = self._scores[chosen]
        pairs = np.array(list(combinations(range(size), 2)), dtype=np.int64).reshape(-1, 2)
        near = self._described.likeness[chosen[:, pairs[:, 0]], chosen[:, pairs[:, 1]]]
        if not len(pairs):
            near = np.zeros((len(chosen), 1))
        words = np.log1p(self._words[chosen].sum(axis=1))
        place = np.log1p(chosen.astype(np.float64))
        union = self._holds[chosen].any(axis=1)
        held = union.sum(axis=1)
        columns = {
            "score": scores.sum(axis=1),
            "mean_score": scores.mean(axis=1),
            "best_score": scores.max(axis=1),
            "worst_score": scores.min(axis=1),
            "likeness": near.mean(axis=1),
            "nearest_pair": near.max(axis=1),
            "log_words": words,
            "log_words_squared": words * words,
            "sentences": np.full(len(chosen), float(size)),
            "coverage": union @ self._counts / max(1.0, self._counts.sum()),
            "keyword_strength": union @ np.log(self._counts) / np.maximum(1, held),
            "distinct_words": held / np.maximum(1.0, self._stems[chosen].sum(axis=1)),
            "phrases": _share(self._phrases, chosen),
            "lead_words": union @ self._lead / max(1.0, self._lead.sum()),
            "headline_words": union @ self._headline / self._headline_sizes[0],
            "headline_phrases": self._headline_phrases[chosen].any(axis=1).sum(axis=1)
            / self._headline_sizes[1],
            "lead": (chosen[:, 0] == 0).astype(np.float64),
            "neighbours": (np.diff(chosen, axis=1) == 1).sum(axis=1).astype(np.float64),
            "mean_place": place.mean(axis=1),
            "first_place": place[:, 0],
            "last_place": place[:, -1],
        }
        for name in ("quoted_share", "numbers", "names_introduced", "first_person", "speech"):
            columns[name] = self._described.matrix[chosen, _COLUMN[name]].sum(axis=1)
        for name in _OF_FULL:
            columns[f"{name}_of_full"] = columns[name] * is_full
        return np.stack([columns[name] for name in PROPOSAL_FEATURES], axis=1)


def _incidence(lines: Sequence[Sequence[Token]]) -> tuple[npt.NDArray[np.bool_], list[Token]]:
    """Return which line holds which token, one row a line, and the tokens in order of appearance."""
    tokens = list(dict.fromkeys(token for line in lines for token in line))
    place = {token: column for column, token in enumerate(tokens)}
    held = np.zeros((len(lines), len(tokens)), dtype=np.bool_)
    for row, line in enumerate(lines):
        held[row, [place[token] for token in line]] = True
    return held, tokens


def _share(held: npt.NDArray[np.bool_], chosen: Indices) -> Floats:
    """Return how much of all tokens each proposal holds."""
    return np.asarray(held[chosen].any(axis=1).sum(axis=1) / max(1, held.shape[1]))
