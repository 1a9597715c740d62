"""The choice among ranked sentences: what reads well alone, without saying anything twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from itertools import combinations
from types import MappingProxyType

from newsletter.stories.sentences import count_words
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability

#: Sentences that are looked at, best ranked first: a summary that found nothing among them is a lost cause.
_CANDIDATES = 400


class Fault(IntEnum):
    """How much a sentence would harm a summary, given what is chosen already."""

    #: Reads well.
    NONE = 0
    #: Serves to fill up: no end mark, a label, a bare surname, "He" without a sentence before.
    MINOR = 1
    #: Too long to read with ease; told only for want of any other.
    OVERLONG = 2
    #: Asks what the reader wants to be told.
    QUESTION = 3
    #: Only where nothing better is there: dangling, cut quotation, fragment, caption, boilerplate.
    MAJOR = 4
    #: Adds no word to the headline, repeats a chosen sentence, or holds no word.
    REPEAT = 5


class Flaw(StrEnum):
    """What is wrong with a sentence; the value is what an operator reads."""

    NOTHING_NEW = "adds no word to the headline"
    SAID_TWICE = "says what another chosen sentence says"
    FRAGMENT = "fewer than 5 words"
    PAGE = "caption or note of the page"
    HALF_QUOTATION = "half a quotation"
    DANGLING = "leans on the sentence before"
    QUESTION = "asks a question"
    OVERLONG = "more than 45 words"
    NO_END_MARK = "no end mark"
    LABEL = "a label before its colon"
    BARE_SURNAME = "surname of a person introduced elsewhere"


_FAULTS = MappingProxyType(
    {
        Flaw.NOTHING_NEW: Fault.REPEAT,
        Flaw.SAID_TWICE: Fault.REPEAT,
        Flaw.FRAGMENT: Fault.MAJOR,
        Flaw.PAGE: Fault.MAJOR,
        Flaw.HALF_QUOTATION: Fault.MAJOR,
        Flaw.DANGLING: Fault.MAJOR,
        Flaw.QUESTION: Fault.QUESTION,
        Flaw.OVERLONG: Fault.OVERLONG,
        Flaw.NO_END_MARK: Fault.MINOR,
        Flaw.LABEL: Fault.MINOR,
        Flaw.BARE_SURNAME: Fault.MINOR,
    }
)
_CHECKS = (
    (Flaw.FRAGMENT, readability.is_fragment),
    (Flaw.PAGE, readability.is_boilerplate),
    (Flaw.HALF_QUOTATION, readability.has_half_quotation),
    (Flaw.QUESTION, readability.is_question),
    (Flaw.OVERLONG, readability.is_overlong),
    (Flaw.NO_END_MARK, readability.lacks_end_mark),
    (Flaw.LABEL, readability.opens_with_label),
)

#: Worst fault that is let in, and whether the sentence must keep to the word limit. From the third step on,
#: only for want of any sentence at all.
_STEPS = (
    (Fault.NONE, True),
    (Fault.MINOR, True),
    (Fault.OVERLONG, True),
    (Fault.OVERLONG, False),
    (Fault.QUESTION, True),
    (Fault.MAJOR, True),
    (Fault.MAJOR, False),
    (Fault.REPEAT, True),
)
_FILLING_STEPS = 2


def bearable_words(word_limit: int) -> int:
    """Return the words that a summary may have where no sentence keeps to `word_limit`."""
    return max(2 * word_limit, 2 * readability.LONGEST_WORDS)


@dataclass(frozen=True, kw_only=True)
class _Traits:
    """What matters about one sentence, whatever else is chosen."""

    content: frozenset[str]
    word_count: int
    #: What is wrong with it on its own.
    flaws: tuple[Flaw, ...]
    #: The worst of these.
    fault: Fault
    dangling: bool
    surnames: frozenset[str]
    full_names: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document's sentences and what has been found out about them."""

    texts: Sequence[str]
    #: Content words of the headline.
    headline: frozenset[str]
    stop_words: frozenset[str]
    #: Whether a capital shows a name: German has them on every noun.
    names_by_capitals: bool = True
    _traits: dict[int, _Traits] = field(default_factory=dict)
    _same: dict[tuple[int, int], bool] = field(default_factory=dict)
    _debts: dict[int, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str], *, headline: str, language: str | None) -> "Draft":
        """Make a draft of all sentences of a document, in their order.

        Args:
            texts: The sentences.
            headline: The document's headline; may be empty.
            language: ISO 639-1 code; None is taken for English.
        """
        stopped = stop_words(language or "en")
        return cls(
            texts=texts,
            headline=readability.content_words(headline, stopped),
            stop_words=stopped,
            names_by_capitals=not (language or "").lower().startswith("de"),
        )

    def whole(self, *, sentence_count: int, word_limit: int) -> list[int]:
        """Return all sentences worth telling if the document is short enough to be given whole, else none."""
        if len(self.texts) > sentence_count or sum(map(count_words, self.texts)) > word_limit:
            return []
        kept: list[int] = []
        for index, text in enumerate(self.texts):
            repeats = self._fault(index, kept) is Fault.REPEAT
            if not repeats and not readability.is_boilerplate(text):
                kept += [*self._antecedents(index, kept), index]
        return kept

    def choose(self, ranked: Sequence[int], *, sentence_count: int, word_limit: int) -> list[int]:
        """Choose sentences by rank, passing over those with faults while others serve.

        Args:
            ranked: Indices into `texts`, best first; those left out follow in their order.
            sentence_count: Most sentences.
            word_limit: Most words; passed only by a sentence chosen for want of a shorter one.

        Returns:
            Indices in source order; empty only if no sentence is of bearable length.
        """
        candidates = [*dict.fromkeys([*ranked, *range(len(self.texts))])][:_CANDIDATES]
        chosen: list[int] = []
        for step, (worst, fitting) in enumerate(_STEPS):
            if chosen and step >= _FILLING_STEPS:
                break
            room = word_limit if fitting else bearable_words(word_limit)
            self._fill(chosen, candidates, worst, sentence_count if step < _FILLING_STEPS else 1, room)
        return self._led_in(sorted(chosen), sentence_count, bearable_words(word_limit))

    def word_count(self, index: int) -> int:
        """Return the words of a sentence."""
        return self._of(index).word_count

    def own_fault(self, index: int) -> Fault:
        """Return the worst fault of a sentence, whatever stands beside it."""
        return self._of(index).fault

    def fault_of(self, chosen: Sequence[int]) -> Fault:
        """Return the worst fault of a whole summary.

        Args:
            chosen: Indices of its sentences, in source order.
        """
        worst = max((self._fault_within(index, chosen) for index in chosen), default=Fault.NONE)
        if worst < Fault.REPEAT and any(self._say_the_same(*pair) for pair in combinations(chosen, 2)):
            return Fault.REPEAT
        return worst

    def flaws_of(self, index: int, chosen: Sequence[int]) -> tuple[Flaw, ...]:
        """Return what is wrong with a sentence, or would be, in a summary of the chosen ones."""
        traits = self._of(index)
        found = list(traits.flaws)
        if any(self._say_the_same(*sorted((index, other))) for other in chosen if other != index):
            found.append(Flaw.SAID_TWICE)
        if traits.dangling and index - 1 not in chosen:
            found.append(Flaw.DANGLING)
        if self._unintroduced(index, chosen):
            found.append(Flaw.BARE_SURNAME)
        return tuple(found)

    def supports(self, index: int) -> list[int]:
        """Return the sentences that have to stand before this one for it to be understood."""
        traits = self._of(index)
        before = [index - 1] if traits.dangling and index > 0 else []
        introducing = {self._introduced[name] for name in self._owed(index)}
        return [*before, *sorted(introducing)]

    def _fault_within(self, index: int, chosen: Sequence[int]) -> Fault:
        traits = self._of(index)
        if traits.dangling and index > 0 and index - 1 not in chosen:
            return max(traits.fault, Fault.MAJOR)
        if traits.dangling and index == 0:
            return max(traits.fault, Fault.MINOR)
        if traits.fault is Fault.NONE and self._unintroduced(index, chosen):
            return Fault.MINOR
        return traits.fault

    def _say_the_same(self, one: int, other: int) -> bool:
        if (one, other) not in self._same:
            contents = self._of(one).content, self._of(other).content
            self._same[one, other] = readability.nearly_same(*contents)
        return self._same[one, other]

    def _antecedents(self, index: int, chosen: Sequence[int]) -> list[int]:
        """Return the sentences left out that a chosen one leans on, in their order."""
        found: list[int] = []
        while index > 0 and self._of(index).dangling and index - 1 not in chosen:
            index -= 1
            if not self._of(index).content or readability.is_boilerplate(self.texts[index]):
                break
            if any(readability.nearly_same(self._of(index).content, self._of(o).content) for o in chosen):
                break
            found.insert(0, index)
        return found

    def _led_in(self, chosen: Sequence[int], count: int, room: int) -> list[int]:
        """Return the chosen sentences behind what their first one leans on, cut from the end to fit."""
        if not chosen:
            return []
        led_in = [*self._antecedents(chosen[0], chosen), *chosen][:count]
        while sum(self._of(index).word_count for index in led_in) > room:
            led_in.pop()
        return led_in or list(chosen)

    def _fill(
        self, chosen: list[int], candidates: Sequence[int], worst: Fault, count: int, room: int
    ) -> None:
        """Add the best candidates that fit to `chosen`, looking again from the best after each."""
        while len(chosen) < count:
            left = room - sum(self._of(index).word_count for index in chosen)
            for index in candidates:
                if index in chosen or self._of(index).word_count > left:
                    continue
                if self._fault(index, chosen) <= worst:
                    chosen.append(index)
                    break
            else:
                return

    def _fault(self, index: int, chosen: Sequence[int]) -> Fault:
        """Return the worst fault of a sentence beside those that are chosen."""
        traits = self._of(index)
        others = [self._of(other).content for other in chosen]
        if traits.fault is Fault.REPEAT or any(readability.nearly_same(traits.content, o) for o in others):
            return Fault.REPEAT
        return self._fault_within(index, chosen)

    def _unintroduced(self, index: int, chosen: Sequence[int]) -> bool:
        """Return whether a surname stands alone that the document introduces in a sentence left out."""
        owed = self._owed(index)
        if not owed:
            return False
        return not all(
            any(name in self._of(other).full_names for other in chosen if other < index) for name in owed
        )

    def _owed(self, index: int) -> frozenset[str]:
        """Return the surnames in a sentence whose owners the document introduces in a sentence before."""
        if index not in self._debts:
            traits = self._of(index)
            self._debts[index] = frozenset(
                name
                for name in traits.surnames - traits.full_names
                if self.names_by_capitals and self._introduced.get(name, index) < index
            )
        return self._debts[index]

    @cached_property
    def _introduced(self) -> dict[str, int]:
        return readability.surnames_introduced(self.texts)

    def _of(self, index: int) -> _Traits:
        if index not in self._traits:
            self._traits[index] = self._read(self.texts[index])
        return self._traits[index]

    def _read(self, text: str) -> _Traits:
        content = readability.content_words(text, self.stop_words)
        flaws = [flaw for flaw, has in _CHECKS if has(text)]
        if content <= self.headline:
            flaws.insert(0, Flaw.NOTHING_NEW)
        return _Traits(
            content=content,
            word_count=count_words(text),
            flaws=tuple(flaws),
            fault=max((_FAULTS[flaw] for flaw in flaws), default=Fault.NONE),
            dangling=readability.opens_dangling(text),
            surnames=readability.surnames_in(text),
            full_names=readability.full_names_in(text),
        )
