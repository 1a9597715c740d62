from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.errors import MessageRefusedError
from newsletter.messages.checks import check_rendering
from newsletter.messages.layout import lay_out
from newsletter.messages.marks import Marks
from newsletter.messages.page import Page
from newsletter.messages.setting import MAX_SOURCES
from newsletter.model.editions import Edition, MailingList
from newsletter.model.messages import Rendering
from newsletter.model.stories import UNNAMED_SOURCE, SourceCredit, Story

Layer = Callable[[Edition], Page]


@pytest.fixture
def laid(mailing_list: MailingList) -> Layer:
    def lay(edition: Edition) -> Page:
        marks = Marks.made_of("ab", has_preferences=False)
        return lay_out(edition, mailing_list, view_url=None, marks=marks)

    return lay


def test_the_facts_count_what_the_edition_answers_for(
    edition_of: Callable[..., Edition], laid: Layer
) -> None:
    assert laid(edition_of()).edition.facts == ("14 new articles", "11 stories", "8 sources", "3 min read")
    one = replace(edition_of(3, also=0, left_out=0), stories=edition_of(3).stories[2:], reading_minutes=1)
    assert laid(one).edition.facts == ("1 new article", "1 story", "1 source", "1 min read")


def test_the_date_is_the_readers_date(edition_of: Callable[..., Edition], laid: Layer) -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert laid(replace(edition_of(), slot_at=late)).edition.date == "Friday 1 January 2027"
    assert laid(replace(edition_of(), slot_at=None, created_at=late)).edition.date == "Friday 1 January 2027"


def test_a_headline_is_not_said_twice(
    story_with: Callable[..., Story], laid: Layer, edition_of: Callable[..., Edition]
) -> None:
    source = SourceCredit(name="Post", title="ELMS  planted", url="https://post.example/1")
    page = laid(edition_of([story_with(headline="Elms planted", sources=(source,))]))
    (line,) = page.stories[0].sources
    assert (line.name, line.title, line.link_name) == ("Post", None, "Post: Elms planted")


def test_who_is_cited_is_named(laid: Layer, edition_of: Callable[..., Edition]) -> None:
    lines = laid(edition_of(1)).stories[0].sources
    assert [line.name for line in lines] == [
        "Harbour Gazette",
        "Northline Wire",
        "Aldis Evening Post, citing Northline Wire",
    ]


def test_no_two_links_sound_alike(
    story_with: Callable[..., Story], laid: Layer, edition_of: Callable[..., Edition]
) -> None:
    def weather(path: int) -> SourceCredit:
        return SourceCredit(name="Post", title="Weather", url=f"https://post.example/{path}")

    edition = edition_of(
        [
            story_with(headline="Weather", sources=(weather(1), weather(2), weather(3))),
            story_with(headline="Rain", sources=(weather(4), weather(1))),
        ]
    )
    page = laid(edition)
    links = [line for story in page.stories for line in story.sources]
    spoken: dict[str, str | None] = {}
    for line in links:
        name = line.link_name or line.title or line.name
        assert spoken.setdefault(name, line.url) == line.url, name
    assert [line.link_name for line in links] == [
        "Post: Weather",
        "Post: Weather (story 1)",
        "Post: Weather (story 1, 2)",
        None,
        "Post: Weather",
    ]


@pytest.mark.parametrize(
    "title",
    ["Unsubscribe", "View in browser", "More", "here", "Report a mistake in No. 42", "+5 more stories"],
)
def test_no_article_passes_for_a_link_of_ours(
    title: str,
    story_with: Callable[..., Story],
    edition_of: Callable[..., Edition],
    render: Callable[..., Rendering],
    laid: Layer,
) -> None:
    sources = (
        SourceCredit(name="Post", title="Rain", url="https://post.example/1"),
        SourceCredit(name="Wire", title=title, url="https://wire.example/1"),
    )
    edition = edition_of([story_with(headline="Rain", sources=sources)])
    assert laid(edition).stories[0].sources[1].link_name == f"Wire: {title}"
    assert check_rendering(render(edition), edition) == []


def test_many_sources_are_counted(
    story_with: Callable[..., Story], laid: Layer, edition_of: Callable[..., Edition]
) -> None:
    def with_sources(count: int) -> tuple[int, int]:
        sources = tuple(SourceCredit(name=f"Outlet {n}", title="T") for n in range(count))
        block = laid(edition_of([story_with(sources=sources)])).stories[0]
        return len(block.sources), block.more_sources

    assert with_sources(MAX_SOURCES) == (MAX_SOURCES, 0)
    assert with_sources(MAX_SOURCES + 1) == (MAX_SOURCES + 1, 0)
    assert with_sources(200) == (MAX_SOURCES, 194)


