"""Whether two texts under one web address are versions of one article, or two articles."""

import re
from enum import Enum, auto

_WORD = re.compile(r"[^\W_]+")

#: Share of the shorter text's words that the longer one has, from which two texts under one headline are
#: versions of one article, and from which the shorter says nothing besides.
_ALIKE, _PART = 0.5, 0.95


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

    Under two headlines only a text that says nothing of its own is not another article: warnings, results and
    the like differ from one another in a number.

    Args:
        new: The text that has arrived.
        earlier: The one that is known.
        same_headline: Whether both stand under one headline.
    """
    ours, theirs = _words(new), _words(earlier)
    common = len(ours & theirs)
    if len(ours) < len(theirs) and common >= (_PART if same_headline else 1) * len(ours):
        return Sameness.PART
    # An address and a headline prove nothing: whoever publishes a page says what they are.
    if same_headline and common >= _ALIKE * min(len(ours), len(theirs)):
        return Sameness.VERSION
    return Sameness.DIFFERENT


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
