"""Our own summarizer: weighs whole summaries against each other, those that read badly left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.stories.editor.choose import Draft, Fault
from newsletter.stories.editor.features import Description, describe
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES, describe_proposals, list_proposals
from newsletter.stories.editor.scorer import rate, weights

Floats = npt.NDArray[np.float64]

#: Longer summaries are chosen sentence by sentence: there are too many sets of so many sentences.
MOST_SENTENCES = 5
#: Best sentences out of which summaries are proposed.
POOL_SIZE = 10
#: Sentences that come in because others lean on them.
_SUPPORTS = 4
#: Faults that a proposal may have, where none has less.
_BEARABLE = (Fault.NONE, Fault.MINOR)


@dataclass(frozen=True, kw_only=True, eq=False)
class Preference:
    """What makes a good summary of so many sentences: a weight for each of `PROPOSAL_FEATURES`."""

    #: What is taken off each number, and what one unit above is worth.
    means: Floats
    slopes: Floats

    @classmethod
    def of(cls, written: Mapping[str, Sequence[float]]) -> "Preference":
        """Read a preference as `weights.json` holds it."""
        return cls(means=np.array(written["means"]), slopes=np.array(written["slopes"]))

    def contributions(self, rows: Floats) -> Floats:
        """Return what each number of each row brings; a row's sum is its score."""
        return (rows - self.means) * self.slopes


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A set of sentences that could be told."""

    #: In source order.
    indices: tuple[int, ...]
    #: Higher is better; compares with others of the same document only.
    score: float
    #: What each of `PROPOSAL_FEATURES` brings to the score, in their order; they sum to it.
    parts: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A document on the editor's desk: its sentences read, described and scored."""

    draft: Draft
    described: Description
    #: Of all sentences.
    scores: tuple[float, ...]

    @classmethod
    def of(cls, draft: Draft, *, headline: str, language: str | None) -> "Desk":
        """Read the sentences of a draft, of which there must be one at least."""
        described = describe(draft.texts, headline=headline, language=language)
        return cls(draft=draft, described=described, scores=tuple(rate(described, len(draft.texts))))

    @property
    def ranked(self) -> list[int]:
        """Indices of all sentences, the best first."""
        return sorted(range(len(self.scores)), key=lambda index: (-self.scores[index], index))

    def sets(self, *, sentence_count: int, word_limit: int) -> list[tuple[int, ...]]:
        """Return the sets of sentences that could be told: those with the least fault that there is."""
        sizes = [sentence_count] if sentence_count == 1 else [sentence_count - 1, sentence_count]
        pool = self._pool(sentence_count)
        counts = {index: self.draft.word_count(index) for index in pool}
        fitting = [
            chosen
            for chosen in list_proposals(pool, sizes)
            if sum(counts[index] for index in chosen) <= word_limit
        ]
        faults = [self.draft.fault_of(chosen) for chosen in fitting]
        for bearable in _BEARABLE:
            found = [chosen for chosen, fault in zip(fitting, faults, strict=True) if fault <= bearable]
            if found:
                return found
        return []

    def propose(self, *, sentence_count: int, word_limit: int) -> list[Proposal]:
        """Return the summaries that could be told, the best first.

        Args:
            sentence_count: Most sentences, up to `MOST_SENTENCES`; one less is proposed too.
            word_limit: Most words.

        Returns:
            Proposals in the order of their scores; none where nothing readable keeps to the limit.
        """
        sets = self.sets(sentence_count=sentence_count, word_limit=word_limit)
        if not sets:
            return []
        rows = describe_proposals(self.described, self.scores, sets)
        brought = preference(sentence_count).contributions(rows)
        # Rounded, lest the last digits of one machine choose otherwise than those of another.
        scores = np.round(brought.sum(axis=1), 6)
        best_first = np.argsort(-scores, kind="stable").tolist()
        return [
            Proposal(indices=sets[place], score=float(scores[place]), parts=tuple(brought[place].tolist()))
            for place in best_first
        ]

    def _pool(self, sentence_count: int) -> list[int]:
        """Return the best sentences that have no fault of their own, and those that they lean on."""
        ranked = [index for index in self.ranked if index < len(self.described.content)]
        pool = [index for index in ranked if self.draft.own_fault(index) is Fault.NONE][:POOL_SIZE]
        if len(pool) < sentence_count:
            pool += [index for index in ranked if self.draft.own_fault(index) is Fault.MINOR][:POOL_SIZE]
        supports = {
            support: None
            for index in pool
            for support in self.draft.supports(index)
            if support not in pool and self.draft.own_fault(support) is Fault.NONE
        }
        return [*pool, *list(supports)[:_SUPPORTS]]


@cache
def preference(sentence_count: int) -> Preference:
    """Return what makes a good summary of so many sentences; more than three are judged as three."""
    written: Mapping[str, Any] = weights()["preferences"]
    return Preference.of(written[str(min(sentence_count, len(written)))])


def named(parts: Sequence[float]) -> dict[str, float]:
    """Return the parts of a proposal's score by name."""
    return dict(zip(PROPOSAL_FEATURES, parts, strict=True))