def test_language_and_direction_are_told_where_they_differ(
    hostile_edition: Edition, right_to_left_edition: Edition, laid: Layer, edition_of: Callable[..., Edition]
) -> None:
    voices = [story.voice for story in laid(hostile_edition).stories]
    assert [(voice.language, voice.direction) for voice in voices] == [
        (None, None),
        (None, None),
        ("ar", "rtl"),
        ("ja", None),
        (None, None),
    ]
    page = laid(right_to_left_edition)
    assert page.edition.direction == "rtl"
    assert [(s.voice.language, s.voice.direction) for s in page.stories[:2]] == [(None, None), ("en", "ltr")]
    unknown = replace(edition_of(1).stories[0], headline="جسر", language=None)
    assert laid(edition_of([unknown])).stories[0].voice.direction == "rtl"


def test_what_is_left_out_or_was_told_before_is_not_counted(
    edition_of: Callable[..., Edition], laid: Layer
) -> None:
    edition = replace(edition_of(), left_out_ids=tuple(range(2000, 2050)), repeated_ids=(3000, 3001))
    assert laid(edition).edition.facts[:2] == ("14 new articles", "11 stories")


def test_a_report_without_a_name_is_no_source(
    edition_of: Callable[..., Edition], story_with: Callable[..., Story], laid: Layer
) -> None:
    nameless = story_with(2, sources=(SourceCredit(name=UNNAMED_SOURCE, title="T"),))
    assert laid(edition_of([nameless], also=0)).edition.facts == ("1 new article", "1 story", "3 min read")


@pytest.mark.parametrize(
    ("since", "days", "covers"),
    [
        (None, 1, None),
        (datetime(2026, 11, 22, 5, 30, tzinfo=UTC), 1, None),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), 1, None),
        (datetime(2026, 11, 21, 22, 30, tzinfo=UTC), 2, "22–23 November"),
        (datetime(2026, 10, 30, 12, 0, tzinfo=UTC), 24, "31 October – 23 November"),
        (datetime(2025, 12, 30, 12, 0, tzinfo=UTC), 328, "31 December 2025 – 23 November 2026"),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), 1, None),
    ],
)
def test_the_days_that_are_covered_are_those_of_the_readers(
    since: datetime | None, days: int, covers: str | None, edition_of: Callable[..., Edition], laid: Layer
) -> None:
    heading = laid(replace(edition_of(), covers_from=since)).edition
    assert (heading.covered_days, heading.covers) == (days, covers)


def test_sentences_of_several_sources_are_named_in_runs(full_edition: Edition, laid: Layer) -> None:
    passages = laid(full_edition).stories[0].passages
    assert [passage.source for passage in passages] == ["Harbour Gazette", "Northline Wire"]
    assert passages[0].text.count(".") == 2


def test_sentences_of_one_source_are_one_passage(
    full_edition: Edition, laid: Layer, story_with: Callable[..., Story], edition_of: Callable[..., Edition]
) -> None:
    summary = full_edition.stories[0].summary
    alone = replace(summary, sentences=summary.sentences[:2])
    (passage,) = laid(edition_of([story_with(summary=alone)])).stories[0].passages
    assert passage.source is None
    assert passage.text == alone.text


def test_an_update_says_since_when_it_is_known(full_edition: Edition, laid: Layer) -> None:
    def first_sent(first_told_at: datetime | None) -> str | None:
        update = replace(full_edition.stories[1], first_told_at=first_told_at)
        return laid(replace(full_edition, stories=(update,))).stories[0].first_sent

    assert first_sent(datetime(2026, 11, 16, 23, 30, tzinfo=UTC)) == "Tuesday 17 November"
    assert first_sent(datetime(2025, 12, 30, 12, 0, tzinfo=UTC)) == "Tuesday 30 December 2025"
    assert first_sent(datetime(2026, 11, 23, 1, 0, tzinfo=UTC)) is None
    assert first_sent(None) is None


def test_sections_stand_between_the_first_story_and_what_belongs_to_none(
    full_edition: Edition, laid: Layer
) -> None:
    page = laid(full_edition)
    assert [
        (part.title, [story.number for story in part.stories], len(part.also)) for part in page.parts
    ] == [
        ("", [1], 0),
        ("Economy", [2, 3], 1),
        ("", [4, 5], 2),
    ]


def test_differing_numbers_are_bounded(
    full_edition: Edition, laid: Layer, edition_of: Callable[..., Edition], story_with: Callable[..., Story]
) -> None:
    (one,) = full_edition.stories[0].disagreements
    many = replace(one, claims=one.claims * 10)
    block = laid(edition_of([story_with(disagreements=(many,) * 9)])).stories[0]
    assert [len(difference.figures) for difference in block.differences] == [4, 4]


def test_only_an_update_is_labelled(laid: Layer, edition_of: Callable[..., Edition]) -> None:
    assert [story.label for story in laid(edition_of(3)).stories] == [None, "Update", None]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/rel", "//evil.example", "data:text/html,x"])
def test_a_source_link_that_cannot_be_pressed_is_refused(
    url: str, story_with: Callable[..., Story], laid: Layer, edition_of: Callable[..., Edition]
) -> None:
    story = story_with(sources=(SourceCredit(name="Post", title="T", url=url),))
    with pytest.raises(MessageRefusedError) as caught:
        laid(edition_of([story]))
    assert url in str(caught.value)
