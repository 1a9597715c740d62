"""The weekly digest: what the week's editions told, once, to readers on weekly, less what they have had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from choosing import choose

from newsletter.app import App
from newsletter.errors import PublishConflictError
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import Edition, MailingList, PublishedEdition, RunOutcome
from newsletter.model.stories import StoryLabel
from newsletter.model.subscribers import Cadence

#: Sunday: the week from Monday on is told on the Sunday after.
SUNDAY = datetime(2026, 11, 15, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)

#: One place for each story, so that no two are taken for one.
PLACES = ("Harrow", "Skarn", "Vessby", "Tessen", "Aldmere", "Marl", "Lindow", "Orvik", "Quist", "Brayle")

FERRY = """Ferry Halvard runs aground off Skarnholm with 212 aboard

The ferry Halvard ran aground on a reef off Skarnholm on Sunday night with 212 people aboard. Lifeboats took
all passengers to the harbour of Vessby within three hours. Captain Maren Lode said the steering of the
Halvard had failed in heavy seas.

Source: Vessby Post
"""
FERRY_TOW = """Tugs pull ferry Halvard off the Skarnholm reef

Three tugs pulled the ferry Halvard off the reef near Skarnholm at dawn on Tuesday. Divers found a hole of
four metres in the hull of the Halvard. Investigators from the Maritime Board seized the ferry's steering
records and will question Captain Maren Lode on Wednesday.

Source: Coast Radio
"""
FERRY_TRIAL = """Captain of the ferry Halvard is charged

Prosecutors in Vessby charged Captain Maren Lode with endangering shipping after the ferry Halvard ran aground
off Skarnholm. The trial is to begin in March before the county court. Lode denies that she left the bridge.

Source: Vessby Post
"""


def story_of(day: int) -> str:
    place = PLACES[day % len(PLACES)]
    return (
        f"{place} opens its {place.lower()}works number {day}\n\nThe council of {place} opened "
        f"{place.lower()}works number {day} beside the old {place.lower()}mill. Mayor {place}sen of {place} "
        f"expects {day + 40} visitors of the {place.lower()}works each day.\n\nSource: {place} Courier\n"
    )


@pytest.fixture
def app(store_url: str, folder: Path) -> Iterator[App]:
    app = App.isolated(
        database_url=store_url,
        folders=(folder,),
        settle_seconds=0,
        list_name="daily",
        list_title="The Daily Brief",
        schedule="0 6 * * *",
        weekly_schedule="0 7 * * sun",
        sender_address="digest@news.example.org",
    )
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=SUNDAY)
    app.subscribers.add(app.mailing_list(None), "wim@example.org", now=SUNDAY)
    choose(app.store, "wim@example.org", cadence=Cadence.WEEKLY)
    yield app
    app.close()


@pytest.fixture
def weekly(app: App) -> MailingList:
    return app.mailing_list("daily.weekly")


Tell = Callable[..., PublishedEdition | None]


@pytest.fixture
def tell(app: App, folder: Path) -> Tell:
    """Publish an edition of some texts on a day, and deliver it."""

    def publish(*texts: str, day: int, failing: tuple[str, ...] = ()) -> PublishedEdition | None:
        now = SUNDAY + day * DAY
        for text in texts:
            (folder / f"{text.partition(chr(10))[0]}.txt").write_text(text)
        app.ingest(now=now)
        report = app.publish(app.mailing_list(None), now=now)
        deliver(app, now, failing)
        return report.edition

    return publish


def deliver(app: App, now: datetime, failing: tuple[str, ...] = ()) -> dict[str, int]:
    """Give all that waits an outcome; return each reader's variant."""
    deliveries = app.store.deliveries
    claimed = deliveries.claim(sender="me", limit=100, now=now)
    ids = [delivery.id for delivery in claimed]
    deliveries.advance(begin=ids, marks=[], sender="me", policy=UncertainPolicy.HOLD, now=now)
    marks = [
        DeliveryMark(
            delivery_id=d.id,
            state=DeliveryState.FAILED if d.address in failing else DeliveryState.ACCEPTED,
        )
        for d in claimed
    ]
    deliveries.advance(begin=[], marks=marks, sender="me", policy=UncertainPolicy.HOLD, now=now)
    return {delivery.address.partition("@")[0]: delivery.variant for delivery in claimed}


