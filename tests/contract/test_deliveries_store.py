"""What the store promises about deliveries, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.errors import SenderBusyError
from newsletter.model.deliveries import (
    RESULTS,
    TRANSITIONS,
    DeliveryMark,
    DeliveryRange,
    DeliveryState,
    UncertainPolicy,
)
from newsletter.model.subscribers import SuppressionReason
from newsletter.store import deliveries as deliveries_store
from newsletter.store.database import Lock
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
S = DeliveryState
RESEND, HOLD = UncertainPolicy.RESEND, UncertainPolicy.HOLD


def claim(store: Store, sender: str = "me", limit: int = 100, now: datetime = NOW) -> list[int]:
    return [d.id for d in store.deliveries.claim(sender=sender, limit=limit, now=now)]


def begin(store: Store, ids: list[int], sender: str = "me") -> frozenset[int]:
    return store.deliveries.advance(begin=ids, marks=[], sender=sender, policy=RESEND, now=NOW).begun


def mark(
    store: Store, delivery_id: int, state: S, policy: UncertainPolicy = RESEND, sender: str = "me", **more
) -> bool:
    step = DeliveryMark(delivery_id=delivery_id, state=state, **more)
    done = store.deliveries.advance(begin=[], marks=[step], sender=sender, policy=policy, now=NOW)
    return delivery_id not in done.overtaken


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
    assert store.deliveries.recover(policy=RESEND, now=NOW).uncertain == 1
    assert states(store, three) == {"queued": 3}
    assert sorted(claim(store)) == ids
    begin(store, ids[:1])
    assert store.deliveries.recover(policy=RESEND, now=NOW).uncertain == 1
    assert states(store, three) == {"queued": 2, "uncertain": 1}, "a second time it is held"


def test_recovery_holds_what_is_uncertain_when_told_so(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids)
    assert store.deliveries.recover(policy=HOLD, now=NOW).uncertain == 3
    assert states(store, three) == {"uncertain": 3}
    assert claim(store) == []
    named = [record.address for record in store.operations.listed(three, states=[S.UNCERTAIN])]
    assert named == ["ada@example.org", "bo@example.org", "chi@example.org"]


def test_a_mark_that_is_not_allowed_leaves_the_others_alone(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    marks = [
        DeliveryMark(delivery_id=ids[1], state=S.ACCEPTED),  # not begun: not allowed
        DeliveryMark(delivery_id=ids[0], state=S.ACCEPTED),
    ]
    done = store.deliveries.advance(begin=[], marks=marks, sender="me", policy=RESEND, now=NOW)
    assert done.overtaken == {ids[1]}
    assert states(store, three) == {"claimed": 2, "accepted": 1}


def test_a_sender_that_was_overtaken_can_neither_begin_nor_tell(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    store.deliveries.recover(policy=HOLD, now=NOW)
    assert begin(store, ids[1:]) == frozenset()
    assert not mark(store, ids[0], S.ACCEPTED)
    assert states(store, three) == {"queued": 2, "uncertain": 1}
    assert begin(store, claim(store, "other"), "other") == frozenset(ids[1:])
    assert not mark(store, ids[1], S.FAILED), "not his any more"
    assert mark(store, ids[1], S.ACCEPTED, sender="other")


def test_what_a_living_sender_holds_is_left_to_it(store: Store, three: int, store_url: str) -> None:
    """On PostgreSQL several send at once; the lease tells that one lives."""
    store.deliveries.lease(sender="me", now=NOW)
    ids = claim(store)
    begin(store, ids[:2])
    recovery = store.deliveries.recover(policy=RESEND, now=NOW + timedelta(seconds=15))
    if store_url.startswith("sqlite"):
        assert (recovery.uncertain, recovery.waiting) == (2, 0), "the file's lock proves it dead"
        return
    assert (recovery.uncertain, recovery.waiting) == (0, 3)
    assert claim(store, "other") == []
    assert mark(store, ids[0], S.ACCEPTED)
    store.deliveries.lease(sender="me", now=NOW + timedelta(seconds=20))
    assert store.deliveries.recover(policy=RESEND, now=NOW + timedelta(seconds=45)).waiting == 2
    assert store.deliveries.recover(policy=RESEND, now=NOW + timedelta(seconds=51)).uncertain == 1
    assert states(store, three) == {"accepted": 1, "queued": 2}


def test_one_dead_among_the_living_is_taken_from_alone(store: Store, three: int) -> None:
    for name in ("alive", "dead", "other"):
        store.deliveries.lease(sender=name, now=NOW)
    mine, theirs = claim(store, "alive", limit=1), claim(store, "dead", limit=2)
    begin(store, mine, "alive")
    begin(store, theirs[:1], "dead")
    found = store.deliveries.recover(policy=RESEND, now=NOW + timedelta(seconds=1), dead=["dead"])
    assert (found.uncertain, found.waiting) == (1, 1)
    assert states(store, three) == {"queued": 2, "sending": 1}
    assert mark(store, mine[0], S.ACCEPTED, sender="alive")
    assert not mark(store, theirs[0], S.ACCEPTED, sender="dead")
    assert claim(store, "other") == theirs


def test_a_result_that_comes_in_the_moment_of_recovery_is_no_uncertain_one(
    store: Store, three: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that was thought dead tells how it ended after its delivery was found, before it is marked."""
    ids = claim(store, limit=1)
    begin(store, ids)
    written = deliveries_store.write_mark

    def late(connection, step, *rest) -> bool:
        written(connection, DeliveryMark(delivery_id=ids[0], state=S.ACCEPTED), "me", NOW)
        return written(connection, step, *rest)

    monkeypatch.setattr(deliveries_store, "write_mark", late)
    assert store.deliveries.recover(policy=RESEND, now=NOW + timedelta(minutes=2)).uncertain == 0
    [record] = store.operations.listed(three, states=[S.ACCEPTED])
    assert record.uncertain_count == 0


