"""How SQLite goes about what a sender asks of it, whatever ANALYZE told it: never through all rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from plans import plans

from newsletter.model.deliveries import DeliveryMark, DeliveryRange, DeliveryState, UncertainPolicy
from newsletter.model.feedback import BounceKind
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)

#: The indexes of deliveries.
INDEXES = (
    "ix_deliveries_due",
    "ix_deliveries_claimed",
    "ix_deliveries_free",
    "sqlite_autoindex_deliveries_1",
)
#: What ANALYZE would have found in each: how many rows, and how many of them share its first columns.
BELIEFS = {
    "ANALYZE never run": (),
    "a million wait": (
        "1000000 1000000 1",
        "160 160",
        "1000000 333334 333334",
        "1000000 333334 1",
    ),
    "half done, many held": (
        "500000 500000 1",
        "20000 5000",
        "1000000 333334 83334",
        "1000000 333334 1",
    ),
    "analysed while it was empty": ("1 1 1", "1 1", "1 1 1", "1 1 1"),
}


@pytest.fixture(params=sorted(BELIEFS))
def sending(request: pytest.FixtureRequest, store: Store, subscribe, publish) -> Store:
    """Four editions of two lists, one of them paused half way, one cancelled."""
    subscribe(*[f"r{n}@example.org" for n in range(8)])
    subscribe(*[f"r{n}@example.org" for n in range(8)], list_name="weekly")
    first = publish("One")
    publish("Two")
    publish("Three", list_name="weekly")
    store.operations.cancel(publish("Four", list_name="weekly").id, now=NOW)
    ids = [d.id for d in store.deliveries.claim(sender="me", limit=6, now=NOW)]
    store.deliveries.advance(begin=ids[:4], marks=[], sender="me", policy=UncertainPolicy.RESEND, now=NOW)
    store.operations.pause(first.id)
    store.deliveries.claim(sender="me", limit=3, now=NOW)
    believe(store, BELIEFS[request.param])
    if "empty" in request.param:
        # A store that is opened goes by no such counts.
        Store.open(store._database._url.render_as_string()).close()
        store._database.engine.dispose()
    return store


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    # PostgreSQL plans by what it has counted, and counts by itself.
    return sqlite_url


def believe(store: Store, stats: tuple[str, ...]) -> None:
    """Let SQLite believe what ANALYZE would have told it."""
    if not stats:
        return
    with store._database.transaction() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = 'deliveries'")
        connection.exec_driver_sql(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('deliveries', ?, ?)",
            list(zip(INDEXES, stats, strict=True)),
        )
    store._database.engine.dispose()


CALLS: dict[str, Callable[[Store], object]] = {
    "claim": lambda store: store.deliveries.claim(sender="me", limit=3, now=NOW),
    "claim of a list": lambda store: store.deliveries.claim(
        sender="me", limit=3, now=NOW, list_name="weekly"
    ),
    "claim but some": lambda store: store.deliveries.claim(
        sender="me", limit=3, now=NOW, except_editions=[1, 2]
    ),
    "claim of a range": lambda store: store.deliveries.claim(
        sender="me", limit=3, now=NOW, only=DeliveryRange(edition_id=2, first_id=9, last_id=16)
    ),
    "recover": lambda store: store.deliveries.recover(policy=UncertainPolicy.RESEND, now=NOW),
    "release": lambda store: store.deliveries.release(sender="me", now=NOW),
    "next due": lambda store: store.deliveries.next_due(),
    "advance": lambda store: store.deliveries.advance(
        begin=[5, 6, 7],
        marks=[
            DeliveryMark(delivery_id=1, state=DeliveryState.ACCEPTED),
            DeliveryMark(delivery_id=2, state=DeliveryState.DEFERRED, next_attempt_at=LATER),
            DeliveryMark(delivery_id=3, state=DeliveryState.FAILED, bounce=BounceKind.HARD),
            DeliveryMark(delivery_id=4, state=DeliveryState.UNCERTAIN),
        ],
        sender="me",
        policy=UncertainPolicy.RESEND,
        now=NOW,
    ),
    "results that came too late": lambda store: store.deliveries.advance(
        begin=[],
        marks=[DeliveryMark(delivery_id=20, state=DeliveryState.ACCEPTED)],
        sender="me",
        policy=UncertainPolicy.RESEND,
        now=NOW,
    ),
}


@pytest.mark.parametrize("call", sorted(CALLS))
def test_nothing_that_a_sender_asks_reads_all_deliveries(sending: Store, call: str) -> None:
    found = plans(sending, lambda: CALLS[call](sending))
    assert found
    for statement, plan in found.items():
        assert "SCAN deliveries" not in plan, (statement, plan)
        assert "TEMP B-TREE" not in plan, (statement, plan)
        if "ORDER BY deliveries.due_at" in statement:
            assert "SEARCH deliveries USING INDEX ix_deliveries_due (due_at>? AND due_at<?)" in plan, plan
        if "json_each" in statement or "deliveries.id = " in statement:
            # By all that a sender holds, each result would cost as much as it holds.
            assert "ix_deliveries_claimed" not in plan, (statement, plan)