def digest(app: App, *, day: int = 7) -> Edition:
    made = app.draft(app.mailing_list("daily.weekly"), now=SUNDAY + day * DAY + timedelta(hours=1))
    assert made is not None
    return made.edition


def publish_digest(app: App, *, day: int = 7) -> PublishedEdition | None:
    return app.publish(app.mailing_list("daily.weekly"), now=SUNDAY + day * DAY + timedelta(hours=1)).edition


def headlines(edition: Edition) -> set[str]:
    return {story.headline for story in edition.stories} | {line.headline for line in edition.also}


def test_a_digest_tells_the_week_to_those_on_weekly(app: App, tell: Tell, weekly: MailingList) -> None:
    for day in range(1, 8):
        tell(story_of(day), day=day)
    published = publish_digest(app)
    assert published is not None
    assert (published.list_name, published.number, published.audience) == ("daily.weekly", 1, 1)
    edition = app.store.editions.content(published.id)
    assert len(headlines(edition)) == 7
    assert deliver(app, published.created_at) == {"wim": 0}
    rendering = app.store.editions.rendering(published.id)
    assert rendering.headers.list_name == "daily"
    assert "Covering 7 days: 16–22 November" in rendering.text
    assert "7 new articles, 7 stories" in rendering.text


def test_nothing_is_told_by_two_digests(app: App, tell: Tell) -> None:
    for day in range(1, 8):
        tell(story_of(day), day=day)
    publish_digest(app)
    for day in range(8, 11):
        tell(story_of(day), day=day)
    assert headlines(digest(app, day=14)) == {story_of(day).partition("\n")[0] for day in range(8, 11)}


def test_a_weekly_edition_answers_its_slot_once(app: App, tell: Tell, weekly: MailingList) -> None:
    app.slots_due(weekly, now=SUNDAY + 2 * DAY)
    tell(story_of(1), day=6)
    slot = SUNDAY + 7 * DAY + timedelta(hours=1)
    reports = app.publish_due(weekly, now=slot)
    assert [report.run.outcome for report in reports] == [RunOutcome.PUBLISHED]
    assert app.publish_due(weekly, now=slot + timedelta(minutes=1)) == []
    edition = app.store.editions.content(app.store.editions.latest("daily.weekly")[0].id)
    rendering = app.store.editions.rendering(1)
    with pytest.raises(PublishConflictError):
        app.store.editions.publish(edition, rendering, uid="again", cadence=Cadence.WEEKLY)
    assert len(app.store.editions.latest("daily.weekly", limit=5)) == 1


def test_without_a_reader_on_weekly_nothing_is_told(app: App, tell: Tell, weekly: MailingList) -> None:
    choose(app.store, "wim@example.org", cadence=Cadence.EACH)
    tell(story_of(1), day=1)
    report = app.publish(weekly, now=SUNDAY + 2 * DAY)
    assert (report.run.outcome, report.run.reason) == (
        RunOutcome.NO_SUBSCRIBERS,
        "nobody reads daily weekly",
    )
    assert report.edition is None
    choose(app.store, "wim@example.org", cadence=Cadence.WEEKLY)
    assert headlines(digest(app, day=3)) == {story_of(1).partition("\n")[0]}


def test_a_missed_digest_is_made_up_by_the_next_one(app: App, tell: Tell, weekly: MailingList) -> None:
    tell(story_of(0), day=0)
    app.slots_due(weekly, now=SUNDAY + timedelta(hours=1))
    publish_digest(app, day=0)
    tell(story_of(1), day=1)
    late = SUNDAY + 7 * DAY + timedelta(hours=20)
    assert [report.run.outcome for report in app.publish_due(weekly, now=late)] == [RunOutcome.SKIPPED]
    tell(story_of(8), day=8)
    edition = digest(app, day=13)
    assert len(headlines(edition)) == 2
    assert edition.covers_from == SUNDAY + timedelta(hours=1)


