"""Feeds: RSS 0.9 to 2.0, RDF and Atom by feedparser, JSON Feed by json.

A feed is read in two steps, for most of its items are known: `read_feed` finds them, `document_of` makes a
document of one.
"""

import calendar
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from newsletter.errors import DocumentRefusedError, FetchError
from newsletter.model.documents import ParsedDocument, ParsedItem, ParsedItems, RefusalReason
from newsletter.sources.addresses import canonical_url
from newsletter.sources.formats.feedxml import parse_xml
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.jsonfeed import JsonItem, is_json, read_json_feed
from newsletter.sources.parse import Given, TextReader
from newsletter.sources.reachable import write_url

#: No feed shows more; what follows them is left alone.
MOST_ITEMS = 1_000
_LONGEST_KEY = 500
_LONGEST_NAME = 300
_MOST_TAGS = 30
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_TEXTS = {"text/html": True, "application/xhtml+xml": True, "text/plain": False}
#: What blogs put below each item.
_APPEARED_FIRST = re.compile(r"^The post .+ (?:appeared first|first appeared) on .+$", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class FeedItem:
    """One item of a feed, before a document is made of it."""

    #: Its GUID, else its link, else a hash of what it says; unique in its feed.
    key: str
    #: Plain text in one line; "" for none.
    headline: str
    #: Plain text; paragraphs are parted by blank lines.
    text: str
    #: Whether the feed says that `text` is the whole article.
    is_full: bool = False
    #: Absolute http or https address.
    link: str | None = None
    byline: str | None = None
    #: UTC; when it was published, else when it was changed.
    published_at: datetime | None = None
    tags: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """What stays equal as long as the item says the same."""
        return _hash(self.headline, self.text)

    @property
    def alias(self) -> str:
        """What stays equal though its GUID changes; "" if nothing does."""
        link = canonical_url(self.link)
        return _hash(link)[:32] + _hash(self.headline)[:32] if link and self.headline else ""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What a feed says at one moment."""

    #: Plain text in one line; "" for none.
    title: str
    items: tuple[FeedItem, ...]
    #: ISO 639-1 code in lower case.
    language: str | None = None
    #: How long it asks to be left alone.
    interval: timedelta | None = None


def parse_feed(content: bytes, reader: TextReader) -> ParsedItems:
    """Make documents of the items of a feed.

    Raises:
        DocumentRefusedError: UNSUPPORTED, if it is no feed, or OVERSIZED.
    """
    feed = read_feed(content)
    return ParsedItems(items=tuple(_parsed_item(item, feed, reader) for item in feed.items))


def _parsed_item(item: FeedItem, feed: Feed, reader: TextReader) -> ParsedItem:
    try:
        return ParsedItem(key=item.key, document=document_of(item, feed, reader))
    except DocumentRefusedError as error:
        return ParsedItem(key=item.key, refusal=error.reason, detail=error.detail)


def document_of(item: FeedItem, feed: Feed, reader: TextReader, *, source: str = "") -> ParsedDocument:
    """Make a document of an item.

    Args:
        item: One of the feed.
        feed: What it is in.
        reader: How its text is read.
        source: Who published it, if the feed has no title.

    Raises:
        DocumentRefusedError: EMPTY.
    """
    if not (item.headline or item.text):
        raise DocumentRefusedError(RefusalReason.EMPTY, "the item has neither a title nor a text")
    given = Given(
        headline=item.headline,
        byline=item.byline,
        source=feed.title or source or None,
        url=item.link,
        published_at=item.published_at,
        language=feed.language,
        tags=item.tags,
    )
    return reader.read(item.text, given=given)


def read_feed(content: bytes, *, url: str = "", charset: str | None = None) -> Feed:
    """Find the items of a feed, however broken it is.

    Args:
        content: The whole of it.
        url: Where it came from, for links that are relative; "" if that is not known.
        charset: The encoding that its server names; None if it does not.

    Raises:
        DocumentRefusedError: UNSUPPORTED, if it is no feed, or OVERSIZED.
    """
    if is_json(content):
        json_feed = read_json_feed(content)
        found = (_of_json(item, url or json_feed.url) for item in json_feed.items[:MOST_ITEMS])
        return Feed(
            title=plain(json_feed.title),
            items=tuple(_with_keys([item for item in found if item])),
            language=_language(json_feed.language),
        )
    parsed = parse_xml(content, url=url, charset=charset)
    head = parsed.get("feed") or {}
    entries = (parsed.get("entries") or [])[:MOST_ITEMS]
    return Feed(
        title=_one_line(head.get("title_detail"), fallback=head.get("title")),
        items=tuple(_with_keys([_of_entry(entry, url) for entry in entries])),
        language=_language(head.get("language")),
        interval=_interval(head),
    )


def _of_entry(entry: Mapping[str, Any], url: str) -> FeedItem:
    contents = [*entry.get("content", ()), entry.get("summary_detail") or {}]
    texts = [_text_of(detail) for detail in contents]
    text = max(texts, key=len)
    return FeedItem(
        key=plain(entry.get("id"), _LONGEST_KEY + 1),
        headline=_one_line(entry.get("title_detail"), fallback=entry.get("title")),
        text=text,
        is_full=bool(text) and text in texts[:-1],
        link=_absolute(entry.get("link"), url),
        byline=_byline(entry),
        published_at=_first_date(entry, "published_parsed", "updated_parsed", "created_parsed"),
        tags=_tags(tag.get("term") or tag.get("label") for tag in entry.get("tags", ())),
    )


def _of_json(item: JsonItem, url: str) -> FeedItem | None:
    text = text_of_html(item.html) if item.html else item.text
    return FeedItem(
        key=plain(item.id, _LONGEST_KEY + 1),
        headline=plain(item.title),
        text=_sound(text or item.summary),
        is_full=bool(text),
        link=_absolute(item.url, url),
        byline=plain(item.author) or None,
        published_at=_in_range(item.published_at),
        tags=_tags(item.tags),
    )


def _with_keys(items: Sequence[FeedItem]) -> Iterator[FeedItem]:
    """Give each item a key that no other has; drop items that say the same under the same key.

    A GUID that several items have names none of them, nor does such a link.
    """
    distinct = list({(item.key, item.link, item.fingerprint): item for item in items}.values())
    guids = Counter(item.key for item in distinct)
    links = Counter(item.link for item in distinct)
    used: set[str] = set()
    for item in distinct:
        hashed = f"sha256:{_hash(item.link or '', item.headline, item.text)}"
        key = item.key if item.key and guids[item.key] == 1 else ""
        if not key and item.link and links[item.link] == 1:
            key = item.link
        if not key or len(key) > _LONGEST_KEY or key in used:
            key = hashed
        if key not in used:
            used.add(key)
            yield replace(item, key=key)


def _text_of(detail: Mapping[str, Any]) -> str:
    """Return the plain text of what feedparser calls a detail; "" if it is a picture or the like."""
    value = detail.get("value")
    is_html = _TEXTS.get(str(detail.get("type") or "text/html").lower())
    if not isinstance(value, str) or is_html is None:
        return ""
    text = _sound(text_of_html(value) if is_html else value).strip()
    above, _, last = text.rpartition("\n\n")
    return above if above and _APPEARED_FIRST.match(last) else text


def _one_line(detail: Mapping[str, Any] | None, *, fallback: object = "") -> str:
    return plain(_text_of(detail) if detail else fallback, 1_000)


def plain(text: object, longest: int = _LONGEST_NAME) -> str:
    """Return a text as one line of characters that can be printed; "" for what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * longest]).split())[
        :longest
    ]


