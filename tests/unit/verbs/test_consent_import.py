"""Importing consent, and exports that can be imported again."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.readers import ConsentAction
from newsletter.model.subscribers import AddOutcome, AddReport, Cadence, SubscriptionState, SuppressionReason
from newsletter.store.adding import Candidate
from newsletter.store.store import Store
from newsletter.subscribe import add, erase, export_csv, import_csv, masked, parse_address, remove

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def bring_in(store: Store, text: str, list_name: str = "daily") -> list[AddReport]:
    lines = io.StringIO(text, newline="")
    return list(import_csv(store, list_name, lines, source="file.csv", now=NOW))


def exported(store: Store, list_name: str = "daily") -> str:
    file = io.StringIO(newline="")
    export_csv(store, list_name, file)
    return file.getvalue()


def consent_of(store: Store, list_name: str = "daily") -> list[tuple[str, datetime, str]]:
    entries = (store.consents.of(s.id) for s in store.subscribers.listed(list_name))
    return [(entry.action.value, entry.at, entry.origin) for record in entries for entry in record]


@pytest.mark.parametrize(
    ("header", "row", "at", "origin"),
    [
        ("email,source,date", "a@example.org,Fair,2026-05-31", datetime(2026, 5, 31, tzinfo=UTC), "Fair"),
        (
            "E-Mail;Consent Source;Consent_Date",
            "a@example.org;Web;2026-05-31T14:00:00+02:00",
            datetime(2026, 5, 31, 12, tzinfo=UTC),
            "Web",
        ),
        (
            "email,optin time,origin",
            "a@example.org,2026-05-31 12:30:00,Shop",
            datetime(2026, 5, 31, 12, 30, tzinfo=UTC),
            "Shop",
        ),
        ("email,confirmed at", "a@example.org,20260531", datetime(2026, 5, 31, tzinfo=UTC), "file.csv"),
        ("email,signup source", "a@example.org,Booth", NOW, "Booth"),
        ("email,subscribed at", "a@example.org,", NOW, "file.csv"),
    ],
)
def test_where_and_when_consent_came_from_goes_on_record(
    sqlite_store: Store, header: str, row: str, at: datetime, origin: str
) -> None:
    bring_in(sqlite_store, f"{header}\n{row}\n")
    assert consent_of(sqlite_store) == [("added", at, origin)]


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("date", "31.05.2026", "the date of consent '31.05.2026' is not one like 2026-05-31"),
        ("date", "2026-11-24", "the date of consent 2026-11-24 lies ahead"),
        ("date", "0001-01-01T00:00:00+12:00", "is not one like"),
        ("date", "1066-10-14", "cannot be true"),
        ("state", "Unsubscribed", "the file says: Unsubscribed; only the reader may sign up again"),
        ("status", "unconfirmed", "the file says: unconfirmed"),
        ("suppressed", "complaint", "the file says: suppressed (complaint)"),
        ("cadence", "hourly", "the cadence 'hourly' is neither each nor weekly"),
        ("paused until", "soon", "the end of the pause 'soon' is not a date"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_reason_and_the_rest_goes_on(
    sqlite_store: Store, header: str, cell: str, reason: str
) -> None:
    reports = bring_in(sqlite_store, f"email,{header}\na@example.org,{cell}\nb@example.org,\n")
    assert [report.outcome for report in reports] == [AddOutcome.REFUSED, AddOutcome.ADDED]
    assert reason in reports[0].reason


def test_a_weekly_reader_needs_a_list_that_offers_it(sqlite_store: Store) -> None:
    lines = io.StringIO("email,cadence\na@example.org,weekly\n")
    reports = list(
        import_csv(sqlite_store, "daily", lines, source="f", now=NOW, offers_weekly=False, dry_run=True)
    )
    assert "WEEKLY_SCHEDULE" in reports[0].reason


def test_the_operators_own_adding_and_removing_go_on_record_too(store: Store) -> None:
    add(store, "daily", "ada@example.org", source="added by the operator", now=NOW)
    remove(store, "daily", "ada@example.org", now=NOW + timedelta(hours=1))
    remove(store, "daily", "ada@example.org", now=NOW + timedelta(hours=2))
    assert consent_of(store) == [
        (ConsentAction.ADDED.value, NOW, "added by the operator"),
        (ConsentAction.LEFT.value, NOW + timedelta(hours=1), "the operator"),
    ]


def test_an_export_that_is_erased_and_imported_again_is_the_same(store: Store) -> None:
    """All but since when each is on the list: that is when it was imported."""
    store.editions.know_list("daily", now=NOW)
    candidates = [
        Candidate(address=parse_address("ada@example.org"), name="Ada"),
        Candidate(
            address=parse_address("+bo@bücher.example"),
            name="=Bo, the “Great”",
            cadence=Cadence.WEEKLY,
            paused_until=NOW + timedelta(days=30),
            consent_at=NOW - timedelta(days=400, microseconds=7),
            origin="@fair, 2025",
        ),
    ]
    store.subscribers.add("daily", candidates, source="by hand", now=NOW)
    before = exported(store)
    for candidate in candidates:
        erase(store, candidate.address.display)
    assert list(csv.reader(io.StringIO(exported(store))))[1:] == []
    assert [report.outcome for report in bring_in(store, before)] == [AddOutcome.ADDED] * 2
    assert exported(store) == before
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 2


def test_an_export_puts_nobody_back_who_had_left_or_is_suppressed(sqlite_store: Store) -> None:
    for name in ("left", "complained", "stays"):
        add(sqlite_store, "daily", f"{name}@example.org", source="s", now=NOW)
    remove(sqlite_store, "daily", "left@example.org", now=NOW)
    address = parse_address("complained@example.org")
    sqlite_store.subscribers.suppress(address, SuppressionReason.COMPLAINT, now=NOW)
    outcomes = [report.outcome for report in bring_in(sqlite_store, exported(sqlite_store), "copy")]
    assert outcomes == [AddOutcome.REFUSED, AddOutcome.REFUSED, AddOutcome.ADDED]


def test_of_readers_older_than_the_record_the_subscription_itself_tells(sqlite_store: Store) -> None:
    from sqlalchemy import delete

    from newsletter.store import tables

    add(sqlite_store, "daily", "ada@example.org", source="by hand", now=NOW)
    with sqlite_store._database.transaction() as connection:
        connection.execute(delete(tables.consents))
    row = next(csv.DictReader(io.StringIO(exported(sqlite_store))))
    assert (row["consent date"], row["consent source"]) == (NOW.isoformat(), "by hand")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.org", "a••@example.org"),
        ("a@example.org", "••@example.org"),
        ("ä@example.org", "••@example.org"),
        ("a\u0308da@example.org", "a\u0308••@example.org"),
        ("a\u0308@example.org", "••@example.org"),
        ("änne@bücher.example", "ä••@bücher.example"),
        ("山田@example.org", "山••@example.org"),
        ("erased-7", ""),
    ],
)
def test_a_masked_address_is_known_again_and_gives_nothing_away(address: str, shown: str) -> None:
    assert masked(address) == shown


@given(st.text(min_size=2, max_size=64))
def test_a_masked_address_never_holds_the_whole_part_before_the_at_sign(local: str) -> None:
    shown = masked(f"{local}@example.org").rpartition("@")[0]
    assert shown.endswith("••")
    assert len(shown) - 2 < len(local)
