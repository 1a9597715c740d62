from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, ParsedItem, ParsedItems, RefusalReason
from newsletter.sources.formats.json_documents import parse_json, parse_json_lines
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
MOMENT = datetime(2026, 5, 3, 8, tzinfo=UTC)


def read(value: object) -> ParsedDocument:
    found = parse_json(json.dumps(value).encode(), READER)
    assert isinstance(found, ParsedDocument)
    return found


def items(content: object) -> tuple[ParsedItem, ...]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    found = parse_json(raw, READER)
    assert isinstance(found, ParsedItems)
    return found.items


def lines(text: str) -> tuple[ParsedItem, ...]:
    return parse_json_lines(text.encode(), READER).items


def test_all_fields() -> None:
    document = read(
        {
            "headline": "Ferry returns",
            "text": "It sails on Monday.\n\nIt was away.",
            "byline": "By Anna Kell",
            "source": "Harbour Gazette",
            "url": "https://gazette.example/ferry",
            "published_at": "2026-05-03T10:00:00+02:00",
            "language": "EN-gb",
            "tags": ["Ferries", "Ports"],
        }
    )
    assert (document.headline, document.body) == ("Ferry returns", "It sails on Monday.\n\nIt was away.")
    assert (document.byline, document.source) == ("Anna Kell", "Harbour Gazette")
    assert (document.url, document.published_at) == ("https://gazette.example/ferry", MOMENT)
    assert (document.language, document.tags) == ("en", ("Ferries", "Ports"))


def test_shapes_of_news_services_work() -> None:
    article = {
        "source": {"id": None, "name": "Harbour Gazette"},
        "author": "desk@gazette.example (Anna Kell)",
        "title": "Ferry returns",
        "description": "Short.",
        "url": "https://gazette.example/ferry",
        "publishedAt": "2026-05-03T08:00:00Z",
        "content": "It sails on Monday. The harbour said so… [+1234 chars]",
    }
    summary_only = {"title": "Bridge shut", "description": "Nobody crosses.", "content": None}
    first, second = items({"status": "ok", "totalResults": 2, "articles": [article, summary_only]})
    assert first.document
    assert second.document
    assert first.key == "https://gazette.example/ferry"
    assert (first.document.source, first.document.byline) == ("Harbour Gazette", "Anna Kell")
    assert first.document.published_at == MOMENT
    assert first.document.body == "It sails on Monday."
    assert second.document.body == "Nobody crosses."
    assert second.key == second.document.content_hash[:32]


def test_shapes_of_feeds_and_of_blogs_work() -> None:
    feed = {
        "items": [
            {"id": "7", "title": "A", "content_html": "<p>One<p>Two &amp; three", "authors": [{"name": "A"}]}
        ]
    }
    (item,) = items(feed)
    assert item.document
    assert (item.key, item.document.body, item.document.byline) == ("7", "One\n\nTwo & three", "A")
    blog = [
        {
            "id": 12,
            "title": {"rendered": "A&#8217;s <i>B</i>"},
            "content": {"rendered": "<p>One</p>"},
            "date_gmt": "2026-05-03T08:00:00",
        }
    ]
    (item,) = items(blog)
    assert item.document
    assert (item.key, item.document.headline, item.document.body) == ("12", "A’s B", "One")
    assert item.document.published_at == MOMENT
    (item,) = items(
        {"source": "Gazette", "language": "de", "data": {"results": [{"title": "A", "text": ["x y", "z"]}]}}
    )
    assert item.document
    assert (item.document.language, item.document.body) == ("de", "x y\n\nz")


def test_what_describes_a_container_is_no_document() -> None:
    found = items(
        {"title": "Feed", "description": "All the news.", "items": [{"title": "A", "text": "One."}]}
    )
    assert [item.document.headline for item in found if item.document] == ["A"]
    assert read({"title": "A", "description": "One.", "items": ["x"], "data": []}).body == "One."


def test_what_an_item_leaves_empty_is_as_the_others_have_it() -> None:
    (item,) = items({"source": "Gazette", "articles": [{"title": "A", "text": "One.", "source": None}]})
    assert item.document
    assert item.document.source == "Gazette"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("The tag <b> is bold.", "The tag <b> is bold."),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("Salt &amp; pepper", "Salt & pepper"),
        ("One<br><br>Two", "One\n\nTwo"),
        ("<p>One</p><script>x()</script>", "One"),
    ],
)
def test_html_is_told_from_text(text: str, body: str) -> None:
    assert read({"title": "Headline", "body": text}).body == body


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        (1777795200, MOMENT),
        (1777795200000, MOMENT),
        ("Sun, 03 May 2026 08:00:00 GMT", MOMENT),
        ("2026-05-03", MOMENT.replace(hour=0)),
        (-5, None),
        (20260503, None),
        (1e300, None),
        (True, None),
        ("soon", None),
        ("9999-12-31T23:59:59-23:00", None),
        ({}, None),
    ],
)
def test_dates(date: object, moment: datetime | None) -> None:
    assert read({"title": "Headline", "text": "Words.", "date": date}).published_at == moment


