"""Whether two texts under one web address are versions of one article, or two articles."""

import re
from enum import Enum, auto

_WORD = re.compile(r"[^\W_]+")

#: Share of the shorter text's words that the longer one has, from which they are versions of one article,
#: under one headline and under two, and from which the shorter says nothing besides. Address and headline by
#: themselves prove nothing: whoever publishes a page says what they are.
_ALIKE_UNDER_ONE, _ALIKE, _PART = 0.3, 0.6, 0.95


class Sameness(Enum):
    """How a new text stands to an earlier one under the same address."""

    #: Another article: some sites give one address to all of theirs.
    DIFFERENT = auto()
    #: A part of the earlier one, as a feed carries the first sentences of a page.
    PART = auto()
    #: The article as it stands now.
    VERSION = auto()


def compare(new: str, earlier: str, *, same_headline: bool) -> Sameness:
    """Compare two texts by their words.

    Args:
        new: The text that has arrived.
        earlier: The one that is known.
        same_headline: Whether both stand under one headline.
    """
    ours, theirs = _words(new), _words(earlier)
    common = len(ours & theirs)
    if common >= _PART * len(ours) and len(ours) < len(theirs):
        return Sameness.PART
    if common >= (_ALIKE_UNDER_ONE if same_headline else _ALIKE) * min(len(ours), len(theirs)):
        return Sameness.VERSION
    return Sameness.DIFFERENT


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
