"""What deliveries refer to stays, by triggers of the other side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, delete, inspect, select, text, update

from newsletter.errors import StoreError
from newsletter.model.subscribers import Cadence
from newsletter.store import tables
from newsletter.store.audience import queue_deliveries
from newsletter.store.database import Database
from newsletter.store.migrate import MIGRATIONS, migrate
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_deliveries = tables.deliveries


def forget_others(connection: Connection, table: str) -> None:
    """Delete all that refers to a table, but deliveries."""
    for other in reversed(tables.metadata.sorted_tables):
        keys = [key.parent for key in other.foreign_keys if key.column.table.name == table]
        if keys and other is not _deliveries:
            connection.execute(delete(other))


@pytest.mark.parametrize("table", ["editions", "subscribers"])
def test_what_deliveries_are_of_is_not_deleted(store: Store, subscribe, publish, table: str) -> None:
    subscribe("ada@example.org", "bo@example.org")
    publish("A story")
    parent = tables.metadata.tables[table]
    refused = pytest.raises(StoreError, match="(?i)foreign key|there are deliveries of these")
    with refused, store._database.transaction() as connection:
        forget_others(connection, table)
        connection.execute(delete(parent).where(parent.c.id == 1))
    assert len(store.deliveries.claim(sender="me", limit=2, now=NOW)) == 2
    with store._database.transaction() as connection:
        forget_others(connection, table)
        assert connection.execute(delete(parent).where(parent.c.id == 1000)).rowcount == 0
        connection.execute(delete(_deliveries))
        assert connection.execute(delete(parent)).rowcount in (1, 2)


@pytest.mark.parametrize("table", ["editions", "subscribers"])
def test_whether_deliveries_are_of_it_is_found_by_an_index(sqlite_store: Store, table: str) -> None:
    named = f"keep_{table}_of_deliveries"
    with sqlite_store._database.transaction() as connection:
        trigger = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": named})
        found = trigger.split("EXISTS (")[1].split(")\nBEGIN")[0].replace("OLD.id", "1")
        plan = " / ".join(row[-1] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {found}")))
    assert "SEARCH deliveries USING COVERING INDEX sqlite_autoindex_deliveries_1 (edition_id=?" in plan, plan
    assert "SCAN deliveries" not in plan, plan


def test_a_reader_stays_of_whom_nothing_but_a_delivery_tells(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    publish("A story")
    subscribe("bo@example.org")
    with store._database.transaction() as connection:
        connection.execute(delete(tables.consents))
        connection.execute(update(tables.subscriptions).values(state="unconfirmed"))
    assert store.letters.forget(before=NOW + timedelta(days=9)) == 2 + 1, "two subscriptions, and bo"
    with store._database.reading() as connection:
        assert connection.scalars(select(tables.subscribers.c.address)).all() == ["ada@example.org"]


def test_who_deletes_readers_waits_for_who_queues_their_deliveries(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    edition = publish("A story", cadence=Cadence.WEEKLY)
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    def forget() -> None:
        """Delete the reader, as one of whom nothing tells any more."""
        with store._database.transaction() as connection:
            forget_others(connection, "subscribers")
            connection.execute(delete(tables.subscribers))

    with ThreadPoolExecutor() as pool:
        with store._database.transaction() as connection:
            queue_deliveries(connection, edition.id, list_name="daily", cadence=Cadence.EACH, now=NOW)
            forgetting = pool.submit(forget)
            while not store._database.is_sqlite and not connection.scalar(waiting):
                assert not forgetting.done()
        with pytest.raises(StoreError, match="(?i)foreign key|there are deliveries of these"):
            forgetting.result()
    (delivery,) = store.deliveries.claim(sender="me", limit=2, now=NOW)
    assert delivery.address == "ada@example.org"


def test_a_store_of_the_release_before_keeps_its_deliveries(
    store: Store, store_url: str, subscribe: Callable[..., None], publish: Callable[..., object]
) -> None:
    subscribe("ada@example.org", "bo@example.org")
    publish("A story")
    rows = select(_deliveries).order_by(_deliveries.c.id)
    with store._database.reading() as connection:
        before = connection.execute(rows).all()
    database = Database(store_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0014")
        assert len(inspect(connection).get_foreign_keys("deliveries")) == 2
    migrate(database)
    with database.transaction() as connection:
        kept = inspect(connection).get_foreign_keys("deliveries")
        assert kept == []
        assert connection.execute(rows).all() == before
        if database.is_sqlite:
            # Its statement was written anew in place.
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    assert len(before) == 2
    database.close()
