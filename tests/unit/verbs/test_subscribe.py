"""Subscribing: who gets on a list, and why not."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from examples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.errors import AddressError, SubscriberError
from newsletter.model.subscribers import (
    AddOutcome,
    AddReport,
    Address,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.store.store import Store
from newsletter.subscribe import add, addresses, erase, export_csv, import_csv, lift, parse_address, remove

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def bring_in(store: Store, text: str, *, dry_run: bool = False) -> list[AddReport]:
    lines = io.StringIO(text, newline="")
    return list(import_csv(store, "daily", lines, source="test", now=NOW, dry_run=dry_run))


def outcomes(reports: list[AddReport]) -> list[tuple[int, str, str]]:
    return [(report.line, report.address, report.outcome.value) for report in reports]


@pytest.mark.parametrize(
    ("text", "display", "key"),
    [
        ("  Ada@Example.ORG ", "Ada@example.org", "ada@example.org"),
        ("ada@bücher.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@XN--BCHER-KVA.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("o'hara+news@example.org", "o'hara+news@example.org", "o'hara+news@example.org"),
    ],
)
def test_an_address_has_one_key_whatever_its_spelling(text: str, display: str, key: str) -> None:
    address = parse_address(text)
    assert (address.display, address.key) == (display, key)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must have an @-sign"),
        ("ada", "must have an @-sign"),
        ("ada@localhost", "should have a period"),
        ("ada@example..org", "two periods in a row"),
        ("ada lovelace@example.org", "contains invalid characters"),
        ("Ada <ada@example.org>", "display name"),
        ("a" * 65 + "@example.org", "64 octets"),
        ("ada@example.org\nBcc: x@example.org", "invalid characters"),
        ("=?utf-8?b?DQpCY2M6IHg=?=@example.org", "encoded word"),
    ],
)
def test_an_unusable_address_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert reason in caught.value.reason


PIECES = st.sampled_from(
    ("ada", "Bo", *".-+_@é ", "example", "EXAMPLE", ".org", "xn--bcher-kva", "xn--", "test")
)


def read_with(reader: Callable[[str], Address], text: str) -> Address | str:
    try:
        return reader(text)
    except AddressError as error:
        return error.reason


@settings(max_examples=examples(300))
@given(st.lists(PIECES | st.sampled_from("abz019"), max_size=9).map("".join))
@example("postmaster@example.org")
@example("a" * 65 + "@example.org")
@example("a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".example")
@example("a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".ex")
@example("ada@" + "b" * 64 + ".org")
@example("ada@example.org\n")
@example("ada@-example.org")
@example("ada@ab--example.org")
def test_an_address_that_looks_plain_is_read_like_any_other(text: str) -> None:
    assert read_with(parse_address, text) == read_with(lambda one: addresses._parse(one.strip()), text)


def test_a_file_with_a_header_in_any_order(sqlite_store: Store) -> None:
    reports = bring_in(sqlite_store, "Name;E-Mail\r\nAda Lovelace;ada@example.org\r\n;bo@example.org\r\n")
    assert outcomes(reports) == [(2, "ada@example.org", "added"), (3, "bo@example.org", "added")]
    assert [s.name for s in sqlite_store.subscribers.listed("daily")] == ["Ada Lovelace", ""]


def test_a_file_without_a_header(sqlite_store: Store) -> None:
    reports = bring_in(sqlite_store, "ada@example.org,Ada\n\nbo@example.org\n")
    assert outcomes(reports) == [(1, "ada@example.org", "added"), (3, "bo@example.org", "added")]


def test_each_line_says_what_became_of_it(sqlite_store: Store) -> None:
    bring_in(sqlite_store, "left@example.org\nold@example.org\n")
    remove(sqlite_store, "daily", "left@example.org", now=NOW)
    reports = bring_in(
        sqlite_store,
        "\ufeffaddress\nnew@example.org\nNEW@example.org\nold@example.org\nleft@example.org\nnonsense\n\n,\n",
    )
    assert [report.outcome.value for report in reports] == [
        "added",
        "already there",
        "already there",
        "refused",
        "refused",
        "refused",
    ]
    assert "only the reader may sign up again" in reports[3].reason
    assert "@-sign" in reports[4].reason
    assert reports[5].reason == "the address is empty"
    assert [report.line for report in reports] == [2, 3, 4, 5, 6, 8]


def test_a_header_without_an_address_is_told(sqlite_store: Store) -> None:
    with pytest.raises(
        SubscriberError, match="no column is named address or email; the first row is: id, phone"
    ):
        bring_in(sqlite_store, "id,phone\n1,2\n")


def test_a_dry_run_says_the_same_and_writes_nothing(sqlite_store: Store) -> None:
    text = "address\nada@example.org\nnonsense\n" + "ada@example.org\n" * 600 + "bo@example.org\n"
    told = outcomes(bring_in(sqlite_store, text, dry_run=True))
    assert list(sqlite_store.subscribers.listed("daily")) == []
    assert outcomes(bring_in(sqlite_store, text)) == told


def test_an_empty_file_adds_nobody(sqlite_store: Store) -> None:
    assert bring_in(sqlite_store, "") == []


def test_a_row_that_is_no_csv_is_refused_and_the_rest_goes_on(sqlite_store: Store) -> None:
    huge = "x" * 200_000
    reports = bring_in(sqlite_store, f"address\n{huge}\nada@example.org\n")
    assert [report.outcome for report in reports] == [AddOutcome.REFUSED, AddOutcome.ADDED]
    assert "not readable as CSV" in reports[0].reason


def test_a_name_cannot_carry_line_ends(sqlite_store: Store) -> None:
    bring_in(sqlite_store, 'address,name\nada@example.org,"Ada\r\nBcc: eve@example.org\x00"\n')
    assert [s.name for s in sqlite_store.subscribers.listed("daily")] == ["Ada Bcc: eve@example.org"]


def test_removing(sqlite_store: Store) -> None:
    add(sqlite_store, "daily", "ada@example.org", source="test", now=NOW)
    assert remove(sqlite_store, "daily", "ADA@example.org", now=NOW) == "ADA@example.org has left daily"
    assert "had left daily already" in remove(sqlite_store, "daily", "ada@example.org", now=NOW)
    with pytest.raises(SubscriberError, match="bo@example.org is not on the list daily"):
        remove(sqlite_store, "daily", "bo@example.org", now=NOW)


def test_suppressing_works_for_anybody_and_lasts(sqlite_store: Store) -> None:
    assert "never be mailed again" in remove(sqlite_store, "daily", "ada@example.org", suppress=True, now=NOW)
    report = add(sqlite_store, "daily", "ada@example.org", source="test", now=NOW)
    assert (report.outcome, report.reason) == (AddOutcome.REFUSED, "suppressed (operator)")


def test_who_is_suppressed_is_shown_with_the_reason_wherever_readers_are_listed(sqlite_store: Store) -> None:
    add(sqlite_store, "daily", "ada@example.org", source="test", now=NOW)
    sqlite_store.subscribers.suppress(parse_address("ada@example.org"), SuppressionReason.COMPLAINT, now=NOW)
    assert [s.suppressed for s in sqlite_store.subscribers.listed("daily")] == [SuppressionReason.COMPLAINT]
    file = io.StringIO(newline="")
    export_csv(sqlite_store, "daily", file)
    assert next(csv.DictReader(io.StringIO(file.getvalue())))["suppressed"] == "complaint"


@pytest.mark.parametrize(
    ("standing", "outlook"),
    [
        ("confirmed", "it gets the next edition of daily and weekly"),
        ("left", "it has left its lists, and only the reader may sign up again: nothing is sent to it"),
        ("unknown", "but it is on no list: nothing is sent to it"),
    ],
)
def test_lifting_a_suppression_says_what_it_was_and_what_follows(
    sqlite_store: Store, standing: str, outlook: str
) -> None:
    for list_name in ("daily", "weekly") if standing != "unknown" else ():
        add(sqlite_store, list_name, "ada@example.org", source="test", now=NOW)
        if standing == "left":
            remove(sqlite_store, list_name, "ada@example.org", now=NOW)
    ada = parse_address("ada@example.org")
    sqlite_store.subscribers.suppress(ada, SuppressionReason.BOUNCE, now=NOW)
    said = lift(sqlite_store, "ADA@example.org")
    assert "no longer suppressed (it was: bounce)" in said
    assert said.endswith(outlook)
    assert sqlite_store.subscribers.suppression(ada) is None
    with pytest.raises(SubscriberError, match="ada@example.org is not suppressed"):
        lift(sqlite_store, "ada@example.org")


def test_erasing_forgets_on_all_lists_and_says_what_stays(sqlite_store: Store) -> None:
    for list_name in ("daily", "weekly"):
        add(sqlite_store, list_name, "ada@example.org", name="Ada", source="test", now=NOW)
    assert "newsletter subscribers remove --suppress" in erase(sqlite_store, "Ada@example.org")
    for list_name in ("daily", "weekly"):
        assert list(sqlite_store.subscribers.listed(list_name)) == []
    with pytest.raises(SubscriberError, match="nobody has the address ada@example.org: there is nothing"):
        erase(sqlite_store, "ada@example.org")
    assert add(sqlite_store, "daily", "ada@example.org", source="t", now=NOW).outcome is AddOutcome.ADDED


def test_an_erased_address_that_is_suppressed_is_refused_by_an_import(store: Store) -> None:
    add(store, "daily", "ada@example.org", source="test", now=NOW)
    remove(store, "daily", "ada@example.org", suppress=True, now=NOW)
    assert "its suppression (operator) stays as a hash" in erase(store, "ada@example.org")
    reports = bring_in(store, "address\nADA@example.org\nbo@example.org\n")
    assert [report.outcome for report in reports] == [AddOutcome.REFUSED, AddOutcome.ADDED]
    assert reports[0].reason == "suppressed (operator)"
    with pytest.raises(SubscriberError, match=r"its suppression \(operator\) is a hash only"):
        erase(store, "ada@example.org")


def test_an_export_is_safe_for_spreadsheets_and_comes_back_as_it_was(sqlite_store: Store) -> None:
    add(sqlite_store, "daily", "+promo@example.org", name="=HYPERLINK(1)", source="test", now=NOW)
    file = io.StringIO(newline="")
    assert export_csv(sqlite_store, "daily", file) == 1
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert (rows[0]["address"], rows[0]["name"]) == ("'+promo@example.org", "'=HYPERLINK(1)")
    assert (rows[0]["state"], rows[0]["since"]) == ("confirmed", "2026-11-23T06:00:00+00:00")
    lines = io.StringIO(file.getvalue(), newline="")
    assert len(list(import_csv(sqlite_store, "copy", lines, source="test", now=NOW))) == 1
    copied = next(sqlite_store.subscribers.listed("copy"))
    assert (copied.address.display, copied.name) == ("+promo@example.org", "=HYPERLINK(1)")


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_imported_or_refused_without_a_crash(sqlite_store: Store, text: str) -> None:
    try:
        reports = bring_in(sqlite_store, text)
    except SubscriberError:
        return
    assert all(report.reason for report in reports if report.outcome is AddOutcome.REFUSED)


def many(count: int) -> Iterator[str]:
    yield "address,name\n"
    for number in range(count):
        yield f"reader{number}@example.org,Reader {number}\n"


def peak_of_import(store: Store, count: int) -> int:
    tracemalloc.start()
    counted = Counter(
        report.outcome for report in import_csv(store, "daily", many(count), source="t", now=NOW)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(counted.values()) == count
    return peak


def test_memory_does_not_grow_with_the_file(sqlite_store: Store) -> None:
    small = peak_of_import(sqlite_store, 800)
    assert peak_of_import(sqlite_store, 2_400) < 1.5 * small


@pytest.mark.sweep
def test_hundreds_of_thousands_of_rows(sqlite_store: Store) -> None:
    counted = Counter(
        report.outcome for report in import_csv(sqlite_store, "daily", many(300_000), source="t", now=NOW)
    )
    assert counted == {AddOutcome.ADDED: 300_000}
    assert sqlite_store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 300_000
