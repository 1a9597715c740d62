"""Characters as every later step expects them, and lines gathered into paragraphs."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.sources.furniture import starts_caption

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_BLANK_LINES = re.compile(r"\n(?: *+\n){2,}+")
_JOINERS = "\u200c\u200d"
#: Letters and emoji that a joiner may follow: Arabic and its neighbours, the scripts of India, Khmer.
_LONE_JOINER = re.compile(
    f"(?<![\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])"
    f"[{_JOINERS}]+"
)
#: Signs that enclose the digits after them: format characters, yet seen.
_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_BLANKS = frozenset("\u2800\u3164\uffa0")
#: Unicode Standard Annex 15, section 13 (Stream-Safe Text): no word of any language needs more.
_MAX_MARKS = 30
_TAB = "    "

#: A line beyond this many characters was not broken by hand or by a mail program.
_WIDEST_WRAP = 132
_NARROWEST_WRAP = 40
#: Share of a wrapped text's width that a line must fill unless a paragraph ends with it.
_FULL_LINE = 0.8
_SENTENCE_END = re.compile(r"[.!?…。！？:;][\"'”’»«“)\]]*$")
_BULLET = re.compile(r"(?:[-*•–—]|\d{1,3}[.)]) ")
_WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_BROKEN_WORD = re.compile(r"([^\W\d_]+)-$")
_WORD = re.compile(r"[^\W\d_]+")


def normalise(text: str) -> str:
    r"""Return `text` in Unicode NFC with `\n` line ends, plain spaces and no invisible characters.

    Zero-width joiners stay where a script needs them; typographic quotes stay; a tab becomes four spaces.
    """
    text = _LINE_BREAKS.sub("\n", text).replace("\u2029", "\n\n")
    characters = set(text)
    text = text.translate({ord(char): _replacement(char) for char in characters if char != "\n"})
    if text.isascii():
        return text
    text = _LONE_JOINER.sub("", text)
    marks = "".join(char for char in characters if unicodedata.combining(char))
    if marks:
        # Ordering a long run of marks takes time that grows with its square.
        run = re.escape(marks)
        text = re.sub(f"([{run}]{{{_MAX_MARKS}}})[{run}]+", r"\1", text)
    return unicodedata.normalize("NFC", text)


def _replacement(char: str) -> str:
    category = unicodedata.category(char)
    if char == "\t":
        return _TAB
    if category == "Zs" or char in _BLANKS:
        return " "
    if category == "Cf":
        return char if char in _VISIBLE_FORMATS or char in _JOINERS else ""
    noncharacter = category == "Cn" and (ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef")
    return "" if noncharacter or category in {"Cc", "Cs", "Co"} else char


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line that is not blank."""

    #: With single spaces, and none at its ends.
    text: str
    #: Spaces before it.
    indent: int
    #: True if a blank line stands before it.
    after_blank: bool


def split_lines(text: str, *, limit: int) -> tuple[list[Line], str]:
    """Split normalised text into its lines, leaving out blank ones.

    Args:
        text: From `normalise`.
        limit: Most lines, a run of blank ones counted as one; what follows is returned whole.

    Returns:
        The lines, and the rest of the text with single spaces.
    """
    raw = _BLANK_LINES.sub("\n\n", text.strip()).split("\n", limit)
    rest = " ".join(raw.pop().split()) if len(raw) > limit else ""
    lines: list[Line] = []
    after_blank = True
    for line in raw:
        words = line.split()
        if words:
            indent = len(line) - len(line.lstrip())
            lines.append(Line(text=" ".join(words), indent=indent, after_blank=after_blank))
        after_blank = not words
    return lines, rest


def ends_sentence(text: str) -> bool:
    """Tell whether a line ends as sentences do, closing quotes and brackets set aside."""
    return bool(_SENTENCE_END.search(text[-8:]))


def gather(lines: Sequence[Line]) -> Iterator[str]:
    """Gather lines into paragraphs: by blank lines, indents, or the shape of hard-wrapped text."""
    if not lines:
        return
    width = _wrap_width(lines)
    base = min(line.indent for line in lines)
    indented = sum(line.indent > base + 1 for line in lines)
    # Where most lines are set in, the indent is a quotation's, not a paragraph's beginning.
    by_indent = 0 < indented <= (len(lines) + 1) // 2
    words = _known_words(lines) if any(line.text.endswith("-") for line in lines) else frozenset()
    paragraph = [lines[0].text]
    for before, line in pairwise(lines):
        new = (
            line.after_blank
            or _BULLET.match(line.text)
            or starts_caption(line.text)
            or (by_indent and line.indent > base + 1)
        )
        if new or _parts(before.text, line.text, width=width):
            yield "".join(paragraph)
            paragraph = [line.text]
        else:
            _join(paragraph, line.text, words)
    yield "".join(paragraph)


def _wrap_width(lines: Sequence[Line]) -> int:
    """Return the width at which the lines were wrapped, in characters; 0 if they were not."""
    pairs = [
        (before.text, line.text)
        for before, line in pairwise(lines)
        if not line.after_blank and not _BULLET.match(line.text)
    ]
    narrow = [len(before) for before, _ in pairs if len(before) <= _WIDEST_WRAP]
    if not narrow or len(narrow) < 0.9 * len(pairs):
        return 0
    width = max(narrow)
    wide_letters = any(_WIDE.search(before) for before, _ in pairs[:20])
    open_ends = sum(not ends_sentence(before) for before, _ in pairs)
    full = sum(_fills(before, after, width) for before, after in pairs)
    narrowest = _NARROWEST_WRAP // 2 if wide_letters else _NARROWEST_WRAP
    wrapped = width >= narrowest and open_ends >= 0.5 * len(pairs) and full >= 0.6 * len(pairs)
    return width if wrapped else 0


def _fills(line: str, after: str, width: int) -> bool:
    first_word = 1 if _WIDE.match(after) else len(after.partition(" ")[0])
    return len(line) + 1 + first_word > _FULL_LINE * width


def _parts(before: str, line: str, *, width: int) -> bool:
    """Tell whether a paragraph ends between two lines that no blank line parts."""
    if starts_caption(before) and not width:
        return True
    if not ends_sentence(before) and (width or line[0].islower()):
        return False
    return not width or not _fills(before, line, width)


def _known_words(lines: Sequence[Line]) -> frozenset[str]:
    return frozenset(word.casefold() for line in lines for word in _WORD.findall(line.text))


def _join(paragraph: list[str], line: str, words: frozenset[str]) -> None:
    broken = _BROKEN_WORD.search(paragraph[-1][-64:])
    if broken:
        first = _WORD.match(line)
        # Only a word that the document spells elsewhere was certainly broken by the wrapping.
        if first and (broken[1] + first[0]).casefold() in words:
            paragraph[-1] = paragraph[-1][:-1]
    elif not (_WIDE.match(paragraph[-1][-1]) and _WIDE.match(line)):
        paragraph.append(" ")
    paragraph.append(line)
