"""What PostgreSQL does in one round is what the model allows, and what several statements would do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from plans import overheard
from sqlalchemy import select, text, update

from newsletter.errors import StoreError
from newsletter.model.deliveries import TRANSITIONS, DeliveryState, UncertainPolicy
from newsletter.model.subscribers import SuppressionReason
from newsletter.store import tables
from newsletter.store.advancing import Advance
from newsletter.store.marks import begin_sending
from newsletter.store.rounds import advance_in_one_round
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def store_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def held(store: Store, subscribe, publish) -> list[int]:
    """Deliveries of three readers, which are claimed."""
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    publish("A story")
    return [each.id for each in store.deliveries.claim(sender="me", limit=10, now=NOW)]


def put(store: Store, delivery_id: int, state: DeliveryState) -> None:
    """Put a delivery that a sender holds into a state, whether that can be or not."""
    with store._database.transaction() as connection:
        connection.execute(
            update(tables.deliveries).where(tables.deliveries.c.id == delivery_id).values(state=state.value)
        )


def advance(store: Store, *begin: int, accepted: tuple[int, ...] = ()) -> Advance:
    return store.deliveries.advance(
        begin=begin,
        marks=[],
        accepted=[(delivery_id, "250 taken") for delivery_id in accepted],
        sender="me",
        policy=UncertainPolicy.RESEND,
        now=NOW,
    )


def state_of(store: Store, delivery_id: int) -> tuple[DeliveryState, int, str]:
    with store._database.reading() as connection:
        row = connection.execute(
            tables.deliveries.select().where(tables.deliveries.c.id == delivery_id)
        ).one()
    return DeliveryState(row.state), row.attempts, row.reply


@pytest.mark.parametrize("state", list(DeliveryState))
def test_it_takes_the_steps_that_the_model_allows(
    store: Store, held: list[int], state: DeliveryState
) -> None:
    first, second, _ = held
    put(store, first, state)
    put(store, second, state)
    assert advance(store, second).begun == (
        {second} if DeliveryState.SENDING in TRANSITIONS[state] else set()
    )
    allowed = DeliveryState.ACCEPTED in TRANSITIONS[state]
    assert advance(store, accepted=(first,)).overtaken == (set() if allowed else {first})
    assert state_of(store, first) == ((DeliveryState.ACCEPTED, 1, "250 taken") if allowed else (state, 0, ""))


def test_a_group_is_one_statement(store: Store, held: list[int]) -> None:
    ada, bo, chi = held
    with overheard(store) as heard:
        assert advance(store, ada, bo) == Advance(begun=frozenset([ada, bo]))
        assert advance(store, chi, accepted=(ada, bo)) == Advance(begun=frozenset([chi]))
    assert len(heard) == 2
    assert state_of(store, bo) == (DeliveryState.ACCEPTED, 1, "250 taken")
    assert state_of(store, chi)[0] is DeliveryState.SENDING


def test_a_result_that_came_too_late_takes_no_other_with_it(store: Store, held: list[int]) -> None:
    ada, bo, chi = held
    advance(store, ada, bo)
    put(store, bo, DeliveryState.QUEUED)
    done = advance(store, chi, accepted=(ada, bo))
    assert done == Advance(begun=frozenset([chi]), overtaken=frozenset([bo]))
    assert state_of(store, ada)[0] is DeliveryState.ACCEPTED
    assert state_of(store, bo)[0] is DeliveryState.QUEUED


UNWANTED: dict[str, Callable[[Store, int], object]] = {
    "suppressed": lambda store, _: store.subscribers.suppress(
        parse_address("bo@example.org"), SuppressionReason.BOUNCE, now=NOW
    ),
    "paused edition": lambda store, edition_id: store.operations.pause(edition_id),
}


@pytest.mark.parametrize("why", sorted(UNWANTED))
def test_what_is_not_wanted_any_more_is_left_out(store: Store, held: list[int], why: str) -> None:
    ada, bo, _ = held
    advance(store, ada)
    with store._database.reading() as connection:
        edition_id = connection.scalar(tables.editions.select().with_only_columns(tables.editions.c.id))
    UNWANTED[why](store, edition_id)
    assert advance(store, bo, accepted=(ada,)) == Advance(begun=frozenset())
    expected = DeliveryState.SUPPRESSED if why == "suppressed" else DeliveryState.CLAIMED
    assert state_of(store, bo)[0] is expected
    assert state_of(store, ada)[0] is DeliveryState.ACCEPTED


class UndoneError(Exception):
    """Nothing of it is to stay."""


#: What may have become of Bo's delivery since it was claimed.
SINCE = {
    "nothing": "SELECT 1",
    "left": "UPDATE subscriptions SET state = 'unsubscribed' WHERE subscriber_id = {reader}",
    "erased": "DELETE FROM subscriptions WHERE subscriber_id = {reader}",
    "paused": "UPDATE subscriptions SET paused_until = '{later}' WHERE subscriber_id = {reader}",
    "pause ends now": "UPDATE subscriptions SET paused_until = '{now}' WHERE subscriber_id = {reader}",
    "suppressed": "INSERT INTO suppressions (address_hash, reason, created_at) "
    "SELECT address_hash, 'bounce', '{now}' FROM subscribers WHERE id = {reader}",
    "edition paused": "UPDATE editions SET state = 'paused'",
    "edition cancelled": "UPDATE editions SET state = 'cancelled'",
    "edition of another list": "UPDATE editions SET audience_list = 'weekly'",
    "another's": "UPDATE deliveries SET claimed_by = 'you' WHERE id = {delivery}",
    "nobody's": "UPDATE deliveries SET claimed_by = NULL WHERE id = {delivery}",
    "queued again": "UPDATE deliveries SET state = 'queued' WHERE id = {delivery}",
}


@pytest.mark.parametrize("what", sorted(SINCE))
def test_what_is_begun_in_one_round_is_what_several_statements_begin(
    store: Store, held: list[int], what: str
) -> None:
    _, bo, _ = held
    with store._database.transaction() as connection:
        row = connection.execute(tables.deliveries.select().where(tables.deliveries.c.id == bo)).one()
        values = {"reader": row.subscriber_id, "delivery": bo, "now": NOW, "later": NOW + timedelta(days=1)}
        connection.execute(text(SINCE[what].format(**values)))
    begun: frozenset[int] = frozenset()
    with suppress(UndoneError), store._database.transaction() as connection:
        begun = begin_sending(connection, held, "me", NOW)
        raise UndoneError
    assert (bo in begun) is (what in {"nothing", "pause ends now"})
    assert advance(store, *held).begun == begun


def test_whoever_leaves_in_this_very_moment_is_waited_for(store: Store, held: list[int]) -> None:
    """What is read once the delivery is locked is what others have written by then."""
    ada, bo, _ = held
    advance(store, ada)
    database, deliveries = store._database, tables.deliveries
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            locked = deliveries.select().where(deliveries.c.id == bo).with_for_update()
            reader = connection.execute(locked).one().subscriber_id
            coming = pool.submit(advance, store, bo, accepted=(ada,))
            wait_for_lock(store)
            left = update(tables.subscriptions).where(tables.subscriptions.c.subscriber_id == reader)
            connection.execute(left.values(state="unsubscribed"))
        assert coming.result(30) == Advance(begun=frozenset())
    assert state_of(store, ada)[0] is DeliveryState.ACCEPTED
    assert state_of(store, bo)[0] is DeliveryState.SUPPRESSED


def test_who_locks_from_the_other_end_keeps_nothing_from_going_out(
    store: Store, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is begun is durable before those are left out whose readers do not want them."""
    ada, bo, chi = held
    unsubscribe(store, ada, bo)
    database, deliveries = store._database, tables.deliveries
    coming_to_it, go_on = threading.Event(), threading.Event()

    def late(delivery_ids: Sequence[int], sender: str, now: datetime) -> None:
        coming_to_it.set()
        assert go_on.wait(30)
        really(delivery_ids, sender, now)

    really = store.deliveries._leave_out
    monkeypatch.setattr(store.deliveries, "_leave_out", late)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(advance, store, ada, bo, chi)
        assert coming_to_it.wait(30)
        with database.transaction() as connection:
            # The others are found out first.
            connection.execute(text("SET LOCAL deadlock_timeout = '20s'"))
            for place, delivery_id in enumerate((bo, ada)):
                connection.execute(
                    update(deliveries).where(deliveries.c.id == delivery_id).values(reply="seen")
                )
                if place == 0:
                    go_on.set()
                    wait_for_lock(store, "FOR UPDATE")
        assert coming.result(30) == Advance(begun=frozenset([chi]))
    assert [state_of(store, each)[0] for each in held] == [
        DeliveryState.SUPPRESSED,
        DeliveryState.SUPPRESSED,
        DeliveryState.SENDING,
    ]


