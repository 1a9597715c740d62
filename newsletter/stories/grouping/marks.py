"""What marks one event among others of its kind: numbers, names and the day that its report opens with."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.text.background import DAY_NUMBERS, rarity
from newsletter.stories.text.number_words import SCALES, TENS, UNITS

Ids = NDArray[np.int32]
Weights = NDArray[np.float64]

#: A score or a time of day; a number; a word.
_TOKEN = re.compile(r"\d{1,3}[-–:]\d{1,3}(?![:–-]?\d)|\d+(?:[.,]\d+)*|[^\W\d_]+(?:-[^\W\d_]+)?")
_SCORE_MARK = re.compile(r"[-–:]")
_GROUP_MARK = re.compile(r"[.,](?=\d{3}(?!\d))")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Counts up to these are in so many reports that they tell little; what they weigh beside 1, and a score.
_FEW, _SOME, _FEW_WEIGHT, _SOME_WEIGHT, _SCORE_WEIGHT = 3, 12, 0.1, 0.3, 1.5
#: Languages that write all nouns with a capital, so that a headline's names do not stand out.
_CAPITAL_NOUNS = frozenset({"de", "lb"})
#: Letters of a word that no headline would begin with a capital unless it did so with all words.
_LONG_WORD = 5
#: "One" and its like are left out: they seldom count.
_SPELLED: Mapping[str, float] = (
    {word: value for word, value in (UNITS | TENS).items() if value != 1}
    | {f"{ten}-{unit}": TENS[ten] + UNITS[unit] for ten in TENS for unit in UNITS if 0 < UNITS[unit] < 10}
    | {
        word: value
        for listed in (
            "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
            "deux trois quatre cinq six sept huit neuf dix onze douze",
            "dos tres cuatro cinco seis siete ocho nueve diez once doce",
        )
        for value, word in enumerate(listed.split(), 2)
    }
)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Marks of one report; terms are numbered as in its profile."""

    #: Numbers of the headline and the first sentences, and what each weighs as evidence.
    numbers: Ids
    number_weights: Weights
    #: Numbers of the whole report.
    all_numbers: Ids
    #: Names in the headline, and how telling each is, 0 to 1.
    headline: Ids
    headline_weights: Weights
    #: Names of two words in the headline and the first sentences, shape (n, 2).
    pairs: Ids
    #: The day of the week that is named first, 0 for Monday; -1 for none.
    day: int


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A report, or its beginning, as written and as words."""

    whole: str
    #: Headline and first sentences.
    opening: str
    head: Sequence[str]
    opening_words: Sequence[str]
    #: Without the headline.
    text_words: Sequence[str]
    #: Without its region; "" where it could not be told.
    language: str


def find_marks(wording: Wording, *, spoken: frozenset[str], number: Callable[[Sequence[str]], Ids]) -> Marks:
    """Find the marks of a report.

    Args:
        wording: The report.
        spoken: Words that tell no report from another, folded.
        number: Gives terms their numbers.
    """
    head, text = wording.head, wording.text_words
    ordinary = {word for word in {*head, *text} if word[0].islower()}
    named = _named(text, spoken) - ordinary
    heading: list[str] = []
    if wording.language not in _CAPITAL_NOUNS:
        heading = sorted(set(_heading(head, named)) - ordinary - spoken)
    pairs = sorted(set(_pairs(wording.opening_words, named)))
    numbers = numbers_of(wording.opening)
    days = (DAY_NUMBERS[day] for word in (*head, *text) if (day := word.casefold()) in DAY_NUMBERS)
    return Marks(
        numbers=number([f"#{value}" for value in numbers]),
        number_weights=np.array(list(numbers.values()), dtype=np.float64),
        all_numbers=number([f"#{value}" for value in numbers_of(wording.whole)]),
        headline=number(heading),
        headline_weights=np.array([max(rarity(name), 0.0) for name in heading], dtype=np.float64),
        pairs=number([name for two in pairs for name in two]).reshape(-1, 2),
        day=next(days, -1),
    )


def fold(word: str) -> str:
    """Return a word in the form in which it is compared."""
    return word.casefold().removesuffix("'s").removesuffix("’s")


def numbers_of(text: str) -> dict[str, float]:
    """Return the numbers of a text, and what each weighs as evidence.

    Of each number two digits are kept, so that "1,204" and "about twelve hundred" are one. Years are left
    out: they are compared apart.
    """
    found: dict[str, float] = {}
    tokens = _TOKEN.findall(text.casefold())
    spelled = _SPELLED
    hits = [at for at, token in enumerate(tokens) if token in spelled or token[0].isdecimal()]
    for at in hits:
        token = tokens[at]
        if (value := spelled.get(token)) is None and _SCORE_MARK.search(token):
            found[_SCORE_MARK.sub("-", token)] = _SCORE_WEIGHT
        elif value is not None or (value := _written(token)) is not None:
            for scale in tokens[at + 1 : at + 3]:
                if scale not in SCALES:
                    break
                value *= SCALES[scale]
            rounded = f"{value:.1e}"
            found[rounded] = max(_weight(value), found.get(rounded, 0.0))
    return found


def _written(token: str) -> float | None:
    """Return the value of digits; None for a year, and for what is no number."""
    plain = _GROUP_MARK.sub("", token).replace(",", ".")
    return None if _YEAR.fullmatch(token) or plain.count(".") > 1 else float(plain)


def _weight(value: float) -> float:
    if value > _SOME or value != int(value):
        return 1.0
    return _FEW_WEIGHT if value <= _FEW else _SOME_WEIGHT


def _named(found: Sequence[str], spoken: frozenset[str]) -> set[str]:
    names = {fold(word) for word in set(found) if word[0].isupper()}
    return {name for name in names - spoken if len(name) > 1}


def _pairs(found: Sequence[str], named: set[str]) -> Iterator[tuple[str, str]]:
    for one, other in pairwise(found):
        if one[0].isupper() and other[0].isupper() and (first := fold(one)) in named:
            second = fold(other)
            if second in named:
                yield first, second


def _heading(head: Sequence[str], named: set[str]) -> Iterator[str]:
    """Yield the names of a headline: what the text writes with a capital too, or what stands out in it."""
    has_lower = any(word[0].islower() and len(word) >= _LONG_WORD for word in head)
    for at, word in enumerate(head):
        folded = fold(word)
        if folded in named or (has_lower and at and word[0].isupper() and len(word) > 1):
            yield folded