def test_a_lease_written_by_a_clock_that_was_ahead_holds_nobody_up(store: Store, three: int) -> None:
    store.deliveries.lease(sender="me", now=NOW + timedelta(days=1))
    begin(store, claim(store))
    assert store.deliveries.recover(policy=RESEND, now=NOW).uncertain == 3


def test_a_host_whose_clock_is_ahead_a_little_is_no_dead_one(store: Store, three: int) -> None:
    store.deliveries.lease(sender="me", now=NOW + timedelta(seconds=5))
    begin(store, claim(store))
    assert store.deliveries.recover(policy=RESEND, now=NOW).waiting == (3 if store.is_shared else 0)


def test_a_clock_that_was_ahead_keeps_nobody_waiting(store: Store, three: int) -> None:
    ids = claim(store)
    mark(store, ids[0], S.DEFERRED, next_attempt_at=NOW + timedelta(days=300), reply="451 later")
    mark(store, ids[1], S.DEFERRED, next_attempt_at=LATER, reply="451 later")
    store.deliveries.release(sender="me", now=NOW)
    before = NOW - timedelta(hours=5)
    assert claim(store, now=before) == []
    store.deliveries.recover(policy=RESEND, now=before)
    assert claim(store, now=before) == [ids[0], ids[2]], "what is deferred for a while still waits"


def test_claims_of_one_list_leave_the_other(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    subscribe("ada@example.org", list_name="weekly")
    publish("One")
    weekly = publish("Two", list_name="weekly")
    got = store.deliveries.claim(sender="me", limit=10, now=NOW, list_name="weekly")
    assert [d.edition_id for d in got] == [weekly.id]
    assert store.deliveries.due_count(now=NOW, list_name="daily") == 1


def test_a_claim_of_a_range_takes_what_is_due_of_it_and_no_more(store: Store, subscribe, publish) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(6)])
    subscribe("ada@example.org", list_name="weekly")
    daily = publish("One")
    other = publish("Two", list_name="weekly")
    ids = claim(store)
    store.deliveries.release(sender="me", now=NOW)
    some = DeliveryRange(edition_id=daily.id, first_id=ids[1], last_id=ids[-1])
    deliveries = store.deliveries
    mine = [d.id for d in deliveries.claim(sender="me", limit=2, now=NOW, only=some)]
    assert mine == ids[1:3]
    assert deliveries.due_count(now=NOW, only=some) == 3
    assert mark(store, mine[0], S.DEFERRED, next_attempt_at=LATER, reply="451 later")
    rest = [d.id for d in deliveries.claim(sender="me", limit=9, now=NOW, only=some)]
    assert rest == ids[3:6], "what is deferred waits, and the other edition's is not of this range"
    assert deliveries.next_due(only=some) == LATER
    assert deliveries.next_due() == NOW
    assert [d.id for d in deliveries.claim(sender="me", limit=9, now=LATER, only=some)] == mine[:1]
    store.operations.pause(other.id)
    left = DeliveryRange(edition_id=other.id, first_id=ids[0], last_id=ids[-1])
    assert deliveries.claim(sender="me", limit=9, now=NOW, only=left) == [], "paused"
    assert deliveries.next_due(only=left) is None


