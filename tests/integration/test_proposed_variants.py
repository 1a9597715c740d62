"""Proposals of editions that not every reader gets alike: updates told in full, and digests of the week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from choosing import choose

from newsletter.app import App
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import Edition, PublishedEdition, RunOutcome
from newsletter.model.proposals import Proposal
from newsletter.model.subscribers import Cadence

MONDAY = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUNDAY = MONDAY + 6 * DAY + HOUR

FERRY = """Ferry runs aground off Skarnholm with 212 aboard

The ferry Halvard ran aground on a reef off Skarnholm on Sunday night with 212 people aboard. Lifeboats took
all passengers to the harbour of Vessby within three hours. Captain Maren Lode said the steering of the
Halvard had failed in heavy seas. The coast guard closed the sound off Skarnholm to all ships.

Source: Vessby Post
"""
FERRY_TOW = """Tugs pull ferry Halvard off the Skarnholm reef

Three tugs pulled the ferry Halvard off the reef near Skarnholm at dawn on Monday. Divers found a hole of
four metres in the hull of the Halvard. Investigators from the Maritime Board seized the ferry's steering
records and will question Captain Maren Lode on Wednesday.

Source: Vessby Post
"""
RATE = """Bank cuts its rate to three percent

The Bank of Aldmere lowered its main interest rate by a quarter of a point on Thursday. Governor Nadia
Kerr said that inflation had come down faster than hoped.

Source: The Observer
"""
OPERA = """Opera house of Tessen reopens after two years

The opera house of Tessen opened its doors again on Friday evening with a concert for the builders. Director
Ivo Brandt said that every seat of the first week had been sold within an hour.

Source: The Courier
"""


@pytest.fixture
def app(sqlite_url: str, folder: Path) -> Iterator[App]:
    app = App.isolated(
        database_url=sqlite_url,
        folders=(folder,),
        settle_seconds=0,
        list_name="daily",
        schedule="0 7 * * *",
        weekly_schedule="0 8 * * sun",
        approval="required",
        review_minutes=1440,
        sender_address="digest@news.example.org",
    )
    for mailing_list in app.series:
        app.slots_due(mailing_list, now=MONDAY)
    subscribe(app, "ada")
    yield app
    app.close()


def subscribe(app: App, name: str, cadence: Cadence = Cadence.EACH) -> None:
    app.subscribers.add(app.mailing_list(None), f"{name}@example.org", now=MONDAY - DAY)
    choose(app.store, f"{name}@example.org", cadence=cadence)


def tell(app: App, folder: Path, *texts: str, now: datetime) -> PublishedEdition:
    """Publish an edition of some texts by hand, and deliver it to everybody."""
    drop(app, folder, *texts, now=now)
    published = app.publish(app.mailing_list(None), now=now).edition
    assert published is not None
    deliver(app, now)
    return published


def drop(app: App, folder: Path, *texts: str, now: datetime) -> None:
    for text in texts:
        (folder / f"{text.partition(chr(10))[0]}.txt").write_text(text)
    app.ingest(now=now)


def deliver(app: App, now: datetime) -> dict[str, int]:
    """Let everybody who waits have his copy; return each reader's variant."""
    deliveries = app.store.deliveries
    claimed = deliveries.claim(sender="me", limit=100, now=now)
    ids = [delivery.id for delivery in claimed]
    deliveries.advance(begin=ids, marks=[], sender="me", policy=UncertainPolicy.HOLD, now=now)
    marks = [DeliveryMark(delivery_id=i, state=DeliveryState.ACCEPTED) for i in ids]
    deliveries.advance(begin=[], marks=marks, sender="me", policy=UncertainPolicy.HOLD, now=now)
    return {delivery.address.partition("@")[0]: delivery.variant for delivery in claimed}


def proposed(app: App, list_name: str, now: datetime) -> Proposal:
    reports = app.publish_due(app.mailing_list(list_name), now=now)
    assert [report.run.outcome for report in reports] == [RunOutcome.PROPOSED]
    proposal = app.proposals.of(list_name)
    assert proposal is not None
    return proposal


def published(app: App, proposal: Proposal, now: datetime) -> PublishedEdition:
    app.proposals.approve(proposal.id, by="ada", now=now)
    reports = app.publish_due(app.mailing_list(proposal.list_name), now=now)
    assert [report.run.outcome for report in reports] == [RunOutcome.PUBLISHED]
    edition = reports[0].edition
    assert edition is not None
    return edition


def headlines(edition: Edition) -> list[str]:
    return [item.headline for item in edition.told]


