"""The feeds that a page names."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.discovery import find_feeds

PAGE = "https://a.example/news/today"
LINK = "<link rel='alternate' type='application/rss+xml' href='{}'>"


def found(page: str) -> tuple[str, ...]:
    return find_feeds(page.encode(), url=PAGE)


def test_feeds_are_named_by_links_in_their_order() -> None:
    page = LINK.format("/rss") + LINK.format("atom") + LINK.format("/rss") + LINK.format("http://[")
    assert found(page) == ("https://a.example/rss", "https://a.example/news/atom")
    assert found("<base href='/en/'>" + LINK.format("rss")) == ("https://a.example/en/rss",)
    assert not found("<link rel='alternate' hreflang='de' href='/de'><a href='/rss'>RSS</a>")


@pytest.mark.parametrize(
    "odd", ["<![if !mso]>", "<![foo[ x ]]>", "<![ 9>", "<!x>", "<?php echo 1 ?>", "<![CDATA[x]]>"]
)
def test_what_pages_hold_besides_html_stops_nothing(odd: str) -> None:
    assert found(odd + LINK.format("/rss")) == ("https://a.example/rss",)


@given(st.lists(st.sampled_from([*"<![->='\"/? ", "link", "a", "script", "CDATA[", LINK, "&#"]), max_size=30))
def test_any_page_has_its_feeds_or_none(pieces: list[str]) -> None:
    found("".join(pieces))


@pytest.mark.parametrize("piece", ["<![", "<a ", "<", "<!--"])
def test_time_does_not_explode_with_length(piece: str) -> None:
    began = time.process_time()
    found(piece * 100_000)
    assert time.process_time() - began < 5
