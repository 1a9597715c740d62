"""Our own summarizer: weighs whole summaries against each other, those that read badly left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from newsletter.stories.editor.choose import Draft, Fault
from newsletter.stories.editor.features import Description, describe
from newsletter.stories.editor.proposals import describe_proposals, list_proposals
from newsletter.stories.editor.scorer import rate
from newsletter.stories.editor.weights import Weights, shipped_weights

#: Longer summaries are chosen sentence by sentence: there are too many sets of so many sentences.
MOST_SENTENCES = 5
#: Best sentences out of which summaries are proposed.
POOL_SIZE = 10
#: A sentence of fewer words does not make a summary full: "The bank aims for 2 percent."
_TELLING_WORDS = 10
#: Sentences that come in because others lean on them.
_SUPPORTS = 4
#: Faults that a proposal may have, where none has less.
_BEARABLE = (Fault.NONE, Fault.MINOR)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A set of sentences that could be told."""

    #: In source order.
    indices: tuple[int, ...]
    #: Higher is better; compares with others of the same document only.
    score: float
    #: What each of `PROPOSAL_PARTS` brings to the score, in their order; they sum to it.
    parts: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A document on the editor's desk: its sentences read, described and scored."""

    draft: Draft
    described: Description
    #: Of all sentences.
    scores: tuple[float, ...]

    @classmethod
    def of(cls, draft: Draft, *, headline: str, language: str | None, weights: Weights) -> "Desk":
        """Read the sentences of a draft, of which there must be one at least."""
        described = describe(draft.texts, headline=headline, language=language)
        scores = rate(described, len(draft.texts), weights.forest)
        return cls(draft=draft, described=described, scores=tuple(scores))

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

    def propose(self, weights: Weights, *, sentence_count: int, word_limit: int) -> list[Proposal]:
        """Return the summaries that could be told, the best first.

        Args:
            weights: What makes a good summary.
            sentence_count: Most sentences, up to `MOST_SENTENCES`; one less is proposed too.
            word_limit: Most words.

        Returns:
            Proposals in the order of their scores; none where nothing readable keeps to the limit.
        """
        sets = self.sets(sentence_count=sentence_count, word_limit=word_limit)
        if not sets:
            return []
        rows = describe_proposals(self.described, self.scores, sets, sentence_count=sentence_count)
        preference = weights.preference(sentence_count)
        is_full = np.array([self._is_full(chosen, sentence_count) for chosen in sets])
        brought = np.column_stack([preference.contributions(rows), preference.all_sentences * is_full])
        # Rounded, lest the last digits of one machine choose otherwise than those of another.
        scores = np.round(brought.sum(axis=1), 6)
        best_first = np.argsort(-scores, kind="stable").tolist()
        return [
            Proposal(indices=sets[place], score=float(scores[place]), parts=tuple(brought[place].tolist()))
            for place in best_first
        ]

    def _is_full(self, chosen: Sequence[int], sentence_count: int) -> bool:
        """Return whether a proposal has all the sentences that it may have, none too short to tell much."""
        told = all(self.draft.word_count(index) >= _TELLING_WORDS for index in chosen)
        return told and len(chosen) == sentence_count

    def _pool(self, sentence_count: int) -> list[int]:
        """Return the best sentences that have no fault of their own, and those that they lean on."""
        ranked = [index for index in self.ranked if index < len(self.described.content)]

        def best_of(fault: Fault) -> Iterator[int]:
            """Return the best sentences whose own fault is this one."""
            # Sentences behind the last one taken are not looked at.
            return islice((index for index in ranked if self.draft.own_fault(index) is fault), POOL_SIZE)

        pool = list(best_of(Fault.NONE))
        if len(pool) < sentence_count:
            pool += best_of(Fault.MINOR)
        supports = {
            support: None
            for index in pool
            for support in self.draft.supports(index)
            if support not in pool and self.draft.own_fault(support) is Fault.NONE
        }
        return [*pool, *list(supports)[:_SUPPORTS]]


def choose_sentences(
    draft: Draft,
    *,
    headline: str,
    language: str | None,
    sentence_count: int,
    word_limit: int,
    weights: Weights | None = None,
) -> list[int]:
    """Choose the best whole summary of a document.

    Args:
        draft: All its sentences, at least one.
        headline: Its headline; may be empty.
        language: ISO 639-1 code; None: unknown.
        sentence_count: Most sentences.
        word_limit: Most words; passed only where no sentence is short enough.
        weights: What to judge by; None: what comes with the product.

    Returns:
        Indices in source order; empty only if no sentence is of bearable length.
    """
    weights = weights or shipped_weights()
    desk = Desk.of(draft, headline=headline, language=language, weights=weights)
    if sentence_count <= MOST_SENTENCES:
        proposals = desk.propose(weights, sentence_count=sentence_count, word_limit=word_limit)
        if proposals:
            return list(proposals[0].indices)
    return draft.choose(desk.ranked, sentence_count=sentence_count, word_limit=word_limit)