def test_values_of_wrong_types_are_left_out() -> None:
    document = read(
        {
            "title": ["A", {"name": "B"}],
            "text": "Words.",
            "author": 7,
            "url": "javascript:x",
            "tags": {"a": []},
            "lang": "English",
            "source": "https://a.example/",
        }
    )
    assert (document.headline, document.url, document.tags, document.language) == ("A, B", None, (), None)
    assert document.source is None


def test_the_others_are_read_though_one_line_is_bad() -> None:
    found = lines(
        '{"id": "a", "text": "One."}\n\n{"id": "b", text}\n[1]\n{"id": "d", "title": "Four"}\r\n'
        '{"id":"e","text":"Five\u2028."}'
    )
    assert [(item.key, item.refusal) for item in found] == [
        ("a", None),
        ("line 3", RefusalReason.DAMAGED),
        ("number 4", RefusalReason.INCOMPLETE),
        ("d", RefusalReason.INCOMPLETE),
        ("e", None),
    ]
    assert found[1].detail == "no JSON: Expecting property name enclosed in double quotes, line 3, column 13"
    assert found[3].detail == "the text of “Four” is missing"


def test_keys_are_unique_and_the_same_document_counts_once() -> None:
    found = lines('{"id": 1, "text": "One."}\n{"id": 1, "text": "Two."}\n{"id": 1, "text": "One."}\n')
    assert [item.key for item in found] == ["1", "1 (2)"]
    assert [
        item.key for item in lines('{"id":1,"text":"A"}\n{"id":"1 (2)","text":"B"}\n{"id":1,"text":"C"}')
    ] == [*("1", "1 (2)", "1 (3)")]
    long = lines(json.dumps({"id": "x" * 900, "text": "One."}))
    assert len(long[0].key) == 64


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"{", RefusalReason.DAMAGED, "line 1, column 2"),
        (b'{"a": ' + b"[" * 100_000, RefusalReason.DAMAGED, "nested too deeply"),
        (b"null", RefusalReason.INCOMPLETE, "text, body or content"),
        (b"[1, 2]", RefusalReason.INCOMPLETE, "text, body or content"),
        (b'{"name": "package", "version": "1"}', RefusalReason.INCOMPLETE, "text of “package” is missing"),
        (b'[{"title": "A"}, {}]', RefusalReason.INCOMPLETE, "none of its documents can be read"),
        (b"[" + b"{}," * 10_001 + b"{}]", RefusalReason.OVERSIZED, "more than 10,000"),
        (b'{"text": "  "}', RefusalReason.INCOMPLETE, "text, body or content"),
        (b'"\xff\xfe"', RefusalReason.INCOMPLETE, ""),
    ],
)
def test_refusals(content: bytes, reason: RefusalReason, words: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse_json(content, READER)
    assert caught.value.reason is reason
    assert words in caught.value.detail


def test_a_file_of_bad_lines_is_refused_whole() -> None:
    with pytest.raises(DocumentRefusedError, match="none of its documents can be read: no JSON"):
        lines("words\nwords")
    with pytest.raises(DocumentRefusedError, match="more than 10,000"):
        lines("{}\n" * 10_001)


@pytest.mark.sweep
def test_ten_thousand_documents_of_one_name_are_soon_told_apart() -> None:
    began = time.process_time()
    found = lines("\n".join(f'{{"id":1,"text":"{number}"}}' for number in range(10_000)))
    assert len(found) == 10_000
    assert time.process_time() - began < 20


def test_odd_json_is_read() -> None:
    huge = (
        b'{"n": '
        + b"9" * 100_000
        + b', "x": NaN, "y": 1e999, "title": "A", "title": "B", "text": "\\ud800W\\u0000ords."}'
    )
    found = parse_json(huge, READER)
    assert isinstance(found, ParsedDocument)
    assert (found.headline, found.body) == ("B", "Words.")
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"):
        found = parse_json(
            '{"title": "Fähre", "text": "Sie fährt wieder, schön für Übersee."}'.encode(encoding), READER
        )
        assert isinstance(found, ParsedDocument)
        assert found.headline == "Fähre"
