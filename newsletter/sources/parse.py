"""From plain text to a document; reads nothing and writes nothing."""

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason, Span
from newsletter.sources.addresses import canonical_url
from newsletter.sources.credits import Credits, read_credits
from newsletter.sources.dateline import read_dateline, read_dateline_alone, starts_sentence
from newsletter.sources.decode import decode
from newsletter.sources.furniture import is_furniture
from newsletter.sources.headline import LONGEST_HEADLINE, cut_headline, take_headline
from newsletter.sources.language import detect_language
from newsletter.sources.mailtext import MailText, read_mail
from newsletter.sources.normalise import Line, ends_sentence, gather, normalise, split_lines
from newsletter.sources.outlets import SourceAliases

__all__ = ["Given", "SourceAliases", "TextReader", "decode", "parse_text"]

#: No news has more lines; what follows them stays in the text and is not summarised.
_MOST_LINES = 20_000
#: Lines looked at before the first and after the last sentence of news.
_HEAD_LINES = 12
_TAIL_LINES = 8
#: Among the first of them a few may be neither credits nor sentences: a kicker, a second headline.
_UNKNOWN_WITHIN = 6
_MOST_UNKNOWN = 3
#: A longer line is prose, in characters.
_LONGEST_UNKNOWN = 100
_MEANT = re.compile(r"[^\W_]")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """A paragraph of the finished text."""

    text: str
    #: Where the news in it begins; None if nothing in it is news.
    news_from: int | None


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a format says about a document besides its text; it wins over what lines of the text say."""

    #: Empty: the text's first line is the headline.
    headline: str = ""
    byline: str | None = None
    source: str | None = None
    #: Absolute http or https address.
    url: str | None = None
    #: UTC.
    published_at: datetime | None = None
    #: ISO 639-1 code in lower case.
    language: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextReader:
    """Makes documents of plain text, wherever it came from."""

    #: Names of outlets.
    aliases: SourceAliases
    #: Tells the language of a text.
    detect: Callable[[str], str | None] = detect_language

    def read(self, text: str, *, given: Given | None = None, encoding: str = "utf-8") -> ParsedDocument:
        """Make a document of a text.

        The first line is the headline, unless one is given; lines about the document (byline, source,
        address, date) before the first sentence of news or after the last fill the fields and are left out
        of `paragraphs`.

        Args:
            text: Any characters; normalised here.
            given: What is known about it besides.
            encoding: Python's name of the encoding that its bytes were in.

        Raises:
            DocumentRefusedError: EMPTY.
        """
        given, aliases = given or Given(), self.aliases
        normalised = normalise(text)
        mail = _with_headline(given, normalised) or read_mail(normalised)
        content_hash = _hash_of(f"{mail.subject} {mail.body}" if given.headline else normalised)
        lines, rest = split_lines(mail.body, limit=_MOST_LINES)
        headline, body = _begin(mail, lines, aliases)
        found, blocks = _read_body(body, aliases)
        found = found.or_else(_credits_of(mail, aliases))
        if len(headline) > LONGEST_HEADLINE:
            blocks.insert(0, _Block(text=headline, news_from=0))
            headline = cut_headline(headline)
        blocks.append(_Block(text=rest, news_from=None))
        laid_out, paragraphs = _lay_out(headline, blocks)
        origin = _find_origin(laid_out, paragraphs, aliases)
        paragraphs = _without_lead_in(laid_out, paragraphs, aliases)
        url = given.url or found.url
        source, origin = _settle(_given_first(given, found, aliases), origin)
        return ParsedDocument(
            headline=headline,
            text=laid_out,
            paragraphs=paragraphs,
            content_hash=content_hash,
            byline=given.byline or found.byline,
            dateline=found.dateline,
            source=source,
            origin=origin,
            url=url,
            canonical_url=canonical_url(url),
            published_at=given.published_at or found.published_at or found.updated_at,
            language=given.language
            or self.detect("\n".join([headline, *(span.of(laid_out) for span in paragraphs[:20])])),
            encoding=encoding,
            tags=given.tags,
        )


def parse_text(content: bytes, reader: TextReader) -> ParsedDocument:
    """Make a document of a plain text file.

    Args:
        content: The whole file.
        reader: How its text is read.

    Raises:
        DocumentRefusedError: EMPTY, BINARY or ENCODING.
    """
    decoded, encoding = decode(content)
    return reader.read(decoded, encoding=encoding)


def _with_headline(given: Given, text: str) -> MailText | None:
    """Return a text below the headline that is given for it, which it may repeat in its first line."""
    headline = " ".join(normalise(given.headline).split())
    if not headline:
        return None
    first, _, below = text.lstrip("\n").partition("\n")
    repeated = " ".join(first.split()).casefold() == headline.casefold()
    return MailText(subject=headline, credits=Credits(), body=below if repeated else text)


def _hash_of(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def _given_first(given: Given, found: Credits, aliases: SourceAliases) -> Credits:
    return replace(found, source=aliases.display(given.source)) if given.source else found


def _begin(mail: MailText, lines: Sequence[Line], aliases: SourceAliases) -> tuple[str, Sequence[Line]]:
    """Return the headline and the lines of the body, those that stood above the headline first."""
    if mail.subject:
        return mail.subject, lines
    if not lines:
        raise DocumentRefusedError(RefusalReason.EMPTY)
    headline, above, below = take_headline(lines, aliases)
    return headline, [*above, *below]


def _credits_of(mail: MailText, aliases: SourceAliases) -> Credits:
    sender = mail.credits.source
    return replace(mail.credits, source=aliases.display(sender) if sender else None)


def _read_body(lines: Sequence[Line], aliases: SourceAliases) -> tuple[Credits, list[_Block]]:
    head, above, found = _read_head(lines[:_HEAD_LINES], aliases)
    body = lines[head:]
    tail, found_below = _read_tail(body[: -_TAIL_LINES - 1 : -1], aliases)
    below = body[len(body) - tail :]
    paragraphs = list(gather(body[: len(body) - tail]))
    blocks = [_Block(text=text, news_from=0 if _MEANT.search(text) else None) for text in paragraphs]
    following = paragraphs[1] if len(paragraphs) > 1 else ""
    if blocks and (opening := read_dateline(blocks[0].text, aliases, following=following)):
        start, printed = opening
        blocks[0] = replace(blocks[0], news_from=start)
        found = replace(found.or_else(printed), agency=printed.agency or found.agency)
    return found.or_else(found_below), [
        *above,
        *blocks,
        *(_Block(text=line.text, news_from=None) for line in below),
    ]


def _read_head(lines: Sequence[Line], aliases: SourceAliases) -> tuple[int, list[_Block], Credits]:
    """Return how many lines stand above the first sentence of news, their blocks, and what they say.

    A few that are neither sentence nor credit are passed over if credits or a dateline follow, and stay news.
    """
    found = Credits()
    news: set[int] = set()
    end = 0
    for index, line in enumerate(lines):
        said = _read_head_line(line.text, aliases)
        if said is not None:
            found, end = found.or_else(said), index + 1
        elif not _MEANT.search(line.text):
            end += end == index
        elif read_dateline(line.text, aliases):
            end = index
            break
        elif index >= _UNKNOWN_WITHIN or len(news) >= _MOST_UNKNOWN or _is_prose(line.text):
            break
        else:
            news.add(index)
    return end, list(_head_blocks(lines[:end], news)), found


def _head_blocks(lines: Sequence[Line], news: Container[int]) -> Iterator[_Block]:
    for is_news, run in groupby(range(len(lines)), key=lambda index: index in news):
        part = [lines[index] for index in run]
        for text in gather(part) if is_news else (line.text for line in part):
            yield _Block(text=text, news_from=0 if is_news else None)


def _is_prose(line: str) -> bool:
    return len(line) > _LONGEST_UNKNOWN or ends_sentence(line)


def _read_head_line(line: str, aliases: SourceAliases) -> Credits | None:
    """Return what a line above the news says, possibly nothing that can be used; None if it may be news."""
    said = read_credits(line, aliases, near_headline=True) or read_dateline_alone(line, aliases)
    return Credits() if said is None and is_furniture(line) else said


def _read_tail(lines: Sequence[Line], aliases: SourceAliases) -> tuple[int, Credits]:
    """Return how many lines, the last first, are about the document, and what they say."""
    found = Credits()
    for count, line in enumerate(lines):
        said = read_credits(line.text, aliases, near_headline=False)
        if said is None and _MEANT.search(line.text):
            return count, found
        if said is not None:
            found = found.or_else(said)
    return len(lines), found


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
