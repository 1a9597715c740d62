"""Suppressions are keyed hashes: they survive erasure, re-import and an upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from newsletter.errors import StoreError
from newsletter.model.subscribers import AddOutcome, SubscriptionState, SuppressionReason
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.migrate import MIGRATIONS
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ADA, BO = parse_address("Ada@Example.org"), parse_address("bo@example.org")


def add(store: Store, *addresses: object) -> list[tuple[AddOutcome, str]]:
    store.editions.know_list("daily", now=NOW)
    candidates = [Candidate(address=address) for address in addresses]  # type: ignore[arg-type]
    return store.subscribers.add("daily", candidates, source="test", now=NOW)


def everything_in(store: Store) -> str:
    """Every value of every table, as text."""
    with store._database.reading() as connection:
        return "\n".join(
            str(row) for table in tables.metadata.sorted_tables for row in connection.execute(select(table))
        )


def test_a_suppressed_address_is_refused_after_its_erasure(store: Store) -> None:
    add(store, ADA, BO)
    store.subscribers.suppress(ADA, SuppressionReason.COMPLAINT, now=NOW)
    assert store.subscribers.erase(ADA)
    assert "example.org" in everything_in(store), "Bo is there"
    # Hashes may spell "ada"; a hash holds no "@".
    assert "ada@" not in everything_in(store).lower()
    assert store.subscribers.suppression(ADA) is SuppressionReason.COMPLAINT
    assert add(store, ADA) == [(AddOutcome.REFUSED, "suppressed (complaint)")]
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 1


def test_an_erased_address_that_was_not_suppressed_may_come_back(store: Store) -> None:
    add(store, ADA)
    assert store.subscribers.erase(ADA)
    assert not store.subscribers.erase(ADA)
    assert add(store, ADA) == [(AddOutcome.ADDED, "")]


def test_erasing_leaves_the_deliveries_counted_under_no_name(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org")
    edition = publish("A story")
    store.subscribers.erase(ADA)
    assert sum(store.deliveries.counts(edition.id).values()) == edition.audience
    claimed = store.deliveries.claim(sender="me", limit=10, now=NOW)
    assert [delivery.address for delivery in claimed] == ["bo@example.org"]


def test_the_stored_key_stays_the_same(store: Store, store_url: str) -> None:
    store.subscribers.suppress(ADA, SuppressionReason.OPERATOR, now=NOW)
    again = Store.open(store_url)
    assert again.subscribers.suppression(ADA) is SuppressionReason.OPERATOR
    again.close()


def test_ones_own_key_may_be_set_until_something_is_suppressed(store: Store, store_url: str) -> None:
    add(store, ADA)
    own = Store.open(store_url, suppression_key="a key of one's own")
    own.subscribers.suppress(ADA, SuppressionReason.BOUNCE, now=NOW)
    assert own.subscribers.count("daily", SubscriptionState.CONFIRMED) == 0, "Ada's hash was made anew"
    own.close()
    again = Store.open(store_url, suppression_key="a key of one's own")
    assert again.subscribers.suppression(ADA) is SuppressionReason.BOUNCE
    assert "a key of one's own" not in everything_in(again)
    again.close()
    with pytest.raises(
        StoreError, match="SUPPRESSION_KEY is not set, and this store's suppressions were made"
    ):
        Store.open(store_url)
    with pytest.raises(StoreError, match="not the one that this store's 1 suppressions were made with"):
        Store.open(store_url, suppression_key="another")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url = str(request.getfixturevalue("postgres_url"))
    database = Database(url)
    with database.transaction() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()
    return url


def test_a_store_of_the_first_release_is_upgraded_with_all_that_is_in_it(empty_url: str) -> None:
    database = Database(empty_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    moment = "2026-11-01 06:00:00"
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number, key in ((1, ADA.key), (2, BO.key)):
            connection.execute(
                text("INSERT INTO subscribers VALUES (:id, :address, :address, '', :now)"),
                {"id": number, "address": key, "now": moment},
            )
        connection.execute(text(f"INSERT INTO lists VALUES ('daily', '{moment}', 0)"))
        for number in (1, 2):
            connection.execute(
                text(f"INSERT INTO subscriptions VALUES ({number}, 'daily', 'confirmed', '{moment}', 'x')")
            )
        for key in (ADA.key, "gone@example.org"):
            connection.execute(text(f"INSERT INTO suppressions VALUES ('{key}', 'operator', '{moment}')"))
    database.close()
    store = Store.open(empty_url)
    assert store.subscribers.count("daily", SubscriptionState.CONFIRMED) == 1
    assert store.subscribers.suppression(ADA) is SuppressionReason.OPERATOR
    assert store.subscribers.suppression(parse_address("gone@example.org")) is SuppressionReason.OPERATOR
    assert "gone@" not in everything_in(store)
    assert [reader.address.key for reader in store.subscribers.listed("daily")] == [ADA.key, BO.key]
    store.close()