def test_a_digest_looks_back_no_further_than_two_weeks(app: App, tell: Tell) -> None:
    tell(story_of(0), day=0)
    publish_digest(app, day=0)
    tell(story_of(1), day=1)
    tell(story_of(19), day=19)
    assert headlines(digest(app, day=20)) == {story_of(19).partition("\n")[0]}


def test_a_missed_digest_is_made_up_where_the_clocks_went_back(app: App, tell: Tell) -> None:
    """Two weeks are an hour longer then, and what came just after the digest before is told all the same."""
    tell(story_of(0), day=0)
    publish_digest(app, day=0)
    told_after = SUNDAY + timedelta(hours=1, minutes=30)
    tell(story_of(1), day=(told_after - SUNDAY) / DAY)
    edition = digest(app, day=14 + 1 / 24)
    assert headlines(edition) == {story_of(1).partition("\n")[0]}


def test_a_first_digest_looks_back_a_week(app: App, tell: Tell) -> None:
    tell(story_of(0), day=0)
    tell(story_of(3), day=3)
    assert headlines(digest(app, day=8)) == {story_of(3).partition("\n")[0]}


def test_a_first_digest_looks_back_a_week_and_not_an_hour_more(app: App, tell: Tell) -> None:
    tell(story_of(1), day=1)
    now = SUNDAY + 8 * DAY + timedelta(minutes=30)
    assert app.draft(app.mailing_list("daily.weekly"), now=now) is None


def test_an_edition_that_was_on_its_way_is_told_by_the_next_digest(app: App, tell: Tell) -> None:
    tell(story_of(1), day=1)
    digest_at = SUNDAY + DAY + timedelta(minutes=30)
    app.publish(app.mailing_list("daily.weekly"), now=digest_at)
    # Begun before the digest, it came into the store after it.
    tell(story_of(2), day=1)
    assert headlines(digest(app)) == {story_of(2).partition("\n")[0]}


def test_a_story_of_several_editions_is_one_in_the_digest(app: App, tell: Tell) -> None:
    tell(FERRY, story_of(1), day=1)
    tell(FERRY_TOW, day=2)
    edition = digest(app)
    (ferry,) = (story for story in edition.stories if "Halvard" in story.headline)
    assert (ferry.label, len(ferry.document_ids), ferry.context) == (StoryLabel.NEW, 2, None)
    first = app.store.editions.content(app.store.editions.latest("daily", limit=5)[-1].id)
    assert ferry.thread == next(s.thread for s in first.stories if "Halvard" in s.headline)


def test_what_goes_on_after_a_digest_is_an_update_in_the_next(app: App, tell: Tell) -> None:
    tell(FERRY, day=1)
    publish_digest(app)
    tell(FERRY_TRIAL, day=10)
    (story,) = digest(app, day=14).stories
    assert story.label is StoryLabel.UPDATE
    assert story.first_told_at == SUNDAY + 7 * DAY + timedelta(hours=1)
    assert "charged" in story.summary.text


def test_a_replaced_version_is_not_told_beside_the_newer_one(app: App, tell: Tell, folder: Path) -> None:
    tell(FERRY, day=1)
    newer = FERRY.replace("212", "214").replace(
        "Captain Maren Lode", "Two of them were hurt and taken to the clinic at Vessby. Captain Maren Lode"
    )
    (folder / f"{FERRY.partition(chr(10))[0]}.txt").write_text(newer)
    tell(day=2)
    edition = digest(app)
    (story,) = edition.stories
    assert len(story.document_ids) == 1
    assert "212" not in story.headline + story.summary.text
    assert len(edition.repeated_ids) == 1
    publish_digest(app)
    assert app.draft(app.mailing_list("daily.weekly"), now=SUNDAY + 9 * DAY) is None


