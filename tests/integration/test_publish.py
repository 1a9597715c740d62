"""Publishing: what is new becomes one edition, whatever the documents hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from choosing import choose

from newsletter.app import App
from newsletter.errors import MessageRefusedError, TemplateError
from newsletter.model.editions import Edition, RunOutcome
from newsletter.model.stories import StoryLabel
from newsletter.model.subscribers import Cadence

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

BRIDGE_A = """Harrow bridge closed after cracks are found

The road bridge over the River Senn at Harrow was closed on Saturday after inspectors found cracks in two of
its girders. Engineer Ilse Marrin said the repair of the Harrow bridge would take six weeks.

Source: The Gazette
https://gazette.example/bridge
"""
BRIDGE_B = """Cracks shut the Senn bridge at Harrow

According to The Gazette, inspectors found cracks in two girders of the Harrow bridge on Saturday. Ilse
Marrin, the engineer, expects the repair of the bridge over the River Senn to take six weeks.

Source: The Courier
"""
OTHER = """Bank cuts its rate to three percent

The Bank of Aldmere lowered its main interest rate by a quarter of a point on Thursday. Governor Nadia
Kerr said that inflation had come down faster than hoped.
"""


@pytest.fixture
def app(sqlite_url: str, folder: Path) -> Iterator[App]:
    app = App.isolated(
        database_url=sqlite_url,
        folders=(folder,),
        settle_seconds=0,
        list_name="daily",
        sender_address="digest@news.example.org",
        reply_to="editor@news.example.org",
    )
    app.subscribers.add(app.mailing_list(None), "ada@example.org", now=NOW)
    yield app
    app.close()


@pytest.fixture
def drop(app: App, folder: Path) -> Callable[[str, str], None]:
    def write(name: str, text: str) -> None:
        (folder / name).write_text(text)
        app.ingest(now=NOW)

    return write


def edition_of(app: App) -> Edition:
    made = app.draft(app.mailing_list(None), now=NOW)
    assert made is not None
    return made.edition


def test_reports_of_one_event_are_one_story_with_all_its_sources(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    drop("b.txt", BRIDGE_B)
    drop("c.txt", OTHER)
    edition = edition_of(app)
    assert [len(story.sources) for story in edition.stories] == [2, 1]
    bridge = edition.stories[0]
    assert {(credit.name, credit.origin) for credit in bridge.sources} == {
        ("The Gazette", None),
        ("The Courier", "The Gazette"),
    }
    assert bridge.independent_sources == 1, "the Courier rests on the Gazette"
    assert edition.stories[1].sources[0].name == "name not given"


def test_every_sentence_stands_in_its_document(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    drop("c.txt", OTHER)
    documents = {document.id: document for document in app.store.documents.new_for("daily")}
    sentences = [s for story in edition_of(app).stories for s in story.summary.sentences]
    assert sentences
    for sentence in sentences:
        assert sentence.document_id is not None
        assert sentence.span.of(documents[sentence.document_id].text) == sentence.text


def test_a_changed_document_is_told_as_an_update_to_those_who_had_it(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    app.publish(app.mailing_list(None), now=NOW)
    drop("a.txt", BRIDGE_A.replace("six weeks", "nine weeks"))
    drop("c.txt", OTHER)
    labels = {story.headline[:4]: story.label for story in edition_of(app).stories}
    assert labels == {"Harr": StoryLabel.UPDATE, "Bank": StoryLabel.NEW}


def test_what_changed_before_it_was_published_is_told_once_and_as_new(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    drop("a.txt", BRIDGE_A.replace("six weeks", "nine weeks"))
    edition = edition_of(app)
    assert [story.label for story in edition.stories] == [StoryLabel.NEW]
    assert "nine weeks" in edition.stories[0].summary.text


def test_a_draft_is_what_is_published(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    drop("c.txt", OTHER)
    drafted = edition_of(app)
    published = app.publish(app.mailing_list(None), now=NOW).edition
    assert published is not None
    assert app.store.editions.content(published.id) == drafted


def test_after_days_of_silence_one_edition_holds_all(app: App, drop) -> None:
    for number in range(40):
        drop(
            f"{number}.txt",
            f"Headline {number} of {chr(65 + number % 26)}\n\nWord{number} alone number{number}.\n",
        )
    edition = edition_of(app)
    assert len(edition.document_ids) == len(set(edition.document_ids)) == 40


def test_endless_web_addresses_do_not_stop_an_edition(app: App, drop) -> None:
    for number in range(60):
        address = f"https://a{number}.example/" + "x" * 1900
        words = f"Alpha{number} beta{number} gamma{number} delta{number}"
        drop(
            f"{number}.txt",
            f"{words}\n\n{words} happened in Town{number}.\n\nSource: Outlet {number}\n{address}\n",
        )
    edition = edition_of(app)
    assert len(edition.document_ids) == 60


def test_a_document_of_a_headline_alone_says_it_once(app: App, drop) -> None:
    drop("a.txt", "Court lets mill stand\n")
    made = app.draft(app.mailing_list(None), now=NOW)
    assert made is not None
    assert made.rendering.text.count("Court lets mill stand") == 1
    assert "Source: name not given" in made.rendering.text


def test_a_source_without_a_name_is_known_by_its_site(app: App, drop) -> None:
    drop("a.txt", OTHER + "\nhttps://www.bank.example/rates\n")
    assert edition_of(app).stories[0].sources[0].name == "bank.example"


def test_hostile_text_reaches_readers_as_text(app: App, drop) -> None:
    drop(
        "a.txt",
        "<script>alert(1)</script> & {{ 7*7 }} {% raise %}\n\n<img src=x onerror=alert(1)> It {{ x }}.\n",
    )
    made = app.draft(app.mailing_list(None), now=NOW)
    assert made is not None
    assert "<script>" not in made.rendering.html
    assert "<img" not in made.rendering.html
    assert "{{ 7*7 }}" in made.rendering.text


def test_a_broken_template_queues_nothing_and_is_recorded(
    app: App, drop, tmp_path: Path, sqlite_url: str
) -> None:
    drop("a.txt", BRIDGE_A)
    own = tmp_path / "own" / "email" / "edition"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("{% if %}")
    broken = App.isolated(**{**app.settings.model_dump(), "template_folder": tmp_path / "own"})
    with pytest.raises(TemplateError, match=r"subject\.txt, line 1"):
        broken.publish(broken.mailing_list(None), now=NOW)
    broken.close()
    assert app.store.deliveries.next_due() is None
    assert [run.outcome for run in app.store.editions.runs("daily")] == [RunOutcome.FAILED]
    assert app.publish(app.mailing_list(None), now=NOW).edition is not None


def test_a_template_that_forgets_the_unsubscribe_link_is_refused(app: App, drop, tmp_path: Path) -> None:
    drop("a.txt", BRIDGE_A)
    own = tmp_path / "own" / "email" / "edition"
    own.mkdir(parents=True)
    (own / "body.txt").write_text("Hello\n")
    forgetful = App.isolated(**{**app.settings.model_dump(), "template_folder": tmp_path / "own"})
    with pytest.raises(MessageRefusedError, match="unsubscribe"):
        forgetful.publish(forgetful.mailing_list(None), now=NOW)
    forgetful.close()


def test_editions_of_two_lists_do_not_touch_each_other(app: App, drop) -> None:
    drop("a.txt", BRIDGE_A)
    daily = app.mailing_list(None)
    weekly = replace(daily, name="weekly", title="Weekly")
    app.subscribers.add(weekly, "bo@example.org", now=NOW)
    first = app.publish(daily, now=NOW).edition
    second = app.publish(weekly, now=NOW).edition
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (1, 1)
    assert (first.audience, second.audience) == (1, 1)


@pytest.mark.parametrize("choice", [{"cadence": Cadence.WEEKLY}, {"paused_until": NOW + timedelta(days=9)}])
def test_a_list_whose_readers_are_all_weekly_or_paused_publishes_all_the_same(app: App, drop, choice) -> None:
    choose(app.store, "ada@example.org", **choice)
    drop("a.txt", BRIDGE_A)
    made = app.draft(app.mailing_list(None), now=NOW)
    assert made is not None
    assert (made.audience, made.readers) == (0, 1)
    published = app.publish(app.mailing_list(None), now=NOW).edition
    assert published is not None
    assert published.audience == 0
    assert app.due_count(now=NOW) == 0
    assert app.store.documents.new_for("daily") == []


def test_a_list_without_a_confirmed_reader_publishes_nothing(app: App, drop) -> None:
    app.subscribers.remove(app.mailing_list(None), "ada@example.org", suppress=False, now=NOW)
    drop("a.txt", BRIDGE_A)
    report = app.publish(app.mailing_list(None), now=NOW)
    assert report.run.outcome is RunOutcome.NO_SUBSCRIBERS
    assert report.run.reason == "daily has no confirmed subscriber; the documents wait"
    assert len(app.store.documents.new_for("daily")) == 1


def test_a_missed_slot_is_skipped_and_the_next_one_holds_its_documents(app: App, drop) -> None:
    mailing_list = app.mailing_list(None)
    app.slots_due(mailing_list, now=NOW)
    drop("a.txt", BRIDGE_A)
    later = NOW + timedelta(days=2, hours=2)
    reports = app.publish_due(mailing_list, now=later)
    assert [report.run.outcome for report in reports] == [
        RunOutcome.SKIPPED,
        RunOutcome.SKIPPED,
        RunOutcome.PUBLISHED,
    ]
    assert app.publish_due(mailing_list, now=later) == []
