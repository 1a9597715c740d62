from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.normalise import normalise
from newsletter.sources.parse import SourceAliases, TextReader, parse_text

ALIASES = SourceAliases.with_extra({})


def parse(content: str | bytes) -> ParsedDocument:
    raw = content.encode() if isinstance(content, str) else content
    return parse_text(raw, reader=TextReader(aliases=ALIASES, detect=lambda _: None))


def news(document: ParsedDocument) -> list[str]:
    return [span.of(document.text) for span in document.paragraphs]


FULL = """\
Gale closes Port Aldis harbour
By Ana Roe, Staff Writer
Published: 23 November 2026 18:30 UTC | Updated: 24 November 2026

PORT ALDIS, 23 Nov (AP) — “Nobody sails tonight,” the harbour master said on Monday.

Waves of five metres were measured off the cape.

Source: Northline Wire
https://northline.example/gale
© 2026 Northline Wire. All rights reserved.
"""


def test_a_document_with_everything() -> None:
    document = parse(FULL)
    assert document.headline == "Gale closes Port Aldis harbour"
    assert document.byline == "Ana Roe"
    assert document.dateline == "PORT ALDIS, 23 Nov"
    assert document.source == "Northline Wire"
    assert document.origin == "AP"
    assert document.url == "https://northline.example/gale"
    assert document.published_at == datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert document.encoding == "utf-8"
    assert news(document) == [
        "“Nobody sails tonight,” the harbour master said on Monday.",
        "Waves of five metres were measured off the cape.",
    ]
    assert document.text == "\n\n".join(line for line in FULL.split("\n") if line)


def test_what_stands_in_front_of_the_headline_is_moved_behind_it() -> None:
    document = parse("Source: BBC\nhttps://bbc.example/1\n\nThe headline\n\nThe news.")
    assert (document.headline, document.source, document.url) == (
        "The headline",
        "BBC",
        "https://bbc.example/1",
    )
    assert document.text == "The headline\n\nSource: BBC\n\nhttps://bbc.example/1\n\nThe news."
    assert news(document) == ["The news."]


def test_a_document_that_is_nothing_but_credits_still_has_a_headline() -> None:
    document = parse("Source: BBC\nURL: https://bbc.example/1\n24 November 2026")
    assert document.headline == "Source: BBC"
    assert document.paragraphs == ()
    assert document.url == "https://bbc.example/1"


def test_one_line_is_a_headline_only() -> None:
    document = parse("  Harbour   open again \n\n")
    assert (document.headline, document.text, document.paragraphs) == (
        "Harbour open again",
        "Harbour open again",
        (),
    )


@pytest.mark.parametrize("prefix", ["Title: ", "# ", "HEADLINE: ", "***\n\n"])
def test_what_only_announces_a_headline_is_left_out(prefix: str) -> None:
    assert parse(f"{prefix}Harbour open\n\nNews.").headline == "Harbour open"


def test_a_headline_broken_in_two_is_joined() -> None:
    document = parse("Harbour of Port Aldis is to be open again by\nthe end of the week\n\nThe news.")
    assert document.headline == "Harbour of Port Aldis is to be open again by the end of the week"
    assert news(document) == ["The news."]


def test_a_headline_that_is_a_paragraph_is_cut_and_kept() -> None:
    long = "The harbour will open again, " * 20 + "perhaps."
    document = parse(f"{long}\n\nMore.")
    assert len(document.headline) <= 301
    assert document.headline.endswith(("again…", "The…", "harbour…", "will…", "open…"))
    assert long.startswith(document.headline[:-1])
    assert news(document) == [long, "More."]
    assert len(parse("長" * 1_000).headline) == 301


@pytest.mark.parametrize(
    ("first", "remains"),
    [
        ("According to RFE/RL, Ships were turned away.", "Ships were turned away."),
        ("According to the BBC, 40 ships were turned away.", "40 ships were turned away."),
        ("According to RFE/RL, “Ships” were turned away.", "“Ships” were turned away."),
        ("KYIV — According to RFE/RL, Ships were turned away.", "Ships were turned away."),
        ("According to RFE/RL, ships were turned away.", None),
        ("According to RFE/RL, “ships” were turned away.", None),
        ("According to police, Ships were turned away.", None),
    ],
)
def test_a_citation_is_left_out_where_a_whole_sentence_remains(first: str, remains: str | None) -> None:
    document = parse(f"Harbour\n\n{first}\n\nMore.")
    assert news(document) == [remains or first, "More."]


@pytest.mark.parametrize(
    ("text", "source", "origin"),
    [
        ("H\n\nReuters reported it.\n\nSource: Reuters", "Reuters", None),
        ("H\n\nLONDON (Reuters) - Nothing happened.", "Reuters", None),
        ("H\n\nLONDON (Reuters) - The BBC reported it.", "Reuters", "BBC"),
        ("H\n\nLONDON (Reuters) - Nothing happened.\n\nSource: BBC", "BBC", "Reuters"),
        ("H\n\nNews.\n\nMore, AFP reported.", None, "AFP"),
        ("H\n\nNews.\n\nMore.\n\nEven more, AFP reported.", None, None),
        ("H\nBy Ana Roe, Associated Press\n\nNews.", "AP", None),
    ],
)
def test_source_and_origin(text: str, source: str | None, origin: str | None) -> None:
    document = parse(text)
    assert (document.source, document.origin) == (source, origin)


