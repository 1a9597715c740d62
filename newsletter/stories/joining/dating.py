"""Which days and months a sentence names for what it tells of."""

from collections.abc import Sequence

from newsletter.stories.joining.matters import MONTHS, SPEAKING, WEEKDAYS
from newsletter.stories.text.numbers import Token

#: Words between a verb of saying and its day: "told reporters on Tuesday", "said late on Tuesday".
_BETWEEN = 3


def days_of(tokens: Sequence[Token]) -> frozenset[str]:
    """Return months and weekdays, those left out on which something was only said.

    Args:
        tokens: Of the sentence; a month or weekday begins with a capital.
    """
    named = {
        at: token.folded
        for at, token in enumerate(tokens)
        if token.text[0].isupper() and token.folded in MONTHS | WEEKDAYS
    }
    return frozenset(day for at, day in named.items() if day in MONTHS or not _is_of_saying(tokens, at))


def _is_of_saying(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[max(0, at - 1 - _BETWEEN) : at]
    return any(token.folded in SPEAKING for token in before)
