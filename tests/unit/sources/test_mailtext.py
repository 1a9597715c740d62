from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.documents import ParsedDocument
from newsletter.sources.mailtext import read_mail
from newsletter.sources.parse import SourceAliases, TextReader, parse_text

MAIL = """\
Subject: Council of Tessen votes
 for a tram
From: "Tessen Bulletin" <news@tessen.example>
Date: Mon, 4 May 2026 09:15:00 +0200
To: list@tessen.example
X-Priority: 3

> The council of Tessen voted on Sunday night to build
> a tram to the north, after years.
>
>> The first stone is to be laid in March.

--\u0020
Tessen Bulletin
unsubscribe@tessen.example
"""


def parse(content: str) -> ParsedDocument:
    return parse_text(
        content.encode(), reader=TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
    )


def news(document: ParsedDocument) -> list[str]:
    return [span.of(document.text) for span in document.paragraphs]


def test_a_mail_becomes_a_document() -> None:
    document = parse(MAIL)
    assert document.headline == "Council of Tessen votes for a tram"
    assert document.source == "Tessen Bulletin"
    assert document.published_at is not None
    assert document.published_at.isoformat() == "2026-05-04T07:15:00+00:00"
    assert news(document) == [
        "The council of Tessen voted on Sunday night to build a tram to the north, after years.",
        "The first stone is to be laid in March.",
    ]
    assert "@" not in document.text


@pytest.mark.parametrize(
    ("field", "source"),
    [
        ("From: news@tessen.example", None),
        ("From: <news@tessen.example>", None),
        ('From: "news@tessen.example" <news@tessen.example>', None),
        ("From: BBC News <a@b.example>", "BBC"),
        ("From: =?utf-8?q?B=C3=BCrgerblatt?= <a@b.example>", "Bürgerblatt"),
        ("From: =?nonsense?q?B=C3?= <a@b.example>", "=?nonsense?q?B=C3?="),
        ("From:", None),
    ],
)
def test_the_sender_is_the_source_but_no_address(field: str, source: str | None) -> None:
    document = parse(f"Subject: Tram\n{field}\n\nIt comes.")
    assert document.source == source
    assert "tessen.example" not in document.text


def test_what_the_text_says_of_itself_goes_first() -> None:
    document = parse("Subject: Tram\nFrom: A List <a@b.example>\n\nBy Mia Lund\n\nIt comes.\n\nSource: AP")
    assert (document.source, document.byline) == ("AP", "Mia Lund")


def test_without_a_subject_the_first_line_is_the_headline() -> None:
    document = parse("From: A List <a@b.example>\nDate: 4 May 2026\n\nTram comes\n\nIt comes soon.")
    assert (document.headline, news(document)) == ("Tram comes", ["It comes soon."])
    assert document.published_at is not None


@pytest.mark.parametrize(
    "date", ["", "soon", "Mon, 99 May 2026 09:15:00 +0200", "Mon, 4 May 3000 00:00:00 +1400"]
)
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    assert parse(f"Subject: Tram\nFrom: A\nDate: {date}\n\nIt comes.").published_at is None


@pytest.mark.parametrize(
    "text",
    [
        "Subject: a study of trams\n\nIt was long.",
        "From: Kell to Tessen by tram\n\nIt was long.",
        "A headline\n\nSubject: trams\nFrom: Kell\n\nIt was long.",
        "A headline\n\n> 50% were for it.\n\nIt was long.",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    mail = read_mail(text)
    assert (mail.subject, mail.body) == (None, text)


def test_quote_marks_go_without_a_header_if_most_lines_have_them() -> None:
    document = parse("Tram comes\n\n> It comes\n> in March\n>\n> It is red.")
    assert news(document)[-1] == "It is red."
    assert ">" not in document.text


@pytest.mark.parametrize("mark", ["Begin forwarded message:", "---------- Forwarded message ---------"])
@pytest.mark.parametrize("outer", ["", "Subject: Fwd: Trams\nFrom: Me <me@b.example>\n\n"])
def test_a_forwarded_mail_is_read_as_it_was_sent(mark: str, outer: str) -> None:
    document = parse(f"{outer}{mark}\n\nFrom: Tessen Bulletin <a@b.example>\nSubject: Trams come\n\nSoon.")
    assert (document.headline, document.source, document.text) == (
        "Trams come",
        "Tessen Bulletin",
        "Trams come\n\nSoon.",
    )


@pytest.mark.parametrize("marks", ["Re: ", "Fwd: Re: ", "AW: "])
def test_an_answer_has_the_same_headline(marks: str) -> None:
    assert parse(f"Subject: {marks}Trams\nFrom: A\n\nSoon.").headline == "Trams"


def test_hyphens_between_the_items_of_a_digest_end_nothing() -> None:
    items = "\n".join(f"Item {number} is long enough." for number in range(20))
    body = f"First.\n-- \n{items}"
    assert read_mail(f"Subject: S\nFrom: F\n\n{body}").body.strip() == body


@given(st.text(alphabet="SubjectFrom: \n>-=?q@<>Date", max_size=200))
def test_any_text_is_read(text: str) -> None:
    read_mail(f"Subject: x\nFrom: {text}")
