"""Numbers in a sentence: what they may stand for, in digits or words, exact or not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from newsletter.model.documents import Span
from newsletter.stories.text.number_words import (
    BOUNDS,
    COMMA_GROUPS,
    CURRENCIES,
    DATING,
    MONTHS_BEFORE,
    NAMING,
    PERCENT,
    SCALES,
    TENS,
    UNITS,
)

_TOKEN = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
_DIGITS = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")
#: Characters that make a number beside them part of a time, a score, an age, a name or a telephone number.
_GLUE = frozenset("-–—:/#+_.°")
_LONGEST_DIGITS = 15
#: From here on a difference of a trifle is no news: $972,814 and $972,815.
_LARGE = 1_000
_TRIFLE = 0.005
_SCALING = frozenset({"dozen", "hundred", "thousand", "million", "billion"})
_DOZEN = 12
#: Words that stand for numbers below a hundred.
_SPELLED: Mapping[str, int] = {**UNITS, **TENS}


class Kind(Enum):
    """What a number measures."""

    #: Things or persons, counted.
    COUNT = "count"
    #: A share of a hundred.
    PERCENT = "percent"
    #: An amount of money; only amounts in one currency are compared.
    MONEY = "money"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word, a number or a mark of a sentence."""

    text: str
    folded: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number as printed, and between which bounds the truth lies if it is right."""

    #: What to print, with the words that bound it: a span of the sentence.
    span: Span
    #: First token of it and one past the last, its unit too.
    first: int
    last: int
    kind: Kind
    value: float
    low: float
    high: float
    #: Of how many, where the number says so ("41 of 48").
    total: float | None = None
    #: Code of a currency; empty for all else.
    unit: str = ""

    def agrees(self, other: "Number") -> bool:
        """Return whether both may be right at once."""
        if self.low > other.high or other.low > self.high:
            larger = max(self.value, other.value)
            return larger >= _LARGE and abs(self.value - other.value) <= _TRIFLE * larger
        return self.total is None or other.total is None or self.total == other.total


def tokens_of(sentence: str) -> list[Token]:
    """Part a sentence into words, numbers and marks."""
    return [
        Token(text=match[0], folded=match[0].casefold(), start=match.start(), end=match.end())
        for match in _TOKEN.finditer(sentence)
    ]


@dataclass(frozen=True, kw_only=True)
class _Amount:
    """A bare number: its value, how far rounding may put it off, and one past its last token."""

    value: float
    slack: float
    end: int


def find_numbers(tokens: Sequence[Token], *, language: str | None) -> list[Number]:
    """Find the numbers of a sentence that count or measure something.

    Left out are dates, years, times, ages, scores, ordinals, telephone numbers and numbers that are names, as
    far as their form tells, and what is vague ("dozens").

    Args:
        tokens: As `tokens_of` gives them.
        language: ISO 639-1 code; None is taken for English.
    """
    base = (language or "en").partition("-")[0]
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        amount = _amount(tokens, at, base)
        number = _measured(tokens, at, amount, base) if amount else None
        if number:
            found.append(number)
        at = number.last if number else amount.end if amount else at + 1
    return found


def _measured(tokens: Sequence[Token], at: int, amount: _Amount, language: str) -> Number | None:
    """Return the amount at a token with its bounds and its unit; None for what counts nothing."""
    if _is_name_or_date(tokens, at, amount):
        return None
    first = at - _currency_length(tokens, at)
    kind, unit, last = _unit(tokens, first, at, amount.end)
    total: float | None = None
    low = high = amount.value
    slack = amount.slack
    if kind is Kind.COUNT:
        high, total, last = _second(tokens, at, amount, language)
    elif not slack:
        # Not "5 percent" but "5.4 percent" may be the same share, more exactly.
        slack = 0.499
    bound, low_factor, high_factor = _bound(tokens, first)
    return Number(
        span=Span(start=tokens[first - bound].start, end=tokens[last - 1].end),
        first=first - bound,
        last=last,
        kind=kind,
        value=amount.value,
        low=low * low_factor - slack,
        high=high * high_factor + slack,
        total=total,
        unit=unit,
    )


def _amount(tokens: Sequence[Token], at: int, language: str) -> _Amount | None:
    if _DIGITS.fullmatch(tokens[at].text):
        return _digits(tokens, at, language)
    return _spelled(tokens, at) if language == "en" else None


def _digits(tokens: Sequence[Token], at: int, language: str) -> _Amount | None:
    """Read a number in digits, with a word that scales it."""
    token = tokens[at]
    value = _value(token.text, language)
    if value is None or _glued(tokens, at):
        return None
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    scale = SCALES.get(following.folded, 1) if following else 1
    if following is not None and following.text == "m" and not _currency_length(tokens, at):
        scale = 1
    beside = following is not None and following.start == token.end
    if following is not None and len(following.folded) < 3 and not beside:
        scale = 1
    if beside and following is not None and following.text[0].isalpha() and scale == 1:
        return None  # "5th", "40mm", "5m" without a currency
    places = _places(token.text, value)
    slack = min(0.499 * scale * 10.0**-places, 0.05 * value * scale)
    if scale == 1 and places == 0:
        slack = _round_slack(value)
    return _Amount(value=value * scale, slack=slack, end=at + (2 if scale > 1 else 1))


def _value(text: str, language: str) -> float | None:
    """Return the value of digits with separators; None for what is no number or may be a year."""
    group, point = (",", ".") if language in COMMA_GROUPS else (".", ",")
    grouped = re.fullmatch(rf"\d{{1,3}}(?:[{re.escape(group)}\u00a0\u202f]\d{{3}})+", text)
    if len(text) > _LONGEST_DIGITS or (text[0] == "0" and text[1:2].isdigit()):
        return None
    if grouped:
        return float(re.sub(r"\D", "", text))
    if text.isdigit():
        return None if len(text) == 4 and text[:2] in {"19", "20"} else float(text)
    whole, mark, places = text.partition(point if point in text else ".")
    if mark and whole.isdigit() and places.isdigit():
        return float(f"{whole}.{places}")
    return None


def _places(text: str, value: float) -> int:
    """Return how many decimal places are written."""
    return len(re.split(r"[.,]", text)[-1]) if value != int(value) or text[-2:] in {".0", ",0"} else 0


def _round_slack(value: float) -> float:
    """Return how far a whole number that ends in zeros may be off: half its last figure, or 5 %."""
    step = 1
    while value and value % (step * 10) == 0:
        step *= 10
    return min(0.499 * step, 0.05 * value) if step >= 100 else 0.0


def _glued(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a mark or a letter ties digits to what stands before or behind them."""
    token = tokens[at]
    if at and tokens[at - 1].end == token.start:
        before = tokens[at - 1].text
        if before in _GLUE or before.isalnum():
            return True
    if _follows_digits(tokens, at):
        return True
    following = tokens[at + 1 : at + 3]
    if following and _DIGITS.fullmatch(following[0].text):
        return True
    return (
        len(following) == 2
        and following[0].start == token.end
        and following[0].text in _GLUE
        and following[1].start == following[0].end
    )


