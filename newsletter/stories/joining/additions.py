"""Which sentences of several documents come in behind those that are told already."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from newsletter.stories.joining.pool import Pool
from newsletter.stories.text import readability

#: Sentences that are looked at, the best first: what bounds the time of a summary of very many words.
_CANDIDATES = 400


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What counts for a sentence; round numbers that serve both halves of `python -m benchmarks several`."""

    #: For the sentence that its document's summarizer ranks first; half as much for the second, and so on.
    place: float = 1.0
    #: For the most central sentence; others by their centrality, less what rests on words told already.
    adds: float = 1.0
    #: For a sentence of the document that is most like the others; less for those beside the point.
    document: float = 0.5
    #: Cosine with a told sentence above which a sentence tells nothing new.
    most_alike: float = 0.3


WEIGHTS = Weights()


@dataclass(frozen=True, kw_only=True)
class Additions:
    """The choice among the sentences of a pool.

    Only sentences that read well are chosen: none that is a question, a fragment, a caption, over long, half
    a quotation, or opens with a pronoun or connective that leans on a sentence left out; none that names a
    person by a surname which its document explains in a sentence left out; none that is like one told.
    """

    pool: Pool
    #: For each sentence of the pool, how many of its document the summarizer ranks before it.
    ranks: Sequence[int]
    #: Sentences that are not to be told; as all indices here, into the pool's `sentences`.
    barred: Set[int] = frozenset()
    weights: Weights = WEIGHTS

    def choose(self, opening: Sequence[int], *, sentence_count: int | None, word_limit: int) -> list[int]:
        """Choose sentences one after the other, each by its place and by what it then adds.

        Args:
            opening: What is told already.
            sentence_count: Most sentences, with the opening; None: any number.
            word_limit: Most words, with the opening.

        Returns:
            All that is told, the opening too, in the order of telling: by document, then in source order.
        """
        chosen: list[int] = []
        told: set[str] = set()
        candidates = self._candidates
        upcoming = list(opening)
        while upcoming:
            newest = upcoming.pop(0)
            chosen.append(newest)
            told |= self.pool.sentences[newest].content
            candidates = [index for index in candidates if self._differs(index, newest)]
            if upcoming or len(chosen) == sentence_count:
                continue
            left = word_limit - sum(self.pool.sentences[index].word_count for index in chosen)
            fitting = [index for index in candidates if self._fits(index, left, chosen)]
            if fitting:
                upcoming.append(max(fitting, key=lambda index: (self._value(index, told), -index)))
        return sorted(chosen)

    @cached_property
    def _most_central(self) -> float:
        return max((sentence.centrality for sentence in self.pool.sentences), default=0.0) or 1.0

    @cached_property
    def _nearness(self) -> tuple[float, ...]:
        nearest = max(self.pool.nearness, default=0.0) or 1.0
        return tuple(nearness / nearest for nearness in self.pool.nearness)

    @cached_property
    def _candidates(self) -> list[int]:
        """The sentences that read well alone, in order, no more than are looked at."""
        found = [
            index
            for index, sentence in enumerate(self.pool.sentences)
            if index not in self.barred and sentence.content and _reads_well(sentence.text)
        ]
        best = sorted(found, key=lambda index: (-self._value(index, frozenset()), index))
        return sorted(best[:_CANDIDATES])

    @cached_property
    def _introduced(self) -> dict[tuple[int, str], int]:
        """Where each surname of each document first stands behind a first name."""
        found: dict[tuple[int, str], int] = {}
        for index, sentence in enumerate(self.pool.sentences):
            for surname in sentence.full_names:
                found.setdefault((sentence.document, surname), index)
        return found

    def _value(self, index: int, told: Set[str]) -> float:
        sentence = self.pool.sentences[index]
        value = self.weights.place / (1 + self.ranks[index])
        value += self.weights.adds * sentence.adds(told) / self._most_central
        value += self.weights.document * self._nearness[sentence.document]
        return round(value, 9)

    def _differs(self, index: int, told: int) -> bool:
        """Return whether a sentence does not tell what a told one tells."""
        one, other = self.pool.sentences[index], self.pool.sentences[told]
        return (
            index != told
            and one.likeness(other) <= self.weights.most_alike
            and not readability.nearly_same(one.content, other.content)
        )

    def _fits(self, index: int, left: int, chosen: Sequence[int]) -> bool:
        """Return whether a sentence has room, and what it leans on is told before it."""
        sentence = self.pool.sentences[index]
        if sentence.word_count > left:
            return False
        if sentence.dangling and not self._follows(index, chosen):
            return False
        before = [self.pool.sentences[other].full_names for other in chosen if other < index]
        explained = frozenset().union(*before)
        return not any(
            self._introduced.get((sentence.document, name), index) < index
            for name in sentence.bare_names - explained
        )

    def _follows(self, index: int, chosen: Sequence[int]) -> bool:
        """Return whether the sentence before it is told; the first of all has none to lean on."""
        if self.pool.sentences[index].position == 0:
            return index == 0
        return index - 1 in chosen


def _reads_well(text: str) -> bool:
    faults: tuple[Callable[[str], bool], ...] = (
        readability.is_fragment,
        readability.is_boilerplate,
        readability.has_half_quotation,
        readability.is_question,
        readability.is_overlong,
        readability.lacks_end_mark,
    )
    return not any(fault(text) for fault in faults)
