"""The headline: which line it is, and where it ends."""

import re
import unicodedata
from collections.abc import Sequence

from newsletter.sources.credits import read_credits, read_credits_above
from newsletter.sources.dateline import read_dateline, read_dateline_alone
from newsletter.sources.furniture import is_furniture, stands_above_headline
from newsletter.sources.normalise import Line, ends_sentence
from newsletter.sources.outlets import SourceAliases

LONGEST_HEADLINE = 300
#: Lines that may stand above it.
_MOST_ABOVE = 12
_LABEL = re.compile(
    r"(?:#{1,6} +|(?:Title|Headline|Titel|Titre|Título|Titolo|Заголовок) ?: ?)(?=\S)", re.IGNORECASE
)
#: A shorter first line, in characters, is not the first half of a headline broken in two.
_BROKEN = 40
#: In capitals fewer words may be the author's name.
_FEWEST_WORDS_IN_CAPITALS = 4
_MEANT = re.compile(r"[^\W_]")


def take_headline(
    lines: Sequence[Line], aliases: SourceAliases
) -> tuple[str, Sequence[Line], Sequence[Line]]:
    """Return the headline, the lines about the document that stood before it, and the lines after it."""
    first = 0
    for index, line in enumerate(lines[:_MOST_ABOVE]):
        if _MEANT.search(line.text) and not (
            _stands_above(line.text, aliases) or _is_byline_above(lines, index, aliases)
        ):
            first = index
            break
    end = first + 1
    text = lines[first].text
    while _goes_on(text, lines[end : end + 1], lines[end + 1 : end + 2], aliases):
        text, end = f"{text} {lines[end].text}", end + 1
    return _LABEL.sub("", text, count=1), lines[:first], lines[end:]


def _stands_above(line: str, aliases: SourceAliases) -> bool:
    return stands_above_headline(line) or read_credits_above(line, aliases) is not None


def _is_byline_above(lines: Sequence[Line], index: int, aliases: SourceAliases) -> bool:
    """Tell whether a line names the authors within a block of credits that stands on a headline."""
    if index == 0 or lines[index].after_blank or index + 1 >= len(lines):
        return False
    after = lines[index + 1].text
    named = read_credits(lines[index].text, aliases, near_headline=True) is not None
    return named and len(after) < LONGEST_HEADLINE and not ends_sentence(after)


def _goes_on(headline: str, following: Sequence[Line], after: Sequence[Line], aliases: SourceAliases) -> bool:
    """Tell whether a headline was broken in two: a blank line follows its second half, and only that."""
    if not following or following[0].after_blank or not after or not after[0].after_blank:
        return False
    second = following[0].text
    if len(headline) < _BROKEN or len(headline) + len(second) >= LONGEST_HEADLINE or ends_sentence(headline):
        return False
    return second[0].islower() or (headline.isupper() and _is_second_half(second, aliases))


def _is_second_half(line: str, aliases: SourceAliases) -> bool:
    """Tell whether a line under one in capitals belongs to it, and names neither author, day nor place."""
    return (
        line.isupper()
        and len(line.split()) >= _FEWEST_WORDS_IN_CAPITALS
        and not is_furniture(line)
        and read_credits(line, aliases, near_headline=True) is None
        and read_dateline_alone(line, aliases) is None
        and read_dateline(line, aliases) is None
    )


def cut_headline(headline: str) -> str:
    """Return the start of a headline that is too long, cut at a word where it has words."""
    start = headline[:LONGEST_HEADLINE]
    at_word = start.rfind(" ")
    if at_word > LONGEST_HEADLINE // 2:
        return f"{start[:at_word].rstrip(' ,;:–—-')}…"
    end = len(start)
    while end > 1 and unicodedata.combining(headline[end]):
        end -= 1
    return f"{start[:end]}…"
