"""What of a document is compared: its words, its opening, its names and numbers, its days."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from newsletter.model.documents import Document, Span
from newsletter.stories.grouping.marks import Marks, Wording, find_marks, fold
from newsletter.stories.sentences import document_sentences, words
from newsletter.stories.sumy import stop_words
from newsletter.stories.text.background import DAY_NUMBERS, NEWS_WORDS, PLACE_WORDS, rarity

#: Characters of a document that are compared: enough for any report, a bound for everything else.
COMPARED_CHARACTERS = 20_000
#: Sentences that open a report, and the characters in which they are looked for.
_LEAD_SENTENCES = 3
_LEAD_CHARACTERS = 4_000
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Words of the longest name of a place.
_PLACE_WORDS = 4
#: How much more a name of the opening is in the foreground than another.
_OPENING_WEIGHT = 1.5

Ids = NDArray[np.int32]
Counts = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Distinct terms of one view of a document, in ascending order of their numbers."""

    ids: Ids
    #: How often each occurs.
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One document as numbers; terms are numbered by the `Vocabulary` that made it."""

    #: Headline and text.
    body: Terms
    #: Headline and first sentences.
    lead: Terms
    #: Words with a capital, and numbers, of the text.
    names: Terms
    #: The same of headline and first sentences.
    lead_names: Terms
    #: The name in the foreground: rare, early and often named; -1 for none.
    foremost: int
    #: Names that stand where the opening says at which place something happened.
    places: Ids
    #: Numbers other than years, of headline and text.
    figures: Ids
    #: Years from 1900 to 2099.
    years: Ids
    #: Bit n: the n-th day of the week is named.
    days: int
    #: The telling words of `body` in the order in which they stand.
    running: Ids
    #: What marks its event among others of its kind.
    marks: Marks
    #: Language without its region; "" where it could not be told.
    language: str


class Vocabulary:
    """Numbers for terms, given in the order in which documents first use them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def terms(self) -> list[str]:
        """Return all terms by their numbers."""
        return list(self._numbers)

    def profile(self, document: Document) -> Profile:
        """Number what is compared of one document."""
        spoken = stop_words(document.language or "en") | NEWS_WORDS
        body = opening(document, COMPARED_CHARACTERS) or document.headline
        begins = " ".join([document.headline, *lead_sentences(document)])
        head, lead, text = words(document.headline), words(begins), words(body)
        language = (document.language or "").partition("-")[0]
        wording = Wording(
            whole=f"{document.headline}\n\n{body}",
            opening=begins,
            head=words(document.headline.partition("\n")[0]),
            opening_words=lead,
            text_words=text,
            language=language,
        )
        running = self._number(_telling([*head, *text], spoken))
        figures = {fold(word) for word in (*head, *text) if word[0].isdigit()}
        years = {figure for figure in figures if _YEAR.fullmatch(figure)}
        return Profile(
            body=_counted(running),
            lead=_counted(self._number(_telling(lead, spoken))),
            names=_counted(self._number(_names(text, spoken))),
            lead_names=_counted(self._number(_names(lead, spoken))),
            foremost=self._foremost(text, lead, spoken),
            places=np.unique(self._number(_places(lead, language, spoken))),
            figures=np.unique(self._number(sorted(figures - years))),
            years=np.unique(self._number(sorted(years))),
            days=_days([*head, *text]),
            running=running,
            marks=find_marks(wording, spoken=spoken, number=self._number),
            language=language,
        )

    def _foremost(self, text: Sequence[str], lead: Sequence[str], spoken: frozenset[str]) -> int:
        ordinary = {word for word in text if word[0].islower()}
        named = (name for name in _names(text, spoken) if not name[0].isdigit() and name not in ordinary)
        early = set(_names(lead, spoken))
        strength = {
            name: sqrt(count) * rarity(name) * (_OPENING_WEIGHT if name in early else 1.0)
            for name, count in Counter(named).items()
            if len(name) > 1
        }
        if not strength:
            return -1
        return int(self._number([max(strength, key=lambda name: strength[name])])[0])

    def _number(self, found: Iterator[str] | Sequence[str]) -> Ids:
        numbers = self._numbers
        return np.array([numbers.setdefault(term, len(numbers)) for term in found], dtype=np.int32)


def opening(document: Document, characters: int) -> str:
    """Return the first characters of a document's paragraphs, parted by blank lines."""
    pieces: list[str] = []
    left = characters
    for span in document.paragraphs:
        if left <= 0:
            break
        pieces.append(document.text[span.start : min(span.end, span.start + left)])
        left -= len(pieces[-1]) + 2
    return "\n\n".join(pieces)


def lead_sentences(document: Document) -> list[str]:
    """Return the first sentences of a document, without its headline."""
    kept: list[Span] = []
    left = _LEAD_CHARACTERS
    for span in document.paragraphs:
        if left <= 0:
            break
        kept.append(Span(start=span.start, end=min(span.end, span.start + left)))
        left -= kept[-1].end - kept[-1].start
    first = replace(document, paragraphs=tuple(kept))
    return [span.of(document.text) for span in document_sentences(first)[:_LEAD_SENTENCES]]


def _telling(found: Sequence[str], spoken: frozenset[str]) -> Iterator[str]:
    """Yield the words that tell one report from another, folded."""
    for word in found:
        folded = fold(word)
        if len(folded) > 1 and folded not in spoken:
            yield folded


def _names(found: Sequence[str], spoken: frozenset[str]) -> Iterator[str]:
    for word in found:
        if word[0].isupper() or word[0].isdigit():
            folded = fold(word)
            if folded not in spoken:
                yield folded


def _places(found: Sequence[str], language: str, spoken: frozenset[str]) -> Iterator[str]:
    before = PLACE_WORDS.get(language or "en", frozenset())
    for number, first in enumerate(found):
        if first.casefold() in before:
            behind = found[number + 1 : number + 1 + _PLACE_WORDS]
            for word in takewhile(lambda word: word[0].isupper(), behind):
                folded = fold(word)
                if folded not in spoken:
                    yield folded


def _days(found: Sequence[str]) -> int:
    days = 0
    for day in {DAY_NUMBERS[folded] for word in found if (folded := word.casefold()) in DAY_NUMBERS}:
        days |= 1 << day
    return days


def _counted(numbers: Ids) -> Terms:
    ids, counts = np.unique(numbers, return_counts=True)
    return Terms(ids=ids.astype(np.int32), counts=counts.astype(np.float32))