def test_rules_and_ornaments_are_no_news() -> None:
    assert news(parse("Headline\n=======\n\nNews.\n\n* * *\n\nMore.")) == ["News.", "More."]


def test_the_language_is_asked_of_the_news_alone() -> None:
    asked: list[str] = []
    parse_text(FULL.encode(), reader=TextReader(aliases=ALIASES, detect=lambda text: asked.append(text)))
    assert [text.split("\n") for text in asked] == [["Gale closes Port Aldis harbour", *news(parse(FULL))]]


@pytest.mark.parametrize(
    "content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", "\u200b\u00a0\u2028".encode(), b"\xff\xfe"]
)
def test_nothing_to_read_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse(content)
    assert caught.value.reason is RefusalReason.EMPTY


@pytest.mark.parametrize(
    "same",
    [
        FULL.replace("\n", "\r\n").encode(),
        FULL.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + FULL.encode(),
        FULL.encode("utf-16"),
        FULL.encode("cp1252"),
        f"\n\n{FULL}  \n\n".encode(),
        FULL.replace(" ", "  \u00a0").encode(),
        FULL.replace("o", "o\u00ad").encode(),
    ],
)
def test_the_same_text_in_other_bytes_is_not_new(same: bytes) -> None:
    assert parse(same).content_hash == parse(FULL).content_hash


def test_another_text_is_new() -> None:
    assert parse(FULL.replace("five", "six")).content_hash != parse(FULL).content_hash


PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "    ",
            "\r\n",
            "By Ana Roe",
            "Source: BBC",
            "https://a.example/x",
            "24 November 2026",
        ),
        *(
            "KYIV, 24 Feb (AP) — ",
            "According to RFE/RL, ",
            "The mayor spoke.",
            "the rest",
            "“Quoted,” he said.",
            "---",
        ),
        *(
            "word " * 80,
            "é",
            "e\u0301",
            "\u200b",
            "\u00ad-",
            "- item",
            "長い文。",
            "Published: ",
            "(",
            " | ",
            "©",
            "x-",
        ),
    ]
)


def parse_or_none(text: str) -> ParsedDocument | None:
    """Return None for a text without a visible character, the only thing wrong with UTF-8 so plain."""
    if not normalise(text).strip():
        with pytest.raises(DocumentRefusedError, match="empty"):
            parse(text)
        return None
    return parse(text)


def check(document: ParsedDocument) -> None:
    text = document.text
    assert text.startswith(document.headline)
    assert document.headline.strip() == document.headline != ""
    assert unicodedata.is_normalized("NFC", text)
    end = len(document.headline)
    for span in document.paragraphs:
        assert end < span.start < span.end <= len(text)
        assert span.of(text).strip() == span.of(text) != ""
        assert "\n" not in span.of(text)
        end = span.end
    assert len(document.content_hash) == 64


@given(st.lists(PIECES, max_size=25).map("".join))
@example("H\n\nKYIV — According to BBC, X\n")
def test_whatever_the_pieces_the_spans_are_sound(text: str) -> None:
    document = parse_or_none(text)
    if document is None:
        return
    check(document)
    again = parse(f"\ufeff{text}\n \n".replace("\r\n", "\n").replace("\n", "\r\n"))
    assert again.content_hash == document.content_hash
    assert again.text == document.text


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        check(parse(text))
    except DocumentRefusedError:
        return


@given(st.binary(max_size=500))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    try:
        check(parse(content))
    except DocumentRefusedError:
        return


UNITS = (
    *(
        "a",
        "(",
        "\n",
        " . . . ",
        "word ",
        "a\n",
        "ab\n\n",
        "By A ",
        "Source: ",
        "https://a.b/",
        "a\u0301\u0316",
    ),
    *(
        "a\u200d",
        "According to ",
        "Aa Bb ",
        '"',
        "A - ",
        "1-1-",
        "a | ",
        "A,",
        "\n   ",
        "x-\n",
        "- \n",
        "。",
        "(c) ",
    ),
)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", ["", "Headline\n\n", "Headline\nBy "])
@pytest.mark.parametrize("size", [40_000, pytest.param(1_000_000, marks=pytest.mark.sweep)])
def test_a_megabyte_of_anything_ends(unit: str, start: str, size: int) -> None:
    document = parse_or_none(start + unit * (size // len(unit)))
    if document:
        check(document)


@pytest.mark.sweep
@settings(max_examples=4_000, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=2_000), st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode())
    )
)
def test_thousands_more(content: bytes) -> None:
    try:
        check(parse(content))
    except DocumentRefusedError:
        return
