"""The packaged HTML template, looked at with another parser than the checks use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from newsletter.messages.render import personalise
from newsletter.model.documents import Span
from newsletter.model.editions import Edition
from newsletter.model.messages import Reader, Rendering
from newsletter.model.stories import Story

Render = Callable[..., Rendering]
TEMPLATE = Path(__file__).parents[3] / "templates/email/edition/body.html"
SHEETS = re.findall(r"<style[^>]*>(.*?)</style>", TEMPLATE.read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def soup(render: Render, reader: Reader) -> BeautifulSoup:
    return BeautifulSoup(personalise(render(), reader).html, "html.parser")


def coloured_classes() -> set[str]:
    rules = re.findall(r"\.(\w+)\{([^}]*)\}", re.sub(r"\{\{.*?\}\}", "", SHEETS[1]))
    wanted = re.compile(r"(^|;)(background-)?color:|border-top:[^;0]*#")
    return {name for name, body in rules if wanted.search(body)}


def test_every_coloured_class_has_a_colour_for_dark_screens() -> None:
    dark = next(sheet for sheet in SHEETS if "prefers-color-scheme:dark" in sheet)
    classes = coloured_classes()
    assert {"pg", "gl", "c", "ft", "nm", "p", "n", "s", "a"} <= classes
    assert {name for name in classes if not re.search(rf"\.{name}[,{{]", dark)} == set()


def test_outlook_apps_get_the_same_dark_text_colours() -> None:
    dark = next(sheet for sheet in SHEETS if "prefers-color-scheme:dark" in sheet)
    apps = next(sheet for sheet in SHEETS if "data-ogsc" in sheet)

    def colours(sheet: str) -> dict[str, str]:
        rules = re.findall(r"([^{}]+)\{color:(#\w+)!important\}", sheet)
        return {name: colour for names, colour in rules for name in re.findall(r"\.(\w+)", names)}

    assert colours(apps) == {name: colour for name, colour in colours(dark).items() if name != "pg"}
    assert len(colours(apps)) > 10


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sheet", [1, 3], ids=["light", "dark"])
def test_every_text_colour_stands_out_on_every_ground(sheet: int) -> None:
    grounds = set(re.findall(r"background-color:(#\w{6})", SHEETS[sheet]))
    colours = set(re.findall(r"(?<![-\w])color:(#\w{6})", SHEETS[sheet]))
    assert len(grounds) == 2
    assert len(colours) == 3
    worst = min(contrast(colour, ground) for colour in colours for ground in grounds)
    assert worst >= 6.5


def test_one_heading_for_each_story(soup: BeautifulSoup, edition_of: Callable[..., Edition]) -> None:
    assert [h.get_text() for h in soup.select("h1")] == ["The Meridian Brief"]
    shown = [h.get_text().replace("\u00a0", " ") for h in soup.select("h2.h")]
    assert shown == [*(story.headline for story in edition_of().stories), "Also today"]


def test_at_a_glance_appears_above_two_stories(render: Render, edition_of: Callable[..., Edition]) -> None:
    assert "At a glance" not in render(edition_of(2)).html
    assert "At a glance" in render(edition_of(3)).html


def test_links_lead_away_or_to_the_editor(soup: BeautifulSoup) -> None:
    targets = {a.get_text().replace("\u00a0", " "): str(a["href"]) for a in soup.select("a")}
    assert targets["Report a mistake in No. 42"] == (
        "mailto:editor@brief.example?subject=Mistake%20in%20The%20Meridian%20Brief%20No.%2042"
    )
    assert targets["Unsubscribe"].startswith("https://brief.example/u/")
    assert (
        targets["Ferry operators welcome surge pact"] == "https://northline-wire.example/world/ferries-81842"
    )
    assert all("text-decoration:underline" in str(a["style"]) for a in soup.select("a"))
    headlines = [a.get_text() for a in soup.select("h2 a")]
    assert headlines == []


def test_a_link_named_after_its_outlet_says_where_it_leads(soup: BeautifulSoup) -> None:
    (link,) = [a for a in soup.select("a") if a.get_text() == "Civic Ledger"]
    assert link["aria-label"] == "Civic Ledger: Norrland’s central bank holds its rate at 3.25%"


def test_the_styles_are_on_the_elements(soup: BeautifulSoup) -> None:
    sizes = [
        float(match[1])
        for element in soup.select("[style]")
        if (match := re.search(r"font(?:-size)?:[^;]*?(\d+(?:\.\d+)?)px", str(element["style"])))
    ]
    assert len(sizes) > 40
    assert min(sizes) >= 15
    for element in soup.select(".p, .gi, .n"):
        assert re.search(r"font-size:1[67]px", str(element["style"]))
    assert len(soup.select("style")) == 3
    assert all(style.find_parent("head") for style in soup.select("style"))


def test_the_preheader_is_followed_by_filling(soup: BeautifulSoup) -> None:
    (hidden,) = soup.select(".pre")
    assert hidden.get_text().startswith(
        "Also: Norrland’s central bank holds its rate at 3.25%\u034f\u200c\u00a0"
    )
    assert "display:none" in str(hidden["style"])


def test_the_mail_says_who_sends_it_why_and_how_it_is_made(soup: BeautifulSoup) -> None:
    words = " ".join(soup.get_text().split())
    for sentence in (
        "That’s all for No. 42.",
        "taken word for word from the reports named beneath it",
        "Software chose them",
        "ada@reader.example has been on the list of The Meridian Brief since 3 March 2026.",
        "This email contains no tracking links or hidden images.",
        "Change how often you hear from us",
        "12 Quay Street, Port Aldis AL1 2QS",
        "14 new articles · 11 stories · 8 sources · 3 min read",
        "2 independent sources",
        "2 · Update",
        "+5 more stories",
    ):
        assert sentence in words
    assert "1 · New" not in words


def test_a_story_in_another_language_says_so(render: Render, hostile_edition: Edition) -> None:
    soup = BeautifulSoup(render(hostile_edition).html, "html.parser")
    assert [(h.get("lang"), h.get("dir")) for h in soup.select(".h")] == [
        (None, None),
        (None, None),
        ("ar", "rtl"),
        ("ja", None),
        (None, None),
        (None, None),
    ]
    assert [p.get("lang") for p in soup.select("p.p")] == [None, None, "ar", "ja", None]
    assert "text-align:right" in str(soup.select(".h")[2]["style"])
    assert [span.get("lang") for span in soup.select("li.gi > span")] == ["ar", "ja"]


def test_an_edition_read_from_the_right(render: Render, right_to_left_edition: Edition) -> None:
    soup = BeautifulSoup(render(right_to_left_edition).html, "html.parser")
    for element in (soup.html, soup.body, soup.select_one("[role=article]")):
        assert element is not None
        assert (element["lang"], element["dir"]) == ("ar", "rtl")
    assert "text-align:right" in str(soup.select("td.c")[0]["style"])
    english = soup.select_one("td.ft")
    assert english is not None
    assert (english["lang"], english["dir"]) == ("en", "ltr")
    assert "text-align:left" in str(soup.select("h2.h")[1]["style"])
    assert "Source:" not in soup.get_text()


@pytest.fixture(scope="module")
def full(render: Render, full_edition: Edition) -> BeautifulSoup:
    return BeautifulSoup(render(full_edition).html, "html.parser")


def test_headings_of_sections_stand_above_those_of_their_stories(full: BeautifulSoup) -> None:
    found = [(h.name, h.get_text().replace("\u00a0", " ")) for h in full.select("h1, h2, h3")]
    assert found == [
        ("h1", "The Meridian Brief"),
        ("h2", "At a glance"),
        ("h2", "Nine harbours agree to share one storm forecast"),
        ("h2", "Economy"),
        ("h3", "Norrland’s central bank holds its rate at 3.25%"),
        ("h3", "A town battery carried Ostby through a nine-hour outage"),
        ("h2", "More news"),
        ("h3", "Five days of antibiotics did as well as ten in a trial of 1,140 children"),
        ("h3", "Museum returns 212 carved figures to the Sámara islands"),
        ("h2", "Also in the news"),
        ("h2", "Why you receive this"),
    ]


def test_a_reader_sees_what_is_new_who_says_it_and_what_is_in_dispute(full: BeautifulSoup) -> None:
    words = " ".join(full.get_text().split())
    for sentence in (
        "Covering 3 days: 21–23 November",
        "2 · Update · first sent Tuesday 17 November",
        "only two of them foresaw. (Harbour Gazette) In that surge",
        "closed in time. (Northline Wire) Sources differ",
        "Sources differ on “gates”: 41 of 48 (Northline Wire), 40 (Aldis Evening Post)",
        "Earlier: The bank cut its rate",
        "lit for nine hours. Reworded by a language model from the reports below.",
        "Update: Tromby plants a thousand elms",
        "+9 more stories",
        "beneath it, except where it says that a language model reworded them.",
    ):
        assert sentence in words
    assert "in a former paper mill" not in words, "the sentences that were reworded"


def test_only_the_lead_is_set_large(full: BeautifulSoup) -> None:
    assert [h.get_text() for h in full.select(".hl")] == ["Nine harbours agree to share one storm forecast"]


@pytest.mark.parametrize(
    ("model", "cut", "words"),
    [
        (False, False, "Each summary is made of sentences taken word for word from the reports"),
        (False, True, "Each summary is made of sentences taken word for word, some of them shortened, from"),
        (True, False, "A language model reworded each summary from the reports named beneath it."),
    ],
)
def test_how_summaries_are_made_is_told_as_it_is(
    model: bool,
    cut: bool,
    words: str,
    render: Render,
    edition_of: Callable[..., Edition],
    story_with: Callable[..., Story],
) -> None:
    story = story_with(0)
    sentence = story.summary.sentences[0]
    if cut:
        sentence = replace(sentence, cuts=(Span(start=0, end=3),))
    summary = replace(story.summary, sentences=(sentence,), rewrite="It was so." if model else None)
    rendering = render(edition_of([replace(story, summary=summary)]))
    for part in (BeautifulSoup(rendering.html, "html.parser").get_text(), rendering.text):
        told = " ".join(part.split())
        assert words in told
        assert ("word for word" in told) is not model
