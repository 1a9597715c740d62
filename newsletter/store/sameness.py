"""Whether two texts under one web address are versions of one article, or two articles."""

import re
from enum import Enum, auto

_WORD = re.compile(r"[^\W_]+")

#: Share of the shorter text's words that the longer one has, from which two texts under one headline are
#: versions of one article.
_ALIKE = 0.5

#: Share of a text's words that an earlier one may lack although it says nothing besides; one word in any
#: case: excerpts end within one.
_BESIDES = 0.05

#: How long a text must be beside the earlier one to take its place: what says nothing besides, else a
#: correction that needed a word less would pass for an excerpt; and what does, else a teaser would take the
#: place of its article.
_SHORTENED, _REWRITTEN = 0.9, 0.5


class Sameness(Enum):
    """How a new text stands to an earlier one under the same address."""

    #: Another article: some sites give one address to all of theirs.
    DIFFERENT = auto()
    #: A part of the earlier one, as a feed carries the first sentences of a page.
    PART = auto()
    #: The earlier one in other words, and far shorter: a teaser, which takes the place of no article.
    TEASER = auto()
    #: The article as it stands now.
    VERSION = auto()


def compare(new: str, earlier: str, *, same_headline: bool, is_edit: bool = False) -> Sameness:
    """Compare two texts by their words.

    Under two headlines only what stands in the earlier text word for word is not another article: warnings,
    results and the like differ from one another in a number.

    Args:
        new: The text that has arrived, its headline first.
        earlier: The one that is known.
        same_headline: Whether both stand under one headline.
        is_edit: Whether the new text stands where the earlier one stood; what is cut there is taken back.
    """
    ours, theirs = _words(new), _words(earlier)
    if not (same_headline or is_edit):
        return Sameness.PART if _stands_in(new, earlier) else Sameness.DIFFERENT
    common = len(ours & theirs)
    # An address and a headline prove nothing: whoever publishes a page says what they are.
    if common < _ALIKE * min(len(ours), len(theirs)):
        return Sameness.DIFFERENT
    if is_edit:
        return Sameness.VERSION
    besides = ours - theirs
    if len(besides) <= max(1, _BESIDES * len(ours)) and not any(map(_has_number, besides)):
        return Sameness.PART if len(ours) < _SHORTENED * len(theirs) else Sameness.VERSION
    return Sameness.VERSION if len(ours) >= _REWRITTEN * len(theirs) else Sameness.TEASER


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _has_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def _stands_in(new: str, earlier: str) -> bool:
    """Return whether each line of a text stands, word for word, in a longer one."""
    theirs = f" {' '.join(_WORD.findall(earlier.casefold()))} "
    lines = [" ".join(_WORD.findall(line)) for line in new.casefold().split("\n")]
    return len(" ".join(lines)) < len(theirs) and all(f" {line} " in theirs for line in lines if line)
