"""Lines printed on pages, gathered into paragraphs by where they stand."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from newsletter.sources.normalise import ends_sentence, normalise


@dataclass(frozen=True, kw_only=True)
class PrintedLine:
    """A line of a page; x and y of its first letter, and the size of its letters, in points."""

    text: str
    x: float
    y: float
    size: float


Page = tuple[PrintedLine, ...]

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
#: Lines at the top and at the foot of a page that may be printed on every page.
_RUNNING_LINES = 2
#: In points.
_SAME_HEIGHT = 6
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—(|\s]*(?:(?:Page|Seite|Página|Pagina|p\.|S\.) ?)?\d{1,4}(?: ?(?:of|/|von|de|di|sur) ?\d{1,4})?"
    r"[-–—)|\s]*",
    re.IGNORECASE,
)
#: A gap between lines that is so many times the usual one parts paragraphs.
_WIDE_GAP = 1.25
#: Letters that differ by more than this share are of another kind of text.
_OTHER_SIZE = 0.08
#: A line shorter than this share of its neighbours ends a paragraph, and a shorter one if a sentence ends.
_SHORT = 0.55
_SHORT_WITH_SENTENCE = 0.8
_NEIGHBOURS = 6
_HEADLINE_LINES = 5
_LARGER = 1.2
_BROKEN = re.compile(r"(?P<first>[^\W\d_]+)[-\u2010]$")
_HEAD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")


def lines_of(pages: object) -> list[Page]:
    """Return the lines of pages, given as lists of text, x, y and size, without those on every page."""
    read = [tuple(_printed(page)) for page in (pages if isinstance(pages, list) else [])]
    margins = [_margins(page) for page in read]
    seen = Counter(mark for margin in margins for mark in {_mark_of(line) for line in margin})
    needed = max(2, len(read) * 0.5)
    return [
        tuple(line for line in page if not (line in margin and _is_running(line, seen, needed)))
        for page, margin in zip(read, margins, strict=True)
    ]


def _printed(page: Sequence[tuple[str, float, float, float]]) -> Iterator[PrintedLine]:
    for printed, x, y, size in page:
        text = " ".join(normalise(printed.translate(_LIGATURES)).split())
        if text:
            yield PrintedLine(text=text, x=x, y=y, size=size)


def body_size(pages: Sequence[Page]) -> float:
    """Return the size that most letters have, in points."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0


def largest(page: Page, *, than: float) -> Page:
    """Return the lines in the largest letters of a page, if they are clearly larger than others are.

    Args:
        page: Its lines.
        than: Size of the letters of its text.
    """
    size = max((line.size for line in page), default=0)
    if size < than * _LARGER:
        return ()
    at = next(index for index, line in enumerate(page) if line.size == size)
    end = at + 1
    while end < len(page) and abs(page[end].size - size) < _OTHER_SIZE * size:
        end += 1
    return page[at:end] if end - at <= _HEADLINE_LINES else ()


def paragraphs_of(pages: Sequence[Page]) -> Iterator[str]:
    """Gather lines into paragraphs, over the ends of columns and pages; broken words are joined."""
    lines = [line for page in pages for line in page]
    if not lines:
        return
    leading = _leading(lines)
    words = Counter(word.casefold() for line in lines for word in _WORD.findall(line.text))
    pieces = [lines[0].text]
    for index in range(1, len(lines)):
        if _parts(lines, index, leading):
            yield "".join(pieces)
            pieces = [lines[index].text]
        else:
            _join(pieces, lines[index].text, words)
    yield "".join(pieces)


def _margins(page: Page) -> Page:
    by_height = sorted(page, key=lambda line: line.y)
    return (*by_height[:_RUNNING_LINES], *by_height[-_RUNNING_LINES:])


def _mark_of(line: PrintedLine) -> tuple[str, int]:
    """Return what is alike in a line that stands on every page, its number aside."""
    return _DIGITS.sub("0", line.text).casefold(), round(line.y / _SAME_HEIGHT)


def _is_running(line: PrintedLine, seen: Counter[tuple[str, int]], needed: float) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(line.text)) or seen[_mark_of(line)] >= needed


def _leading(lines: Sequence[PrintedLine]) -> float:
    gaps = [
        before.y - line.y
        for before, line in pairwise(lines)
        if before.size == line.size and 0 < before.y - line.y < 4 * max(line.size, 1)
    ]
    return median(gaps) if gaps else 0


def _parts(lines: Sequence[PrintedLine], index: int, leading: float) -> bool:
    """Tell whether a paragraph ends before a line."""
    before, line = lines[index - 1], lines[index]
    if abs(before.size - line.size) > _OTHER_SIZE * max(before.size, line.size):
        return True
    gap = before.y - line.y
    if gap < 0:
        # The next column or page.
        return ends_sentence(before.text)
    if leading and gap > _WIDE_GAP * leading:
        return True
    if _is_set_in(lines, index):
        return True
    if _BROKEN.search(before.text):
        return False
    around = lines[max(0, index - _NEIGHBOURS) : index + _NEIGHBOURS]
    width = max(len(each.text) for each in around if each.size == before.size)
    share = len(before.text) / width
    return share < (_SHORT_WITH_SENTENCE if ends_sentence(before.text) else _SHORT)


def _is_set_in(lines: Sequence[PrintedLine], index: int) -> bool:
    """Tell whether a line begins further in than the one before it and the one after it."""
    line, before = lines[index], lines[index - 1]
    after = lines[index + 1] if index + 1 < len(lines) else before
    return all(0.5 * line.size < line.x - other.x < 4 * line.size for other in (before, after))


def _join(pieces: list[str], line: str, words: Counter[str]) -> None:
    """Add a line; a hyphen before it goes if it was only printed because the line before ended."""
    broken, head = _BROKEN.search(pieces[-1][-64:]), _HEAD.match(line)
    if not broken or not head:
        pieces += (" ", line)
        return
    first, second = broken["first"].casefold(), head[0].casefold()
    both_are_words = words[first] > 0 and words[second] > 1 and not words[first + second]
    if not (words[f"{first}-{second}"] or not line[0].islower() or both_are_words):
        pieces[-1] = pieces[-1][:-1]
    pieces.append(line)
