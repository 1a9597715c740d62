"""What could lose or double a reader in the store: races, deadlocks, clocks that were ahead."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.feedback import BounceKind
from newsletter.store.database import Database
from newsletter.store.due import due_ids
from newsletter.store.operations import Operations
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RESEND = UncertainPolicy.RESEND


@pytest.fixture
def edition(subscribe: Callable[..., None], publish) -> int:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    return publish("Harbour reopens").id


def claim(store: Store, now: datetime = NOW) -> list[int]:
    store.deliveries.lease(sender="me", now=now)
    return [d.id for d in store.deliveries.claim(sender="me", limit=100, now=now)]


def test_a_pause_that_is_overtaken_by_its_resume_loses_nobody(
    store: Store, edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Operations._in_pages
    overtaken = []

    def late(self: Operations, *args) -> int:
        if not overtaken:
            overtaken.append(True)
            assert store.operations.resume(edition, now=NOW) is not None
        return walk(self, *args)

    monkeypatch.setattr(Operations, "_in_pages", late)
    store.operations.pause(edition)
    assert overtaken
    assert len(claim(store)) == 3


def test_a_page_of_a_pause_during_its_resume_loses_nobody(
    store: Store, edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.operations.pause(edition)
    enter = Operations._enter

    def late(self: Operations, *args, **kwargs) -> bool:
        # The last page of a pause that is still at work, after the resume has made everybody due.
        with store._database.transaction() as connection:
            connection.execute(text("UPDATE deliveries SET due_at = NULL"))
        return enter(self, *args, **kwargs)

    monkeypatch.setattr(Operations, "_enter", late)
    store.operations.resume(edition, now=NOW)
    assert len(claim(store)) == 3


def test_what_comes_back_to_a_cancelled_edition_is_settled_by_the_recovery(
    store: Store, edition: int
) -> None:
    ids = claim(store)
    store.deliveries.advance(begin=ids[:1], marks=[], sender="me", policy=RESEND, now=NOW)
    assert store.operations.cancel(edition, now=NOW) == 2
    store.deliveries.recover(policy=RESEND, now=NOW + timedelta(minutes=2))
    assert store.deliveries.counts(edition) == {DeliveryState.SUPPRESSED: 3}


def test_a_password_in_the_query_is_not_shown() -> None:
    database = Database("postgresql://db.example.org/news?user=nina&password=opensesame")
    assert "opensesame" not in database.place
    assert "db.example.org" in database.place


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)  # writers of SQLite wait in one line
def test_a_deadlock_costs_no_result(store: Store, edition: int) -> None:
    ids = claim(store)
    store.deliveries.advance(begin=ids, marks=[], sender="me", policy=RESEND, now=NOW)
    first = DeliveryMark(
        delivery_id=ids[0], state=DeliveryState.FAILED, reply="550 5.1.1", bounce=BounceKind.HARD
    )
    of_first = "(SELECT subscriber_id FROM deliveries WHERE id = :id)"
    engine = store._database.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        # Whoever looks for a deadlock first is its victim: ours is to, but not before there is one.
        admin.execute(text(f"ALTER DATABASE {engine.url.database} SET deadlock_timeout = '3s'"))
    engine.dispose()
    with ThreadPoolExecutor() as pool, engine.connect() as other:
        other.execute(text("SET deadlock_timeout = '60s'"))
        # The order in which a reader is erased: first the reader, then the deliveries.
        other.execute(text(f"UPDATE subscribers SET name = '' WHERE id = {of_first}"), {"id": ids[0]})
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        done = pool.submit(
            store.deliveries.advance, begin=[], marks=[first], sender="me", policy=RESEND, now=NOW
        )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
            while not watch.scalar(waiting):
                pass
        other.execute(text("UPDATE deliveries SET reply = '' WHERE id = :id"), {"id": ids[0]})
        other.commit()
        assert done.result(timeout=30).overtaken == frozenset()
    assert store.deliveries.counts(edition) == {DeliveryState.FAILED: 1, DeliveryState.SENDING: 2}


# PostgreSQL plans by what it has counted, and this store is nearly empty.
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_claim_of_one_list_goes_along_the_index_of_what_is_due(store: Store, edition: int) -> None:
    engine = store._database.engine
    due = due_ids(NOW, "daily", ()).limit(20).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = " / ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {due}")))
    assert "ix_deliveries_due" in plan
    assert "TEMP B-TREE" not in plan, "all that is due would be sorted for each claim"
    assert len(store.deliveries.claim(sender="me", limit=2, now=NOW, list_name="daily")) == 2
    assert store.deliveries.claim(sender="me", limit=2, now=NOW, list_name="weekly") == []
    assert store.deliveries.next_due(list_name="daily") == NOW
    assert store.deliveries.next_due(list_name="weekly") is None