def _follows_digits(tokens: Sequence[Token], at: int) -> bool:
    """Return whether digits stand right before: "555 0142", and "2, 129" in a text that was taken apart."""
    parted = at > 1 and tokens[at - 1].text == "," and len(tokens[at].text) == 3
    return at > 0 and bool(_DIGITS.fullmatch(tokens[at - (2 if parted else 1)].text))


def _spelled(tokens: Sequence[Token], at: int) -> _Amount | None:
    """Read an English number in words: "forty-one", "two hundred and six", "half a dozen", "a million"."""
    if _folded(tokens, at, 3) == ["half", "a", "dozen"]:
        return _Amount(value=6, slack=0.25 * 6, end=at + 3)
    total, part, end, rough = 0.0, 0.0, at, False
    if tokens[at].folded in {"a", "an"} and set(_folded(tokens, at + 1, 1)) & _SCALING:
        part, end = 1.0, at + 1
    while end < len(tokens):
        word = tokens[end].folded
        if word in _SPELLED:
            part += _SPELLED[word]
        elif word in _SCALING and part:
            scale = _DOZEN if word == "dozen" else SCALES[word]
            total, part = (total, part * scale) if scale <= 100 else (total + part * scale, 0.0)
            rough = rough or word == "dozen"
        elif not (end > at and _carries_on(tokens, end)):
            break
        end += 1
    value = total + part
    if value < 2 or (_folded(tokens, end, 1) == ["-"] and tokens[end].start == tokens[end - 1].end):
        return None
    return _Amount(value=value, slack=0.25 * value if rough else _round_slack(value), end=end)