def test_an_edition_that_was_cancelled_in_time_is_not_in_the_digest(app: App, folder: Path) -> None:
    (folder / "a.txt").write_text(FERRY)
    app.ingest(now=SUNDAY)
    cancelled = app.publish(app.mailing_list(None), now=SUNDAY).edition
    assert cancelled is not None
    app.store.operations.cancel(cancelled.id, now=SUNDAY)
    assert app.draft(app.mailing_list("daily.weekly"), now=SUNDAY + DAY) is None


def test_what_stood_in_a_line_can_be_told_in_full_by_the_digest(app: App, tell: Tell) -> None:
    tell(*(story_of(number) for number in range(10)), day=1)
    edition = app.store.editions.content(app.store.editions.latest("daily")[0].id)
    assert edition.also
    choose(app.store, "ada@example.org", cadence=Cadence.WEEKLY)
    assert headlines(digest(app)) == headlines(edition)


def test_a_reader_of_the_digest_has_not_missed_its_stories(app: App, tell: Tell) -> None:
    tell(FERRY, day=1)
    published = publish_digest(app)
    assert published is not None
    deliver(app, published.created_at)
    choose(app.store, "wim@example.org", cadence=Cadence.EACH)
    app.subscribers.add(app.mailing_list(None), "new@example.org", now=SUNDAY)
    (Path(app.settings.folders[0]) / "trial.txt").write_text(FERRY_TRIAL)
    now = SUNDAY + 9 * DAY
    app.ingest(now=now)
    app.publish(app.mailing_list(None), now=now)
    assert deliver(app, now) == {"ada": 0, "wim": 0, "new": 1}


def switch(app: App, name: str, cadence: Cadence) -> None:
    choose(app.store, f"{name}@example.org", cadence=cadence)


def told(app: App, edition: PublishedEdition, variant: int) -> str:
    return app.store.editions.rendering(edition.id, variant=variant).text


def test_who_switches_in_mid_week_is_not_told_again_what_came_daily(app: App, tell: Tell) -> None:
    for name in ("mid", "late", "lost"):
        app.subscribers.add(app.mailing_list(None), f"{name}@example.org", now=SUNDAY)
    for day in range(1, 8):
        if day == 4:
            switch(app, "mid", Cadence.WEEKLY)
        tell(story_of(day), day=day, failing=("lost@example.org",))
    switch(app, "late", Cadence.WEEKLY)
    switch(app, "lost", Cadence.WEEKLY)
    made = app.draft(app.mailing_list("daily.weekly"), now=SUNDAY + 7 * DAY + timedelta(hours=1))
    assert made is not None
    # One has had all of it.
    assert (made.audience, made.readers) == (3, 4)
    published = publish_digest(app)
    assert published is not None
    assert published.audience == 3
    variants = deliver(app, published.created_at)
    assert variants == {"wim": 0, "mid": variants["mid"], "lost": 0}
    assert variants["mid"] >= 8
    text = told(app, published, variants["mid"])
    whole = told(app, published, 0)
    for day in range(1, 8):
        headline = story_of(day).partition("\n")[0]
        assert headline in whole
        assert (headline in text) == (day >= 4)
    assert "4 new articles, 4 stories" in text


def test_what_came_daily_and_went_on_is_an_update_in_the_digest(app: App, tell: Tell) -> None:
    tell(FERRY, day=1)
    switch(app, "ada", Cadence.WEEKLY)
    tell(FERRY_TOW, day=2)
    published = publish_digest(app)
    assert published is not None
    variants = deliver(app, published.created_at)
    text = told(app, published, variants["ada"])
    assert "Update, first sent Monday 16 November" in text
    assert "Three tugs" in text
    assert "212" not in text.partition("Earlier:")[0]
    assert "Update" not in told(app, published, variants["wim"])


def test_who_pauses_or_goes_while_the_digest_goes_out_gets_none(app: App, tell: Tell) -> None:
    tell(story_of(1), day=1)
    published = publish_digest(app)
    assert published is not None
    choose(app.store, "wim@example.org", paused_until=SUNDAY + 30 * DAY)
    assert deliver(app, published.created_at) == {}
