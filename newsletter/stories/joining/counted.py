"""What a number in a sentence counts: the killed, the jobs that are cut, a rate, an amount paid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.model.documents import Span
from newsletter.stories.joining.dating import days_of
from newsletter.stories.joining.leaving import EVACUATED, RESIDENTS, leaving_phrase
from newsletter.stories.joining.matters import (
    ACTIVE,
    AMOUNTS,
    ANYBODY,
    CHANGES,
    DURATIONS,
    ELSEWHERE,
    FATES,
    FATES_ABROAD,
    FUNCTION,
    GROWING,
    IDLE,
    IRREGULAR,
    LAST,
    LITTLE,
    MEASURES,
    MONTHS,
    MORE,
    NEW_SHOCK,
    NOMINAL,
    ORDINALS,
    PART,
    RATES,
    SAME_NOUN,
    SPEAKING,
    STOPS,
    UNSURE,
    WEEKDAYS,
)
from newsletter.stories.text.numbers import Kind, Number, Token, find_numbers, tokens_of
from newsletter.stories.text.quotations import find_quotations

#: Longer sentences are lists or no sentences.
_LONGEST_CHARACTERS = 700
#: Letters of a name that are compared: many languages bend its end.
_NAME_LETTERS = 6
#: Smaller counts of just anything are how a story is told: "two men in three cars".
_LEAST_NARRATED = 4


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with what it counts."""

    number: Number
    #: What to print of it: a span of the sentence.
    printed: Span
    #: Name of a fate, a rate or a matter of money; empty where only a noun tells.
    matter: str
    #: What is counted, folded; empty for anybody, and for rates and amounts.
    noun: str
    #: The word that tells, as printed.
    subject: str
    #: Whether it may be held against another source's; one that may not still shows what a source knows.
    usable: bool
    #: Names in the sentence that may limit what is counted, each as its words, folded.
    names: frozenset[frozenset[str]]
    #: Months and weekdays that the sentence names for what it tells.
    days: frozenset[str]
    #: Words of the sentence that tell one of a kind from the next: "the second trial".
    ordinals: frozenset[str]

    def counts_like(self, other: "Figure") -> bool:
        """Return whether both are on one matter, whoever is counted; without a matter, of one noun."""
        return self.matter == other.matter and (bool(self.matter) or self.noun == other.noun != "")