def _carries_on(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a hyphen or "and" stands within a number: "forty-one", "two hundred and six"."""
    if tokens[at].folded not in {"-", "and"} or not set(_folded(tokens, at + 1, 1)) & _SPELLED.keys():
        return False
    if tokens[at].text == "-":
        return tokens[at - 1].folded in TENS and tokens[at - 1].end == tokens[at].start
    return tokens[at - 1].folded in {"hundred", "thousand"}


def _folded(tokens: Sequence[Token], start: int, count: int) -> list[str]:
    return [token.folded for token in tokens[max(start, 0) : start + count]]


def _is_name_or_date(tokens: Sequence[Token], at: int, amount: _Amount) -> bool:
    # "No. 2" and "Feb. 13": the stop says nothing.
    dotted = at > 1 and tokens[at - 1].text == "." and tokens[at - 1].start == tokens[at - 2].end
    word = tokens[at - 2 if dotted else at - 1].text if at else ""
    before = word.casefold()
    after = _folded(tokens, amount.end, 3)
    if after[:1] == ["-"]:
        return True
    if before in NAMING or (before in MONTHS_BEFORE and word[0].isupper()) or (after and after[0] in DATING):
        return True
    if after in (["a", ".", "m"], ["p", ".", "m"]) or after[:2] == ["years", "old"]:
        return True
    if before == "," and after[:1] in ([","], ["."], ["-"]) and amount.value < 120:
        return True  # an age: "Jon Varga, 34, was"
    return after[:1] == ["in"] and bool(set(after[1:2]) & _SPELLED.keys())  # "three in ten"


def _currency_length(tokens: Sequence[Token], at: int) -> int:
    """Return how many tokens before a number are the sign of its currency."""
    if not at or tokens[at - 1].text not in CURRENCIES or tokens[at - 1].text.isalpha():
        return 0
    beside = at > 1 and tokens[at - 2].end == tokens[at - 1].start
    return 2 if beside and tokens[at - 2].text.isalpha() else 1


def _unit(tokens: Sequence[Token], first: int, at: int, end: int) -> tuple[Kind, str, int]:
    """Return what a number measures, its currency, and one past the last token of its unit."""
    if first < at:
        return Kind.MONEY, CURRENCIES[tokens[at - 1].text], end
    after = _folded(tokens, end, 2)
    if after == ["per", "cent"]:
        return Kind.PERCENT, "", end + 2
    if after and after[0] in PERCENT:
        return Kind.PERCENT, "", end + 1
    if after and after[0] in CURRENCIES:
        return Kind.MONEY, CURRENCIES[after[0]], end + 1
    return Kind.COUNT, "", end


def _second(
    tokens: Sequence[Token], at: int, amount: _Amount, language: str
) -> tuple[float, float | None, int]:
    """Read a second number that belongs to the first: "41 of its 48", "30 to 40", "312 to 245".

    Returns:
        The upper bound, the total, and one past the last token.
    """
    end = amount.end
    before = tokens[at - 1].folded if at else ""
    link = _folded(tokens, end, 1)
    start = end + 1
    if link == ["out"] and _folded(tokens, end + 1, 1) == ["of"]:
        link, start = ["of"], end + 2
    if link == ["of"]:
        while _folded(tokens, start, 1) in (["the"], ["its"], ["their"], ["all"]):
            start += 1
    second = _amount(tokens, start, language) if link and start < len(tokens) else None
    if second is None:
        return amount.value, None, end
    if link == ["of"] and second.value >= amount.value:
        return amount.value, second.value, second.end
    if (link == ["to"] and before != "from") or (link == ["and"] and before == "between"):
        if second.value > amount.value:
            return second.value, None, second.end
        return amount.value, second.value, second.end
    return amount.value, None, end


def _bound(tokens: Sequence[Token], first: int) -> tuple[int, float, float]:
    """Return how many tokens before a number bound it, and the factors of its bounds."""
    for phrase, low, high in BOUNDS:
        if first >= len(phrase) and tuple(_folded(tokens, first - len(phrase), len(phrase))) == phrase:
            return len(phrase), low, high
    return 0, 1.0, 1.0
