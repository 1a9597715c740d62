"""Web pages as documents: what is known about them, what is news in them, and what is no article."""

import json
import time
from datetime import UTC, datetime

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.html import parse_html, read_page
from newsletter.sources.formats.htmltree import drop, parse_tree, words_of
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


@pytest.mark.parametrize(
    "more",
    [
        "<div>x</div>" * 20_000,
        "<div>" * 2_000,
        "<p " + " ".join(f"a{number}" for number in range(2_000)) + ">",
        "<p>" + "word " * 500_000,
        "<div class=byline>" * 380 + "word " * 60_000,
    ],
)
def test_huge_and_deep_pages_are_refused(more: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        read(page(body=more))
    assert caught.value.reason is RefusalReason.OVERSIZED


def test_taking_out_boxes_takes_time_that_grows_with_their_number_alone() -> None:
    tree = parse_tree("<p>" + f"<button>x</button>{'word ' * 50}" * 7_000)
    began = time.process_time()
    for box in [*tree.iter("button")]:
        drop(box)
    assert time.process_time() - began < 5
    assert words_of(tree).split() == ["word"] * 350_000


def test_scripts_make_no_page_too_deep() -> None:
    body = "<div>" * 40 + f"<script>{'x ' * 1_000_000}</script>"
    assert read(page(body=body)).body.split("\n\n") == list(NEWS)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (
            b"<h1>Before you go on</h1><p>We and our 800 partners use cookies.<p>See our privacy policy.",
            "consent",
        ),
        (
            page(
                "<script type=application/ld+json>{}</script>", "<div class=paywall>Join</div>", news=NEWS[:1]
            ),
            "pay",
        ),
        (
            page(news=()).replace(
                b"</main>",
                b"".join(
                    f"<div class=c><h3><a href=/{i}>Title of some words</a><p>{NEWS[0]}</p></div>".encode()
                    for i in range(9)
                )
                + b"</main>",
            ),
            "reads as an article",
        ),
    ],
)
def test_walls_and_lists_of_links_have_no_article(content: bytes, detail: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        read(content)
    assert caught.value.reason is RefusalReason.NO_ARTICLE
    assert detail in caught.value.detail


@pytest.mark.parametrize(
    "box",
    [
        "<p>Read also: <a href=/x>Another story about the baths</a></p>",
        "<div><span>Lesen Sie auch</span> <a href=/x>Eine andere Geschichte</a></div>",
        "<div class='newsletterSignup'><h3>The letter</h3><p>All that happened while you slept.</p></div>",
        "<p>Sign up for our newsletter and never miss a story.</p>",
        "<p>Article continues below advertisement</p>",
        "<figure><img><figcaption>The baths at night.</figcaption></figure>",
        "<p class=wp-caption-text>The baths at night, seen from the harbour.</p>",
        "<p>The baths at night (Photo: Kim Dahl)</p>",
        f"<blockquote>{NEWS[1][:70]}</blockquote>",
        "<ul><li><a href=/1>One</a><li><a href=/2>Two</a><li><a href=/3>Three</a></ul>",
        "<div class=related-posts><p>The roof of the baths leaks, and nobody knows who will pay.</p></div>",
        "<p style='display:none'>Nobody sees this sentence on the page at all.</p>",
        "<aside><p>A sentence that stands beside the article and is none of it.</p></aside>",
    ],
)
def test_boxes_between_paragraphs_are_left_out(box: str) -> None:
    first, rest = f"<p>{NEWS[0]}</p>".encode(), page()
    document = read(rest.replace(first, first + box.encode()))
    assert document.body.split("\n\n") == list(NEWS)


def test_names_that_would_take_the_article_say_nothing() -> None:
    content = page().replace(b"<article>", b"<article class='promo related'><div class='social-content'>")
    assert read(content).body.split("\n\n") == list(NEWS)


def test_a_live_page_keeps_the_headings_of_its_posts() -> None:
    posts = [
        (f"The {name} was closed", f"Nobody may cross the {name} until the storm is over, the police said.")
        for name in ("bridge", "harbour", "road", "tunnel", "dam", "pier")
    ]
    written = "".join(
        f"<article><header><time>1{number}:05</time><h2>{title}</h2></header><p>{text}</p></article>"
        for number, (title, text) in enumerate(posts)
    )
    content = page(body=f"<div>{written}</div>").replace(b"<article><h1>", b"<div><h1>", 1)
    assert read(content).body.split("\n\n") == [*NEWS, *(line for post in posts for line in post)]


def test_linked_data_stand_in_for_a_page_drawn_by_scripts() -> None:
    told = json.dumps(
        {
            "@context": "https://schema.org",
            "@graph": [
                {
                    "@type": ["NewsArticle"],
                    "headline": "Baths stay open",
                    "author": [
                        {"@type": "Person", "name": "Bea Lund"},
                        {"@type": "Organization", "name": "Courier"},
                    ],
                    "datePublished": "2025-05-04",
                    "publisher": {"@type": "Organization", "name": "The Courier"},
                    "articleBody": "\n\n".join(NEWS),
                }
            ],
        }
    )
    content = (
        f"<title>App</title><script type='application/ld+json'>{told}</script><div id=root></div>".encode()
    )
    document = read(content)
    assert (document.headline, document.byline, document.source) == (
        "Baths stay open",
        "Bea Lund",
        "The Courier",
    )
    assert document.published_at == datetime(2025, 5, 4, tzinfo=UTC)
    assert document.body.split("\n\n") == list(NEWS)


@pytest.mark.parametrize(
    "told",
    ["[" * 100_000, "{", '{"@type": 1}', '[null, 1, "x"]', '{"@type": "Article", "author": {"name": [1]}}'],
)
def test_odd_linked_data_harm_nothing(told: str) -> None:
    assert read(page(f"<script type=application/ld+json>{told}</script>")).headline == "Baths stay open"


@pytest.mark.parametrize(
    ("below", "byline", "day"),
    [
        ("<p>By Bea Lund</p><p>4 May 2025</p>", "Bea Lund", 4),
        ("<div>5 May 2025 | Bea Lund</div>", "Bea Lund", 5),
        ("<p>Par Élise Harquin</p><p>Publié le 06/05/2025 à 10h00</p>", "Élise Harquin", None),
        ("<div class=author-name>Bea Lund</div><time datetime=2025-05-07>yesterday</time>", "Bea Lund", 7),
        ("<p>Updated <time datetime=2026-01-01>1 January</time></p><p>8 May 2025</p>", None, 8),
    ],
)
def test_lines_below_the_headline_say_who_and_when(below: str, byline: str | None, day: int | None) -> None:
    document = read(page().replace(b"</h1>", b"</h1>" + below.encode()), url=None)
    assert document.byline == byline
    assert document.published_at == (datetime(2025, 5, day, tzinfo=UTC) if day else None)
    assert document.body.split("\n\n") == list(NEWS)


@pytest.mark.parametrize(
    ("content", "charset", "encoding"),
    [
        (page().decode().replace("charset=utf-8", "charset=iso-8859-1").encode("cp1252"), None, "cp1252"),
        (page().decode().replace("charset=utf-8", "").encode("cp1252"), None, "cp1252"),
        (page().decode().encode("utf-16"), None, "utf-16"),
        (page().decode().encode("cp1250", "replace"), "windows-1250", "cp1250"),
        (page().replace(b"charset=utf-8", b"charset=zlib"), "rot13", "utf-8"),
        (page().replace("é".encode(), b"\xff"), None, "utf-8"),
    ],
)
def test_encodings(content: bytes, charset: str | None, encoding: str) -> None:
    document = read(content, charset=charset)
    assert document.encoding == encoding
    assert ("café" in document.body) == (b"\xff b" not in content or encoding != "utf-8")


def test_bytes_that_are_utf8_beyond_chance_are_read_as_that() -> None:
    news = tuple(paragraph.replace("o", "ö") for paragraph in NEWS)
    assert read(page(news=news), charset="iso-8859-1").body.split("\n\n") == list(news)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://other.example/a", "https://other.example/a"),
        ("/a", "https://courier.example/a"),
        ("https://courier.example/", ADDRESS),
        ("javascript:alert(1)", ADDRESS),
        ("http://127.0.0.1/a", ADDRESS),
        ("http://[", ADDRESS),
    ],
)
def test_canonical_addresses(link: str, url: str) -> None:
    assert read(page(f"<link rel=canonical href='{link}'>")).url == url


@pytest.mark.parametrize("damage", [b"<form>x</form>&#1;&#xFFFF;", b"<nav>x</nav>\x01"])
def test_characters_that_no_tree_may_hold_are_left_out(damage: bytes) -> None:
    assert NEWS[1] in read(page().replace(b"<main>", damage + b"<main>")).body


def test_elements_may_have_impossible_names() -> None:
    with pytest.raises(DocumentRefusedError):
        read(b"<!><t<>l")
