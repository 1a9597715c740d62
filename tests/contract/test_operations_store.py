"""What the store promises to an operator who rules over deliveries, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from newsletter.model.deliveries import DeliveryMark, DeliveryState, Resolution, UncertainPolicy
from newsletter.model.editions import EditionState, MailingList
from newsletter.model.subscribers import AddOutcome, SubscriptionState, SuppressionReason
from newsletter.status import status
from newsletter.store import operations, tables
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
S = DeliveryState
HOLD = UncertainPolicy.HOLD

#: One reader for each state, and the state's name in the address.
MIX = [f"{state.value}@example.org" for state in S]


def advance(store: Store, begin: list[int] = (), *marks: DeliveryMark, now: datetime = NOW) -> frozenset[int]:
    done = store.deliveries.advance(begin=list(begin), marks=marks, sender="me", policy=HOLD, now=now)
    assert not done.overtaken
    return done.begun


def claim(store: Store, limit: int = 100, now: datetime = NOW) -> dict[str, int]:
    return {d.address: d.id for d in store.deliveries.claim(sender="me", limit=limit, now=now)}


def listed(store: Store, edition_id: int, *states: S) -> dict[str, S]:
    return {r.address: r.state for r in store.operations.listed(edition_id, states=states)}


def states(store: Store, edition_id: int) -> dict[str, int]:
    return {state.value: count for state, count in store.deliveries.counts(edition_id).items()}


def set_due(store: Store, edition_id: int, due_at: datetime | None) -> None:
    with store._database.transaction() as connection:
        connection.execute(
            update(tables.deliveries)
            .where(tables.deliveries.c.edition_id == edition_id, tables.deliveries.c.due_at.is_not(None))
            .values(due_at=due_at)
        )


@pytest.fixture
def mix(store: Store, subscribe, publish) -> int:
    """An edition with one reader in each of the eight states, each brought there by the steps allowed."""
    subscribe(*MIX)
    edition_id = publish("A story").id
    ids = claim(store)
    reply = "RCPT: 550 5.1.1 who?"
    store.subscribers.unsubscribe("daily", parse_address("suppressed@example.org"), now=NOW)
    begin = [ids[f"{s}@example.org"] for s in (S.SENDING, S.ACCEPTED, S.UNCERTAIN, S.SUPPRESSED)]
    assert len(advance(store, begin)) == 3
    advance(
        store,
        [],
        DeliveryMark(delivery_id=ids["accepted@example.org"], state=S.ACCEPTED),
        DeliveryMark(delivery_id=ids["uncertain@example.org"], state=S.UNCERTAIN, reply="lost"),
        DeliveryMark(delivery_id=ids["failed@example.org"], state=S.FAILED, reply=reply),
        DeliveryMark(delivery_id=ids["deferred@example.org"], state=S.DEFERRED, next_attempt_at=LATER),
    )
    with store._database.transaction() as connection:
        connection.execute(
            update(tables.deliveries)
            .where(tables.deliveries.c.id == ids["queued@example.org"])
            .values(state="queued", claimed_by=None, due_at=NOW)
        )
    assert states(store, edition_id) == {state.value: 1 for state in S}
    return edition_id


@pytest.fixture
def five(store: Store, subscribe, publish, monkeypatch) -> int:
    """An edition of five readers, which takes three pages."""
    monkeypatch.setattr(operations, "_PAGE", 2)
    subscribe(*[f"r{n}@example.org" for n in range(5)])
    return publish("A story").id


# --- looking --------------------------------------------------------------------------------------------


def test_each_reader_is_listed_once_in_one_state(store: Store, mix: int) -> None:
    assert {address: f"{state}@example.org" for address, state in listed(store, mix).items()} == {
        address: address for address in MIX
    }
    for state in S:
        assert listed(store, mix, state) == {f"{state}@example.org": state}
    assert len(listed(store, mix, S.FAILED, S.DEFERRED)) == 2


def test_a_record_says_how_often_why_and_when_next(store: Store, mix: int) -> None:
    failed, deferred, uncertain = (
        next(store.operations.listed(mix, states=[state])) for state in (S.FAILED, S.DEFERRED, S.UNCERTAIN)
    )
    assert (failed.attempts, failed.reply, failed.next_attempt_at) == (1, "RCPT: 550 5.1.1 who?", None)
    assert (deferred.next_attempt_at, deferred.changed_at, deferred.edition_number) == (LATER, NOW, 1)
    assert uncertain.uncertain_count == 1


def test_pages_follow_each_other_without_gap_or_repeat(store: Store, five: int) -> None:
    everybody = [f"r{n}@example.org" for n in range(5)]
    for limit in (None, 1, 2, 3, 4, 5, 6):
        found = [record.address for record in store.operations.listed(five, limit=limit)]
        assert found == everybody[: limit or 5]
    key = parse_address("R3@example.org").key
    assert [r.address for r in store.operations.listed(five, address_key=key)] == ["r3@example.org"]
    assert list(store.operations.listed(five, address_key="nobody@example.org")) == []


def test_a_readers_deliveries_over_all_lists_come_the_newest_first(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org", "bo@example.org")
    subscribe("ada@example.org", list_name="weekly")
    publish("One")
    publish("Two")
    publish("Three", list_name="weekly")
    found = store.operations.of_reader("ada@example.org", limit=10)
    assert [(name, record.edition_number) for name, record in found] == [
        ("weekly", 1),
        ("daily", 2),
        ("daily", 1),
    ]
    assert len(store.operations.of_reader("ada@example.org", limit=2)) == 2
    assert store.operations.of_reader("nobody@example.org", limit=2) == []


def test_editions_that_are_not_through_are_found(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    through, waiting, uncertain, paused = (publish(f"Story {n}").id for n in range(4))
    for edition_id in (through, waiting, uncertain, paused):
        set_due(store, edition_id, LATER)
    for edition_id, result in ((through, S.ACCEPTED), (uncertain, S.UNCERTAIN), (paused, S.ACCEPTED)):
        set_due(store, edition_id, NOW)
        ids = list(claim(store).values())
        advance(store, ids)
        advance(store, [], DeliveryMark(delivery_id=ids[0], state=result))
    store.operations.pause(paused)
    assert store.operations.unsettled("daily") == [paused, uncertain, waiting]
    assert store.operations.unsettled("weekly") == []


def test_status_counts_each_reader_once_and_the_sum_is_the_audience(
    store: Store, mix: int, mailing_list: MailingList
) -> None:
    store.subscribers.suppress(parse_address("x@example.org"), SuppressionReason.COMPLAINT, now=NOW)
    shown = status(store, [mailing_list], account="relay", now=NOW, editions=3)
    state = shown.lists[0].editions[0]
    assert state.counts == dict.fromkeys(S, 1)
    assert state.total == state.edition.audience == 8
    assert state.waiting == 4
    assert [record.state for record in state.uncertain] == [S.UNCERTAIN]
    assert {record.state for record in state.problems} == {S.FAILED, S.DEFERRED}
    assert shown.suppressions == {SuppressionReason.COMPLAINT: 1}


def test_status_shows_older_editions_until_they_are_through(
    store: Store, subscribe, publish, mailing_list: MailingList
) -> None:
    subscribe("ada@example.org")
    paused, *others = (publish(f"Story {n}").id for n in range(5))
    store.operations.pause(paused)
    for edition_id in others:
        store.operations.cancel(edition_id, now=NOW)

    def shown() -> list[int]:
        editions = status(store, [mailing_list], account="relay", now=NOW, editions=2).lists[0].editions
        return [state.edition.number for state in editions]

    assert shown() == [5, 4, 1]
    store.operations.cancel(paused, now=NOW)
    assert shown() == [5, 4]


# --- retrying and resolving -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", S)
def test_only_what_failed_or_is_deferred_is_tried_again(store: Store, mix: int, state: S) -> None:
    is_retriable = state in {S.FAILED, S.DEFERRED}
    assert store.operations.retry(mix, states=[state], now=LATER) == int(is_retriable)
    after = listed(store, mix)
    assert after.pop(f"{state}@example.org") is (S.QUEUED if is_retriable else state)
    assert all(address == f"{other}@example.org" for address, other in after.items())
    assert sum(states(store, mix).values()) == 8


def test_what_is_tried_again_has_all_its_time_before_it(store: Store, mix: int) -> None:
    assert store.operations.retry(mix, states=[S.FAILED], now=LATER) == 1
    again = next(
        d
        for d in store.deliveries.claim(sender="me", limit=9, now=LATER)
        if d.address == "failed@example.org"
    )
    assert (again.attempts, again.queued_at) == (0, LATER)
    assert store.operations.retry(mix, states=[S.FAILED], now=LATER) == 0, "once only"


def test_one_reader_is_tried_again_and_no_other(store: Store, five: int) -> None:
    for delivery_id in claim(store).values():
        advance(store, [], DeliveryMark(delivery_id=delivery_id, state=S.FAILED))
    assert store.operations.retry(five, states=[S.FAILED], address_key="r2@example.org", now=NOW) == 1
    assert states(store, five) == {"queued": 1, "failed": 4}
    assert store.operations.retry(five, states=[S.FAILED], now=NOW) == 4
    assert states(store, five) == {"queued": 5}


def test_a_reader_who_left_meanwhile_is_passed_over_at_his_turn(store: Store, five: int) -> None:
    for delivery_id in claim(store).values():
        advance(store, [], DeliveryMark(delivery_id=delivery_id, state=S.FAILED))
    store.subscribers.unsubscribe("daily", parse_address("r1@example.org"), now=NOW)
    store.subscribers.suppress(parse_address("r2@example.org"), SuppressionReason.BOUNCE, now=NOW)
    store.subscribers.erase(parse_address("r3@example.org"))
    assert store.operations.retry(five, states=[S.FAILED], now=NOW) == 4
    assert sorted(claim(store)) == ["r0@example.org", "r4@example.org"]
    assert states(store, five) == {"claimed": 2, "suppressed": 2, "failed": 1}
    assert store.subscribers.lift_suppression(parse_address("r2@example.org"))
    assert store.operations.retry(five, states=[S.FAILED], now=NOW) == 1


@pytest.mark.parametrize(
    ("resolution", "becomes"),
    [(Resolution.ARRIVED, S.ACCEPTED), (Resolution.RESEND, S.QUEUED), (Resolution.ABANDON, S.FAILED)],
)
def test_what_is_uncertain_is_settled_and_nothing_else(
    store: Store, mix: int, resolution: Resolution, becomes: S
) -> None:
    assert store.operations.resolve(mix, resolution, address_key="failed@example.org", now=NOW) == 0
    assert store.operations.resolve(mix, resolution, now=NOW) == 1
    after = listed(store, mix)
    assert after.pop("uncertain@example.org") is becomes
    assert all(address == f"{state}@example.org" for address, state in after.items())
    assert store.operations.resolve(mix, resolution, now=NOW) == 0, "once only"
    assert sum(states(store, mix).values()) == 8


def test_what_is_settled_says_by_whom(store: Store, mix: int) -> None:
    store.operations.resolve(mix, Resolution.ABANDON, now=LATER)
    (record,) = store.operations.listed(mix, address_key="uncertain@example.org")
    assert (record.reply, record.changed_at) == ("settled by the operator: abandon", LATER)


def test_what_is_sent_once_more_is_held_if_it_is_uncertain_again(store: Store, mix: int) -> None:
    store.operations.resolve(mix, Resolution.RESEND, now=NOW)
    delivery_id = claim(store)["uncertain@example.org"]
    advance(store, [delivery_id])
    step = DeliveryMark(delivery_id=delivery_id, state=S.UNCERTAIN)
    store.deliveries.advance(begin=[], marks=[step], sender="me", policy=UncertainPolicy.RESEND, now=NOW)
    (record,) = store.operations.listed(mix, states=[S.UNCERTAIN])
    assert record.uncertain_count == 2


# --- pausing, resuming, cancelling ----------------------------------------------------------------------


def test_a_pause_lets_nothing_new_begin_and_what_has_begun_is_finished(store: Store, five: int) -> None:
    ids = list(claim(store, limit=3).values())
    assert advance(store, ids[:1]) == {ids[0]}
    assert store.operations.pause(five)
    assert advance(store, ids[1:]) == frozenset(), "claimed, and not begun"
    assert claim(store) == {}
    assert store.deliveries.due_count(now=LATER) == 0
    assert store.deliveries.next_due() is None
    advance(store, [], DeliveryMark(delivery_id=ids[0], state=S.ACCEPTED))
    store.deliveries.release(sender="me", now=NOW)
    assert claim(store) == {}, "not even what was given back since"
    assert states(store, five) == {"accepted": 1, "queued": 4}


def test_a_pause_holds_only_its_own_edition(store: Store, five: int, publish) -> None:
    other = publish("Another story").id
    store.operations.pause(five)
    assert len(claim(store)) == 5
    assert states(store, other) == {"claimed": 5}


def test_who_is_paused_is_resumed_with_what_was_given_back_meanwhile(store: Store, five: int) -> None:
    ids = list(claim(store, limit=2).values())
    advance(store, [], DeliveryMark(delivery_id=ids[0], state=S.DEFERRED, next_attempt_at=LATER))
    assert store.operations.pause(five)
    store.deliveries.release(sender="me", now=NOW)
    assert store.operations.resume(five, now=LATER) == 5
    again = store.deliveries.claim(sender="me", limit=9, now=LATER)
    assert [delivery.queued_at for delivery in again] == [LATER] * 5, "a pause is no time of trying"


def test_pausing_and_resuming_twice_changes_nothing(store: Store, five: int) -> None:
    assert store.operations.resume(five, now=NOW) is None
    assert store.operations.pause(five)
    assert not store.operations.pause(five)
    assert store.operations.resume(five, now=NOW) == 5
    assert store.operations.resume(five, now=NOW) is None
    assert len(claim(store)) == 5


class CrashError(Exception):
    pass


@pytest.fixture
def crash_after(store: Store):
    """Make the process die after so many transactions."""
    real = store.operations._database.transaction

    def arm(patch: pytest.MonkeyPatch, count: int) -> None:
        left = [count]

        def transaction():
            if left[0] == 0:
                raise CrashError
            left[0] -= 1
            return real()

        patch.setattr(store.operations._database, "transaction", transaction)

    return arm


@pytest.mark.parametrize("survives", [0, 1, 2, 4, 6])
@pytest.mark.parametrize("act", ["pause", "resume", "cancel"])
def test_a_crash_within_loses_nobody_and_doing_it_again_completes_it(
    store: Store, five: int, crash_after, monkeypatch, act: str, survives: int
) -> None:
    if act == "resume":
        store.operations.pause(five)
    before = store.editions.get(five).state
    acts = {
        "pause": lambda: store.operations.pause(five),
        "resume": lambda: store.operations.resume(five, now=NOW),
        "cancel": lambda: store.operations.cancel(five, now=NOW),
    }
    with monkeypatch.context() as patch, suppress(CrashError):
        crash_after(patch, survives)
        acts[act]()
    now_in = store.editions.get(five).state
    assert now_in is before or act != "resume" or survives >= 5, "a resumed edition opens last"
    assert now_in is not EditionState.OPEN or store.deliveries.due_count(now=NOW) == 5
    assert now_in is EditionState.OPEN or store.deliveries.due_count(now=NOW) == 0
    acts[act]()
    if act == "cancel":
        assert states(store, five) == {"suppressed": 5}
        return
    store.operations.resume(five, now=NOW)
    assert sorted(claim(store)) == [f"r{n}@example.org" for n in range(5)]


def test_cancelling_ends_what_has_not_begun(store: Store, mix: int) -> None:
    assert store.operations.cancel(mix, now=LATER) == 3
    after = listed(store, mix)
    gone = {"queued@example.org", "claimed@example.org", "deferred@example.org"}
    assert {after.pop(address) for address in gone} == {S.SUPPRESSED}
    assert all(address == f"{state}@example.org" for address, state in after.items())
    assert store.editions.get(mix).state is EditionState.CANCELLED
    assert sum(states(store, mix).values()) == 8
    assert claim(store, now=LATER) == {}


def test_cancelling_takes_all_pages_and_a_pause_before_it_hides_nobody(store: Store, five: int) -> None:
    store.operations.pause(five)
    assert store.operations.cancel(five, now=NOW) == 5
    assert store.operations.cancel(five, now=NOW) == 0
    assert states(store, five) == {"suppressed": 5}
    (record, *_) = store.operations.listed(five)
    assert record.reply == "the operator cancelled the edition"


def test_a_cancelled_edition_can_be_neither_paused_nor_resumed(store: Store, five: int) -> None:
    store.operations.cancel(five, now=NOW)
    assert not store.operations.pause(five)
    assert store.operations.resume(five, now=NOW) is None
    assert store.editions.get(five).state is EditionState.CANCELLED


def test_what_ended_in_a_refusal_after_cancelling_is_never_sent_and_settled_by_cancelling_again(
    store: Store, five: int
) -> None:
    ids = list(claim(store).values())
    advance(store, ids[:1])
    assert store.operations.cancel(five, now=NOW) == 4
    advance(store, [], DeliveryMark(delivery_id=ids[0], state=S.DEFERRED, next_attempt_at=NOW))
    assert claim(store, now=LATER) == {}
    assert store.operations.cancel(five, now=LATER) == 1
    assert states(store, five) == {"suppressed": 5}


def test_no_such_edition(store: Store) -> None:
    assert list(store.operations.listed(7)) == []
    assert not store.operations.pause(7)
    assert store.operations.resume(7, now=NOW) is None
    assert store.operations.cancel(7, now=NOW) is None
    assert store.operations.retry(7, states=[S.FAILED], now=NOW) == 0
    assert store.editions.numbered("daily", 7) is None


def test_ruling_while_a_sender_writes_neither_blocks_nor_loses(store: Store, subscribe, publish) -> None:
    readers = [f"r{n}@example.org" for n in range(200)]
    subscribe(*readers)
    edition_id = publish("A story").id

    def send(name: str) -> int:
        sent = 0
        while ids := [d.id for d in store.deliveries.claim(sender=name, limit=10, now=NOW)]:
            begun = store.deliveries.advance(
                begin=ids[:5],
                marks=[DeliveryMark(delivery_id=i, state=S.DEFERRED, next_attempt_at=LATER) for i in ids[5:]],
                sender=name,
                policy=HOLD,
                now=NOW,
            ).begun
            marks = [DeliveryMark(delivery_id=i, state=S.ACCEPTED) for i in begun]
            store.deliveries.advance(begin=[], marks=marks, sender=name, policy=HOLD, now=NOW)
            sent += len(begun)
        store.deliveries.release(sender=name, now=NOW)
        return sent

    def rule() -> None:
        for _ in range(5):
            store.operations.pause(edition_id)
            store.operations.resume(edition_id, now=NOW)
        store.operations.cancel(edition_id, now=NOW)

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send, f"s{n}") for n in range(3)]
        pool.submit(rule).result()
        sent = sum(sender.result() for sender in senders)
    store.operations.cancel(edition_id, now=NOW)
    counts = states(store, edition_id)
    assert sum(counts.values()) == 200
    assert counts.get("accepted", 0) == sent
    assert set(counts) <= {"accepted", "suppressed"}


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_a_row_that_a_sender_is_writing_is_waited_for_and_not_forgotten(
    store: Store, five: int, store_url: str
) -> None:
    second = Store.open(store_url)
    first_row = select(tables.deliveries.c.id).order_by(tables.deliveries.c.id).limit(1).with_for_update()
    with ThreadPoolExecutor(1) as pool:
        with second._database.transaction() as writing:
            writing.execute(first_row)
            cancelling = pool.submit(store.operations.cancel, five, now=NOW)
            while states(second, five) != {"queued": 1, "suppressed": 4}:
                assert not cancelling.done(), "it must wait for the row"
        assert cancelling.result() == 5
    second.close()
    assert states(store, five) == {"suppressed": 5}


# --- what is kept of a reader ---------------------------------------------------------------------------


def test_who_is_suppressed_and_erased_is_refused_when_imported_again(store: Store, five: int) -> None:
    ada = parse_address("r0@example.org")
    store.subscribers.suppress(ada, SuppressionReason.BOUNCE, now=NOW)
    assert store.subscribers.suppression_counts() == {SuppressionReason.BOUNCE: 1}
    assert store.subscribers.erase(ada)
    assert not store.subscribers.erase(ada)
    candidates = [Candidate(address=ada)]
    assert store.subscribers.add("daily", candidates, source="again", now=NOW) == [
        (AddOutcome.REFUSED, "suppressed (bounce)")
    ]
    assert store.subscribers.subscriptions(ada) == {}
    assert store.subscribers.suppression_counts() == {SuppressionReason.BOUNCE: 1}
    assert store.subscribers.lift_suppression(ada)
    assert store.subscribers.add("daily", candidates, source="again", now=NOW)[0][0] is AddOutcome.ADDED
    assert store.subscribers.subscriptions(ada) == {"daily": SubscriptionState.CONFIRMED}


def test_the_erased_are_still_counted_under_no_name(store: Store, five: int) -> None:
    for delivery_id in claim(store).values():
        mark = DeliveryMark(delivery_id=delivery_id, state=S.FAILED, reply="550 no r0@example.org here")
        advance(store, [], mark)
    store.subscribers.erase(parse_address("r0@example.org"))
    records = list(store.operations.listed(five))
    assert len(records) == 5
    assert not any("r0" in record.address or "r0" in record.reply for record in records[:1])


# --- what it costs --------------------------------------------------------------------------------------


def plans(store: Store, call) -> list[str]:
    """SQLite's plan of each SELECT that a call makes."""
    statements: list[tuple[str, tuple[object, ...]]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.lstrip().startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(store._database.engine, "before_cursor_execute", remember)
    try:
        call()
    finally:
        event.remove(store._database.engine, "before_cursor_execute", remember)
    with store._database.reading() as connection:
        return [
            " / ".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p))
            for s, p in statements
        ]


