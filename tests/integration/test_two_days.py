"""Two days of invented news through the whole of it: what is told, what is not told again, and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import App, sample_documents
from newsletter.errors import SettingsError, StoryNotFoundError
from newsletter.model.editions import Edition
from newsletter.model.explanations import EditionExplanation, SentenceFate, StoryExplanation, StoryRole
from newsletter.model.ranking import Standing
from newsletter.model.stories import StoryLabel

MONDAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
SECOND_DAY = Path(__file__).parents[1] / "second_day"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A list that was told the samples on Monday, and has the second day's reports on Tuesday."""
    place = tmp_path_factory.mktemp("two-days")
    folder = place / "in"
    shutil.copytree(sample_documents(), folder)
    app = App.isolated(
        database_url=f"sqlite:///{place / 'store.db'}",
        folders=(folder,),
        settle_seconds=0,
        list_name="daily",
        sender_address="digest@news.example.org",
    )
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=MONDAY)
    app.ingest(now=MONDAY)
    app.publish(app.mailing_list(None), now=MONDAY)
    shutil.copytree(SECOND_DAY, folder, dirs_exist_ok=True)
    app.ingest(now=TUESDAY)
    yield app
    app.close()


@pytest.fixture(scope="module")
def second(app: App) -> EditionExplanation:
    explained = app.explanations.edition(app.mailing_list(None), now=TUESDAY)
    assert explained is not None
    return explained


def story_of(app: App, explained: EditionExplanation, wanted: str) -> StoryExplanation:
    return app.explanations.story(app.mailing_list(None), explained, wanted)


def labels(edition: Edition) -> dict[str, StoryLabel]:
    told = {story.headline: story.label for story in edition.stories}
    return told | {line.headline: line.label for line in edition.also}


def test_what_goes_on_is_an_update_and_what_says_nothing_new_is_not_sent(second: EditionExplanation) -> None:
    told = labels(second.edition)
    assert told["Night train tickets sold out within three hours"] is StoryLabel.UPDATE
    assert told["Most families return to Marl as the Senn falls"] is StoryLabel.UPDATE
    assert told["Harrowby library to stay open until midnight during the exams"] is StoryLabel.NEW
    assert {document.headline for document in second.repeats} == {
        "Harrowby bridge shut because of cracks",
        "Bank of Aldmere lowers its rate to 3.25 percent",
    }


def test_no_sentence_of_monday_comes_again_on_tuesday(app: App, second: EditionExplanation) -> None:
    first = app.explanations.edition(app.mailing_list(None), number=1, now=TUESDAY)
    assert first is not None
    told = {s.text for story in first.edition.stories for s in story.summary.sentences}
    again = {s.text for story in second.edition.stories for s in story.summary.sentences}
    assert told
    assert not told & again


def test_an_update_names_what_it_goes_on(app: App, second: EditionExplanation) -> None:
    explained = story_of(app, second, "night train tickets")
    [before] = explained.goes_on
    assert before.headline == "Night trains between Port Aldis and Kessaria to return after eleven years"
    assert before.likeness > explained.story_cutoff
    assert explained.summaries == ()


def test_a_story_says_why_its_documents_are_one_and_which_sentences_were_told(
    app: App, second: EditionExplanation
) -> None:
    explained = story_of(app, second, "1")
    assert explained.entry.role is StoryRole.LEAD
    assert explained.entry.placement is not None
    assert explained.entry.placement.standing is Standing.WEIGHT
    assert {document.source for document in explained.documents} == {"Senn Valley Radio", "The Aldis Gazette"}
    [other] = explained.group.documents
    assert other.likeness > explained.story_cutoff
    assert explained.group.nearest_outside is not None
    assert explained.group.nearest_outside.likeness < explained.story_cutoff
    assert explained.entry.story is not None
    told = [sentence.text for sentence in explained.entry.story.summary.sentences]
    assert [s.text for s in explained.sentences if s.fate is SentenceFate.TOLD] == told
    for sentence in explained.sentences:
        assert sum(sentence.parts.values()) == pytest.approx(sentence.score)


def test_a_published_edition_keeps_its_ranking(app: App) -> None:
    first = app.explanations.edition(app.mailing_list(None), number=1, now=TUESDAY)
    assert first is not None
    assert all(entry.placement is not None for entry in first.entries)
    assert first.unlisted == 0
    line = next(entry for entry in first.entries if entry.role is StoryRole.LINE)
    explained = story_of(app, first, str(line.number))
    assert {sentence.fate for sentence in explained.sentences} == {SentenceFate.HEADLINE_ONLY}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("99", "give a number from 1 to"),
        ("0", "give a number from 1 to"),
        ("unheard of", "words of its headline"),
        ("the", "is in several headlines, name one by its number: "),
    ],
)
def test_a_story_that_cannot_be_told_is_asked_for_again(
    app: App, second: EditionExplanation, wanted: str, said: str
) -> None:
    with pytest.raises(StoryNotFoundError, match=said):
        story_of(app, second, wanted)


def test_an_edition_that_does_not_exist_is_said_to(app: App) -> None:
    with pytest.raises(SettingsError, match="has no edition No. 9"):
        app.explanations.edition(app.mailing_list(None), number=9, now=TUESDAY)