def find_figures(sentence: str, *, language: str | None) -> list[Figure]:
    """Find the numbers of a sentence, and what they count where that can be told.

    Args:
        sentence: Whole sentence; of a very long one nothing is read.
        language: ISO 639-1 code; None is taken for English.
    """
    if len(sentence) > _LONGEST_CHARACTERS:
        return []
    tokens = tokens_of(sentence)
    numbers = find_numbers(tokens, language=language)
    if not numbers:
        return []
    base = (language or "en").partition("-")[0]
    quotations = find_quotations(sentence)
    days = days_of(tokens)
    found = []
    for number in numbers:
        read = _Reading(
            tokens=tokens,
            number=number,
            numbers=numbers,
            fates=FATES if base == "en" else FATES_ABROAD,
            capitals=base != "de",
        )
        matter, noun, printed = read.subject() or ("", "", "")
        outside = not any(q.start < number.span.end and number.span.start < q.end for q in quotations)
        found.append(
            Figure(
                number=number,
                printed=read.printed(matter),
                matter=matter,
                noun=noun,
                subject=printed,
                usable=bool(printed) and outside and read.is_whole(matter),
                names=read.names(),
                days=days,
                ordinals=frozenset(token.folded for token in tokens) & ORDINALS,
            )
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A number among the words of its sentence."""

    tokens: Sequence[Token]
    number: Number
    numbers: Sequence[Number]
    #: Words that say what became of the counted, in the language of the sentence.
    fates: Mapping[str, str]
    #: Whether a capital marks a name.
    capitals: bool

    def subject(self) -> tuple[str, str, str] | None:
        """Return matter, noun and the telling word as printed; None where nothing tells what is counted."""
        if self.number.kind is Kind.MONEY:
            cue = self._nearest(AMOUNTS)
            return (f"money: {AMOUNTS[cue.folded]}", "", cue.text) if cue else None
        if self.number.kind is Kind.PERCENT:
            return self._rate()
        before = self._before(3)
        for token in before[-2:]:
            if token.folded in MEASURES:
                return MEASURES[token.folded], "", token.text
        return self._count()

    def printed(self, matter: str) -> Span:
        """Return the number as it is to be printed: a time in prison with its unit."""
        unit = self._after(1) if matter == "sentenced" else []
        return Span(start=self.number.span.start, end=unit[0].end) if unit else self.number.span

    def is_whole(self, matter: str) -> bool:
        """Return whether the number stands for all of this event, as a fact."""
        clause = {token.folded for token in self._clause()}
        spoken = [_bare(token.folded) for token in self.tokens]
        before = [token.folded for token in self._before(3)]
        after = [token.folded for token in self._after(4)]
        if clause & UNSURE or set(spoken) & ELSEWHERE or set(before) & PART:
            return False
        if ("last", True) in {(word, following in LAST) for word, following in pairwise(spoken)}:
            return False
        if any(len(word) == 4 and word.isdigit() and word[:2] in {"19", "20"} for word in spoken):
            return False
        if before[-1:] in (["from"], ["against"], ["than"], ["von"]) or _is_part(after):
            return False
        if self._is_of_somebody(matter):
            return False
        if before[-1:] == ["by"] and self.number.kind is Kind.COUNT:
            return False
        if (set(before[-1:]) | set(after[:1])) & MORE or (after[:1] == ["others"] and matter == "dead"):
            return False
        if matter == "magnitude" and set(spoken) & NEW_SHOCK:
            return False
        return not self._is_rate_of_time()

    def _is_of_somebody(self, matter: str) -> bool:
        """Return whether it is an age or a family: "died at 93", "the mother of two died"."""
        before = [token.folded for token in self._before(12)]
        if self._noun() is not None or matter not in GROWING or "toll" in before:
            return False
        return before[-1:] == ["at"] or (
            before[-1:] == ["of"] and before[-2:-1] not in (["total"], ["number"])
        )

    def names(self) -> frozenset[frozenset[str]]:
        """Return the names in the sentence, without those of whoever says it."""
        if not self.capitals:
            return frozenset()
        kept: list[Token] = []
        for segment in self._segments():
            verbs = [at for at, token in enumerate(segment) if token.folded in SPEAKING]
            if not verbs:
                kept += segment
            elif segment[0].start <= self.number.span.start <= segment[-1].start:
                follows = segment[verbs[-1]].start < self.number.span.start
                kept += segment[verbs[-1] + 1 :] if follows else segment[: verbs[0]]
        return _phrases([token for token in kept if not self._covers(token)])

    def _count(self) -> tuple[str, str, str] | None:
        """Tell what a plain count is of: by the verb before it, by the words behind it, or by its noun."""
        noun = self._noun()
        folded = SAME_NOUN.get(noun.folded, noun.folded) if noun else ""
        if folded in DURATIONS:
            return self._sentence(folded)
        phrase = leaving_phrase(self.tokens, first=self.number.first, last=self.number.last)
        if phrase is not None and self.fates is FATES:
            somebody = "" if folded in ANYBODY | RESIDENTS else folded
            return EVACUATED, somebody, phrase
        cue = self._fate(noun)
        anybody = not folded or folded in ANYBODY or (folded in RESIDENTS and self._evacuates(cue))
        if cue is not None:
            matter = self.fates[cue.folded]
            if matter == "voted":
                matter = self._side()
            if folded == "crowd" or (matter == "crowd" and folded == "supporters"):
                folded, anybody = "", True
            printed = cue.text if anybody or noun is None else f"{noun.text} {cue.text}"
            return matter, "" if anybody else folded, printed
        if noun is None or anybody or folded in IDLE or self.number.value < _LEAST_NARRATED:
            return None
        return "", folded, noun.text

    def _evacuates(self, cue: Token | None) -> bool:
        return cue is not None and self.fates[cue.folded] == EVACUATED

    def _sentence(self, unit: str) -> tuple[str, str, str] | None:
        """Tell a time in prison; other times count nothing that papers differ on."""
        if self.fates is not FATES or unit not in {"year", "years", "month", "months"}:
            return None
        cue = self._nearest({word: name for word, name in FATES.items() if name == "sentenced"})
        return ("sentenced", unit.rstrip("s"), cue.text) if cue is not None else None

    def _fate(self, noun: Token | None) -> Token | None:
        """Return the word that says what became of the counted."""
        jobs = noun is not None and SAME_NOUN.get(noun.folded) == "jobs"

        def fits(token: Token) -> bool:
            """Tell whether a word says what became of what is counted, rather than of something beside it."""
            matter = self.fates.get(token.folded)
            if matter in {"cut", "created"}:
                return jobs
            if matter == "without power":
                return self._word_before(token) in {"without", "no", "lost", "lose"}
            if token.folded == "board":
                return self._word_before(token) == "on" and self.fates is FATES
            return matter is not None and matter != "sentenced"

        if noun is not None and fits(noun):
            return noun
        before = self._fate_before(fits)
        if before is not None:
            return before
        for token in self._after(14):
            if token.folded in STOPS or any(n.span.start <= token.start < n.span.end for n in self.numbers):
                break
            if fits(token) and token.folded not in NOMINAL:
                return None if self._is_active(token) else token
        return None

    def _fate_before(self, fits: Callable[[Token], bool]) -> Token | None:
        """Return the telling word that the number follows: "killing at least", "the toll stands at"."""
        before = self._before(12)
        toll = any(token.folded == "toll" for token in before)
        for token in reversed(before):
            if fits(token):
                return token
            if token.folded in STOPS or not (toll or token.folded in LITTLE):
                return None
        return None

    def _is_active(self, cue: Token) -> bool:
        """Return whether the counted are those who kill: "12 soldiers killed nine rebels"."""
        passive = self._word_before(cue) in {"were", "was", "been", "are", "being", "people"}
        following = next((token for token in self.tokens if token.start > cue.start), None)
        if cue.folded not in ACTIVE or passive or following is None:
            return False
        counted = any(number.span.start == following.start for number in self.numbers)
        return counted or following.folded in {"a", "an", "the"}

    def _word_before(self, token: Token) -> str:
        at = self.tokens.index(token)
        return self.tokens[at - 1].folded if at else ""

    def _side(self) -> str:
        after = {token.folded for token in self._after(6)}
        if "against" in after:
            return "voted against"
        return "voted for" if after & {"favour", "favor", "for", "yes"} else "voted"

    def _noun(self) -> Token | None:
        """Return the head of the noun phrase behind the number: its last word before a verb."""
        found: Token | None = None
        for token in self._after(5):
            word = token.folded
            stops = word in FUNCTION | STOPS | IRREGULAR or not word[0].isalpha()
            verb = word.endswith(("ed", "ly")) or (word.endswith("ing") and found is not None)
            if stops or (verb and word not in self.fates) or word in MONTHS | WEEKDAYS:
                break
            if word in self.fates and (found is not None or word not in ANYBODY):
                return found
            # "19 Palestinians", but not "12 AK 47 rifles".
            if word not in MORE and (token.text[0].islower() or word.endswith("s") or not self.capitals):
                found = token
        return found

    def _rate(self) -> tuple[str, str, str] | None:
        """Tell what a percentage is of, and whether it is the level or the change."""
        cue = self._nearest({word: name for word, name in RATES.items() if name != "interest rate"})
        cue = cue or self._nearest(RATES)
        if cue is None:
            return None
        rate = RATES[cue.folded]
        change = {token.folded for token in self._before(1)} & CHANGES
        return (
            f"percent: {rate}{' change' if change else ''}",
            self._who() if rate in {"vote", "stake", "shares"} else "",
            cue.text,
        )

    def _who(self) -> str:
        """Return the last name before the number."""
        names = [token.folded for token in self._before(len(self.tokens)) if token.text[0].isupper()]
        return names[-1] if names else ""

    def _nearest(self, cues: Mapping[str, str]) -> Token | None:
        """Return the nearest cue of the clause, not beyond another number of the same kind."""
        start = max(
            (n.span.end for n in self.numbers if self._is_rival(n) and n.first < self.number.first), default=0
        )
        found = [
            token
            for token in self._segment_around()
            if token.folded in cues and token.start >= start and not self._covers(token)
        ]
        centre = self.number.span.start
        return min(found, key=lambda token: (abs(token.start - centre), token.start), default=None)

    def _is_rival(self, other: Number) -> bool:
        return other.kind is self.number.kind and other is not self.number

    def _covers(self, token: Token) -> bool:
        return self.number.span.start <= token.start < self.number.span.end

    def _is_rate_of_time(self) -> bool:
        """Return whether it is so many a day."""
        after = [token.folded for token in self._after(6)]
        for at, word in enumerate(after):
            if word in {"per", "each", "every", "daily", "weekly", "yearly", "monthly"}:
                return True
            if word in {"a", "an"} and set(after[at + 1 : at + 2]) & {"day", "week", "month", "year", "hour"}:
                return True
        return False

    def _before(self, count: int) -> list[Token]:
        return list(self.tokens[max(0, self.number.first - count) : self.number.first])

    def _after(self, count: int) -> list[Token]:
        return list(self.tokens[self.number.last : self.number.last + count])

    def _segments(self) -> list[list[Token]]:
        """Part the sentence at its commas and dashes."""
        found: list[list[Token]] = [[]]
        for token in self.tokens:
            if token.text in ",;:—–()":
                found.append([])
            else:
                found[-1].append(token)
        return [segment for segment in found if segment]

    def _clause(self) -> list[Token]:
        """Return the segment that holds the number."""
        return next((s for s in self._segments() if s[0].start <= self.number.span.start <= s[-1].start), [])

    def _segment_around(self) -> list[Token]:
        """Return the number's segment, or the whole sentence where that says nothing else."""
        clause = self._clause()
        return clause if len(clause) > 5 else list(self.tokens)


def _bare(word: str) -> str:
    """Return a word without the English ending of whose something is."""
    return word.removesuffix("'s").removesuffix("’s")


def _is_part(after: Sequence[str]) -> bool:
    """Return whether the words behind a number make it a part: "eight of them"."""
    return after[:1] == ["of"] and bool(set(after[1:2]) & {"them", "whom", "those", "ihnen"})


def _phrases(tokens: Sequence[Token]) -> frozenset[frozenset[str]]:
    """Return the runs of capitalised words; a capital that begins a sentence shows no name by itself."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        folded = token.folded
        if token.text[0].isupper() and folded not in MONTHS | WEEKDAYS | FUNCTION | LITTLE | STOPS:
            found[-1].append(token)
        elif found[-1]:
            found.append([])
    return frozenset(
        frozenset(_bare(token.folded)[:_NAME_LETTERS] for token in phrase)
        for phrase in found
        if phrase and (len(phrase) > 1 or phrase[0].start)
    )
