"""What all pages of made-up sites are built with, and what is known about each."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from benchmarks.sites.prose import Desk, Story


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a made-up site."""

    html: str
    story: Story
    #: What is news on it; nothing if there is no article.
    body: tuple[str, ...]
    #: What may be taken for news or left out as one likes: the standfirst, a quoted post.
    optional: str = ""
    has_article: bool = True
    #: False if the page says nothing about it.
    has_author: bool = True
    has_date: bool = True
    charset: str = "utf-8"
    #: What the header says; None for a header without a charset.
    header_charset: str | None = "utf-8"


Template = Callable[[Desk], Page]


def ps(paragraphs: Iterable[str], attributes: str = "") -> str:
    return "\n".join(f"<p{attributes}>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)


def links(texts: Iterable[str], *, item: str = "li", path: str = "/news/") -> str:
    return "".join(
        f'<{item}><a href="{path}{number}">{escape(text)}</a></{item}>' for number, text in enumerate(texts)
    )


def linked_data(story: Story, *, kind: str = "NewsArticle", **more: object) -> str:
    told = {
        "@context": "https://schema.org",
        "@type": kind,
        "headline": story.headline,
        "datePublished": story.iso,
        "dateModified": "2026-01-01T00:00:00Z",
        "author": [{"@type": "Person", "name": story.author}],
        "publisher": {
            "@type": "Organization",
            "name": story.site,
            "logo": {"@type": "ImageObject", "url": "/l.png"},
        },
        "mainEntityOfPage": {"@type": "WebPage", "@id": story.url},
    } | more
    return f'<script type="application/ld+json">{json.dumps(told, ensure_ascii=False)}</script>'


def open_graph(story: Story, *, title: str = "", times: bool = True) -> str:
    found = (
        f'<meta property="og:title" content="{escape(title or story.headline)}">'
        f'<meta property="og:site_name" content="{escape(story.site)}"><meta property="og:type" content="article">'
        f'<meta property="og:url" content="{story.url}"><meta property="og:description" content="{escape(story.standfirst)}">'
    )
    if times:
        found += (
            '<meta property="article:modified_time" content="2026-01-01T00:00:00Z">'
            f'<meta property="article:published_time" content="{story.iso}">'
        )
    return found


def whole(story: Story, head: str, body: str, *, attributes: str = "", title: str = "") -> str:
    direction = ' dir="rtl"' if story.language == "ar" else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{story.language}"{direction}{attributes}><head><meta charset="utf-8">'
        f"<title>{escape(title or f'{story.headline} - {story.site}')}</title>"
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/s.css">'
        f"{head}</head><body>{body}</body></html>"
    )
