"""Readers who missed what the list was told before get their own variant, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from choosing import choose
from sqlalchemy import event, text

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import WeekBehind
from newsletter.model.subscribers import Cadence
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
S = DeliveryState


def deliver(store: Store, **outcomes: S) -> dict[str, int]:
    """Give all that is due an outcome, ACCEPTED if none is named; return the readers' variants."""
    claimed = store.deliveries.claim(sender="me", limit=100, now=NOW)
    ids = [delivery.id for delivery in claimed]
    store.deliveries.advance(begin=ids, marks=[], sender="me", policy=UncertainPolicy.HOLD, now=NOW)
    marks = []
    for delivery in claimed:
        state = outcomes.get(delivery.address.partition("@")[0], S.ACCEPTED)
        again = NOW + timedelta(days=1) if state is S.DEFERRED else None
        marks.append(DeliveryMark(delivery_id=delivery.id, state=state, next_attempt_at=again))
    store.deliveries.advance(begin=[], marks=marks, sender="me", policy=UncertainPolicy.HOLD, now=NOW)
    return {delivery.address.partition("@")[0]: delivery.variant for delivery in claimed}


def test_who_missed_the_story_gets_the_variant(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org", "dee@example.org")
    first = publish("A story")
    assert deliver(store, bo=S.FAILED, chi=S.UNCERTAIN, dee=S.DEFERRED) == dict.fromkeys(
        ("ada", "bo", "chi", "dee"), 0
    )
    subscribe("eve@example.org")
    second = publish("More on it", missable=[[first.id]], variants=[1])
    # Whoever may have had it, or may still get it, is not told it again.
    assert deliver(store) == {"ada": 0, "bo": 1, "chi": 0, "dee": 0, "eve": 1}
    assert second.audience == 5
    assert store.editions.rendering(second.id).text == "Hello"
    assert store.editions.rendering(second.id, variant=1).text == "Variant 1"
    assert store.editions.rendering(second.id, variant=1).headers.list_name == "daily"


def test_each_story_is_asked_for_apart(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    one = publish("One")
    deliver(store)
    subscribe("bo@example.org")
    two = publish("Two")
    deliver(store)
    subscribe("chi@example.org")
    third = publish("Three", missable=[[one.id], [two.id]], variants=[1, 2, 3])
    assert deliver(store) == {"ada": 0, "bo": 1, "chi": 3}
    assert [store.editions.rendering(third.id, variant=n).text for n in (1, 3)] == ["Variant 1", "Variant 3"]


def test_one_of_several_editions_is_enough(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    one = publish("One")
    deliver(store, ada=S.FAILED)
    two = publish("Two")
    deliver(store)
    publish("Three", missable=[[one.id, two.id]], variants=[1])
    assert deliver(store) == {"ada": 0}


def test_a_variant_that_was_not_made_is_the_edition_itself(store: Store, subscribe, publish) -> None:
    first = publish("One")
    subscribe("ada@example.org")
    publish("Two", missable=[[first.id], [first.id]], variants=[1, 2])
    assert deliver(store) == {"ada": 0}


def test_variants_that_nobody_gets_are_not_kept(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    first = publish("One")
    deliver(store)
    second = publish("Two", missable=[[first.id]], variants=[1])
    with pytest.raises(LookupError):
        store.editions.rendering(second.id, variant=1)


def test_a_digest_leaves_out_what_its_readers_have_had(store: Store, subscribe, publish) -> None:
    names = ("ada", "bo", "chi", "dee", "eve", "fay")
    subscribe(*[f"{name}@example.org" for name in names if name != "fay"])
    one = publish("One")
    deliver(store, bo=S.FAILED, eve=S.FAILED)
    two = publish("Two")
    deliver(store, chi=S.FAILED, dee=S.UNCERTAIN, eve=S.FAILED)
    subscribe("fay@example.org")
    for name in names:
        choose(store, f"{name}@example.org", cadence=Cadence.WEEKLY)
    sets = store.audiences.had("daily", [one.id, two.id], cadence=Cadence.WEEKLY, now=NOW)
    assert sets == {frozenset({one.id, two.id}): 2, frozenset({one.id}): 1, frozenset({two.id}): 1}
    week = WeekBehind(
        edition_ids=(one.id, two.id),
        variants={frozenset({one.id, two.id}): None, frozenset({one.id}): 8, frozenset({two.id}): 9},
    )
    digest = publish(
        list_name="daily.weekly",
        audience_list="daily",
        cadence=Cadence.WEEKLY,
        missable=[[one.id]],
        variants=[1, 8, 9],
        week=week,
    )
    # Who has had all of it, or may have, gets nothing; who has had nothing has missed the beginning.
    assert deliver(store) == {"bo": 9, "chi": 8, "eve": 1, "fay": 1}
    assert digest.audience == store.editions.get(digest.id).audience == 4
    assert store.editions.rendering(digest.id, variant=9).text == "Variant 9"


def test_who_has_had_what_no_variant_was_made_for_gets_the_nearest(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org")
    one, two, three = (publish(headline) for headline in ("One", "Two", "Three"))
    choose(store, "ada@example.org", cadence=Cadence.WEEKLY)
    week = WeekBehind(edition_ids=(one.id, two.id, three.id), variants={frozenset({two.id}): 8})
    publish(
        list_name="daily.weekly",
        audience_list="daily",
        cadence=Cadence.WEEKLY,
        variants=[8],
        week=week,
    )
    digests = [d for d in store.deliveries.claim(sender="me", limit=99, now=NOW) if d.edition_id > three.id]
    assert [(d.address, d.variant) for d in digests] == [("ada@example.org", 8)]


def test_what_readers_have_had_is_looked_up_reader_by_reader(store: Store, subscribe, publish) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(40)])
    earlier = [publish(f"Story {n}").id for n in range(14)]
    for n in range(20):
        choose(store, f"r{n}@example.org", cadence=Cadence.WEEKLY)
    statements: list[tuple[str, object]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", remember)
    had = store.audiences.had("daily", earlier, cadence=Cadence.WEEKLY, now=NOW)
    week = WeekBehind(edition_ids=tuple(earlier), variants={frozenset(earlier): 8})
    digest = publish(
        list_name="daily.weekly", audience_list="daily", cadence=Cadence.WEEKLY, variants=[8], week=week
    )
    event.remove(engine, "before_cursor_execute", remember)
    assert (had, digest.audience) == ({frozenset(earlier): 20}, 20)
    asked = [pair for pair in statements if pair[0].startswith("SELECT earlier")]
    assert len(asked) == 2
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        for query, parameters in asked:
            plan = str(connection.exec_driver_sql(explain + query, parameters).all())
            for way in ("SCAN", "Seq Scan on deliveries"):
                assert way not in plan


def test_earlier_copies_are_looked_up_in_an_index(store: Store, subscribe, publish) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(40)])
    earlier = [publish(f"Story {n}").id for n in range(14)]
    statements: list[tuple[str, object]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", remember)
    publish("The last", missable=[earlier], variants=[1])
    event.remove(engine, "before_cursor_execute", remember)
    assign, parameters = next(s for s in statements if "variant" in s[0] and "NOT (EXISTS" in s[0])
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            # With so few rows, PostgreSQL would rightly read them all.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        plan = str(connection.exec_driver_sql(explain + assign, parameters).all())
    for way in ("SCAN deliveries", "SCAN earlier", "Seq Scan"):
        assert way not in plan
