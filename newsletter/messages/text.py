"""Text as readers see it: cleaned of what cannot be seen, and set in lines of fixed width."""

import re
import unicodedata
from collections.abc import Iterator

#: Cells of a line of the text part.
WIDTH = 72

#: Embeddings, overrides and isolates: they reorder what stands around them, far beyond their own text.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")

#: Marks that may not begin a line in Chinese and Japanese (JLREQ section 3.1.7).
_NEVER_FIRST = frozenset("、。，．・：；？！」』】）〉》〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")

_ZERO_WIDTH_JOINER = "\u200d"

#: General categories of characters that belong to the one before them.
_FOLLOWING = frozenset({"Mn", "Mc", "Me", "Cf"})

_WEB_LINK_START = re.compile(r"https?://", re.IGNORECASE)


def clean(text: str) -> str:
    """Return a text as one line without characters that are not seen or that reorder others.

    White space of any kind becomes single spaces. Control characters, bidirectional embeddings, overrides
    and isolates, lone surrogates and noncharacters are left out; so is a text of joiners and the like alone.
    """
    line = " ".join(_BIDI_CONTROLS.sub("", text).split())
    if line.isprintable():
        return line
    line = " ".join("".join(ch for ch in line if _is_text(ch)).split())
    # Of joiners and other format characters alone no reader sees anything.
    return line if any(unicodedata.category(ch) not in ("Cf", "Zs") for ch in line) else ""


def _is_text(ch: str) -> bool:
    if unicodedata.category(ch) in ("Cc", "Cs"):
        return False
    code = ord(ch)
    is_noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return not is_noncharacter and ch not in "\ufeff\ufff9\ufffa\ufffb"


def cells(text: str) -> int:
    """Return the width of a text in terminal cells: East Asian wide ones count 2, combining ones 0."""
    return sum(_cell(ch) for ch in text) if not text.isascii() else len(text)


def _cell(ch: str) -> int:
    if unicodedata.category(ch) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1


def wrap(text: str, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """Break a text into lines of at most `width` cells.

    Wide scripts, and words longer than a line, may break anywhere between two characters as readers see
    them. A web address never breaks: a long one gets a line of its own, behind `rest`.

    Args:
        text: One paragraph.
        width: In cells.
        first: What the first line starts with.
        rest: What the other lines start with: spaces, where a web address may come to stand alone.
    """
    lines: list[str] = []
    line, empty = first, True
    for gap, piece in _pieces(text, width - max(cells(first), cells(rest))):
        space = gap if not empty else ""
        if cells(line) + len(space) + cells(piece) > width and line.strip():
            lines.append(line.rstrip())
            line, space = rest, ""
        line, empty = line + space + piece, False
    if line.strip():
        lines.append(line.rstrip())
    return "\n".join(lines)


def _pieces(text: str, room: int) -> Iterator[tuple[str, str]]:
    """Yield what may not be broken, each with the gap before it: a space or nothing."""
    for word in text.split():
        gap = " "
        if _WEB_LINK_START.match(word) or (word.isascii() and len(word) <= room):
            yield gap, word
            continue
        for piece in _breakable(word, room):
            yield gap, piece
            gap = ""


def _breakable(word: str, room: int) -> Iterator[str]:
    """Yield a word's parts: wide characters one by one, what lies between them whole if it fits."""
    run = ""
    for cluster in _clusters(word):
        if cells(cluster) > 1:
            if run:
                yield run
            run = ""
            yield cluster
        elif cells(run) + cells(cluster) > room:
            yield run
            run = cluster
        else:
            run += cluster
    if run:
        yield run


def _clusters(word: str) -> Iterator[str]:
    """Yield the characters as readers see them: each with the marks and joined characters that follow."""
    cluster = ""
    for ch in word:
        joined = cluster.endswith(_ZERO_WIDTH_JOINER)
        if cluster and not joined and unicodedata.category(ch) not in _FOLLOWING and ch not in _NEVER_FIRST:
            yield cluster
            cluster = ""
        cluster += ch
    if cluster:
        yield cluster


def longest(text: str) -> int:
    """Return the width of the longest line, in cells and at most `WIDTH`: how far to underline."""
    return min(WIDTH, max((cells(line) for line in text.splitlines()), default=0))


def nowidow(text: str) -> str:
    """Keep a short last word together with the one before it."""
    head, _, tail = text.rpartition(" ")
    return f"{head}\u00a0{tail}" if head.count(" ") > 1 and len(tail) < 6 else text
