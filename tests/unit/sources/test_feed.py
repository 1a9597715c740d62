"""Feeds of every kind, well made or not, become items with one key each."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.feed import Feed, FeedItem, parse_feed, read_feed
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: "en")

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel><title>Harbour &amp; Coast</title><link>https://harbour.example/</link><language>en-GB</language>
<ttl>90</ttl>
<item><title>Bridge &lt;b&gt;opens&lt;/b&gt;</title><link>/bridge?utm_source=feed#top</link>
<guid isPermaLink="false">b-1</guid><pubDate>Mon, 23 Nov 2026 06:30:00 +0100</pubDate>
<dc:creator>Ann Example</dc:creator><category>Traffic</category><category>Traffic</category>
<description>The bridge is open.</description>
<content:encoded><![CDATA[<p>The bridge opened on Monday.</p><script>alert(1)</script><p>It took <b>two</b>
years.</p><p>The post Bridge opens appeared first on Harbour.</p>]]></content:encoded></item>
<item><link>javascript:alert(1)</link><description>Ferries run again on Tuesday.</description></item>
<item><guid>empty</guid></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="html">K&amp;uuml;ste</title>
<entry><id>tag:1</id><title>Deich</title><link href="https://kueste.example/1"/>
<updated>2026-11-23T06:30:00Z</updated><author><name>Otto</name><email>o@kueste.example</email></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Der Deich hält.</p></div></content></entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="https://a.example/"><title>Old</title></channel>
<item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link>
<description>Words of it.</description></item></rdf:RDF>"""

JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Json",
        "language": "en",
        "items": [
            {
                "id": 7,
                "url": "https://j.example/7",
                "title": "Seven\u0000",
                "content_html": "<p>Seven <i>boats</i>.</p><style>x</style>",
                "date_published": "2026-11-23T07:00:00+01:00",
                "authors": [{"name": "Jo"}],
                "tags": ["sea", 3],
            },
            {"id": "8", "content_text": "Eight \ud800 boats came in."},
            "nonsense",
        ],
    }
).encode()


def documents(feed: bytes) -> list[ParsedDocument]:
    return [item.document for item in parse_feed(feed, READER).items if item.document]


def test_rss_gives_text_and_facts() -> None:
    first, second = documents(RSS.encode())
    assert first.headline == "Bridge opens"
    assert first.body == "The bridge opened on Monday.\n\nIt took two years."
    assert (first.source, first.byline, first.language) == ("Harbour & Coast", "Ann Example", "en")
    assert first.published_at == datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    assert first.tags == ("Traffic",)
    assert second.url is None
    feed = read_feed(RSS.encode(), url="https://harbour.example/feed")
    assert feed.items[0].link == "https://harbour.example/bridge?utm_source=feed#top"
    assert feed.items[0].is_full
    assert not feed.items[1].is_full
    assert feed.interval == timedelta(minutes=90)


def test_a_link_is_taken_as_browsers_take_it() -> None:
    feed = of(item("A", link=" http://a.example/a\n/b c.html "), item("B", link="http://"))
    assert [one.link for one in feed.items] == ["http://a.example/a/b%20c.html", None]


def test_an_item_without_words_is_refused() -> None:
    items = parse_feed(RSS.encode(), READER).items
    assert [(item.key, item.refusal) for item in items if item.refusal] == [("empty", RefusalReason.EMPTY)]


def test_atom_rdf_and_json_are_feeds_too() -> None:
    (deich,) = documents(ATOM.encode())
    assert (deich.headline, deich.body, deich.source, deich.byline) == (
        "Deich",
        "Der Deich hält.",
        "Küste",
        "Otto",
    )
    assert deich.published_at == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    (old,) = documents(RDF.encode())
    assert (old.headline, old.url) == ("One", "https://a.example/1")
    seven, eight = documents(JSON)
    assert (seven.headline, seven.body, seven.byline, seven.tags) == ("Seven", "Seven boats.", "Jo", ("sea",))
    assert seven.published_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert eight.text.startswith("Eight ? boats")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_feed_may_be_in_any_encoding(encoding: str) -> None:
    name = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    xml = f"<?xml version='1.0' encoding='{name}'?><rss version='2.0'><channel><item><title>Café"
    (one,) = documents(f"{xml}</title><description>Où?</description></item></channel></rss>".encode(encoding))
    assert (one.headline, one.body) == ("Café", "Où?")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"words",
        b"<html><body>A page</body></html>",
        b"{}",
        b'{"items": [1]}',
        b"[" * 9_000,
        b'{"a":' * 90_000,
        b'{"version": ' + b"9" * 5_000 + b"}",
        b"{" + bytes(range(256)),
        b"\0" * 99,
    ],
)
def test_what_is_no_feed_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        read_feed(content)
    assert caught.value.reason is RefusalReason.UNSUPPORTED


