"""A claim looks up what is due in an index of just that: it costs the same at a million rows as at ten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select, text

from newsletter.model.deliveries import DeliveryRange
from newsletter.store import tables
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def plan_of(store: Store, call: Callable[[], object]) -> str:
    """Return how the database carries out the first statement of a call that looks for deliveries."""
    statements: list[tuple[str, object]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", remember)
    call()
    event.remove(engine, "before_cursor_execute", remember)
    query, parameters = next(s for s in statements if "FROM deliveries" in s[0])
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            # With so few rows, PostgreSQL would rightly read them all.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        return str(connection.exec_driver_sql(explain + query, parameters).all())


@pytest.fixture
def fifty(store: Store, subscribe, publish) -> DeliveryRange:
    subscribe(*[f"r{n}@example.org" for n in range(50)])
    edition = publish("A story")
    with store._database.reading() as connection:
        ids = connection.scalars(select(tables.deliveries.c.id)).all()
    return DeliveryRange(edition_id=edition.id, first_id=min(ids) + 10, last_id=min(ids) + 29)


def test_a_claim_reads_the_index_of_what_is_due(store: Store, fifty: DeliveryRange) -> None:
    plan = plan_of(store, lambda: store.deliveries.claim(sender="me", limit=10, now=NOW))
    assert "ix_deliveries_due" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("call", ["claim", "due_count", "next_due"])
def test_of_a_range_only_its_own_rows_are_read(store: Store, fifty: DeliveryRange, call: str) -> None:
    deliveries = store.deliveries
    plan = plan_of(
        store,
        {
            "claim": lambda: deliveries.claim(sender="me", limit=10, now=NOW, only=fifty),
            "due_count": lambda: deliveries.due_count(now=NOW, only=fifty),
            "next_due": lambda: deliveries.next_due(only=fifty),
        }[call],
    )
    by_id = "PRIMARY KEY (rowid>? AND rowid<?)" if store._database.is_sqlite else "pk_deliveries"
    assert by_id in plan, plan
    assert "ix_deliveries" not in plan, plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
