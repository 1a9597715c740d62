"""What readers were told: whether a sentence says it again."""

from collections.abc import Iterable, Sequence, Set
from itertools import chain

from newsletter.model.stories import OpenStory
from newsletter.stories.repeats.facts import Facts, facts_of

#: Sentences of one memory that are kept, the latest of them: no story is told at greater length.
_KEPT = 4000
#: What remains of a likeness for each number, and each name, that was not told.
_NEW_NUMBER = 0.6
_NEW_NAME = 0.85
#: The same for a sentence that says "not" where what it is held against does not.
_NEW_NEGATION = 0.7
#: Share of all terms of two sentences from which one is the other, be it of another story.
_SAME_SHARE = 0.85
#: Share of its other terms that a sentence must have from another to be the same with another number.
_SAME_BUT_FIGURES = 0.7
#: What a sentence must at least count for to be known again outside its story: some four words.
_SAME_TOTAL = 4.0


class Told:
    """Sentences and headlines that readers know, to hold a sentence against."""

    def __init__(
        self,
        texts: Iterable[str],
        *,
        language: str | None,
        reach: int = 2,
        elsewhere: "Told | None" = None,
    ) -> None:
        """Remember sentences.

        Args:
            texts: Sentences and headlines, the oldest first.
            language: ISO 639-1 code; None where unknown.
            reach: How many of them a sentence may put together and still be a repeat, at least 1.
            elsewhere: What was told besides, of other stories: only nearly the same sentences count.
        """
        kept = list(dict.fromkeys(text for text in texts if text.strip()))[-_KEPT:]
        self._language = language
        self._reach = reach
        self._elsewhere = elsewhere
        self._facts = [facts_of(text, language=language) for text in kept]
        self._postings: dict[str, list[int]] = {}
        for index, facts in enumerate(self._facts):
            for term in facts.weights:
                self._postings.setdefault(term, []).append(index)

    @classmethod
    def of(cls, story: OpenStory, *, language: str | None, elsewhere: "Told | None" = None) -> "Told":
        """Remember what was told of one story: its headlines and sentences."""
        texts = [*story.headlines, *(sentence.text for sentence in story.told)]
        return cls(texts, language=language, elsewhere=elsewhere)

    @classmethod
    def of_all(cls, stories: Sequence[OpenStory], *, language: str | None) -> "Told":
        """Remember the sentences told of all stories, to be given as `elsewhere`."""
        told = chain.from_iterable(story.told for story in stories)
        return cls([sentence.text for sentence in told], language=language)

    def says(self, text: str) -> float:
        """Return how surely a sentence was told already.

        The likeness is the share of the sentence's names, numbers and telling words that the sentence most
        like it and the one that adds most to that have as well; less for each number and name in neither;
        squared, so that a half is where as much speaks for a repeat as against it.

        Args:
            text: One sentence.

        Returns:
            0 (nothing of it was told) to 1 (all of it, as far as words tell). A sentence without any telling
            word says nothing that could be news: 1.
        """
        facts = facts_of(text, language=self._language)
        if not facts.total:
            return 1.0
        covered, negated = self._covered(facts)
        share = sum(weight for term, weight in facts.weights.items() if term in covered) / facts.total
        share *= _NEW_NUMBER ** len(facts.numbers - covered) * _NEW_NAME ** len(facts.names - covered)
        if facts.negates and not negated:
            share *= _NEW_NEGATION
        likeness = round(min(share, 1.0) ** 2, 6)
        if self._elsewhere is not None and self._elsewhere._has_same(facts):  # noqa: SLF001 - of this class
            return 1.0
        return likeness

    def is_repeat(self, text: str, cutoff: float = 0.5) -> bool:
        """Return whether a sentence was told already: its likeness reaches `cutoff`, from 0 to 1."""
        return self.says(text) >= cutoff

    def changes_figure(self, text: str) -> bool:
        """Return whether a sentence says what was told but for a number: "19 died" where it was 12."""
        facts = facts_of(text, language=self._language)
        if not facts.numbers:
            return False
        gains = self._shared(facts, skipped=facts.numbers)
        words = facts.total - sum(facts.weights[number] for number in sorted(facts.numbers))
        return any(
            gain >= _SAME_BUT_FIGURES * words
            and facts.numbers - self._facts[index].numbers
            and self._facts[index].numbers - facts.numbers
            for index, gain in gains.items()
        )

    def _covered(self, facts: Facts) -> tuple[set[str], bool]:
        """Return which terms the most alike of the sentences have, and whether one of these says "not"."""
        negated = False
        covered: set[str] = set()
        for _ in range(self._reach):
            gains = self._shared(facts, skipped=covered)
            if not gains:
                break
            best = max(gains, key=lambda index: (round(gains[index], 6), -index))
            covered.update(term for term in facts.weights if term in self._facts[best].weights)
            negated = negated or self._facts[best].negates
        return covered, negated

    def _shared(self, facts: Facts, *, skipped: Set[str]) -> dict[int, float]:
        """Return what the terms count for that each sentence has in common with the facts."""
        shared: dict[int, float] = {}
        for term, weight in facts.weights.items():
            if term not in skipped:
                for index in self._postings.get(term, ()):
                    shared[index] = shared.get(index, 0.0) + weight
        return shared

    def _has_same(self, facts: Facts) -> bool:
        """Return whether a sentence with nearly the same terms is remembered."""
        if facts.total < _SAME_TOTAL:
            return False
        return any(
            common >= _SAME_SHARE * (facts.total + self._facts[index].total - common)
            and facts.numbers == self._facts[index].numbers
            for index, common in self._shared(facts, skipped=frozenset()).items()
        )
