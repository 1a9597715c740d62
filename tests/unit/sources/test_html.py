"""Web pages as documents: what is known about them, what is news in them, and what is no article."""

from datetime import UTC, datetime

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.html import parse_html, read_page
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}))
ADDRESS = "https://courier.example/2031/05/04/baths"
NEWS = (
    "The council of Port Aldis voted on Monday to keep the baths open for the whole of the winter.",
    "The mayor, Ana Roe, said that 40,000 people had asked for it, most of them in writing.",
    "A café beside the pool, which closed in 2019, will open again in June if a tenant is found.",
)


def page(head: str = "", body: str = "", *, news: tuple[str, ...] = NEWS, html: str = "<html>") -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in news)
    return (
        f"<!doctype html>{html}<head><meta charset=utf-8>{head}</head><body><nav><a href=/>Home</a></nav>"
        f"<main><article><h1>Baths stay open</h1>{text}</article>{body}</main></body></html>"
    ).encode()


def read(content: bytes, *, url: str | None = ADDRESS, charset: str | None = None) -> ParsedDocument:
    return read_page(content, url=url, charset=charset, reader=READER)


def test_a_page_becomes_a_document() -> None:
    head = (
        "<title>Baths stay open | The Courier</title><meta property=og:site_name content='The Courier'>"
        "<meta name=author content='By Bea Lund'><meta property=article:tag content=Baths>"
        "<meta property=article:modified_time content=2031-05-05T09:00:00Z>"
        "<meta property=article:published_time content=2031-05-04T08:30:00+02:00>"
        "<link rel=canonical href='/2031/05/04/baths?x=1'>"
    )
    document = read(page(head))
    assert document.headline == "Baths stay open"
    assert document.body.split("\n\n") == list(NEWS)
    assert (document.byline, document.source) == ("Bea Lund", "The Courier")
    assert document.published_at == datetime(2031, 5, 4, 6, 30, tzinfo=UTC)
    assert document.url == "https://courier.example/2031/05/04/baths?x=1"
    assert (document.language, document.tags) == ("en", ("Baths",))


def test_a_saved_page_needs_no_address() -> None:
    document = parse_html(page(), READER)
    assert (document.headline, document.url) == ("Baths stay open", None)


@pytest.mark.parametrize("content", [b"", b"  \n ", b"\xef\xbb\xbf", b"\0\0"])
def test_nothing_is_refused_as_empty(content: bytes) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse_html(content, READER)
    assert caught.value.reason is RefusalReason.EMPTY


@pytest.mark.parametrize("content", [b"<html></html>", b"<p>", b"<!-- x -->", b"</", b"<frameset><frame>"])
def test_pages_without_text_have_no_article(content: bytes) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse_html(content, READER)
    assert caught.value.reason in {RefusalReason.NO_ARTICLE, RefusalReason.EMPTY}


def test_huge_and_deep_pages_are_refused() -> None:
    for content in (page(body="<div>x</div>" * 100_000), page(body="<div>" * 2_000)):
        with pytest.raises(DocumentRefusedError) as caught:
            read(content)
        assert caught.value.reason is RefusalReason.OVERSIZED
