"""What a page says about its article in JSON-LD (schema.org: NewsArticle and its kin)."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.sources.formats.htmltree import Element

_LONGEST = 2_000_000
_MOST_NODES = 2_000
_ARTICLE = re.compile(r"(?:.*Article|.*Posting|Report|Review)")
_PUBLISHER = re.compile(r"(?:NewsMedia)?Organization|WebSite")
_WRAPPER = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/)|(?:-->|//\]\]>|/\*\]\]>\*/)\s*$")


@dataclass(frozen=True, kw_only=True)
class LinkedArticle:
    """An article as the page's linked data describe it; "" for what they do not say."""

    headline: str = ""
    #: Names of people.
    authors: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    publisher: str = ""
    body: str = ""
    keywords: tuple[str, ...] = ()
    language: str = ""
    url: str = ""
    is_free: bool = True


def read_linked(tree: Element) -> LinkedArticle:
    """Return the first article that a page's linked data describe; one without fields if there is none."""
    nodes = [node for script in tree.iter("script") for node in _nodes(script)]
    articles = [node for node in nodes if _is_a(node, _ARTICLE)]
    # A page may also list its teasers; its own article says most.
    told = max(articles, key=lambda node: sum(key in node for key in _TELLING), default={})
    site = next((_name(node) for node in nodes if _is_a(node, _PUBLISHER) and _name(node)), "")
    return LinkedArticle(
        headline=_text(told.get("headline")) or _text(told.get("name")),
        authors=tuple(_authors(told.get("author") or told.get("creator"))),
        published=_text(told.get("datePublished")) or _text(told.get("dateCreated")),
        modified=_text(told.get("dateModified")),
        publisher=_name(told.get("publisher")) or site,
        body=_raw(told.get("articleBody")),
        keywords=tuple(_keywords(told.get("keywords"))),
        language=_text(told.get("inLanguage")),
        url=_text(told.get("url")) or _address(told.get("mainEntityOfPage")),
        is_free=str(told.get("isAccessibleForFree", "true")).lower() != "false",
    )


_TELLING = ("headline", "articleBody", "datePublished", "author", "mainEntityOfPage", "publisher", "image")


def _nodes(script: Element) -> Iterator[dict[str, Any]]:
    if "ld+json" not in script.get("type", "").lower():
        return
    written = _WRAPPER.sub("", "".join(script.itertext()))
    try:
        found = json.loads(written, strict=False) if len(written) <= _LONGEST else None
    except (ValueError, RecursionError):
        return
    waiting = [found]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node)


def _is_a(node: dict[str, Any], kind: re.Pattern[str]) -> bool:
    return any(isinstance(name, str) and kind.fullmatch(name) for name in _several(node.get("@type")))


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _raw(value: object) -> str:
    return html.unescape(value) if isinstance(value, str) else ""


def _text(value: object) -> str:
    """Return the words of a value, or of the first of several."""
    first = next(iter(_several(value)), None)
    if isinstance(first, dict):
        first = first.get("@value") or first.get("name")
    return " ".join(_raw(first).split())


def _name(value: object) -> str:
    first = next(iter(_several(value)), None)
    return _text(first.get("name")) if isinstance(first, dict) else ""


def _address(value: object) -> str:
    return _text(value.get("@id")) if isinstance(value, dict) else _text(value)


def _authors(value: object) -> Iterator[str]:
    for author in _several(value):
        if isinstance(author, str):
            yield _text(author)
        elif isinstance(author, dict) and not _is_a(author, _PUBLISHER):
            names = _several(author.get("name"))
            yield from filter(None, map(_text, names))


def _keywords(value: object) -> Iterator[str]:
    for said in _several(value):
        yield from (word for part in _text(said).split(",") if (word := part.strip()))
