"""What a site says of itself: which pages may be fetched, which feeds it has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.discovery import find_feeds
from newsletter.sources.robots import Robots

RULES = b"User-agent: *\nDisallow: /private\nCrawl-delay: 5\n\nUser-agent: other\nDisallow: /\n"


@pytest.mark.parametrize(
    ("status", "content", "path", "is_allowed"),
    [
        (200, RULES, "/news", True),
        (200, RULES, "/private/a", False),
        (200, b"\xef\xbb\xbfUser-agent: newsletter\nDisallow: /", "/news", False),
        (200, b"User-agent: other\nDisallow: /", "/news", True),
        (200, b"", "/news", True),
        (200, bytes(range(256)), "/news", True),
        (404, b"", "/news", True),
        (403, b"", "/news", True),
        (429, b"", "/news", False),
        (500, b"", "/news", False),
        (None, b"", "/news", False),
    ],
)
def test_what_a_site_allows(status: int | None, content: bytes, path: str, is_allowed: bool) -> None:
    assert Robots.read(status, content).allow(f"https://a.example{path}") is is_allowed


def test_how_long_a_site_asks_to_be_left_alone() -> None:
    assert Robots.read(200, RULES).delay_seconds == 5
    assert Robots.read(200, b"User-agent: *\nCrawl-delay: 99999").delay_seconds == 30
    assert Robots.read(404, b"").delay_seconds == 0


def test_feeds_that_a_page_names() -> None:
    page = b"""<link rel=stylesheet href=a.css>
    <LINK REL="Alternate home" TYPE="application/rss+xml" HREF="/rss">
    <link rel="alternate" type="application/atom+xml" href="http://b.example/atom">
    <link rel=alternate hreflang=de>
    <link rel="alternate" type="application/rss+xml" href="javascript:1"><link rel="alternate"
    type="application/rss+xml" href="/rss">"""
    assert find_feeds(page, url="https://a.example/x/") == ("https://a.example/rss", "http://b.example/atom")


@given(st.binary())
def test_anything_may_be_a_page_or_rules(content: bytes) -> None:
    find_feeds(b'<link rel="alternate" type="application/rss+xml" href="' + content, url="https://a.example/")
    Robots.read(200, b"User-agent: *\nCrawl-delay: " + content).allow("https://a.example/")
