"""What is no longer kept, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.ingest import forget
from newsletter.model.documents import FileOutcome, FoundFile, RefusalReason
from newsletter.store import forgetting
from newsletter.store.store import Store

FIRST = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LATER = FIRST + timedelta(days=60)


def put(store: Store, path: str, document, *, now: datetime) -> FileOutcome:
    return store.documents.record("/in", [FoundFile(path=path, fingerprint="1", document=document)], now=now)[
        0
    ].outcome


def test_an_old_text_is_forgotten_and_never_new_again(store: Store, parsed) -> None:
    put(store, "old.txt", parsed("Old"), now=FIRST)
    put(store, "young.txt", parsed("Young"), now=LATER - timedelta(days=1))
    assert forget(store, text_days=45, seen_days=0, now=LATER) == 1
    assert forget(store, text_days=45, seen_days=0, now=LATER) == 0
    assert [document.headline for document in store.documents.new_for("daily")] == ["Young"]
    assert put(store, "copy.txt", parsed("Old"), now=LATER) is FileOutcome.KNOWN
    assert [document.headline for document in store.documents.new_for("daily")] == ["Young"]
    assert store.documents.get_many([1]) == []
    (forgotten,) = store.documents.get_many([1], with_forgotten=True)
    assert (forgotten.headline, forgotten.text, forgotten.paragraphs) == ("Old", "", ())
    assert forgotten.forgotten_at == LATER


def test_more_texts_than_one_transaction_takes(store: Store, parsed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 10)
    files = [
        FoundFile(path=f"{number}.txt", fingerprint="1", document=parsed(f"Story {number}"))
        for number in range(21)
    ]
    store.documents.record("/in", files, now=FIRST)
    assert forget(store, text_days=45, seen_days=0, now=LATER) == 21


def test_nothing_is_forgotten_unless_it_is_asked_for(store: Store, parsed) -> None:
    put(store, "old.txt", parsed("Old"), now=FIRST)
    store.documents.mark_gone("/in", ["old.txt"], now=FIRST)
    assert forget(store, text_days=0, seen_days=0, now=FIRST + timedelta(days=10_000)) == 0
    assert store.documents.get_many([1])[0].places == ("/in/old.txt",)


def test_a_place_that_is_gone_is_forgotten_and_its_text_is_not_new(store: Store, parsed) -> None:
    for name in ("gone.txt", "here.txt"):
        put(store, name, parsed(name), now=FIRST)
    store.documents.mark_gone("/in", ["gone.txt"], now=FIRST)
    forget(store, text_days=0, seen_days=45, now=LATER)
    assert [document.places for document in store.documents.get_many([1, 2])] == [(), ("/in/here.txt",)]
    assert put(store, "gone.txt", parsed("gone.txt"), now=LATER) is FileOutcome.KNOWN


def test_an_item_that_its_feed_let_go_of_is_forgotten_unless_it_was_never_read(store: Store, parsed) -> None:
    read = FoundFile(path="guid:1", fingerprint="1", document=parsed("Read"))
    passed_over = FoundFile(path="guid:2", fingerprint="2", refusal=RefusalReason.EMPTY)
    store.documents.record("https://feed.example/", [read, passed_over], now=FIRST)
    forget(store, text_days=0, seen_days=45, now=LATER)
    assert list(store.documents.known_files("https://feed.example/")) == ["guid:2"]


@pytest.mark.parametrize("days", [1, 44])
def test_texts_are_kept_long_enough_for_a_monthly_list(days: int) -> None:
    from newsletter.app import App
    from newsletter.errors import SettingsError

    with pytest.raises(SettingsError, match="KEEP_TEXT_DAYS: .*at least 45"):
        App.isolated(list_name="daily", keep_text_days=days)


def test_a_text_under_the_address_of_a_forgotten_one_is_new(store: Store, parsed) -> None:
    put(store, "a", replace(parsed("Ferry", "It stays."), canonical_url="a.example/1"), now=FIRST)
    forget(store, text_days=45, seen_days=0, now=LATER)
    again = replace(parsed("Ferry", "It sails."), canonical_url="a.example/1")
    assert put(store, "b", again, now=LATER) is FileOutcome.NEW
