"""One form for all ways of writing an article's address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.addresses import canonical_url


@pytest.mark.parametrize(
    "url",
    [
        "https://gazette.example/news/ferry?id=3&page=2",
        "http://gazette.example/news/ferry?id=3&page=2",
        "HTTPS://WWW.Gazette.Example:443/news/ferry/?page=2&id=3",
        "https://gazette.example/news/ferry?id=3&page=2#comments",
        "https://gazette.example/news/ferry?utm_source=feed&id=3&fbclid=xyz&page=2",
    ],
)
def test_ways_of_writing_one_address(url: str) -> None:
    assert canonical_url(url) == "gazette.example/news/ferry?id=3&page=2"


@pytest.mark.parametrize(
    "url",
    [None, "", "https://gazette.example", "https://gazette.example/", "http://[", "https://x:y/z", "/a"],
)
def test_what_names_no_article(url: str | None) -> None:
    assert canonical_url(url) is None


def test_other_articles_have_other_forms() -> None:
    urls = ["https://a.example/1", "https://a.example/2", "https://b.example/1", "https://a.example/1?p=2"]
    assert len({canonical_url(url) for url in urls}) == 4


@given(st.text() | st.builds("https://a.example/{}".format, st.text()))
def test_nothing_that_can_be_written_is_an_error(url: str) -> None:
    form = canonical_url(url)
    assert form is None or "#" not in form