def test_on_a_file_one_sends_at_a_time_and_on_a_server_whoever_likes(store: Store, store_url: str) -> None:
    second = Store.open(store_url)
    try:
        for alone in (True, False):
            with (
                store.sender_lock(alone=alone),
                nullcontext() if store.is_shared and not alone else pytest.raises(SenderBusyError),
                second.sender_lock(),
            ):
                pass
        with store.sender_lock(), pytest.raises(SenderBusyError), second.sender_lock(alone=True):
            pass
        with second.sender_lock(alone=True):
            pass
    finally:
        second.close()


def test_a_sender_that_knows_no_other_beside_itself_keeps_the_others_away(postgres_url: str) -> None:
    """One of a release before this: it would take everything claimed for that of a dead one."""
    store = Store.open(postgres_url)
    key = {"key": Lock.SENDER.value}
    with store._database.engine.connect() as old:
        assert old.scalar(text("SELECT pg_try_advisory_lock(:key)"), key)
        with pytest.raises(SenderBusyError), store.sender_lock():
            pass
        old.execute(text("SELECT pg_advisory_unlock(:key)"), key)
        with store.sender_lock():
            assert not old.scalar(text("SELECT pg_try_advisory_lock(:key)"), key)
    store.close()


def test_two_names_of_one_file_give_one_lock(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "other.db").symlink_to(tmp_path / "store.db")
    second = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    with sqlite_store.sender_lock(), pytest.raises(SenderBusyError), second.sender_lock():
        pass
    second.close()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("step", sorted(RESULTS))
def test_a_result_is_taken_where_the_model_allows_it(store: Store, three: int, step: S, begun: bool) -> None:
    ids = claim(store, limit=1)
    if begun:
        assert begin(store, ids)
    more = {"next_attempt_at": LATER} if step is S.DEFERRED else {}
    state = S.SENDING if begun else S.CLAIMED
    assert mark(store, ids[0], step, policy=HOLD, **more) is (step in TRANSITIONS[state])
    assert not mark(store, ids[0], step, policy=HOLD, **more), "once only"


@pytest.mark.parametrize("state", sorted(set(S) - RESULTS))
def test_a_mark_that_would_lose_a_delivery_cannot_be_made(state: S) -> None:
    with pytest.raises(ValueError, match="is not the result of an attempt"):
        DeliveryMark(delivery_id=1, state=state)
    with pytest.raises(ValueError, match="needs the time of its next attempt"):
        DeliveryMark(delivery_id=1, state=S.DEFERRED)


def test_a_copy_of_a_cancelled_edition_is_not_sent_once_more_after_a_crash(store: Store, three: int) -> None:
    ids = claim(store)
    begin(store, ids[:1])
    store.operations.cancel(three, now=NOW)
    after_lease = NOW + timedelta(days=1)
    assert store.deliveries.recover(policy=RESEND, now=after_lease).uncertain == 1
    assert states(store, three) == {"suppressed": 3}
    assert claim(store, now=after_lease) == []


def test_what_is_due_is_counted_no_further_than_asked(store: Store, three: int) -> None:
    counts = [store.deliveries.due_count(now=NOW, at_most=most) for most in (1, 2, 3, 4, None)]
    assert counts == [1, 2, 3, 3, 3]