def title(text: str) -> str:
    return text.partition("\n")[0]


def test_a_change_reaches_those_who_are_told_an_update_in_full(app: App, folder: Path) -> None:
    tell(app, folder, FERRY, now=MONDAY)
    subscribe(app, "bo")
    drop(app, folder, FERRY_TOW, RATE, OPERA, now=MONDAY + HOUR)
    proposal = proposed(app, "daily", MONDAY + 2 * HOUR)
    draft = app.proposals.content(proposal)
    assert [variant.number for variant in draft.variants] == [1]
    numbers = {headline: n for n, headline in enumerate(headlines(draft.edition), start=1)}
    now = MONDAY + 3 * HOUR
    app.proposals.replace_headline(proposal.id, numbers[title(FERRY_TOW)], "Ferry is free", by="ada", now=now)
    app.proposals.drop_story(proposal.id, numbers[title(OPERA)], by="ada", now=now)
    edition = published(app, proposal, MONDAY + DAY)
    assert deliver(app, MONDAY + DAY) == {"ada": 0, "bo": 1}
    for variant in (0, 1):
        rendering = app.store.editions.rendering(edition.id, variant=variant)
        assert "Ferry is free" in rendering.text
        assert title(OPERA) not in rendering.text + rendering.html
    told = [app.store.editions.rendering(edition.id, variant=variant).text for variant in (0, 1)]
    assert ["UPDATE" in text.upper() for text in told] == [True, False], "to bo it is news"


def test_who_has_had_all_else_of_a_digest_gets_none_when_the_rest_is_dropped(app: App, folder: Path) -> None:
    subscribe(app, "wim", Cadence.WEEKLY)
    tell(app, folder, RATE, now=MONDAY)
    choose(app.store, "ada@example.org", cadence=Cadence.WEEKLY)
    tell(app, folder, OPERA, now=MONDAY + DAY)
    proposal = proposed(app, "daily.weekly", SUNDAY - HOUR)
    draft = app.proposals.content(proposal)
    assert draft.week is not None
    assert [headlines(variant.edition) for variant in draft.variants] == [[title(OPERA)]], "ada has had RATE"
    assert draft.week.variant_for(frozenset(draft.week.edition_ids[:1])) == draft.variants[0].number
    number = headlines(draft.edition).index(title(OPERA)) + 1
    app.proposals.drop_story(proposal.id, number, by="ada", now=SUNDAY - HOUR)
    edition = published(app, proposal, SUNDAY)
    assert deliver(app, SUNDAY) == {"wim": 0}
    content = app.store.editions.content(edition.id)
    assert headlines(content) == [title(RATE)]
    assert [story.headline for story in content.dropped] == [title(OPERA)]


def test_what_comes_while_a_digest_waits_is_in_the_next_one(app: App, folder: Path) -> None:
    subscribe(app, "wim", Cadence.WEEKLY)
    tell(app, folder, RATE, now=MONDAY)
    proposal = proposed(app, "daily.weekly", SUNDAY - DAY)
    tell(app, folder, OPERA, now=SUNDAY - 20 * HOUR)
    edition = app.store.editions.content(published(app, proposal, SUNDAY).id)
    assert headlines(edition) == [title(RATE)]
    assert (edition.created_at, edition.gathered_at) == (SUNDAY, SUNDAY - DAY)
    following = proposed(app, "daily.weekly", SUNDAY + 6 * DAY)
    assert headlines(app.proposals.content(following).edition) == [title(OPERA)]
    assert app.proposals.pending(following).newer_documents == 0


def test_what_is_dropped_from_a_digest_that_is_skipped_is_not_in_the_next_one(app: App, folder: Path) -> None:
    subscribe(app, "wim", Cadence.WEEKLY)
    tell(app, folder, RATE, OPERA, now=MONDAY + 4 * DAY)
    proposal = proposed(app, "daily.weekly", SUNDAY - HOUR)
    number = headlines(app.proposals.content(proposal).edition).index(title(OPERA)) + 1
    app.proposals.drop_story(proposal.id, number, by="ada", now=SUNDAY - HOUR)
    app.proposals.skip(proposal.id, by="ada", now=SUNDAY - HOUR)
    app.publish_due(app.mailing_list("daily.weekly"), now=SUNDAY)
    following = proposed(app, "daily.weekly", SUNDAY + 6 * DAY)
    edition = app.proposals.content(following).edition
    assert headlines(edition) == [title(RATE)]
    assert [story.headline for story in edition.dropped] == [title(OPERA)]
