"""What a sentence asserts, as far as words carry: its names, its numbers and the words that bear meaning."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from newsletter.stories.repeats.synonyms import LIGHT_WORDS, NEGATIONS, NUMBER_WORDS, SYNONYMS
from newsletter.stories.sentences import words
from newsletter.stories.sumy import stop_words
from newsletter.stories.text.background import NEWS_WORDS, RARE_SHARE, commonness

#: Characters of a sentence that are read: no sentence worth telling is longer.
_READ_CHARACTERS = 2000
#: Letters of a word that are read.
_WORD_CHARACTERS = 40

#: What a term counts for; a word that hardly any report holds counts 1. A number or a name is what most news
#: consists of.
_NUMBER_WEIGHT = 1.5
_NAME_WEIGHT = 1.2
#: Words of reporting and of time: "said", "Tuesday", "people".
_NEWS_WEIGHT = 0.2

#: Letters that a word is told by; endings come after them. English endings are taken off first.
_STEM_LETTERS = 5
_ENGLISH_STEM_LETTERS = 6
#: Endings that an English word may have one behind the other: "waterings".
_ENGLISH_ENDINGS = 2

_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f'’](?=\d{3}(?!\d))")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_SCORE = re.compile(r"\d+-\d+")
_ENGLISH_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ers?|ied|ies|ed|es|ly|s|e|y)\Z")
_DOUBLED = re.compile(r"(\w)\1\Z")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The terms of a sentence with what each counts for."""

    #: Term to weight. Numbers begin with "#", so that no word is taken for one.
    weights: dict[str, float]
    numbers: frozenset[str]
    #: Capitalised within the sentence; in German, which capitalises every noun, always empty.
    names: frozenset[str]
    #: Whether it says that something is not so.
    negates: bool

    @cached_property
    def total(self) -> float:
        """What all terms count for together."""
        return sum(self.weights[term] for term in sorted(self.weights))


def facts_of(sentence: str, *, language: str | None) -> Facts:
    """Read the facts of a sentence.

    Args:
        sentence: One sentence or headline; only its beginning is read where it is endless.
        language: ISO 639-1 code; None where unknown.
    """
    base = (language or "").partition("-")[0].lower()
    weights: dict[str, float] = {}
    numbers: set[str] = set()
    names: set[str] = set()
    negates = False
    for place, word in enumerate(_pieces(sentence)):
        folded = _bare(word[:_WORD_CHARACTERS].casefold())
        negates = negates or folded in NEGATIONS or folded.endswith("n't")
        figure = _figure(folded)
        if figure is not None:
            numbers.add(figure)
            weights[figure] = _NUMBER_WEIGHT
            continue
        if _is_stopped(folded, base):
            continue
        term = stem(folded, base)
        is_name = place > 0 and word[:1].isupper() and base != "de" and folded not in NEWS_WORDS
        if is_name:
            names.add(term)
        weights[term] = max(weights.get(term, 0.0), _weight(folded, is_name=is_name))
    return Facts(weights=weights, numbers=frozenset(numbers), names=frozenset(names), negates=negates)


@lru_cache(maxsize=20_000)
def stem(word: str, base: str) -> str:
    """Return what all forms of a word, and its synonyms, have in common.

    Args:
        word: Folded.
        base: Language without region; English endings are known, of other words the beginning is taken.
    """
    if word in SYNONYMS:
        return f"={SYNONYMS[word]}"
    if base not in ("en", ""):
        return word[:_STEM_LETTERS]
    for _ in range(_ENGLISH_ENDINGS):
        word = _DOUBLED.sub(r"\1", _ENGLISH_ENDING.sub("", word))
    return word[:_ENGLISH_STEM_LETTERS]


def _pieces(sentence: str) -> Iterator[str]:
    """Yield the words, compounds taken apart; a score stays whole."""
    text = _THOUSANDS.sub("", sentence[:_READ_CHARACTERS])
    for word in words(text):
        if "-" not in word or _SCORE.fullmatch(word):
            yield word
            continue
        pieces = [piece for piece in word.split("-") if piece]
        tens, *units = (NUMBER_WORDS.get(piece.casefold(), "") for piece in pieces)
        if len(units) == 1 and len(tens) == 2 and tens.endswith("0") and len(units[0]) == 1:
            yield str(int(tens) + int(units[0]))
        else:
            yield from pieces


def _bare(folded: str) -> str:
    return folded.replace("’", "'").removesuffix("'s")


def _figure(folded: str) -> str | None:
    """Return a number as a term, or None if the word is none."""
    spelled = NUMBER_WORDS.get(folded)
    if spelled is not None:
        return f"#{spelled}"
    if not _FIGURE.fullmatch(folded) and not _SCORE.fullmatch(folded):
        return None
    if _GROUPED.fullmatch(folded):
        return "#" + folded.replace(".", "").replace(",", "")
    return "#" + folded.replace(",", ".")


def _is_stopped(folded: str, base: str) -> bool:
    return len(folded) < 2 or (folded in stop_words(base or "en") and folded not in SYNONYMS)


def _weight(folded: str, *, is_name: bool) -> float:
    """Return what a word counts for: the less the more news reports hold it."""
    if folded in NEWS_WORDS or folded in LIGHT_WORDS or SYNONYMS.get(folded) in NEWS_WORDS:
        return _NEWS_WEIGHT
    if is_name:
        return _NAME_WEIGHT
    share = commonness().get(folded, RARE_SHARE)
    return max(_NEWS_WEIGHT, math.sqrt(math.log(share) / math.log(RARE_SHARE)))
