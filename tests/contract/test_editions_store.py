"""What the store promises about editions, runs and slots, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.errors import PublishConflictError
from newsletter.model.documents import FoundFile
from newsletter.model.editions import Run, RunOutcome
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def run(outcome: RunOutcome, slot_at: datetime | None = NOW) -> Run:
    return Run(list_name="daily", slot_at=slot_at, started_at=NOW, outcome=outcome, reason="because")


def test_publishing_queues_one_delivery_for_each_confirmed_reader(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org")
    subscribe("eve@example.org", list_name="other")
    edition = publish("A story")
    assert edition.audience == 2
    assert {str(state): n for state, n in store.deliveries.counts(edition.id).items()} == {"queued": 2}


def test_what_was_told_is_not_new_but_to_another_list(store: Store, subscribe, publish) -> None:
    publish("A story")
    assert store.documents.new_for("daily") == []
    assert [d.headline for d in store.documents.new_for("weekly")] == ["A story"]


def test_only_the_latest_version_of_a_changed_document_is_new(store: Store, publish, parsed) -> None:
    publish("First")
    for headline in ("Second", "Third"):
        file = FoundFile(path="First.txt", fingerprint="2", document=parsed(headline))
        store.documents.record("/in", [file], now=NOW)
    fresh = store.documents.new_for("daily")
    assert [d.headline for d in fresh] == ["Third"]
    (told,) = store.editions.content(store.editions.latest("daily")[0].id).document_ids
    assert told in store.documents.earlier_versions([fresh[0].id])[fresh[0].id]


def test_numbers_count_up_by_list(store: Store, publish) -> None:
    assert [publish("One").number, publish("Two").number] == [1, 2]
    assert publish("Three", list_name="weekly").number == 1
    assert [edition.number for edition in store.editions.latest("daily", limit=5)] == [2, 1]


def test_a_list_is_known_by_its_editions(store: Store, publish) -> None:
    store.editions.know_list("empty", now=NOW)
    publish("One", list_name="weekly")
    publish("Two")
    assert store.editions.published_lists() == ["daily", "weekly"]


def test_an_edition_comes_back_as_it_was_frozen(store: Store, publish) -> None:
    published = publish("One")
    content = store.editions.content(published.id)
    assert content.stories[0].summary.sentences[0].text == "It opened."
    assert content.created_at == NOW
    rendering = store.editions.rendering(published.id)
    assert rendering.html == "<p>Hello</p>"
    assert rendering.headers.date == NOW


def test_a_taken_number_is_a_conflict_and_writes_nothing(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    publish("One")
    with pytest.raises(PublishConflictError):
        publish("Two", number=1)
    assert [d.headline for d in store.documents.new_for("daily")] == ["Two"]
    assert len(store.editions.latest("daily", limit=5)) == 1


def test_a_slot_is_answered_once(store: Store, publish) -> None:
    publish("One", slot_at=NOW)
    with pytest.raises(PublishConflictError):
        publish("Two", slot_at=NOW)
    with pytest.raises(PublishConflictError):
        store.editions.record_run(run(RunOutcome.NOTHING_NEW))
    assert store.editions.answered_until("daily", now=NOW) == NOW


def test_a_failed_run_leaves_its_slot_open(store: Store, publish) -> None:
    store.editions.know_list("daily", now=NOW)
    store.editions.record_run(run(RunOutcome.FAILED))
    store.editions.record_run(run(RunOutcome.FAILED))
    assert store.editions.answered_until("daily", now=NOW) is None
    publish("One", slot_at=NOW)
    assert [r.outcome for r in store.editions.runs("daily")] == [RunOutcome.PUBLISHED]


def test_a_clock_that_was_ahead_does_not_silence_a_list(store: Store) -> None:
    store.editions.know_list("daily", now=NOW)
    store.editions.record_run(run(RunOutcome.SKIPPED, slot_at=NOW + timedelta(days=900)))
    assert store.editions.answered_until("daily", now=NOW) is None


def test_runs_by_hand_do_not_collide(store: Store) -> None:
    store.editions.know_list("daily", now=NOW)
    for _ in range(3):
        store.editions.record_run(run(RunOutcome.NOTHING_NEW, slot_at=None))
    assert len(store.editions.runs("daily")) == 3


def test_a_list_is_known_since_its_first_sight(store: Store) -> None:
    assert store.editions.know_list("daily", now=NOW) == NOW
    assert store.editions.know_list("daily", now=NOW + timedelta(days=1)) == NOW


def test_eight_publishers_of_one_slot_make_one_edition(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org")
    publish("Before")

    def attempt(number: int) -> bool:
        try:
            publish(f"Story {number}", slot_at=NOW, number=2)
        except PublishConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(attempt, range(8)))
    assert wins.count(True) == 1
    assert [edition.number for edition in store.editions.latest("daily", limit=5)] == [2, 1]
    assert store.deliveries.due_count(now=NOW) == 4


def test_a_slot_skipped_by_many_is_recorded_once(store: Store) -> None:
    store.editions.know_list("daily", now=NOW)

    def attempt(_: int) -> bool:
        try:
            store.editions.record_run(run(RunOutcome.SKIPPED))
        except PublishConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(attempt, range(8)))
    assert wins.count(True) == 1
