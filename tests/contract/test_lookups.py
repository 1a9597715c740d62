"""What the operator's pages look up, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from contract.test_operations_store import MIX, mix
from sqlalchemy import event, insert, update

from newsletter.model import lookups as shapes
from newsletter.model.deliveries import DeliveryState
from newsletter.model.documents import FoundFile, ParsedDocument, RefusalReason
from newsletter.model.lookups import FailureClass, SubscriberFilter
from newsletter.model.subscribers import SubscriptionState, SuppressionReason
from newsletter.store import tables
from newsletter.store.lookups import documents as document_lookups
from newsletter.store.lookups import editions as edition_lookups
from newsletter.store.lookups import subscribers as subscriber_lookups
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

__all__ = ["mix"]

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
S = DeliveryState


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (shapes, document_lookups, edition_lookups, subscriber_lookups):
        monkeypatch.setattr(module, "PAGE_ROWS", 3)


@pytest.fixture
def documents(sqlite_store: Store, parsed: Callable[..., ParsedDocument]) -> None:
    """Eight documents, one of them by the Radio, and two files that were refused."""
    for n in range(8):
        document = parsed(f"Harbour news {n}" if n != 5 else "Überfahrt im Nebel", f"Text {n}.")
        if n == 2:
            document = replace(document, source="Coast Radio")
        file = FoundFile(path=f"{n}.txt", fingerprint="1", document=document)
        sqlite_store.documents.record("/in", [file], now=NOW + timedelta(hours=n))
    for name, refusal in (("a.bin", RefusalReason.BINARY), ("b.pdf", RefusalReason.SCANNED)):
        file = FoundFile(path=name, fingerprint="1", refusal=refusal, detail="look")
        sqlite_store.documents.record("/in", [file], now=NOW)


def headlines(page: shapes.DocumentPage) -> list[str]:
    return [row.headline for row in page.rows]


# --- documents ------------------------------------------------------------------------------------------


def test_documents_come_in_pages_the_newest_first(sqlite_store: Store, documents: None) -> None:
    found, before = [], None
    for _ in range(3):
        page = sqlite_store.lookups.documents.page(before=before)
        found += [row.id for row in page.rows]
        before = page.next_id
    assert found == sorted(found, reverse=True)
    assert len(found) == 8
    assert before is None


def test_a_search_looks_in_headlines_and_sources_in_any_case(sqlite_store: Store, documents: None) -> None:
    search = sqlite_store.lookups.documents.page
    assert headlines(search(text="coast RADIO")) == ["Harbour news 2"]
    assert headlines(search(text="ÜBERFAHRT nebel")) == ["Überfahrt im Nebel"]
    assert headlines(search(text="radio nebel")) == []
    assert headlines(search(text="100%_")) == []


def test_a_search_goes_on_where_it_stopped(
    sqlite_store: Store, documents: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_lookups, "_LOOKED_AT", 4)
    first = sqlite_store.lookups.documents.page(text="radio")
    assert (first.rows, first.searched_to) == ((), NOW + timedelta(hours=4))
    second = sqlite_store.lookups.documents.page(text="radio", before=first.next_id)
    assert headlines(second) == ["Harbour news 2"]
    assert (second.next_id, second.searched_to) == (None, None)


def test_a_search_that_finds_more_than_a_page_loses_none(sqlite_store: Store, documents: None) -> None:
    found, before = [], None
    while True:
        page = sqlite_store.lookups.documents.page(text="news", before=before)
        found += headlines(page)
        before = page.next_id
        if before is None:
            break
    assert found == [f"Harbour news {n}" for n in (7, 6, 4, 3, 2, 1, 0)]


def test_a_document_says_which_editions_told_it_and_where_it_lies(store: Store, publish) -> None:
    publish("Ferry sinks")
    publish("Bridge opens", list_name="other")
    row = next(row for row in store.lookups.documents.page().rows if row.headline == "Ferry sinks")
    assert row.told == (("daily", 1), ("other", 1))
    assert [(place.folder, place.path) for place in row.places] == [("/in", "Ferry sinks.txt")]
    assert store.lookups.documents.tellings(row.id) == row.told


def test_refused_files_come_with_their_reason_and_go_when_they_are_gone(
    sqlite_store: Store, documents: None
) -> None:
    rows = sqlite_store.lookups.documents.refused().rows
    assert [(row.place.path, row.refusal, row.detail) for row in rows] == [
        ("b.pdf", RefusalReason.SCANNED, "look"),
        ("a.bin", RefusalReason.BINARY, "look"),
    ]
    assert sqlite_store.lookups.documents.refused(before=rows[0].id).rows == rows[1:]
    sqlite_store.documents.mark_gone("/in", ["a.bin"], now=NOW)
    assert sqlite_store.lookups.documents.refused().rows == rows[:1]
    assert sqlite_store.lookups.documents.refused_count() == 1


def test_days_with_news_are_days_of_utc(store: Store, parsed: Callable[..., ParsedDocument]) -> None:
    for hour in (0, 23, 30):
        at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hour)
        file = FoundFile(path=f"{hour}.txt", fingerprint="1", document=parsed(f"News {hour}"))
        store.documents.record("/in", [file], now=at.astimezone())
    found = store.lookups.documents.news_days(["/in", "/out"], since=NOW - timedelta(days=30))
    assert found == {"/in": (date(2026, 11, 20), date(2026, 11, 21))}


# --- editions and deliveries ----------------------------------------------------------------------------


def test_counts_are_those_that_counting_every_delivery_gives(store: Store, mix: int) -> None:
    (row,) = store.lookups.editions.page().rows
    assert row.counts == store.deliveries.counts(mix) == dict.fromkeys(S, 1)


def test_editions_come_in_pages_by_list(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    for n in range(4):
        publish(f"Story {n}")
        publish(f"Other {n}", list_name="other")
    first = store.lookups.editions.page(list_name="daily")
    assert [row.edition.number for row in first.rows] == [4, 3, 2]
    assert [dict(row.counts) for row in first.rows] == [{S.QUEUED: 1}] * 3
    rest = store.lookups.editions.page(list_name="daily", before=first.next_id)
    assert [row.edition.number for row in rest.rows] == [1]
    assert rest.next_id is None
    assert len(store.lookups.editions.page(limit=20).rows) == 8


def test_deliveries_of_a_state_are_those_alone(store: Store, mix: int) -> None:
    for state in S:
        page = store.lookups.editions.deliveries(mix, state)
        assert [row.record.address for row in page.rows] == [f"{state.value}@example.org"]
        assert page.next_id is None


def test_deliveries_come_in_pages_each_once(store: Store, subscribe, publish) -> None:
    subscribe(*MIX)
    edition = publish("A story")
    found, after = [], None
    while True:
        page = store.lookups.editions.deliveries(edition.id, S.QUEUED, after=after)
        found += [row.record.address for row in page.rows]
        after = page.next_id
        if after is None:
            break
    assert sorted(found) == sorted(MIX)


def test_a_readers_deliveries_come_in_pages_the_newest_first(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bob@example.org")
    for n in range(5):
        publish(f"Story {n}")
    number = store.lookups.subscribers.id_of(parse_address("Ada@example.org"))
    assert number is not None
    first = store.lookups.editions.of_reader(number)
    rest = store.lookups.editions.of_reader(number, before=first.next_id)
    assert [row.record.edition_number for row in (*first.rows, *rest.rows)] == [5, 4, 3, 2, 1]
    assert rest.next_id is None


# --- failures -------------------------------------------------------------------------------------------


def test_failures_are_grouped_by_code_and_by_domain(store: Store, mix: int) -> None:
    with store._database.transaction() as connection:
        for state, reply in (
            ("failed", "RCPT: 550 5.1.1 <failed@example.org> who?"),
            ("deferred", "RCPT: 550 5.1.1 <deferred@example.org> who?"),
            ("uncertain", "content: the connection was lost"),
        ):
            row = tables.deliveries.c.state == state
            connection.execute(update(tables.deliveries).where(row).values(reply=reply))
    failures = store.lookups.failures.of([mix])
    assert failures.total == 3
    known, unknown = failures.reasons
    assert (known.code, known.enhanced, known.failure_class) == (550, "5.1.1", FailureClass.ADDRESS)
    assert known.states == {S.FAILED: 1, S.DEFERRED: 1}
    assert (unknown.code, unknown.enhanced, unknown.count) == (0, "", 1)
    (domain,) = failures.domains
    assert (domain.domain, domain.count) == ("example.org", 3)
    assert failures.more_domains == 0
    assert store.lookups.failures.of([mix + 1]).total == 0


def test_readers_who_were_erased_have_no_domain(store: Store, mix: int) -> None:
    store.subscribers.erase(parse_address("failed@example.org"))
    failures = store.lookups.failures.of([mix])
    assert (failures.total, sum(one.count for one in failures.domains)) == (3, 2)


# --- subscribers ----------------------------------------------------------------------------------------


@pytest.fixture
def readers(store: Store, subscribe) -> None:
    subscribe("ada@example.org", "bob_b@example.org", "bobxb@example.org", "cy@sample.net")
    subscribe("ada@example.org", "dee@sample.net", list_name="other")
    store.subscribers.unsubscribe("daily", parse_address("ada@example.org"), now=NOW)
    for address in ("cy@sample.net", "nobody@sample.net"):
        store.subscribers.suppress(parse_address(address), SuppressionReason.BOUNCE, now=NOW)


FOUND = (
    ({}, ["dee", "cy", "bobxb", "bob_b", "ada"]),
    ({"text": "SAMPLE.net"}, ["dee", "cy"]),
    ({"text": "bob_"}, ["bob_b"]),
    ({"text": "%"}, []),
    ({"list_name": "other"}, ["dee", "ada"]),
    ({"list_name": "daily", "state": SubscriptionState.CONFIRMED}, ["cy", "bobxb", "bob_b"]),
    ({"state": SubscriptionState.UNSUBSCRIBED}, ["ada"]),
    ({"state": SubscriptionState.UNCONFIRMED}, []),
    ({"is_suppressed": True}, ["cy"]),
    ({"is_suppressed": True, "text": "ada"}, []),
)


def test_subscribers_are_found(store: Store, readers: None) -> None:
    for wanted, expected in FOUND:
        found, before = [], None
        while True:
            page = store.lookups.subscribers.page(SubscriberFilter(**wanted), before=before)
            found += [row.address.display.partition("@")[0] for row in page.rows]
            before = page.next_id
            if before is None:
                break
        assert found == expected, wanted


def test_a_row_says_how_a_reader_stands(store: Store, readers: None) -> None:
    (ada,) = store.lookups.subscribers.page(SubscriberFilter(text="ada")).rows
    assert ada.subscriptions == {
        "daily": SubscriptionState.UNSUBSCRIBED,
        "other": SubscriptionState.CONFIRMED,
    }
    (cy,) = store.lookups.subscribers.page(SubscriberFilter(text="cy@")).rows
    assert cy.suppressed is SuppressionReason.BOUNCE


def test_everything_about_a_reader_and_nothing_once_erased(store: Store, readers: None) -> None:
    lookups, address = store.lookups.subscribers, parse_address("cy@sample.net")
    number = lookups.id_of(address)
    assert number is not None
    reader = lookups.reader(number)
    assert reader is not None
    assert reader.suppression is not None
    assert (reader.suppression.reason, reader.suppression.since) == (SuppressionReason.BOUNCE, NOW)
    assert [one.list_name for one in reader.subscriptions] == ["daily"]
    assert [one.action.value for one in reader.consents] == ["added"]
    store.subscribers.erase(address)
    assert lookups.reader(number) is None
    assert lookups.reader(number + 1000) is None
    assert lookups.id_of(address) is None
    assert "cy" not in str(lookups.page(SubscriberFilter()).rows)


# --- history --------------------------------------------------------------------------------------------


def test_who_came_and_went_by_day(store: Store, readers: None) -> None:
    history, since = store.lookups.history, NOW - timedelta(days=3)
    store.subscribers.unsubscribe("daily", parse_address("cy@sample.net"), now=NOW - timedelta(hours=7))
    days = history.audience("daily", since=since)
    assert [(one.day, dict(one.counts)) for one in days] == [
        (date(2026, 11, 22), {"left": 1}),
        (date(2026, 11, 23), {"joined": 4, "left": 1}),
    ]
    assert history.audience("daily", since=NOW + timedelta(days=1)) == ()
    assert [dict(one.counts) for one in history.suppressions(since=since)] == [{"bounce": 2}]


def test_what_came_back_by_day_and_kind(store: Store) -> None:
    kinds = ("hard bounce", "hard bounce", "complaint")
    with store._database.transaction() as connection:
        for n, kind in enumerate(kinds):
            row = {"digest": str(n), "received_at": NOW, "kind": kind, "action": "x", "reason": ""}
            connection.execute(insert(tables.feedback).values(**row))
    (day,) = store.lookups.history.feedback(since=NOW - timedelta(days=1))
    assert (day.day, day.counts) == (NOW.date(), {"hard bounce": 2, "complaint": 1})


# --- cost -----------------------------------------------------------------------------------------------


def test_indexes_answer_what_would_read_whole_tables(sqlite_store: Store) -> None:
    store, asked = sqlite_store, []
    event.listen(
        store._database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, parameters, *rest: asked.append((statement, parameters)),
    )
    lookups = store.lookups
    lookups.editions.of_reader(1)
    lookups.editions.deliveries(1, S.ACCEPTED, after=5)
    lookups.documents.news_days(["/in"], since=NOW)
    lookups.history.audience("daily", since=NOW)
    lookups.history.feedback(since=NOW)
    lookups.documents.tellings(1)
    lookups.failures.of([1])
    plans = []
    with store._database.reading() as connection:
        for statement, parameters in list(asked):
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [row[3] for row in rows]
    ours = ("deliveries", "subscribers", "files", "consents", "feedback", "documents", "editions")
    assert not [plan for plan in plans if plan.startswith(tuple(f"SCAN {table}" for table in ours))]