def test_held_editions_are_found_by_their_index(sqlite_store: Store) -> None:
    store = sqlite_store
    for plan in plans(store, lambda: store.deliveries.due_count(now=NOW)):
        assert "SCAN editions USING INDEX ix_editions_held" in plan, plan


def test_a_page_of_deliveries_is_read_by_an_index_and_not_sorted(sqlite_store: Store) -> None:
    store = sqlite_store
    calls = {
        "all": lambda: list(store.operations.listed(1)),
        "reader": lambda: list(store.operations.listed(1, address_key="ada@example.org")),
        "pause": lambda: store.operations._in_pages(
            [*operations._of(1, None), tables.deliveries.c.due_at.is_not(None)], lambda *_: 0
        ),
    }
    for name, call in calls.items():
        found = plans(store, call)
        assert found, name
        for plan in found:
            assert "USE TEMP B-TREE" not in plan, (name, plan)
            assert "deliveries USING INDEX" in plan, (name, plan)


def test_one_state_is_found_by_its_index(sqlite_store: Store) -> None:
    listed = sqlite_store.operations.listed
    (plan,) = plans(sqlite_store, lambda: list(listed(1, states=[S.FAILED, S.DEFERRED], limit=5)))
    assert "ix_deliveries_free" in plan
    (plan,) = plans(sqlite_store, lambda: list(listed(1, states=[S.ACCEPTED])))
    assert "USE TEMP B-TREE" not in plan, "page after page: never sorted"