def test_entities_are_neither_expanded_nor_fetched() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 20 if n else "ha"}">' for n in range(12))
    files = '<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY w SYSTEM "http://127.0.0.1:1/">'
    feed = f"<?xml version='1.0'?><!DOCTYPE rss [{laughs}{files}]><rss version='2.0'><channel><item><title>A"
    began = time.process_time()
    items = read_feed(
        f"{feed}</title><description>b &l11; &f; &w;</description></item></channel></rss>".encode()
    )
    assert "root:" not in repr(items)
    assert len(repr(items)) < 2_000
    assert time.process_time() - began < 5


HEAD = b"<rss version='2.0'><channel><item><title>A</title>"
END = b"</item></channel></rss>"
#: Each took minutes, and most of them the whole process with them, before feedparser saw less of it.
HOSTILE = {
    "encodings": b"<?xml " + b"encoding='" * 5_000,
    "blank lines": b"\n" * 100_000 + HEAD + END,
    "entities begun": b"<?xml version='1.0'?>" + b"<!ENTITY \n" * 50_000 + HEAD + END,
    "an entity many times": b"<!DOCTYPE rss [<!ENTITY a '%b'>]>" % (b"x" * 10_000)
    + HEAD
    + b"<description>%b</description>" % (b"&a;" * 50_000)
    + END,
    "punycode": b"<?xml version='1.0' encoding='punycode'?>-" + b"0a" * 50_000,
    "an author": HEAD + b"<author>" + b"a." * 50_000 + b"@</author>" + END,
    "categories": HEAD + b"".join(b"<category>%d</category>" % n for n in range(10_000)) + END,
    "a base": b"<rss xml:base='http://a/%b'>" % (b"a/" * 50_000) + b"<item><link>b</link></item>" * 5_000,
    "letters of the west": HEAD + b"<description>" + b"\xe4b\xf6 " * 300_000 + b"</description>" + END,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_written_to_take_long_does_not(what: str) -> None:
    began = time.process_time()
    with contextlib.suppress(DocumentRefusedError):
        assert len(repr(read_feed(HOSTILE[what]))) < 3_000_000
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("declared", "charset", "encoding"),
    [
        ("", None, "utf-8"),
        ("iso-8859-1", "iso-8859-1", "utf-8"),
        ("utf-8", None, "windows-1251"),
        ("windows-1251", None, "windows-1251"),
        ("", "koi8-r", "koi8-r"),
        ("iso-2022-jp", None, "iso-2022-jp"),
        ("punycode", "zlib", "utf-8"),
    ],
)
def test_a_feed_is_read_whatever_is_said_of_its_encoding(
    declared: str, charset: str | None, encoding: str
) -> None:
    said = f" encoding='{declared}'" if declared else ""
    words = "橋は月曜日に" if encoding == "iso-2022-jp" else "Мост снова открыт с понедельника"
    xml = f"<?xml version='1.0'{said}?><rss><channel><item><title>{words}</title></item></channel></rss>"
    assert read_feed(xml.encode(encoding), charset=charset).items[0].headline == words


def test_one_broken_character_does_not_break_the_others() -> None:
    (one,) = documents(HEAD + "<description>Über Häuser, B".encode() + b"\xe4ume</description>" + END)
    assert one.body == "Über Häuser, B\ufffdume"


def keys(*items: str) -> list[str]:
    return [item.key for item in of(*items).items]


