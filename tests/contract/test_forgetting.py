"""What is no longer kept, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from newsletter.ingest import forget
from newsletter.model.documents import FileOutcome, FoundFile, ParsedItem, RefusalReason
from newsletter.model.sources import FetchedItem, Poll, PollOutcome, SeenItem, Source
from newsletter.store import statements
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
    monkeypatch.setattr(statements, "_VALUES_PER_STATEMENT", 10)
    files = [
        FoundFile(path=f"{number}.txt", fingerprint="1", document=parsed(f"Story {number}"))
        for number in range(21)
    ]
    store.documents.record("/in", files, now=FIRST)
    assert forget(store, text_days=45, seen_days=0, now=LATER) == 21


def test_nobody_is_kept_from_writing_while_nothing_is_old(sqlite_store: Store, parsed) -> None:
    put(sqlite_store, "a.txt", parsed(), now=FIRST)
    asked: list[str] = []

    @event.listens_for(sqlite_store._database.engine, "before_cursor_execute")
    def _(_connection, _cursor, statement: str, *_rest: object) -> None:
        asked.append(statement)

    forget(sqlite_store, text_days=45, seen_days=45, now=FIRST)
    assert asked
    assert "BEGIN IMMEDIATE" not in asked


def test_what_was_told_is_found_by_an_index(sqlite_store: Store) -> None:
    """Without one, forgetting 100,000 texts took more than six minutes."""
    plans: list[str] = []
    engine = sqlite_store._database.engine

    @event.listens_for(engine, "before_cursor_execute")
    def _(_connection, cursor, statement: str, parameters: Any, *_rest: object) -> None:
        if "edition_documents" in statement:
            rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(row[3] for row in rows)

    sqlite_store.forgetting.texts(before=FIRST, now=FIRST)
    assert any("documents USING INDEX ix_documents_kept" in plan for plan in plans)
    assert any("ix_edition_documents_document_id" in plan for plan in plans)


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


def test_an_item_that_left_its_file_long_ago_is_forgotten_though_the_file_changes(
    store: Store, parsed
) -> None:
    def mailbox(*keys: str, day: int) -> None:
        """Let the mailbox hold these mails on a day."""
        items = tuple(ParsedItem(key=key, document=parsed(key)) for key in keys)
        found = FoundFile(path="a.mbox", fingerprint=f"{day}", items=items)
        store.documents.record("/in", [found], now=FIRST + timedelta(days=day))

    mailbox("one", "two", day=0)
    for day in (1, 30, 60):
        mailbox("two", day=day)
    forget(store, text_days=0, seen_days=45, now=LATER)
    assert [document.places for document in store.documents.get_many([1, 2])] == [(), ("/in/a.mbox//two",)]


def _source(store: Store) -> Source:
    source = store.sources.add("https://feed.example/", next_at=FIRST, now=FIRST)
    assert source is not None
    return source


def _ask(store: Store, source: Source, outcome: PollOutcome, *keys: str, parsed, day: int) -> None:
    """Let a source answer on a day, with items of these keys."""
    now = FIRST + timedelta(days=day)
    seen = tuple(SeenItem(key=key, fingerprint=key, alias="") for key in keys)
    items = tuple(FetchedItem(seen=item, document=parsed(item.key)) for item in seen)
    store.sources.record(source, Poll(outcome=outcome, next_at=now, items=items, seen=seen), now=now)


@pytest.mark.parametrize("answer", [PollOutcome.UNCHANGED, PollOutcome.FAILED])
def test_items_stay_known_while_nothing_says_that_they_left_their_feed(
    store: Store, parsed, answer: PollOutcome
) -> None:
    source = _source(store)
    _ask(store, source, PollOutcome.FETCHED, "1", "2", parsed=parsed, day=0)
    for day in range(1, 100):
        _ask(store, source, answer, parsed=parsed, day=day)
    forget(store, text_days=0, seen_days=45, now=FIRST + timedelta(days=100))
    assert set(store.documents.known_files(source.added_url)) == {"1", "2"}
    _ask(store, source, PollOutcome.FETCHED, "2", "3", parsed=parsed, day=100)
    forget(store, text_days=0, seen_days=45, now=FIRST + timedelta(days=100))
    assert set(store.documents.known_files(source.added_url)) == {"2", "3"}


def test_items_of_a_source_that_was_removed_are_forgotten(store: Store, parsed) -> None:
    source = _source(store)
    _ask(store, source, PollOutcome.FETCHED, "1", parsed=parsed, day=0)
    store.sources.remove(source.id)
    forget(store, text_days=0, seen_days=45, now=LATER)
    assert store.documents.known_files(source.added_url) == {}


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