def test_a_reader_and_the_unsettled_are_found_by_an_index(sqlite_store: Store) -> None:
    store, index = sqlite_store, "INDEX sqlite_autoindex_deliveries_1 (edition_id=? AND subscriber_id=?"
    for call in (
        lambda: store.operations.of_reader("ada@example.org", limit=5),
        lambda: store.lookups.editions.of_reader(1, before=9),
    ):
        (plan,) = [plan for plan in plans(store, call) if "deliveries" in plan]
        assert index in plan, plan
        assert "SCAN deliveries" not in plan, plan
    (plan,) = plans(sqlite_store, lambda: sqlite_store.operations.unsettled("daily"))
    assert "SCAN deliveries" not in plan


def test_what_senders_hold_is_found_without_reading_whole_editions(sqlite_store: Store) -> None:
    store = sqlite_store
    calls = {
        "counts": lambda: store.deliveries.counts(1),
        "editions": store.lookups.editions.page,
        "held": lambda: store.lookups.editions.deliveries(1, S.SENDING),
        "unsettled": lambda: store.operations.unsettled("daily"),
        "told": lambda: store.told.tellings("daily", since=NOW),
    }
    for name, call in calls.items():
        for plan in plans(store, call):
            if "deliveries" in plan:
                assert "ix_deliveries_claimed" in plan, (name, plan)
                assert "SCAN deliveries" not in plan, (name, plan)
                assert "sqlite_autoindex_deliveries_1" not in plan, (name, plan)
