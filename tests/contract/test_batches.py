"""Batches of deliveries: queued with the edition, and again whenever one is missing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter.deliveries.breaker import trip
from newsletter.errors import PublishConflictError, StoreError
from newsletter.model.deliveries import DeliveryMark, DeliveryRange, DeliveryState, UncertainPolicy
from newsletter.store import batches, database, queue_schema
from newsletter.store.database import Database
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)


def queued(store: Store) -> list[DeliveryRange]:
    """What the batches in the queue stand for."""
    with store._database.reading() as connection:
        rows = connection.execute(
            text("SELECT args FROM procrastinate_jobs WHERE status IN ('todo', 'doing') ORDER BY id")
        )
        return [DeliveryRange(**args) for (args,) in rows]


def ids_of(store: Store, edition_id: int) -> list[int]:
    with store._database.reading() as connection:
        query = "SELECT id FROM deliveries WHERE edition_id = :id ORDER BY id"
        return list(connection.scalars(text(query), {"id": edition_id}))


def run_sql(store: Store, statement: str) -> None:
    with store._database.transaction() as connection:
        connection.execute(text(statement))


def covered(store: Store, edition_id: int) -> list[int]:
    """The deliveries of an edition that a batch stands for, once for each batch."""
    ids = ids_of(store, edition_id)
    of_it = [batch for batch in queued(store) if batch.edition_id == edition_id]
    return sorted(i for batch in of_it for i in ids if batch.first_id <= i <= batch.last_id)


def readers(count: int) -> list[str]:
    return [f"r{number}@example.org" for number in range(count)]


def test_an_edition_brings_its_batches_and_each_delivery_is_in_one(store, subscribe, publish) -> None:
    subscribe(*readers(25))
    edition = publish("A story")
    assert covered(store, edition.id) == ids_of(store, edition.id)
    assert [batch.last_id - batch.first_id + 1 for batch in queued(store)] == [10, 10, 5]
    assert store.batches.defer_left_over(now=NOW) == 0


def test_an_edition_that_is_not_published_leaves_no_batch(store, subscribe, publish) -> None:
    subscribe(*readers(25))
    publish("A story", slot_at=NOW)
    before = queued(store)
    with pytest.raises(PublishConflictError):
        publish("Another", slot_at=NOW)
    assert queued(store) == before


def test_when_the_transaction_fails_after_the_batches_none_is_left(
    store, subscribe, publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(*readers(25))
    monkeypatch.setattr("newsletter.store.publishing._record_run", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish("A story")
    assert queued(store) == []
    assert store.editions.latest("daily") == []


def test_an_edition_for_nobody_needs_no_batch(store, publish) -> None:
    publish("A story")
    assert queued(store) == []


def test_a_batch_that_is_lost_is_queued_again(store, subscribe, publish) -> None:
    subscribe(*readers(25))
    edition = publish("A story")
    run_sql(store, "DELETE FROM procrastinate_jobs WHERE (args->>'first_id')::int > 1 AND id % 2 = 0")
    assert store.batches.defer_left_over(now=NOW) == 1
    assert covered(store, edition.id) == ids_of(store, edition.id)
    assert store.batches.defer_left_over(now=NOW) == 0


def test_what_comes_due_again_gets_a_batch_once_the_first_ones_are_done(store, subscribe, publish) -> None:
    subscribe(*readers(12))
    edition = publish("A story")
    claimed = store.deliveries.claim(sender="me", limit=12, now=NOW)
    begin = [delivery.id for delivery in claimed]
    wait = [
        DeliveryMark(delivery_id=i, state=DeliveryState.DEFERRED, reply="later", next_attempt_at=LATER)
        for i in begin[:4]
    ]
    steps = {"sender": "me", "policy": UncertainPolicy.RESEND, "now": NOW}
    store.deliveries.advance(begin=begin, marks=[], **steps)
    store.deliveries.advance(begin=[], marks=wait, **steps)
    run_sql(store, "DELETE FROM procrastinate_jobs")
    assert store.batches.defer_left_over(now=NOW) == 0
    assert store.batches.defer_left_over(now=LATER) == 1
    assert covered(store, edition.id) == begin[:4]
    assert store.batches.defer_left_over(now=LATER) == 0


def test_batches_in_which_nothing_is_left_to_do_are_forgotten(store, subscribe, publish) -> None:
    subscribe(*readers(45))
    publish("A story")
    first, second, third, *_ = (
        store.deliveries.claim(sender=name, limit=10, now=NOW) for name in ("me", "you", "they")
    )
    steps = {"policy": UncertainPolicy.RESEND, "now": NOW}
    for sender, some, left in (("me", first, 0), ("you", second, 1)):
        begun = [delivery.id for delivery in some][left:]
        store.deliveries.advance(begin=begun, marks=[], sender=sender, **steps)
        store.deliveries.advance(begin=[], marks=[accepted(i) for i in begun], sender=sender, **steps)
    store.deliveries.release(sender="you", now=NOW)
    run_sql(store, f"UPDATE procrastinate_jobs SET status = 'doing' WHERE {args_of('first_id')} > 40")
    run_sql(store, "UPDATE deliveries SET due_at = NULL, state = 'failed' WHERE id > 40")
    assert store.batches.forget_done() == 1
    assert [batch.first_id for batch in queued(store)] == [second[0].id, third[0].id, 31, 41]


def accepted(delivery_id: int) -> DeliveryMark:
    return DeliveryMark(delivery_id=delivery_id, state=DeliveryState.ACCEPTED, reply="250 ok")


def args_of(name: str) -> str:
    return f"(args->>'{name}')::int"


def test_an_edition_whose_trouble_is_over_has_its_batches_taken_at_once(store, subscribe, publish) -> None:
    subscribe(*readers(25))
    editions = [publish("A story"), publish("Another")]
    trouble = trip(None, reason="refused", permanent=True, now=NOW)
    names = [*(f"edition {edition.id}" for edition in editions), "mx.example.org"]
    for name in names:
        store.accounts.open_breaker(name, trouble)
    run_sql(store, "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour'")
    run_sql(store, "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = 1")

    def put_off() -> dict[int, int]:
        query = "SELECT (args->>'edition_id')::int, count(scheduled_at) FROM procrastinate_jobs GROUP BY 1"
        with store._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(text(query))}

    first, second = (edition.id for edition in editions)
    store.accounts.close_breakers(["another account"])
    assert put_off() == {first: 3, second: 3}
    store.accounts.close_breakers(names[1:2])
    assert put_off() == {first: 3, second: 0}
    store.accounts.close_breakers(names[:1] + names[2:])
    assert put_off() == {first: 1, second: 0}, "one is in hand"


def test_an_edition_that_is_paused_waits_without_a_batch(store, subscribe, publish) -> None:
    subscribe(*readers(3))
    publish("A story")
    run_sql(store, "DELETE FROM procrastinate_jobs")
    run_sql(store, "UPDATE editions SET state = 'paused'")
    assert store.batches.defer_left_over(now=NOW) == 0
    run_sql(store, "UPDATE editions SET state = 'open'")
    assert store.batches.defer_left_over(now=NOW) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_whatever_is_missing_all_that_is_due_is_in_a_batch(store, subscribe, publish, draw) -> None:
    """Batches are lost, overlap, or are of rows that are done; in the end none that is due is in none."""
    if not store.editions.latest("daily"):
        subscribe(*readers(35))
        publish("A story")
    [edition] = store.editions.latest("daily")
    ids = ids_of(store, edition.id)
    places = st.integers(0, 34)
    ranges = draw.draw(st.lists(st.tuples(places, st.integers(0, 20)), max_size=4))
    done = draw.draw(st.sets(places))
    with store._database.transaction() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
        connection.execute(text("UPDATE deliveries SET due_at = queued_at"))
        for place, length in ranges:
            batches.defer_batches(connection, edition.id, ids[place], ids[min(34, place + length)])
        for place in done:
            connection.execute(text("UPDATE deliveries SET due_at = NULL WHERE id = :id"), {"id": ids[place]})
    before = set(covered(store, edition.id))
    store.batches.defer_left_over(now=NOW)
    due = {i for place, i in enumerate(ids) if place not in done}
    assert due <= set(covered(store, edition.id))
    assert store.batches.defer_left_over(now=NOW) == 0
    if due <= before:
        assert set(covered(store, edition.id)) == before


@pytest.fixture
def new_database(run_sql: Callable[[str], None], postgres_server: str):
    run_sql("CREATE DATABASE fresh")
    yield postgres_server.replace("/postgres?", "/fresh?")
    run_sql("DROP DATABASE fresh WITH (FORCE)")


def test_hosts_that_start_at_once_make_the_queue_once(new_database: str) -> None:
    def open_store(_: int) -> int:
        store = Store.open(new_database)
        count = store.batches.defer_left_over(now=NOW)
        store.close()
        return count

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(open_store, range(3))) == [0] * 3


def test_the_queue_of_another_program_is_left_to_it(new_database: str) -> None:
    database = Database(new_database)
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE procrastinate_jobs (id int)"))
    with pytest.raises(StoreError, match="another program's queue"):
        Store.open(new_database)
    with database.reading() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    assert names == ["procrastinate_jobs"]
    database.close()


def test_a_newer_release_of_the_queue_is_brought_in_step_by_step(
    store: Store, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is for when no older code runs any more waits for the release after it."""
    files = tmp_path / "migrations"
    files.mkdir()
    monkeypatch.setattr(queue_schema, "_folder", lambda: tmp_path)
    newer = Database(postgres_url)

    def release(name: str, statement: str) -> str:
        (files / name).write_text(f"-- 100 % SQL\n{statement};\n{statement.replace('TABLE a', 'TABLE b')};")
        queue_schema.upgrade(newer)
        with newer.reading() as connection:
            return queue_schema._last_file(connection)

    assert release("90.00.00_01_pre_x.sql", "CREATE TABLE a1 (n int)") == "90.00.00_01_pre_x.sql"
    assert release("90.00.00_50_post_x.sql", "DROP TABLE a1") == "90.00.00_01_pre_x.sql"
    assert release("91.00.00_01_pre_y.sql", "CREATE TABLE a2 (n int)") == "91.00.00_01_pre_y.sql"
    with newer.reading() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        assert {"a1", "a2", "b1", "b2"} & set(names) == {"a2", "b2"}
    newer.close()


def test_without_the_queue_s_library_postgresql_is_refused_in_one_line(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_schema, "find_spec", lambda _: None)
    with pytest.raises(StoreError, match=r"pip install 'newsletter\[postgres\]'"):
        Store.open(postgres_url)


def test_a_host_that_is_cut_off_in_a_transaction_keeps_no_row_for_long(
    store: Store, postgres_url: str, subscribe, publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server has heard nothing of its end: without a limit, the rows would stay locked for hours."""
    subscribe("ada@example.org")
    edition = publish("A story")
    short = {**database._ASKED_OF_SERVER, "idle_in_transaction_session_timeout": 200}
    monkeypatch.setattr(database, "_ASKED_OF_SERVER", short)
    cut_off = Database(postgres_url)
    silent = cut_off.engine.connect()
    silent.execute(text("UPDATE deliveries SET changed_at = changed_at"))
    # Waits for the row, until the server gives up the one who holds it.
    run_sql(store, f"UPDATE deliveries SET changed_at = changed_at WHERE edition_id = {edition.id}")
    with pytest.raises(DBAPIError):
        silent.execute(text("SELECT 1"))
    silent.close()
    cut_off.close()
