"""What a list was told is not told again: updates, repeats, late readers, days of silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import Draft, RunOutcome
from newsletter.model.explanations import SentenceFate
from newsletter.model.stories import StoryLabel

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)

FERRY = """Ferry runs aground off Skarnholm with 212 aboard

The ferry Halvard ran aground on a reef off Skarnholm on Sunday night with 212 people aboard. Lifeboats took
all passengers to the harbour of Vessby within three hours. Captain Maren Lode said the steering of the
Halvard had failed in heavy seas. The coast guard closed the sound off Skarnholm to all ships.

Source: Vessby Post
"""
FERRY_AGAIN = """All saved as ferry Halvard hits reef off Skarnholm

With 212 people aboard, the ferry Halvard ran aground on a reef off Skarnholm on Sunday night. Lifeboats
brought all passengers to the harbour of Vessby within three hours. The coast guard closed the sound off
Skarnholm to ships.

Source: Coast Radio
"""
FERRY_TOW = """Tugs pull ferry Halvard off the Skarnholm reef

Three tugs pulled the ferry Halvard off the reef near Skarnholm at dawn on Monday. Divers found a hole of
four metres in the hull of the Halvard. Investigators from the Maritime Board seized the ferry's steering
records and will question Captain Maren Lode on Wednesday. The ferry ran aground on Sunday night with 212
people aboard.

Source: Vessby Post
"""
RATE = """Bank cuts its rate to three percent