def of(*items: str) -> Feed:
    return read_feed(f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode())


def item(title: str, *, guid: str = "", link: str = "", text: str = "Words.") -> str:
    fields = {"guid": guid, "link": link, "title": title, "description": text}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
    return f"<item>{inner}</item>"


def test_an_item_is_known_by_guid_else_link_else_what_it_says() -> None:
    a, b = "https://x.example/a", "https://x.example/b"
    assert keys(item("A", guid="1", link=a), item("B", link=b)) == ["1", b]
    (hashed,) = keys(item("C"))
    assert hashed.startswith("sha256:")
    assert keys(item("C")) == [hashed]
    # A GUID, or a link, that several items have names none of them.
    assert keys(item("A", guid="1", link=a), item("B", guid="1", link=b)) == [a, b]
    assert len(set(keys(item("A", guid="1", link=a), item("B", guid="1", link=a)))) == 2
    assert keys(item("A", guid="1"), item("A", guid="1")) == ["1"]
    assert len(keys(item("A", guid="g" * 5_000))[0]) < 100


def test_an_alias_outlives_guid_and_tracking() -> None:
    def alias(link: str) -> str:
        return FeedItem(key="1", headline="A", text="", link=link).alias

    plain = alias("https://x.example/a?id=5")
    assert plain == alias("http://x.example/a?utm_source=y&id=5&fbclid=1")
    assert plain != alias("https://x.example/a?id=6")
    assert not FeedItem(key="1", headline="", text="a", link="https://x.example/a").alias
    # Where a site gives its front page for a link, a title alone does not make two items one.
    assert not alias("https://x.example/")


PIECES = [
    "<rss version='2.0'>",
    "<channel>",
    "<item>",
    "</item>",
    "<title>",
    "]]>",
    "<![CDATA[",
    "<!DOCTYPE a [",
]
PIECES += [
    "<!ENTITY b 'c'>",
    "&b;",
    "&#0;",
    "&#x110000;",
    "<pubDate>",
    "0001-01-01T00:00:00Z",
    "<guid>",
    "<link>",
]
PIECES += [
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<content type='",
    "xhtml'>",
    "application/x'>",
    "http://[",
    "<",
]
PIECES += [
    "{",
    '"items":',
    "[",
    "]",
    "}",
    '"version": "https://jsonfeed.org/version/1"',
    ",",
    '"\\ud800"',
    "1e999",
    ":",
]
STRANGE = st.binary() | st.lists(st.sampled_from(PIECES) | st.text(max_size=9)).map(
    lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
)


def check_anything(content: bytes) -> None:
    try:
        items = parse_feed(content, READER).items
    except DocumentRefusedError:
        return
    assert len({one.key for one in items}) == len(items)
    for one in items:
        assert one.key.isprintable()
        if one.document:
            one.document.text.encode()
            assert "\0" not in one.document.text


def damaged(feed: bytes) -> st.SearchStrategy[bytes]:
    def cut(places: tuple[int, int], between: bytes) -> bytes:
        return feed[: places[0]] + between + feed[places[1] :]

    place = st.integers(0, len(feed))
    return st.builds(cut, st.tuples(place, place), st.binary(max_size=30))


ANYTHING = STRANGE | st.sampled_from([RSS.encode(), ATOM.encode(), RDF.encode(), JSON]).flatmap(damaged)


@given(ANYTHING)
def test_anything_is_a_feed_or_refused(content: bytes) -> None:
    check_anything(content)


@pytest.mark.sweep
@hypothesis.settings(max_examples=3_000, deadline=5_000)
@given(ANYTHING)
def test_three_thousand_inputs_neither_crash_nor_hang(content: bytes) -> None:
    check_anything(content)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "piece", [b"<", b"&", b"<a", b"<a>", b"<!--", b"<![CDATA[", b"&#", b"<a b='", b"]]>", b"<?"]
)
def test_time_does_not_explode_with_length(piece: bytes) -> None:
    began = time.process_time()
    head = b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>"
    check_anything((head + piece * 10_000_000)[:10_000_000])
    check_anything(head + piece * 99_000)
    assert time.process_time() - began < 10
