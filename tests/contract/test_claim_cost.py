"""A claim looks up what is due in an index of just that: it costs the same at a million rows as at ten."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import event, text

from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_a_claim_reads_the_index_of_what_is_due(store: Store, subscribe, publish) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(50)])
    publish("A story")
    statements: list[tuple[str, object]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", remember)
    store.deliveries.claim(sender="me", limit=10, now=NOW)
    event.remove(engine, "before_cursor_execute", remember)
    claim, parameters = next(s for s in statements if "ORDER BY deliveries.due_at" in s[0])
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            # With so few rows, PostgreSQL would rightly read them all.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        plan = str(connection.exec_driver_sql(explain + claim, parameters).all())
    assert "ix_deliveries_due" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
