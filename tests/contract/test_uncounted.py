"""How PostgreSQL goes about what a sender asks of it before it has counted anything: just after an import."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial

import pytest
from plans import overheard
from sqlalchemy import text

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

#: Readers who are taken in all at once.
MANY = """
WITH many AS (
    INSERT INTO subscribers (address, address_key, address_hash, name, created_at)
    SELECT n || '@many.example', n || '@many.example', lpad(n::text, 64, '0'), '', now()
    FROM generate_series(1, 5000) AS n
    RETURNING id
)
INSERT INTO subscriptions (subscriber_id, list_name, state, since, source)
SELECT id, 'daily', 'confirmed', now(), 'test' FROM many
"""


@pytest.fixture
def store_url(request: pytest.FixtureRequest) -> str:
    """A database that is new: another test's rows may have been counted."""
    request.getfixturevalue("shared_postgres").drop()
    url: str = request.getfixturevalue("postgres_url")
    return url


def generic_plan(store: Store, statement: str) -> str:
    """Return how PostgreSQL carries a statement out that it prepares once for all values."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    prepared = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    with store._database.reading() as connection:
        # With so few deliveries, it would rightly read them all.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {prepared}".replace("%", "%%"))
        return " / ".join(row[0].strip() for row in rows)


def test_postgresql_finds_a_subscription_by_its_reader_before_it_has_counted_any(
    store: Store, subscribe, publish
) -> None:
    subscribe("ada@example.org", "bo@example.org")
    with store._database.transaction() as connection:
        connection.execute(text("ALTER TABLE subscriptions SET (autovacuum_enabled = false)"))
        connection.execute(text(MANY))
    publish("A story")
    with overheard(store) as heard:
        ada, bo = [each.id for each in store.deliveries.claim(sender="me", limit=2, now=NOW)]
        advance = partial(store.deliveries.advance, sender="me", policy=UncertainPolicy.RESEND, now=NOW)
        advance(begin=[ada], marks=[])
        # Not in one round, whose function never reads whole tables.
        refused = DeliveryMark(delivery_id=ada, state=DeliveryState.FAILED)
        assert advance(begin=[bo], marks=[refused]).begun == {bo}
    asked = [statement for statement, _ in heard if "JOIN subscriptions" in statement]
    assert len(asked) == 2
    for statement in asked:
        assert "pk_subscriptions" in (plan := generic_plan(store, statement)), plan
        assert "ix_subscriptions_list_name_state" not in plan, plan
