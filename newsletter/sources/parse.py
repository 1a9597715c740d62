"""From the bytes of a plain text file to a document; reads nothing and writes nothing."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason, Span
from newsletter.sources.credits import Credits, read_credits
from newsletter.sources.dateline import read_dateline, read_dateline_alone, starts_sentence
from newsletter.sources.decode import decode
from newsletter.sources.language import detect_language
from newsletter.sources.normalise import Line, ends_sentence, gather, normalise, split_lines
from newsletter.sources.outlets import SourceAliases

__all__ = ["SourceAliases", "decode", "parse_text"]

#: No news has more lines; what follows them stays in the text and is not summarised.
_MOST_LINES = 20_000
#: Lines looked at before the first and after the last sentence of news.
_HEAD_LINES = 12
_TAIL_LINES = 8
_LONGEST_HEADLINE = 300
_HEADLINE_LABEL = re.compile(
    r"(?:#{1,6} +|(?:Title|Headline|Titel|Titre|Título|Titolo|Заголовок) ?: ?)(?=\S)", re.IGNORECASE
)
#: A shorter first line, in characters, is not the first half of a headline broken in two.
_BROKEN_HEADLINE = 40
_MEANT = re.compile(r"[^\W_]")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """A paragraph of the finished text."""

    text: str
    #: Where the news in it begins; None if nothing in it is news.
    news_from: int | None


def parse_text(
    content: bytes,
    *,
    aliases: SourceAliases,
    detect: Callable[[str], str | None] = detect_language,
) -> ParsedDocument:
    """Make a document of a plain text file.

    The first line is the headline; lines about the document (byline, source, address, date) before the first
    sentence of news or after the last fill the fields and are left out of `paragraphs`.

    Args:
        content: The whole file.
        aliases: Names of outlets.
        detect: Tells the language of a text.

    Raises:
        DocumentRefusedError: EMPTY, BINARY, ENCODING or UNSUPPORTED (HTML or XML).
    """
    decoded, encoding = decode(content)
    normalised = normalise(decoded)
    lines, rest = split_lines(normalised, limit=_MOST_LINES)
    if not lines:
        raise DocumentRefusedError(RefusalReason.EMPTY)
    headline, moved, body = _take_headline(lines, aliases)
    found, blocks = _read_body([*moved, *body], aliases)
    if len(headline) > _LONGEST_HEADLINE:
        blocks.insert(0, _Block(text=headline, news_from=0))
        headline = _cut(headline)
    blocks.append(_Block(text=rest, news_from=None))
    text, paragraphs = _lay_out(headline, blocks)
    origin = _find_origin(text, paragraphs, aliases)
    paragraphs = _without_lead_in(text, paragraphs, aliases)
    source, origin = _settle(found, origin)
    return ParsedDocument(
        headline=headline,
        text=text,
        paragraphs=paragraphs,
        content_hash=hashlib.sha256(" ".join(normalised.split()).encode()).hexdigest(),
        byline=found.byline,
        dateline=found.dateline,
        source=source,
        origin=origin,
        url=found.url,
        published_at=found.published_at or found.updated_at,
        language=detect("\n".join([headline, *(span.of(text) for span in paragraphs[:20])])),
        encoding=encoding,
    )


def _take_headline(
    lines: Sequence[Line], aliases: SourceAliases
) -> tuple[str, Sequence[Line], Sequence[Line]]:
    """Return the headline, the lines about the document that stood before it, and the lines after it."""
    first = 0
    for index, line in enumerate(lines[:_HEAD_LINES]):
        if _MEANT.search(line.text) and read_credits(line.text, aliases, near_headline=False) is None:
            first = index
            break
    end = first + 1
    text = lines[first].text
    while _goes_on(text, lines[end : end + 1], lines[end + 1 : end + 2]):
        text, end = f"{text} {lines[end].text}", end + 1
    return _HEADLINE_LABEL.sub("", text, count=1), lines[:first], lines[end:]


def _goes_on(headline: str, following: Sequence[Line], after: Sequence[Line]) -> bool:
    """Tell whether a headline was broken in two: its second half starts small, and a blank line follows."""
    if not following or following[0].after_blank or not after or not after[0].after_blank:
        return False
    if len(headline) < _BROKEN_HEADLINE or len(headline) + len(following[0].text) >= _LONGEST_HEADLINE:
        return False
    return following[0].text[0].islower() and not ends_sentence(headline)


def _read_body(lines: Sequence[Line], aliases: SourceAliases) -> tuple[Credits, list[_Block]]:
    head, found = _read_edge(lines[:_HEAD_LINES], aliases, near_headline=True)
    body = lines[head:]
    tail, found_below = _read_edge(body[: -_TAIL_LINES - 1 : -1], aliases, near_headline=False)
    below = body[len(body) - tail :]
    paragraphs = list(gather(body[: len(body) - tail]))
    blocks = [_Block(text=text, news_from=0 if _MEANT.search(text) else None) for text in paragraphs]
    if blocks and (opening := read_dateline(blocks[0].text, aliases)):
        start, printed = opening
        blocks[0] = replace(blocks[0], news_from=start)
        found = replace(found.or_else(printed), agency=printed.agency or found.agency)
    above = [_Block(text=line.text, news_from=None) for line in lines[:head]]
    return found.or_else(found_below), [
        *above,
        *blocks,
        *(_Block(text=line.text, news_from=None) for line in below),
    ]


def _read_edge(lines: Sequence[Line], aliases: SourceAliases, *, near_headline: bool) -> tuple[int, Credits]:
    """Return how many lines from an edge of the document are about it, and what they say."""
    found = Credits()
    for count, line in enumerate(lines):
        said = read_credits(line.text, aliases, near_headline=near_headline)
        if said is None and near_headline:
            said = read_dateline_alone(line.text, aliases)
        if said is None and _MEANT.search(line.text):
            return count, found
        if said is not None:
            found = found.or_else(said)
    return len(lines), found


def _cut(headline: str) -> str:
    """Return the start of a headline that is too long, cut at a word where it has words."""
    start = headline[:_LONGEST_HEADLINE]
    at_word = start.rfind(" ")
    if at_word > _LONGEST_HEADLINE // 2:
        return f"{start[:at_word].rstrip(' ,;:–—-')}…"
    end = len(start)
    while end > 1 and unicodedata.combining(headline[end]):
        end -= 1
    return f"{start[:end]}…"


def _lay_out(headline: str, blocks: Sequence[_Block]) -> tuple[str, tuple[Span, ...]]:
    """Return the text of a document, and where its news stands in it."""
    pieces, spans, at = [headline], [], len(headline)
    for block in blocks:
        if not block.text:
            continue
        start, at = at + 2, at + 2 + len(block.text)
        pieces.append(block.text)
        if block.news_from is not None and block.news_from < len(block.text):
            spans.append(Span(start=start + block.news_from, end=at))
    return "\n\n".join(pieces), tuple(spans)


def _find_origin(text: str, paragraphs: Sequence[Span], aliases: SourceAliases) -> str | None:
    origins: Iterator[str | None] = (aliases.find_origin(span.of(text)) for span in paragraphs[:2])
    return next((origin for origin in origins if origin), None)


def _without_lead_in(text: str, paragraphs: tuple[Span, ...], aliases: SourceAliases) -> tuple[Span, ...]:
    """Leave "According to X, " out of the first paragraph where what remains still starts as a sentence."""
    if not paragraphs:
        return paragraphs
    first = paragraphs[0]
    match = aliases.lead_in.match(text, first.start, first.end)
    if not match or match.end() >= first.end or not starts_sentence(text[match.end() : first.end]):
        return paragraphs
    return (replace(first, start=match.end()), *paragraphs[1:])


def _settle(found: Credits, cited: str | None) -> tuple[str | None, str | None]:
    """Return source and origin: an agency is the source of a document that names no other."""
    source = found.source or found.agency
    origin = cited or found.agency
    return source, None if origin == source else origin
