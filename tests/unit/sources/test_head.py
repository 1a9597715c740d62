"""What stands above the first sentence: found as such, and never at the price of news."""

from __future__ import annotations

import pytest

from newsletter.model.documents import ParsedDocument
from newsletter.sources.parse import SourceAliases, TextReader, parse_text

ALIASES = SourceAliases.with_extra({})
#: A sentence below a dateline, as agencies print it.
OPENING = "TESSEN -- Police closed two bridges."
NEWS = "Police closed two bridges."


def parse(content: str) -> ParsedDocument:
    return parse_text(content.encode(), reader=TextReader(aliases=ALIASES, detect=lambda _: None))


def news(document: ParsedDocument) -> list[str]:
    return [span.of(document.text) for span in document.paragraphs]


@pytest.mark.parametrize(
    "line",
    [
        "Mia Lund, chief executive of Tessen Rail, resigned on Friday after the report.",
        "Mia Lund, editor of the Tessen Courier, was set free on Friday.",
        "Mia Lund, bureau chief, left",
        "By Tessen, staff had begun to leave the trains.",
        "Published on 3 May 2026, the study says that rents rose.",
        "Date: 3 May 2026, a day that nobody in Tessen will forget",
        "Updated on 3 May 2026 the map shows forty wells",
        "Sources: Tessen to sell its ferry to Kell",
        "Sources: Lund Quits As Mayor",
        "Source: the mayor is to resign",
        "Topic of the day: why bread is dear",
        "Topic: why bread is dear in Tessen",
        "(Updates will follow.) Bread is dear (and old)",
        "Published on 3 May 2026 by then unknown authors",
        "BBC News, where she had worked for years, was silent",
    ],
)
def test_a_sentence_under_the_headline_stays_news(line: str) -> None:
    assert news(parse(f"Headline\n\n{line}\n\nMore of it followed.")) == [line, "More of it followed."]


@pytest.mark.parametrize(
    "line",
    [
        "Mia Lund, Political Editor",
        "Mia Lund, senior correspondent",
        "Mia Lund, Staff Writer for Northline Wire",
        "Mia Lund, Ukraine Correspondent in Kyiv",
    ],
)
def test_a_name_with_an_office_is_a_byline(line: str) -> None:
    document = parse(f"Headline\n{line}\n\nNews came.")
    assert (document.byline, news(document)) == ("Mia Lund", ["News came."])


@pytest.mark.parametrize(
    "first",
    [
        "Sources: Tessen City to trade Lund to Kell Town",
        "Source: Lund to sell ferry",
        "By Popular Demand",
        "By Train to the Coast",
        "Link: Lund's long road",
        "Published: the letters of a mayor",
        "Mia Lund, Staff Writer",
        "Reporting by drone",
    ],
)
def test_the_first_line_is_the_headline(first: str) -> None:
    document = parse(f"{first}\n\nTessen will know on Friday.\n\nMore.")
    assert document.headline == first
    assert news(document) == ["Tessen will know on Friday.", "More."]


@pytest.mark.parametrize(
    "above",
    [
        "4 May 2026",
        "https://northline.example/a",
        "Source: Reuters",
        "Published: 4 May 2026",
        "World | 4 May 2026 | 09:12",
        "Northline Wire | 4 May 2026",
        "FOR IMMEDIATE RELEASE",
        "FOR IMMEDIATE RELEASE\n\nContact: Mia Lund, press@tessen.example, +44 20 7946 0000",
        "Source: Reuters\nBy Mia Lund",
    ],
)
def test_what_is_certainly_no_headline_stands_above_it(above: str) -> None:
    document = parse(f"{above}\n\nTessen opens its library\n\n{OPENING}")
    assert document.headline == "Tessen opens its library"
    assert news(document) == [NEWS]


def test_a_time_in_a_breadcrumb_belongs_to_its_day() -> None:
    moment = parse("World | 4 May 2026 | 09:12\nTessen opens its library\n\nIt opened.").published_at
    assert moment is not None
    assert moment.isoformat() == "2026-05-04T09:12:00+00:00"


def test_a_headline_in_capitals_may_have_two_lines() -> None:
    first, second = "TESSEN COUNCIL APPROVES THE NEW TRAM LINE TO", "ITS NORTHERN SUBURBS AFTER YEARS"
    assert parse(f"{first}\n{second}\n\nIt was late.").headline == f"{first} {second}"
    assert parse(f"{first}\nMIA LUND\n\nIt was late.").headline == first
    assert parse(f"{first}\nBY MIA LUND AND TOM LI\n\nIt was late.").headline == first


@pytest.mark.parametrize(
    "furniture",
    [
        "By RFE/RL's Ukrainian Service",
        "By Staff Writer",
        "(Corrects the mayor's name in paragraph 2)",
        "Von Mia Lund und Dr. Tom v. Hagen",
        "Par Mia Lund, envoyés spéciaux à Lyon",
        "Updated 14:05 BST, 4 May 2026",
        "Last updated 4 May 2026",
        "First published 3 May 2026, updated 4 May 2026",
        "Tags: bridges, police",
        "BBC News, Kell",
        "LIVE",
        "ADVERTISEMENT",
        "3 min read",
        "[Photo: A bridge in Tessen. Credit: M. Lund]",
        "Image caption: The bridge was built by hand",
        "May 04, 2026 10:22 GMT",
    ],
)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_furniture_is_no_news_and_hides_no_dateline(furniture: str, between: str) -> None:
    document = parse(f"Headline\n\n{furniture}{between}{OPENING}\n\nMore.")
    assert document.dateline == "TESSEN"
    assert news(document) == [NEWS, "More."]
    assert furniture in document.text


def test_a_day_and_an_author_may_share_a_line() -> None:
    document = parse("Headline\n\nPosted on 3 May 2026 by Mia Lund\n\nIt rained.")
    assert (document.byline, news(document)) == ("Mia Lund", ["It rained."])
    assert document.published_at is not None


def test_a_desk_is_credited_by_its_outlet() -> None:
    assert parse(f"Headline\n\nBy RFE/RL's Ukrainian Service\n\n{OPENING}").source == "RFE/RL"
    assert parse(f"Headline\n\nBBC News, Kell\n\n{OPENING}").source == "BBC"


@pytest.mark.parametrize("unknown", ["ANN LEE", "Two bridges shut since noon", "First line\n\nSecond line"])
def test_an_unknown_line_hides_nothing_and_stays(unknown: str) -> None:
    document = parse(f"Headline\n\n{unknown}\n\n4 May 2026\n\n{OPENING}")
    assert document.dateline == "TESSEN"
    assert document.published_at is not None
    assert news(document) == [*unknown.split("\n\n"), NEWS]


def test_a_wrapped_paragraph_above_a_credit_is_still_joined() -> None:
    wrapped = (
        "The council of Tessen voted by a wide margin on Sunday\nto build a tram to its northern suburbs"
    )
    assert news(parse(f"Headline\n\n{wrapped}\n\nSource: BBC")) == [wrapped.replace("\n", " ")]


def test_a_sentence_ends_the_search_for_credits() -> None:
    document = parse("Headline\n\nIt rained.\n\n4 May 2026\n\nIt rained again.")
    assert document.published_at is None
    assert news(document) == ["It rained.", "4 May 2026", "It rained again."]


def test_a_caption_is_not_glued_to_the_next_line() -> None:
    document = parse(
        "Headline\n\nIt rained.\nImage caption: The bridge at night\nPolice closed it.\nIt is open now."
    )
    assert "Image caption: The bridge at night" in news(document)
    assert not any("night Police" in paragraph for paragraph in news(document))