The Bank of Aldmere lowered its main interest rate by a quarter of a point on Thursday. Governor Nadia
Kerr said that inflation had come down faster than hoped.
"""


@pytest.fixture
def app(store_url: str, folder: Path) -> Iterator[App]:
    app = App.isolated(
        database_url=store_url,
        folders=(folder,),
        settle_seconds=0,
        list_name="daily",
        sender_address="digest@news.example.org",
    )
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=MONDAY)
    yield app
    app.close()


@pytest.fixture
def drop(app: App, folder: Path) -> Callable[..., None]:
    def write(text: str, *, now: datetime = MONDAY) -> None:
        name = text.split("\n", 1)[0].replace(" ", "-")
        (folder / f"{name}.txt").write_text(text)
        app.ingest(now=now)

    return write


def deliver(app: App, state: DeliveryState = DeliveryState.ACCEPTED) -> dict[str, int]:
    """Give all that waits an outcome; return the variant of each reader."""
    deliveries = app.store.deliveries
    claimed = deliveries.claim(sender="me", limit=100, now=TUESDAY)
    ids = [delivery.id for delivery in claimed]
    deliveries.advance(begin=ids, marks=[], sender="me", policy=UncertainPolicy.HOLD, now=TUESDAY)
    marks = [DeliveryMark(delivery_id=i, state=state) for i in ids]
    deliveries.advance(begin=[], marks=marks, sender="me", policy=UncertainPolicy.HOLD, now=TUESDAY)
    return {delivery.address: delivery.variant for delivery in claimed}


def drafted(app: App, now: datetime = TUESDAY) -> Draft:
    made = app.draft(app.mailing_list(None), now=now)
    assert made is not None
    return made


def test_more_on_a_told_story_is_an_update_that_says_only_what_is_new(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    drop(FERRY_TOW, now=TUESDAY)
    drop(RATE, now=TUESDAY)
    edition = drafted(app).edition
    story = next(story for story in edition.stories if "Halvard" in story.headline)
    assert story.label is StoryLabel.UPDATE
    assert story.first_told_at == MONDAY
    assert "Three tugs" in story.summary.text
    assert "212" not in story.summary.text
    assert story.context is not None
    assert "ran aground" in story.context.text
    first = app.store.editions.content(app.store.editions.latest("daily")[0].id)
    assert story.thread == first.stories[0].thread
    documents = {d.id: d for d in app.store.documents.new_for("daily")}
    for sentence in story.summary.sentences:
        assert sentence.document_id in documents


def test_the_explanation_of_an_update_says_which_sentences_were_told_before(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    drop(FERRY_TOW, now=TUESDAY)
    explained = app.explanations.edition(app.mailing_list(None), now=TUESDAY)
    assert explained is not None
    story = app.explanations.story(app.mailing_list(None), explained, "Halvard")
    fates = {sentence.text: sentence.fate for sentence in story.sentences}
    again = "The ferry ran aground on Sunday night with 212 people aboard."
    assert fates.pop(again) is SentenceFate.TOLD_BEFORE
    assert SentenceFate.TOLD_BEFORE not in fates.values()
    assert [found.headline for found in story.goes_on] == ["Ferry runs aground off Skarnholm with 212 aboard"]


def test_what_says_nothing_new_is_never_sent_and_counts_as_told(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    drop(FERRY_AGAIN, now=TUESDAY)
    assert app.draft(app.mailing_list(None), now=TUESDAY) is None
    report = app.publish(app.mailing_list(None), now=TUESDAY)
    assert report.run.outcome is RunOutcome.NOTHING_NEW
    assert report.run.reason == "1 new document says nothing that this list was not told"
    # Not even when the story has long been closed.
    assert app.store.documents.new_for("daily") == []


def test_a_repeat_beside_news_is_left_out_and_counts_as_told(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    drop(FERRY_AGAIN, now=TUESDAY)
    drop(RATE, now=TUESDAY)
    edition = drafted(app).edition
    assert [story.headline for story in edition.stories] == ["Bank cuts its rate to three percent"]
    assert len(edition.repeated_ids) == 1
    app.publish(app.mailing_list(None), now=TUESDAY)
    assert app.store.documents.new_for("daily") == []


def test_who_missed_the_beginning_is_told_the_whole_story(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    assert deliver(app) == {"ada@example.org": 0}
    app.subscribers.add(app.mailing_list(None), "bo@example.org", now=TUESDAY)
    drop(FERRY_TOW, now=TUESDAY)
    published = app.publish(app.mailing_list(None), now=TUESDAY).edition
    assert published is not None
    assert deliver(app) == {"ada@example.org": 0, "bo@example.org": 1}
    usual = app.store.editions.rendering(published.id)
    whole = app.store.editions.rendering(published.id, variant=1)
    assert "Update" in usual.text
    assert "Earlier:" in usual.text
    assert "Update" not in whole.text
    assert "Earlier:" not in whole.text
    assert usual.token != whole.token


def test_a_reader_whose_copy_failed_has_missed_it(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    deliver(app, DeliveryState.FAILED)
    drop(FERRY_TOW, now=TUESDAY)
    app.publish(app.mailing_list(None), now=TUESDAY)
    assert deliver(app) == {"ada@example.org": 1}


def test_a_story_is_forgotten_after_its_days(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    later = MONDAY + timedelta(days=15)
    drop(FERRY_TOW, now=later)
    story = drafted(app, later).edition.stories[0]
    assert (story.label, story.context) == (StoryLabel.NEW, None)


def test_another_list_has_its_own_memory(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    assert app.store.told.open_stories("daily", since=MONDAY - timedelta(days=1))
    assert app.store.told.open_stories("weekly", since=MONDAY - timedelta(days=1)) == []


def test_an_edition_after_days_of_silence_says_which_days_it_covers(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY)
    drop(RATE)
    # The service was down on Tuesday and Wednesday.
    thursday = MONDAY + timedelta(days=3, hours=1)
    made = drafted(app, thursday)
    assert made.edition.covers_from == MONDAY
    assert "Covering 3 days: 24–26 November" in made.rendering.text


def test_a_quiet_day_is_not_a_day_of_silence(app: App, drop) -> None:
    drop(FERRY)
    app.publish(app.mailing_list(None), now=MONDAY + timedelta(hours=1))
    for day in (1, 2):
        report = app.publish(app.mailing_list(None), now=MONDAY + timedelta(days=day, hours=1))
        assert report.run.outcome is RunOutcome.NOTHING_NEW
    drop(RATE)
    made = drafted(app, MONDAY + timedelta(days=3, hours=1))
    assert made.edition.covers_from is None
    assert "Covering" not in made.rendering.text
