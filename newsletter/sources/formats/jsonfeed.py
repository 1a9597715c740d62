"""JSON Feed 1.0 and 1.1 (jsonfeed.org): the fields that documents are made of, whatever their types."""

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason

_MOST_DIGITS = 400


@dataclass(frozen=True, kw_only=True)
class JsonItem:
    """One item, its texts as they came; "" where there is none."""

    id: str
    url: str
    title: str
    html: str
    text: str
    summary: str
    author: str
    published_at: datetime | None
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JsonFeed:
    """A feed, its texts as they came."""

    title: str
    language: str
    #: Of itself.
    url: str
    items: tuple[JsonItem, ...]


def is_json(content: bytes) -> bool:
    """Return whether some bytes begin as an object of JSON does."""
    return content[:4_000].removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"


def read_json_feed(content: bytes) -> JsonFeed:
    """Read a feed.

    Raises:
        DocumentRefusedError: UNSUPPORTED.
    """
    try:
        feed = json.loads(content.decode("utf-8-sig"), parse_int=_number)
    except (ValueError, RecursionError):
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, "neither JSON nor another feed") from None
    if not isinstance(feed, dict) or "jsonfeed.org" not in _text(feed, "version"):
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, "JSON, but no JSON Feed")
    items = feed.get("items")
    return JsonFeed(
        title=_text(feed, "title"),
        language=_text(feed, "language"),
        url=_text(feed, "feed_url") or _text(feed, "home_page_url"),
        items=tuple(_item(item) for item in items if isinstance(item, dict))
        if isinstance(items, list)
        else (),
    )


def _item(item: Mapping[str, Any]) -> JsonItem:
    tags = item.get("tags")
    return JsonItem(
        id=_text(item, "id"),
        url=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        html=_text(item, "content_html"),
        text=_text(item, "content_text"),
        summary=_text(item, "summary"),
        author=_author(item),
        published_at=_moment(_text(item, "date_published")) or _moment(_text(item, "date_modified")),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text; a number, which some feeds have for an id, as its digits."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _author(item: Mapping[str, Any]) -> str:
    """Return the first author's name: `authors` of version 1.1, `author` of 1.0."""
    authors = item.get("authors")
    found = [*(authors if isinstance(authors, list) else ()), item.get("author")]
    return next((_text(one, "name") for one in found if isinstance(one, dict) and _text(one, "name")), "")


def _moment(written: str) -> datetime | None:
    """Read a date and time (RFC 3339); without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(written)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)
