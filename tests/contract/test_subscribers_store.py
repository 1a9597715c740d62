"""What the store promises about subscribers, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

from newsletter.model.subscribers import AddOutcome, SubscriptionState, SuppressionReason
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ADA = parse_address("Ada@example.org")


def add(store: Store, *addresses: str, dry_run: bool = False) -> list[AddOutcome]:
    store.editions.know_list("daily", now=NOW)
    candidates = [Candidate(address=parse_address(a), name="N") for a in addresses]
    return [o for o, _ in store.subscribers.add("daily", candidates, source="s", now=NOW, dry_run=dry_run)]


def test_adding_twice_adds_once_whatever_the_case(store: Store) -> None:
    assert add(store, "Ada@example.org") == [AddOutcome.ADDED]
    assert add(store, "aDA@EXAMPLE.org", "bo@example.org") == [AddOutcome.ALREADY_THERE, AddOutcome.ADDED]
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 2


def test_who_left_is_never_turned_on_again(store: Store) -> None:
    add(store, "ada@example.org")
    assert store.subscribers.unsubscribe("daily", ADA, now=NOW) is SubscriptionState.CONFIRMED
    assert store.subscribers.unsubscribe("daily", ADA, now=NOW) is SubscriptionState.UNSUBSCRIBED
    assert add(store, "ada@example.org") == [AddOutcome.REFUSED]
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 0


def test_leaving_one_list_leaves_the_others(store: Store) -> None:
    add(store, "ada@example.org")
    store.editions.know_list("weekly", now=NOW)
    store.subscribers.add("weekly", [Candidate(address=ADA)], source="s", now=NOW)
    store.subscribers.unsubscribe("daily", ADA, now=NOW)
    assert store.subscribers.count("weekly", SubscriptionState.CONFIRMED) == 1


def test_a_suppressed_address_is_refused_before_and_after_it_is_known(store: Store) -> None:
    assert store.subscribers.suppress(ADA, SuppressionReason.OPERATOR, now=NOW)
    assert not store.subscribers.suppress(ADA, SuppressionReason.BOUNCE, now=NOW)
    assert add(store, "ada@example.org") == [AddOutcome.REFUSED]
    assert store.subscribers.lift_suppression(ADA)
    assert add(store, "ada@example.org") == [AddOutcome.ADDED]
    store.subscribers.suppress(ADA, SuppressionReason.COMPLAINT, now=NOW)
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 0


def test_nobody_unknown_can_leave(store: Store) -> None:
    assert store.subscribers.unsubscribe("daily", ADA, now=NOW) is None


def test_a_dry_run_writes_nothing(store: Store) -> None:
    assert add(store, "ada@example.org", dry_run=True) == [AddOutcome.ADDED]
    assert list(store.subscribers.listed("daily")) == []


def test_all_are_listed_in_order_beyond_one_page(store: Store) -> None:
    addresses = [f"reader{n:04}@example.org" for n in range(2345)]
    for start in range(0, len(addresses), 500):
        add(store, *addresses[start : start + 500])
    listed = list(store.subscribers.listed("daily"))
    assert [subscriber.address.display for subscriber in listed] == addresses
    assert listed[0].since == NOW
    assert listed[0].name == "N"