def test_a_store_that_fails_after_some_were_begun_lets_them_go_out(
    store: Store, held: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bo, _ = held
    unsubscribe(store, ada)

    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("newsletter.store.advancing.withhold_unwanted", fail)
    assert advance(store, ada, bo) == Advance(begun=frozenset([bo]))
    assert "the disk is full" in caplog.text
    assert state_of(store, ada)[0] is DeliveryState.CLAIMED


def unsubscribe(store: Store, *delivery_ids: int) -> None:
    deliveries, subscriptions = tables.deliveries, tables.subscriptions
    readers = select(deliveries.c.subscriber_id).where(deliveries.c.id.in_(delivery_ids))
    with store._database.transaction() as connection:
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id.in_(readers))
            .values(state="unsubscribed")
        )


#: An edition before, which many had.
MANY = """
INSERT INTO deliveries (
    edition_id, subscriber_id, state, attempts, uncertain_count, reply, queued_at, changed_at, variant
)
SELECT edition_id, n + 1000, 'accepted', 1, 0, '', now(), now(), 0
FROM (SELECT min(edition_id) AS edition_id FROM deliveries) AS one, generate_series(1, 5000) AS n
"""


def test_a_plan_made_when_there_was_little_never_reads_all(store: Store, subscribe, publish) -> None:
    """Sessions keep it until PostgreSQL has counted the rows again."""
    subscribe(*[f"r{number}@example.org" for number in range(60)])
    publish("A story")
    with store._database.single() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        # It would have the plan made anew.
        connection.execute(text("ALTER TABLE deliveries SET (autovacuum_enabled = false)"))
    first, second, third, *_ = [each.id for each in store.deliveries.claim(sender="me", limit=100, now=NOW)]

    def go_on(accepted: Sequence[int], *begin: int) -> int:
        """Do a round, and return how many deliveries were read in it."""
        read = (
            "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'deliveries'"
        )
        with store._database.transaction() as connection:
            results = [(delivery_id, "250 taken") for delivery_id in accepted]
            # What the session read in transactions before may not have been told yet.
            before: int = connection.execute(text(read)).scalar_one()
            begun = advance_in_one_round(connection, accepted=results, begin=begin, sender="me", now=NOW)
            assert begun == frozenset(begin)
            after: int = connection.execute(text(read)).scalar_one()
            return after - before

    go_on([], first)
    go_on([first], second)
    with store._database.transaction() as connection:
        connection.execute(text(MANY))
    go_on([second], third)
    assert go_on([third]) < 20


def wait_for_lock(store: Store, words: str = "advance_") -> None:
    """Wait until a statement with such words waits for somebody's lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, :words) > 0"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with store._database.reading() as connection:
            if connection.scalar(text(waiting), {"words": words}):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