def _sound(text: str) -> str:
    """Return a text without what no encoding has."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _absolute(link: object, url: str) -> str | None:
    """Return a link as an absolute web address; None if it is none."""
    if not isinstance(link, str) or not link.strip():
        return None
    try:
        # As browsers do: file names have spaces, and links that run over several lines are one.
        full = urljoin(url, "".join(link.splitlines()).strip().replace(" ", "%20"))
        fragment = urlsplit(full).fragment
        written = write_url(full)
    except (FetchError, ValueError):
        return None
    return f"{written}#{fragment}" if fragment and fragment.isascii() else written


def _byline(entry: Mapping[str, Any]) -> str | None:
    """Return the author's name; an address alone is nobody's name."""
    name = (entry.get("author_detail") or {}).get("name") or entry.get("author")
    return None if "@" in (written := plain(name)) else written or None


def _tags(terms: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever a feed holds
    return tuple(dict.fromkeys(tag for term in terms if (tag := plain(term, 100))))[:_MOST_TAGS]


def _language(code: object) -> str | None:
    """Return the two letters of a language tag (RFC 5646), if it has two."""
    primary = re.split(r"[-_]", code.strip().lower())[0] if isinstance(code, str) else ""
    return primary if len(primary) == 2 and primary.isascii() and primary.isalpha() else None


def _first_date(entry: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        parts = entry.get(name)
        try:
            moment = datetime.fromtimestamp(calendar.timegm(parts), UTC) if parts else None
        except (ValueError, OverflowError, OSError, TypeError):
            continue
        if moment := _in_range(moment):
            return moment
    return None


def _in_range(moment: datetime | None) -> datetime | None:
    return moment if moment and moment >= _OLDEST else None


def _interval(head: Mapping[str, Any]) -> timedelta | None:
    """Return how long a feed asks to be left alone: its ttl in minutes, else by its syndication module."""
    ttl = str(head.get("ttl") or "").strip()
    if ttl.isascii() and ttl.isdecimal() and len(ttl) < 7:
        return timedelta(minutes=int(ttl))
    period = _PERIODS.get(str(head.get("sy_updateperiod") or "").strip().lower())
    often = str(head.get("sy_updatefrequency") or "1").strip()
    if period is None or not (often.isascii() and often.isdecimal() and 0 < len(often) < 5 and int(often)):
        return None
    return period / int(often)


def _hash(*texts: str) -> str:
    return hashlib.sha256(
        "\0".join(" ".join(text.split()) for text in texts).encode("utf-8", "replace")
    ).hexdigest()
