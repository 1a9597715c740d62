"""Sentences and words of a text, by rules of our own: no model and no download."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.text.abbreviations import ORDINAL_LANGUAGES
from newsletter.stories.text.quotations import find_quotations
from newsletter.stories.text.stops import sentence_ends

#: A quotation of several sentences stays whole up to this many words.
QUOTATION_WORD_LIMIT = 60

#: Characters of a text that are read for stops; beyond them, where no news reaches, only blank lines count.
CLOSE_READING_CHARACTERS = 1_000_000

#: "\r\n" is one line end, not two.
_BLANK_LINE = re.compile(r"[\r\n\u2029](?:(?<=\u2029)|(?:(?<=\r)\n)?+[^\S\r\n]*+[\r\n])")
_BULLET = re.compile(r"[-*•‣▪◦·][^\S\r\n]+(?=\w)")
_LIST_NUMBER = re.compile(r"\d{1,2}[.)][^\S\r\n]+(?=[^\W\d_])")
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
)
_UNSPACED_ASIAN = "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u104a\u1780-\u17d3"
#: Vowel signs and accents that belong to a word and that `\w` leaves out.
_SIGNS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0f71-\u0f84"
_WORD = re.compile(
    rf"[{_UNSPACED}{_UNSPACED_ASIAN}]+"
    rf"|(?:(?![{_UNSPACED}{_UNSPACED_ASIAN}])(?:[^\W_]|[{_SIGNS}]))+"
    rf"(?:['’.,-](?=[^\W_])(?![{_UNSPACED}{_UNSPACED_ASIAN}])(?:[^\W_]|[{_SIGNS}])+)*"
)
#: Of Latin letters, signs and currencies `_WORD` finds the same as this, which is three times as fast.
_LATIN_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_BEYOND_LATIN = re.compile("[^\\0-\u02ff\u2010-\u206f\u20a0-\u20bf]")
_IDEOGRAPHS = re.compile(rf"[{_UNSPACED}]")
_ASIAN_LETTERS = re.compile(rf"[{_UNSPACED_ASIAN}]")


def split_sentences(text: str, *, language: str | None = None) -> list[Span]:
    """Split a text into sentences.

    A blank line always ends a sentence. A quotation of several sentences stays one unit together with what
    introduces it, unless the unit would pass `QUOTATION_WORD_LIMIT` words.

    Args:
        text: Any text.
        language: ISO 639-1 code; needed only where rules differ between languages ("3. Mai" is German).

    Returns:
        Trimmed spans of `text`, in order, without overlap; every character outside them is white space.
    """
    return list(_split(text, 0, language))


def document_sentences(document: ParsedDocument) -> list[Span]:
    """Split what may be summarised of a document into sentences, without bullets and numbers of lists.

    Args:
        document: The document; only its `paragraphs` are read.

    Returns:
        Spans of `document.text`, in order, without overlap.
    """
    text, language = document.text, document.language
    found: list[Span] = []
    for paragraph in document.paragraphs:
        for span in _split(paragraph.of(text), paragraph.start, language):
            mark = _list_mark_end(text, span, language)
            found.append(Span(start=mark, end=span.end) if mark else span)
    return found


def _list_mark_end(text: str, span: Span, language: str | None) -> int:
    """Return where the bullet or number ends that a sentence begins with, or 0."""
    mark = _BULLET.match(text, span.start, span.end)
    if not mark and language not in ORDINAL_LANGUAGES:
        mark = _LIST_NUMBER.match(text, span.start, span.end)
    return mark.end() if mark else 0


def words(text: str) -> list[str]:
    """Return the words of a text as written, without punctuation.

    Scripts that do not part words by spaces (Han, Kana, Thai, Lao, Khmer, Burmese) give overlapping pairs of
    characters, which serve to compare texts as words do.
    """
    if not _BEYOND_LATIN.search(text):
        return _LATIN_WORD.findall(text)
    found: list[str] = []
    for match in _WORD.finditer(text):
        run = match[0]
        if len(run) > 2 and (_IDEOGRAPHS.match(run) or _ASIAN_LETTERS.match(run)):
            found += [run[at : at + 2] for at in range(len(run) - 1)]
        else:
            found.append(run)
    return found


def count_words(text: str) -> int:
    """Return how many words a reader reads.

    Words are parted by white space; two ideographs or five Thai letters make a word, and so do 24 characters
    of anything endless.
    """
    spaced = len(text.split())
    unspaced = len(_IDEOGRAPHS.findall(text)) // 2 + len(_ASIAN_LETTERS.findall(text)) // 5
    return max(spaced, unspaced, len(text) // 24)


def _split(text: str, offset: int, language: str | None) -> Iterator[Span]:
    """Yield the sentences of a text as spans of the document that it starts in at `offset`."""
    start = 0
    for gap in _BLANK_LINE.finditer(text):
        yield from _paragraph_spans(text[start : gap.start()], offset + start, language)
        start = gap.end()
    yield from _paragraph_spans(text[start:], offset + start, language)


def _paragraph_spans(paragraph: str, offset: int, language: str | None) -> Iterator[Span]:
    """Yield the sentences of one paragraph as spans of the text that it starts in at `offset`."""
    stripped = paragraph.strip()
    if not stripped:
        return
    first = paragraph.index(stripped)
    read = stripped[: max(0, CLOSE_READING_CHARACTERS - offset)]
    start = offset + first
    for end, following in _join_quotations(read, sentence_ends(read, language)):
        yield Span(start=start, end=offset + first + end)
        start = offset + first + following
    yield Span(start=start, end=offset + first + len(stripped))


def _join_quotations(paragraph: str, ends: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop the ends that cut a quotation, where what is joined stays short enough to read."""
    if not ends:
        return ends
    kept = ends
    for quotation in sorted(find_quotations(paragraph), key=lambda q: (q.start, q.end)):
        first = bisect_right(kept, quotation.start, key=_next_start)
        last = bisect_right(kept, quotation.end - 1, key=_next_start)
        if first == last or not quotation.closed:
            continue
        unit_start = kept[first - 1][1] if first else 0
        unit_end = kept[last][0] if last < len(kept) else len(paragraph)
        if count_words(paragraph[unit_start:unit_end]) <= QUOTATION_WORD_LIMIT:
            kept = kept[:first] + kept[last:]
    return kept


def _next_start(end: tuple[int, int]) -> int:
    return end[1]
