"""What the store promises about deliveries, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import SenderBusyError, StateError
from newsletter.model.deliveries import TRANSITIONS, DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.subscribers import SuppressionReason
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
S = DeliveryState
RESEND, HOLD = UncertainPolicy.RESEND, UncertainPolicy.HOLD


def claim(store: Store, sender: str = "me", limit: int = 100, now: datetime = NOW) -> list[int]:
    return [d.id for d in store.deliveries.claim(sender=sender, limit=limit, now=now)]


def begin(store: Store, ids: list[int], sender: str = "me") -> frozenset[int]:
    return store.deliveries.advance(begin=ids, marks=[], sender=sender, policy=RESEND, now=NOW)


def mark(store: Store, delivery_id: int, state: S, policy: UncertainPolicy = RESEND, **more) -> None:
    step = DeliveryMark(delivery_id=delivery_id, state=state, **more)
    store.deliveries.advance(begin=[], marks=[step], sender="me", policy=policy, now=NOW)


def states(store: Store, edition_id: int) -> dict[str, int]:
    return {state.value: count for state, count in store.deliveries.counts(edition_id).items()}


@pytest.fixture
def three(store: Store, subscribe, publish) -> int:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    return publish("A story").id


def test_a_claim_is_exclusive_and_carries_what_a_message_needs(store: Store, three: int) -> None:
    first = store.deliveries.claim(sender="me", limit=2, now=NOW)
    assert [d.address for d in first] == ["ada@example.org", "bo@example.org"]
    assert first[0].since == NOW
    assert len(claim(store, "other")) == 1
    assert claim(store, "third") == []


def test_senders_at_once_never_claim_the_same(store: Store, subscribe, publish) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(120)])
    publish("A story")
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda n: claim(store, f"s{n}", limit=20), range(12)))
    claimed = [i for ids in claims for i in ids]
    assert len(claimed) == len(set(claimed)) == 120


def test_the_way_to_accepted(store: Store, three: int) -> None:
    ids = claim(store)
    assert begin(store, ids) == frozenset(ids)
    for delivery_id in ids:
        mark(store, delivery_id, S.ACCEPTED, reply="250 ok")
    assert states(store, three) == {"accepted": 3}
    assert claim(store) == []


def test_a_deferred_delivery_comes_back_when_due(store: Store, three: int) -> None:
    ids = claim(store, limit=1)
    mark(store, ids[0], S.DEFERRED, next_attempt_at=LATER, reply="451 later")
    assert len(claim(store)) == 2
    assert claim(store, now=LATER - timedelta(seconds=1)) == []
    assert store.deliveries.next_due() == LATER
    again = store.deliveries.claim(sender="me", limit=10, now=LATER)
    assert [(d.id, d.attempts) for d in again] == [(ids[0], 1)]


def test_a_reader_who_left_meanwhile_is_not_mailed(store: Store, three: int) -> None:
    store.subscribers.unsubscribe("daily", parse_address("ada@example.org"), now=NOW)
    ids = claim(store)
    assert len(ids) == 2
    store.subscribers.suppress(parse_address("bo@example.org"), SuppressionReason.COMPLAINT, now=NOW)
    assert len(begin(store, ids)) == 1
    assert states(store, three) == {"sending": 1, "suppressed": 2}


def test_nobody_can_begin_what_another_holds(store: Store, three: int) -> None:
    ids = claim(store, "me")
    assert begin(store, ids, "other") == frozenset()
    assert begin(store, [*ids, 999_999], "me") == frozenset(ids)
    assert begin(store, ids, "me") == frozenset(), "once only"


def test_released_claims_are_queued_again(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    assert store.deliveries.release(sender="me", now=NOW) == 2
    assert states(store, three) == {"queued": 2, "sending": 1}


def test_recovery_queues_claims_and_resends_what_is_uncertain_once(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    assert store.deliveries.recover(policy=RESEND, now=NOW) == 1
    assert states(store, three) == {"queued": 3}
    assert sorted(claim(store)) == ids
    begin(store, ids[:1])
    assert store.deliveries.recover(policy=RESEND, now=NOW) == 1
    assert states(store, three) == {"queued": 2, "uncertain": 1}, "a second time it is held"


def test_recovery_holds_what_is_uncertain_when_told_so(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids)
    assert store.deliveries.recover(policy=HOLD, now=NOW) == 3
    assert states(store, three) == {"uncertain": 3}
    assert claim(store) == []
    assert [address for address, _, _ in store.deliveries.problems(three)] == [
        "ada@example.org",
        "bo@example.org",
        "chi@example.org",
    ]


def test_marks_are_written_together_or_not_at_all(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    marks = [
        DeliveryMark(delivery_id=ids[0], state=S.ACCEPTED),
        DeliveryMark(delivery_id=ids[1], state=S.ACCEPTED),  # not begun: not allowed
    ]
    with pytest.raises(StateError):
        store.deliveries.advance(begin=[], marks=marks, sender="me", policy=RESEND, now=NOW)
    assert states(store, three) == {"claimed": 2, "sending": 1}


def test_claims_of_one_list_leave_the_other(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    subscribe("ada@example.org", list_name="weekly")
    publish("One")
    weekly = publish("Two", list_name="weekly")
    got = store.deliveries.claim(sender="me", limit=10, now=NOW, list_name="weekly")
    assert [d.edition_id for d in got] == [weekly.id]
    assert store.deliveries.due_count(now=NOW, list_name="daily") == 1


def test_one_sender_at_a_time(store: Store, store_url: str) -> None:
    second = Store.open(store_url)
    try:
        with store.sender_lock(), pytest.raises(SenderBusyError), second.sender_lock():
            pass
        with second.sender_lock():
            pass
    finally:
        second.close()


def test_two_names_of_one_file_give_one_lock(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "other.db").symlink_to(tmp_path / "store.db")
    second = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    with sqlite_store.sender_lock(), pytest.raises(SenderBusyError), second.sender_lock():
        pass
    second.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(list(S)), max_size=8))
def test_no_step_but_the_models_is_ever_taken(sqlite_store: Store, steps: list[S]) -> None:
    """Any sequence of marks: each is refused exactly where the model's transitions refuse it."""
    delivery_id, state = fresh_delivery(sqlite_store)
    for step in steps:
        more = {"next_attempt_at": LATER} if step is S.DEFERRED else {}
        allowed = step in TRANSITIONS[state]
        try:
            mark(sqlite_store, delivery_id, step, policy=HOLD, **more)
        except StateError:
            assert not allowed
        else:
            assert allowed
            state = step


