"""Sentences and words of a text, by rules of our own: no model and no download."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.abbreviations import (
    AFTER_TIMES,
    BEFORE_FIGURES,
    CAPITALISED,
    COMPANIES,
    COMPANY_STARTERS,
    DATES,
    NEVER_LAST,
    ORDINAL_LANGUAGES,
    SELDOM_LAST,
    SHOUTED_NAMES,
    SPEECH_VERBS,
    STARTERS,
    TIMES,
    TITLES,
)
from newsletter.stories.quotations import Quotation, find_quotations

#: A quotation of several sentences stays whole up to this many words.
QUOTATION_WORD_LIMIT = 60

_BLANK_LINE = re.compile(r"(?>\r\n|\r|\n)[^\S\r\n]*+[\r\n]|\u2029")
_FULL_WIDTH = "。！？｡"
_QUOTES = "\"'”’“»«」』"
_OPENERS = "\"'“‘„«»([{¿¡「『（—–-"
_STOP = re.compile(
    rf"(?P<stop>[.!?…؟۔।॥։።;{_FULL_WIDTH}]+(?: ?[.…!?]{{2,}})?)"
    rf"(?P<close>[{re.escape(_QUOTES)})\]）】》]*(?:\s?»(?=\s|$)[{re.escape(_QUOTES)}]*)?)(?P<space>\s*)"
)
_OPENING = re.compile(rf"[{re.escape(_OPENERS)}\s]*")
_WORD_BEFORE = re.compile(r"[^\s()\[\]{\"“„«»‘¿¡/—–]*\Z")
_TOKEN_BEFORE = re.compile(r"([^\s()\[\]\"“„«»]+)\s+\Z")
_NEXT_WORD = re.compile(r"[^\W_][\w.'’&-]*")
_LOWER_BRAND = re.compile(r"(?:[a-z][A-Z]|al-[A-Z]|de [A-Z])")
_INITIAL = re.compile(r"[^\W\d_]")
_INITIAL_AHEAD = re.compile(r"[^\W\d_]\.")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_ATTRIBUTION = re.compile(
    rf"[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){{0,3}}(?:,[^!?\"“”]{{1,60}}?,)?\s(?:{SPEECH_VERBS})\b"
)
_BULLET = re.compile(r"[-*•‣▪◦·][^\S\r\n]+(?=\w)")
_LIST_NUMBER = re.compile(r"\d{1,2}[.)][^\S\r\n]+(?=[^\W\d_])")
_NUMBERED = re.compile(r"No\.\s?\d")
_FULL_WIDTH_ATTRIBUTION = re.compile(
    r"[とっ，、,]|.{0,12}?(?:说|說|道[:：，。]|表示|指出|称|稱|问|問|言|述べ|語)"
)
_RUN_ON = re.compile(r"[\"“]?[A-Z][a-z]+(?![\w.]|\s?@)")

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
_IDEOGRAPHS = re.compile(rf"[{_UNSPACED}]")
#: One letter alone is an initial or the mark of a list: "M. Le Goff", "A. The first".
_SENTENCE_LETTERS = re.compile(rf"[{_UNSPACED}]|[^\W\d_][^\W\d_]|[^\W\d_](?=\W*+\w)")
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
    spans: list[Span] = []
    start = 0
    for gap in _BLANK_LINE.finditer(text):
        spans += _paragraph_spans(text[start : gap.start()], start, language)
        start = gap.end()
    return [*spans, *_paragraph_spans(text[start:], start, language)]


def document_sentences(document: ParsedDocument) -> list[Span]:
    """Split what may be summarised of a document into sentences, without bullets and numbers of lists.

    Args:
        document: The document; only its `paragraphs` are read.

    Returns:
        Spans of `document.text`, in order, without overlap.
    """
    return [
        Span(
            start=paragraph.start + span.start + _list_mark_length(span.of(text), document.language),
            end=paragraph.start + span.end,
        )
        for paragraph in document.paragraphs
        for text in [paragraph.of(document.text)]
        for span in split_sentences(text, language=document.language)
    ]


def _list_mark_length(sentence: str, language: str | None) -> int:
    """Return how long the bullet or number is that a sentence begins with, or 0."""
    mark = _BULLET.match(sentence)
    if not mark and language not in ORDINAL_LANGUAGES:
        mark = _LIST_NUMBER.match(sentence)
    return mark.end() if mark else 0


def words(text: str) -> list[str]:
    """Return the words of a text as written, without punctuation.

    Scripts that do not part words by spaces (Han, Kana, Thai, Lao, Khmer, Burmese) give overlapping pairs of
    characters, which serve to compare texts as words do.
    """
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


def _paragraph_spans(paragraph: str, offset: int, language: str | None) -> Iterator[Span]:
    """Yield the sentences of one paragraph as spans of the text that it starts in at `offset`."""
    if not paragraph.strip():
        return
    ends = [*_join_quotations(paragraph, _sentence_ends(paragraph, language)), len(paragraph)]
    start = 0
    for end in ends:
        piece = paragraph[start:end]
        trimmed = piece.strip()
        if trimmed:
            first = start + len(piece) - len(piece.lstrip())
            yield Span(start=offset + first, end=offset + first + len(trimmed))
        start = end


def _sentence_ends(paragraph: str, language: str | None) -> list[int]:
    """Return the offsets just past each sentence but the last, white space included."""
    cased = any(letter.isupper() for letter in paragraph)
    ends: list[int] = []
    start = 0
    for match in _STOP.finditer(paragraph):
        if match.end() >= len(paragraph) or not _SENTENCE_LETTERS.search(paragraph, start, match.start()):
            continue
        if _ends_sentence(paragraph, match, cased=cased, language=language) and not _in_brackets(
            paragraph, start, match
        ):
            ends.append(match.end())
            start = match.end()
    return ends


def _join_quotations(paragraph: str, ends: Sequence[int]) -> list[int]:
    """Drop the ends that cut a quotation, where what is joined stays short enough to read."""
    kept = list(ends)
    for quotation in sorted(find_quotations(paragraph), key=lambda q: (q.start, q.end)):
        inner = _ends_within(kept, quotation)
        if not inner or not quotation.closed:
            continue
        first, last = kept.index(inner[0]), kept.index(inner[-1])
        unit_start = kept[first - 1] if first else 0
        unit_end = kept[last + 1] if last + 1 < len(kept) else len(paragraph)
        if count_words(paragraph[unit_start:unit_end]) <= QUOTATION_WORD_LIMIT:
            del kept[first : last + 1]
    return kept


def _ends_within(ends: Sequence[int], quotation: Quotation) -> Sequence[int]:
    return ends[bisect_right(ends, quotation.start) : bisect_right(ends, quotation.end - 1)]


def _in_brackets(paragraph: str, start: int, match: re.Match[str]) -> bool:
    """Return whether the stop stands inside brackets that close soon after."""
    inside = paragraph[max(start, match.start() - 300) : match.end("close")]
    if inside.count("(") <= inside.count(")"):
        return False
    return paragraph.find(")", match.end(), match.end() + 200) >= 0


def _ends_sentence(paragraph: str, match: re.Match[str], *, cased: bool, language: str | None) -> bool:
    """Return whether the stop at `match` ends a sentence."""
    if match["stop"][-1] in _FULL_WIDTH:
        closed = match["close"].strip("\"'")
        return not (closed and _FULL_WIDTH_ATTRIBUTION.match(paragraph, match.end()))
    if ";" in match["stop"]:
        return _is_greek_question(paragraph, match)
    if not match["space"]:
        return _runs_on(paragraph, match)
    following = _OPENING.match(paragraph, match.end())
    at = following.end() if following else match.end()
    opener = paragraph[match.end() : at]
    rest = paragraph[at : at + 80]
    if not rest or rest[0] in ",;:)]}%":
        return False
    if cased and rest[0].islower() and not _LOWER_BRAND.match(rest):
        return False
    if match["stop"] == ".":
        return bool(match["close"]) or _full_stop_ends(paragraph, match, opener, rest, language)
    return _other_stop_ends(paragraph, match, rest)


def _full_stop_ends(
    paragraph: str, match: re.Match[str], opener: str, rest: str, language: str | None
) -> bool:
    """Decide about a single full stop with white space behind it and no closing mark."""
    found = _WORD_BEFORE.search(paragraph, max(0, match.start() - 40), match.start())
    written = found[0].strip("'’") if found else ""
    word = written.casefold().replace("’", "'")
    following = _NEXT_WORD.match(rest)
    next_word = re.sub(r"['’]\w*$", "", following[0].rstrip(".-").casefold()) if following else ""
    starts = (next_word in STARTERS and not _NUMBERED.match(rest)) or any(
        mark in '"“„«「¿¡' for mark in opener
    )
    figure = rest[0].isdigit()
    if word in CAPITALISED and not written[:1].isupper():
        return True
    if word in NEVER_LAST or (language == "fr" and written == "M"):
        return False
    if word in TIMES:
        return not figure and next_word not in AFTER_TIMES
    if word in BEFORE_FIGURES or word in DATES:
        return not figure and (len(word) > 1 or starts)
    if word in COMPANIES and next_word in COMPANY_STARTERS:
        return True
    if word in SELDOM_LAST or _DOTTED.fullmatch(word):
        return starts
    if _INITIAL.fullmatch(word):
        if _within_name(paragraph, match.start() - len(word), rest):
            return False
        return starts or (written == "I" and not following)
    return not (language in ORDINAL_LANGUAGES and re.fullmatch(r"\d{1,2}", word) and not starts)


def _within_name(paragraph: str, at: int, rest: str) -> bool:
    """Return whether the initial at `at` has another behind it, or another or a title before it."""
    if rest[0].isupper() and _INITIAL_AHEAD.match(rest):
        return True
    found = _TOKEN_BEFORE.search(paragraph, max(0, at - 40), at)
    before = found[1].casefold() if found else ""
    if not before.endswith("."):
        return before in TITLES
    word = before.removesuffix(".")
    return word in NEVER_LAST or bool(_INITIAL.fullmatch(word))


def _other_stop_ends(paragraph: str, match: re.Match[str], rest: str) -> bool:
    """Decide about question and exclamation marks, ellipses and runs of stops."""
    following = _NEXT_WORD.match(rest)
    starts = bool(following) and following[0].casefold() in STARTERS if following else False
    before = paragraph[max(0, match.start() - 20) : match.start()]
    if match["stop"] == "!" and not match["close"]:
        name = before.rsplit(None, 1)[-1].casefold() if before.strip() else ""
        return starts or name not in SHOUTED_NAMES
    if match["stop"][-1] in ".…" and before[-1:].isspace() and not match["close"]:
        return starts
    quoted = any(mark in _QUOTES for mark in match["close"])
    return not (quoted and _ATTRIBUTION.match(rest))


def _is_greek_question(paragraph: str, match: re.Match[str]) -> bool:
    """Return whether a semicolon is the Greek question mark, which NFC turns into one."""
    before = paragraph[match.start() - 1 : match.start()]
    after = paragraph[match.end() : match.end() + 1]
    return "\u0370" <= before <= "\u03ff" and bool(match["space"]) and not after.islower()


def _runs_on(paragraph: str, match: re.Match[str]) -> bool:
    """Return whether a sentence ends although the space behind it is missing."""
    if _IDEOGRAPHS.match(paragraph, match.end()):
        return match["stop"][-1] in "!?؟"
    if match["stop"] not in {".", "!", "?"}:
        return match["stop"][-1] in "؟۔।॥"
    if any(mark not in '"”' for mark in match["close"]):
        return False
    before = re.search(r"\b[a-z]{3,}\Z", paragraph[max(0, match.start() - 30) : match.start()])
    if not before or before[0] in NEVER_LAST | SELDOM_LAST | BEFORE_FIGURES | DATES:
        return False
    following = _RUN_ON.match(paragraph, match.end())
    return (
        bool(following) and following[0].casefold() not in {"com", "net", "org", "co"} if following else False
    )