def fresh_delivery(store: Store) -> tuple[int, S]:
    from sqlalchemy import insert

    from newsletter.store import tables

    with store._database.transaction() as connection:
        if not connection.scalar(tables.lists.select().limit(1)):
            connection.execute(insert(tables.lists).values(name="daily", created_at=NOW, last_number=0))
        count = len(connection.execute(tables.subscribers.select()).all())
        subscriber = connection.execute(
            insert(tables.subscribers).values(
                address=f"r{count}@example.org", address_key=f"r{count}@example.org", name="", created_at=NOW
            )
        ).inserted_primary_key[0]
        edition = connection.execute(
            insert(tables.editions).values(
                uid=f"u{count}",
                list_name="daily",
                number=count + 1,
                created_at=NOW,
                subject="s",
                preheader="",
                html="",
                body_text="",
                token="t",
                headers="{}",
                content="{}",
                audience=1,
            )
        ).inserted_primary_key[0]
        delivery = connection.execute(
            insert(tables.deliveries).values(
                edition_id=edition,
                subscriber_id=subscriber,
                state="queued",
                attempts=0,
                uncertain_count=0,
                due_at=NOW,
                reply="",
                queued_at=NOW,
                changed_at=NOW,
            )
        ).inserted_primary_key[0]
    return int(delivery), S.QUEUED
