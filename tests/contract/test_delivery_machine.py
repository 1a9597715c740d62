"""Deliveries under every order of events that hypothesis thinks of, held against a model in memory.

The model says what the store should hold after each step. The invariants beside it say what must be true
whatever the model says: no state is left but along the transitions, nobody is mailed who must not be, nobody
is lost.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import pytest
from contract.conftest import make_edition, make_rendering
from contract.delivery_model import LEASE, WAITING, Edition, Model, Row
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from newsletter.model.deliveries import TRANSITIONS, DeliveryMark, DeliveryState, Resolution, UncertainPolicy
from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import EditionState
from newsletter.model.feedback import BounceKind, BouncePolicy, FeedbackKind
from newsletter.model.subscribers import AddOutcome, Address, SuppressionReason
from newsletter.store import tables
from newsletter.store.feedback import Verdict
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate

S = DeliveryState
Result = TypeVar("Result")
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LISTS = ("daily", "weekly")
ADDRESSES = tuple(f"{name}@example.org" for name in ("ada", "bo", "chi", "dag", "eve", "fay", "gil", "hal"))
BOUNCES = BouncePolicy(limit=2.0)
#: Rounds of waiting and sending, of which two do: what is claimed or uncertain now, and what is queued again.
MOST_ROUNDS = 3

lists = st.sampled_from(LISTS)
addresses = st.sampled_from(ADDRESSES)
some_addresses = st.none() | addresses
picks = st.integers(0, 30)
#: Which of a sender's deliveries, by their places.
some = st.frozensets(st.integers(0, 7), min_size=1)
short = st.sampled_from([0, 1, 60, 600, 86_400])
disturbances = st.none() | st.sampled_from(["leave", "suppress", "erase", "pause", "recover"])
seconds = st.sampled_from([1, 29, 30, 31, 60, 600, 3600, 86_400, 5 * 86_400])

#: Steps within one change: a second step is taken where the first one ended.
ONE_CHANGE = {(before, after) for before, targets in TRANSITIONS.items() for after in targets} | {
    (S.SENDING, S.QUEUED)
}
#: The same where the edition was cancelled meanwhile: what would be sent once more is taken out at once.
CANCELLED_MEANWHILE = (S.SENDING, S.SUPPRESSED)


def address_of(text: str) -> Address:
    return Address(display=text, key=text)


class Machine(RuleBasedStateMachine):
    """The store and the model, side by side."""

    #: Set for each run.
    store: Store
    is_sqlite: bool
    steps: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.empty()
        self.now = NOW
        #: Whether senders write as they mostly do on SQLite: over a connection of their own, and at once.
        self.at_once = False
        self.model = Model(policy=UncertainPolicy.HOLD, lock_proves=self.is_sqlite, bounces=BOUNCES)
        self.numbers = count(1)
        #: Senders that ever were, and what each ever claimed; the last two are at work.
        self.senders: list[tuple[str, list[int]]] = []
        #: Uncertain outcomes since somebody last said that it is to be sent anyhow.
        self.unknown: Counter[int] = Counter()
        self.was: dict[int, DeliveryState] = {}
        #: What the store last said of each edition.
        self.asked: dict[int, tuple[Counter[DeliveryState], EditionState]] = {}

    def empty(self) -> None:
        with self.store._database.transaction() as connection:
            connection.execute(tables.documents.update().values(superseded_by_id=None))
            for table in reversed(tables.metadata.sorted_tables):
                if table.name not in {"install", "alembic_version"}:
                    connection.execute(delete(table))

    @initialize(
        policy=st.sampled_from(UncertainPolicy), readers=st.integers(3, len(ADDRESSES)), at_once=st.booleans()
    )
    def begin_with_an_edition(self, policy: UncertainPolicy, readers: int, at_once: bool) -> None:
        self.model.policy = policy
        self.at_once = at_once and self.is_sqlite
        for name in LISTS:
            self.store.editions.know_list(name, now=NOW)
        for _ in range(2):
            self.start_sender()
        for name in LISTS:
            self.add(name, set(ADDRESSES[:readers]))
            self.publish(name)

    # Readers

    @rule(list_name=lists, chosen=st.sets(addresses, min_size=1))
    def add(self, list_name: str, chosen: set[str]) -> None:
        candidates = [Candidate(address=address_of(text)) for text in sorted(chosen)]
        answers = self.store.subscribers.add(list_name, candidates, source="test", now=self.now)
        expected = [self.model.add(list_name, text) for text in sorted(chosen)]
        assert [outcome for outcome, _ in answers] == expected
        known = self.known_readers()
        for text, outcome in zip(sorted(chosen), expected, strict=True):
            if outcome is AddOutcome.ADDED:
                self.model.know(known[text], text, list_name)

    @rule(what=picks, list_name=lists, text=addresses, reason=st.sampled_from(SuppressionReason))
    def change_reader(self, what: int, list_name: str, text: str, reason: SuppressionReason) -> None:
        match what % 4:
            case 0:
                self.leave(list_name, text)
            case 1:
                self.suppress(text, reason)
            case 2:
                self.lift(text)
            case _:
                self.erase(text)

    def leave(self, list_name: str, text: str) -> None:
        before = self.store.subscribers.unsubscribe(list_name, address_of(text), now=self.now)
        assert before == self.model.leave(self.model.reader(text), list_name)

    def suppress(self, text: str, reason: SuppressionReason) -> None:
        done = self.store.subscribers.suppress(address_of(text), reason, now=self.now)
        assert done is (text not in self.model.suppressed)
        self.model.suppressed.setdefault(text, reason)

    def lift(self, text: str) -> None:
        done = self.store.subscribers.lift_suppression(address_of(text))
        assert done is (self.model.suppressed.pop(text, None) is not None)

    def erase(self, text: str) -> None:
        assert self.store.subscribers.erase(address_of(text)) is self.model.erase(text)

    @rule(
        pick=picks,
        kind=st.sampled_from(
            [
                FeedbackKind.HARD_BOUNCE,
                FeedbackKind.SOFT_BOUNCE,
                FeedbackKind.COMPLAINT,
                FeedbackKind.UNSUBSCRIBE,
            ]
        ),
    )
    def come_back(self, pick: int, kind: FeedbackKind) -> None:
        """A bounce, a complaint or an unsubscribe mail about a delivery is believed."""
        if not self.model.rows:
            return
        delivery_id = sorted(self.model.rows)[pick % len(self.model.rows)]
        row = self.model.rows[delivery_id]
        list_name = self.model.editions[row.edition_id].list_name
        verdict = Verdict(
            kind=kind,
            reason="",
            subscriber_id=row.subscriber_id,
            delivery_id=delivery_id,
            list_name=list_name,
        )
        self.store.feedback.record(f"{next(self.numbers):064}", verdict, BOUNCES, now=self.now)
        match kind:
            case FeedbackKind.HARD_BOUNCE:
                self.model.bounce(row.subscriber_id, BounceKind.HARD, self.now)
            case FeedbackKind.SOFT_BOUNCE:
                self.model.bounce(row.subscriber_id, BounceKind.SOFT, self.now)
            case FeedbackKind.COMPLAINT:
                self.model.complain(row.subscriber_id, list_name)
            case _:
                self.model.leave(row.subscriber_id, list_name)

    # Editions

    @rule(list_name=lists)
    def publish(self, list_name: str) -> None:
        if len(self.model.editions) >= 4:
            return
        edition = replace(
            make_edition(
                [(self.new_document(list_name), "A story")],
                list_name=list_name,
                number=self.store.editions.next_number(list_name),
            ),
            created_at=self.now,
        )
        uid = f"{list_name}-{edition.number}"
        published = self.store.editions.publish(edition, make_rendering(list_name), uid=uid)
        added = {i: row for i, row in self.stored().items() if row.edition_id == published.id}
        audience = self.model.audience(list_name)
        assert sorted(row.subscriber_id for row in added.values()) == sorted(audience)
        assert published.audience == len(audience)
        self.model.editions[published.id] = Edition(list_name=list_name, audience=len(audience))
        for i, row in added.items():
            self.model.rows[i] = Row(
                edition_id=published.id,
                subscriber_id=row.subscriber_id,
                queued_at=self.now,
                due_at=self.now,
            )

    def new_document(self, list_name: str) -> int:
        text = f"Story {next(self.numbers)}\n\nIt opened."
        document = ParsedDocument(
            headline=text.partition("\n")[0],
            text=text,
            paragraphs=(Span(start=len(text) - 10, end=len(text)),),
            content_hash=f"{next(self.numbers):064}",
            language="en",
            source="Harbour Gazette",
        )
        file = FoundFile(path=f"{next(self.numbers)}.txt", fingerprint="1", document=document)
        self.store.documents.record("/in", [file], now=self.now)
        return next(d.id for d in self.store.documents.new_for(list_name) if d.headline == document.headline)

    # Senders

    def start_sender(self) -> None:
        self.senders.append((f"sender {next(self.numbers)}", []))

    def by_sender(self, call: Callable[..., Result], **values: object) -> Result:
        """Do what a sender does in the way that senders do it."""
        if self.at_once:
            return self.store._database.do_at_once(lambda: call(**values))
        return call(**values)

    def sender(self, pick: int) -> tuple[str, list[int]]:
        """One of the last four: two at work, and two that crashed or only seem to have."""
        return self.senders[-4:][pick % len(self.senders[-4:])]

    @rule(pick=picks)
    def crash(self, pick: int) -> None:
        """A sender dies, or is cut off and does not know it; another one takes its place."""
        dead = self.senders.pop(-1 - pick % 2)
        self.senders.insert(-1, dead)
        self.start_sender()

    @rule(pick=picks)
    def lease(self, pick: int) -> None:
        name, _ = self.sender(pick)
        self.store.deliveries.lease(sender=name, now=self.now)
        self.model.leases[name] = self.now + LEASE

    @rule(pick=picks, limit=st.integers(1, 4), list_name=st.none() | lists)
    def claim(self, pick: int, limit: int, list_name: str | None) -> None:
        name, held = self.sender(pick)
        now = self.now
        got = self.by_sender(
            self.store.deliveries.claim, sender=name, limit=limit, now=now, list_name=list_name
        )
        assert [d.id for d in got] == self.model.claim(name, limit, now, list_name)
        for delivery in got:
            row = self.model.rows[delivery.id]
            assert delivery.address == self.model.readers[row.subscriber_id]
            assert (delivery.attempts, delivery.queued_at) == (row.attempts, row.queued_at)
        held.extend(d.id for d in got)

    @rule(pick=picks, places=some)
    def begin(self, pick: int, places: frozenset[int]) -> None:
        name, held = self.sender(pick)
        ids = sorted({held[-1 - place] for place in places if place < len(held)})
        done = self.by_sender(
            self.store.deliveries.advance,
            begin=ids,
            marks=[],
            sender=name,
            policy=self.model.policy,
            now=self.now,
        )
        wanted = {i for i in ids if self.model.wants(self.model.rows[i])}
        open_ones = {i for i in ids if self.model.is_open(self.model.rows[i])}
        assert done.begun <= wanted & open_ones, "somebody is mailed who must not be"
        most = 0 if self.model.policy is UncertainPolicy.HOLD else 1
        assert all(self.unknown[i] <= most for i in done.begun), "mailed again and again"
        assert done.begun == self.model.begin(name, ids)

    @rule(
        pick=picks,
        places=some,
        state=st.sampled_from([S.ACCEPTED, S.DEFERRED, S.FAILED, S.UNCERTAIN]),
        bounce=st.sampled_from(BounceKind),
        wait=seconds,
        attempted=st.booleans(),
    )
    def mark(
        self,
        pick: int,
        places: frozenset[int],
        state: DeliveryState,
        bounce: BounceKind,
        wait: int,
        attempted: bool,
    ) -> None:
        name, held = self.sender(pick)
        marks = [
            DeliveryMark(
                delivery_id=delivery_id,
                state=state,
                bounce=bounce if state is S.FAILED else BounceKind.NONE,
                next_attempt_at=self.now + timedelta(seconds=wait) if state is S.DEFERRED else None,
                attempted=attempted,
            )
            for delivery_id in sorted({held[-1 - place] for place in places if place < len(held)})
        ]
        plain = state is S.ACCEPTED and attempted
        done = self.by_sender(
            self.store.deliveries.advance,
            begin=[],
            marks=[] if plain else marks,
            accepted=[(mark.delivery_id, "250 taken") for mark in marks] if plain else [],
            sender=name,
            policy=self.model.policy,
            bounces=BOUNCES,
            now=self.now,
        )
        taken = {mark.delivery_id for mark in marks if self.model.mark(name, mark, self.now)}
        assert done.overtaken == {mark.delivery_id for mark in marks} - taken
        if state is S.UNCERTAIN:
            self.unknown.update(taken)

    # What senders mostly do, so that much happens within few steps

    def turn(self, places: frozenset[int], by: int, meanwhile: str | None) -> None:
        """Claim and begin, as a new sender; somebody may come in between."""
        self.pass_time(by)
        self.start_sender()
        self.lease(-1)
        self.claim(-1, 8, None)
        self.the_store_holds_what_the_model_does()
        held = self.senders[-1][1]
        if held and meanwhile is not None:
            self.come_between(meanwhile, self.model.rows[held[-1]])
            self.the_store_holds_what_the_model_does()
        self.begin(-1, places)
        self.the_store_holds_what_the_model_does()

    def come_between(self, what: str, row: Row) -> None:
        list_name = self.model.editions[row.edition_id].list_name
        text = self.model.readers[row.subscriber_id]
        match what:
            case "leave" if text:
                self.leave(list_name, text)
            case "suppress" if text:
                self.suppress(text, SuppressionReason.OPERATOR)
            case "erase" if text:
                self.erase(text)
            case "pause":
                assert self.store.operations.pause(row.edition_id) is self.model.pause(row.edition_id)
            case "recover":
                self.recover()

    @rule(
        places=some,
        by=short,
        meanwhile=disturbances,
        outcome=st.sampled_from([S.ACCEPTED, S.DEFERRED, S.FAILED]),
        bounce=st.sampled_from(BounceKind),
        afterwards=st.sampled_from(["nothing", "give up", "retry"]),
    )
    def send(
        self,
        places: frozenset[int],
        by: int,
        meanwhile: str | None,
        outcome: DeliveryState,
        bounce: BounceKind,
        afterwards: str,
    ) -> None:
        self.turn(places, by, meanwhile)
        self.mark(-1, places, outcome, bounce, 600, attempted=True)
        self.the_store_holds_what_the_model_does()
        if afterwards == "give up":
            self.give_up(0, None)
        if afterwards == "retry":
            self.retry(by, None, set(S))

    @rule(places=some, by=short, meanwhile=disturbances)
    def lose_the_reply(self, places: frozenset[int], by: int, meanwhile: str | None) -> None:
        self.turn(places, by, meanwhile)
        self.mark(-1, places, S.UNCERTAIN, BounceKind.NONE, 1, attempted=True)

    @rule(places=some, by=short, meanwhile=disturbances, lease_is_over=st.booleans())
    def die_sending(
        self, places: frozenset[int], by: int, meanwhile: str | None, lease_is_over: bool
    ) -> None:
        self.turn(places, by, meanwhile)
        if lease_is_over:
            self.pass_time(61)
        self.recover()

    @rule()
    def recover(self) -> None:
        self.take_back()

    @rule(pick=picks)
    def bury(self, pick: int) -> None:
        """A sender is seen to be gone by whoever started it; those beside it go on."""
        gone = self.senders[:-2]
        if gone:
            self.take_back(dead=gone[pick % len(gone)][0])

    def take_back(self, dead: str | None = None) -> None:
        names = None if dead is None else [dead]
        recovery = self.store.deliveries.recover(policy=self.model.policy, now=self.now, dead=names)
        lost, waiting = self.model.recover(self.now, dead)
        assert (recovery.uncertain, recovery.waiting) == (len(lost), waiting)
        self.unknown.update(lost)

    @rule(pick=picks)
    def release(self, pick: int) -> None:
        name, _ = self.sender(pick)
        assert self.store.deliveries.release(sender=name, now=self.now) == self.model.release(name)

    @rule(age=st.just(0) | seconds, edition=st.none() | picks)
    def give_up(self, age: int, edition: int | None) -> None:
        before = self.now - timedelta(seconds=age)
        edition_id = None if edition is None else self.edition(edition)
        count = self.store.deliveries.give_up(
            queued_before=before, edition_id=edition_id, reply="unreachable", now=self.now
        )
        assert count == self.model.give_up(before, edition_id)

    # The operator

    def edition(self, pick: int) -> int:
        return sorted(self.model.editions)[pick % len(self.model.editions)]

    @rule(pick=picks)
    def pause(self, pick: int) -> None:
        edition_id = self.edition(pick)
        assert self.store.operations.pause(edition_id) is self.model.pause(edition_id)

    @rule(pick=picks)
    def resume(self, pick: int) -> None:
        edition_id = self.edition(pick)
        resumed = self.store.operations.resume(edition_id, now=self.now)
        assert resumed == self.model.resume(edition_id, self.now)

    @rule(pick=picks, sure=st.integers(0, 3))
    def cancel(self, pick: int, sure: int) -> None:
        # Seldom: nothing much happens to an edition afterwards.
        if sure:
            return
        edition_id = self.edition(pick)
        assert self.store.operations.cancel(edition_id, now=self.now) == self.model.cancel(edition_id)

    @rule(pick=picks, text=some_addresses, states=st.sets(st.sampled_from(DeliveryState), min_size=1))
    def retry(self, pick: int, text: str | None, states: set[DeliveryState]) -> None:
        edition_id = self.edition(pick)
        count = self.store.operations.retry(edition_id, states=states, address_key=text, now=self.now)
        chosen = self.model.retry(edition_id, text, states, self.now)
        assert count == len(chosen)
        for i in chosen:
            del self.unknown[i]

    @rule(pick=picks, text=some_addresses, resolution=st.sampled_from(Resolution))
    def resolve(self, pick: int, text: str | None, resolution: Resolution) -> None:
        edition_id = self.edition(pick)
        count = self.store.operations.resolve(edition_id, resolution, address_key=text, now=self.now)
        chosen = self.model.resolve(edition_id, text, resolution, self.now)
        assert count == len(chosen)
        if resolution is Resolution.RESEND:
            for i in chosen:
                del self.unknown[i]

    # The clock

    @rule(by=seconds)
    def pass_time(self, by: int) -> None:
        self.now += timedelta(seconds=by)

    @rule(by=st.sampled_from([1, 60, 3600, 86_400]))
    def set_clock_back(self, by: int) -> None:
        self.now -= timedelta(seconds=by)

    # What is true at any time

    def stored(self) -> dict[int, Row]:
        columns = tables.deliveries.c
        names = [
            "edition_id",
            "subscriber_id",
            "queued_at",
            "due_at",
            "state",
            "claimed_by",
            "attempts",
            "uncertain_count",
        ]
        with self.store._database.reading() as connection:
            rows = connection.execute(select(columns.id, *(columns[name] for name in names))).all()
        values = {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
        return {i: Row(**row | {"state": DeliveryState(row["state"])}) for i, row in values.items()}

    def edition_states(self) -> dict[int, EditionState]:
        c = tables.editions.c
        with self.store._database.reading() as connection:
            return {row.id: EditionState(row.state) for row in connection.execute(select(c.id, c.state))}

    def known_readers(self) -> dict[str, int]:
        c = tables.subscribers.c
        with self.store._database.reading() as connection:
            return {row.address_key: row.id for row in connection.execute(select(c.address_key, c.id))}

    @invariant()
    def the_store_holds_what_the_model_does(self) -> None:
        rows = self.stored()
        assert rows == self.model.rows
        self.check_rows(rows)
        self.check_editions(rows)
        now = self.now
        assert self.store.deliveries.due_count(now=now) == len(self.model.due(now))
        assert self.store.subscribers.suppression_counts() == Counter(self.model.suppressed.values())
        self.steps["steps"] += 1

    def check_rows(self, rows: dict[int, Row]) -> None:
        for i, row in rows.items():
            before = self.was.get(i, S.QUEUED)
            change = (before, row.state)
            cancelled = self.model.editions[row.edition_id].state is EditionState.CANCELLED
            allowed = change in ONE_CHANGE or (cancelled and change == CANCELLED_MEANWHILE)
            assert row.state is before or allowed, f"{before} became {row.state}"
            self.steps[f"{before} -> {row.state}"] += row.state is not before
            if row.due_at is not None:
                assert row.state in WAITING, "only what waits may be claimed"
            if row.state in WAITING and self.model.is_open(row):
                assert row.due_at is not None, "it would never be claimed again"
            assert (row.claimed_by is not None) is (row.state in (S.CLAIMED, S.SENDING))
        self.was = {i: row.state for i, row in rows.items()}

    def check_editions(self, rows: dict[int, Row]) -> None:
        states = self.edition_states()
        for edition_id, edition in self.model.editions.items():
            counts = Counter(row.state for row in rows.values() if row.edition_id == edition_id)
            assert sum(counts.values()) == edition.audience, "each reader is in exactly one state"
            assert states[edition_id] is edition.state
            # Asking again costs more than all else here, and where no row changed no count can.
            if self.asked.get(edition_id) != (counts, edition.state):
                assert self.store.deliveries.counts(edition_id) == counts
                assert self.store.editions.get(edition_id).state is edition.state
                self.asked[edition_id] = (counts, edition.state)

    # What comes true in the end

    def teardown(self) -> None:
        """However it went so far: nobody of an open edition is lost."""
        # Where a step has failed, it is the one to be told of.
        if sys.exc_info()[0] is not None:
            return
        for edition_id in sorted(self.model.editions):
            self.resume(edition_id)
        everything = frozenset(range(20))
        for _ in range(MOST_ROUNDS):
            latest = max((row.due_at for row in self.model.rows.values() if row.due_at), default=self.now)
            self.now = max(self.now + timedelta(seconds=61), latest)
            self.start_sender()
            for step in (
                self.recover,
                lambda: self.claim(-1, 100, None),
                lambda: self.begin(-1, everything),
                lambda: self.mark(-1, everything, S.ACCEPTED, BounceKind.NONE, 1, attempted=True),
            ):
                step()
                self.the_store_holds_what_the_model_does()
        ends = (S.ACCEPTED, S.FAILED, S.SUPPRESSED, S.UNCERTAIN)
        lost = [row for row in self.stored().values() if self.model.is_open(row) and row.state not in ends]
        assert not lost, "readers whom nobody will ever come back to"


def run(url: str, *, is_sqlite: bool, examples: int, steps: int) -> Counter[str]:
    """Run the machine; return how many steps there were, of each kind."""
    # Nobody pulls the plug here: what is durable is for the crash tests.
    store = Store.open(url, synchronous="NORMAL")
    made: Counter[str] = Counter()
    machine = type("Machine", (Machine,), {"store": store, "is_sqlite": is_sqlite, "steps": made})
    plan = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=plan)
    finally:
        store.close()
    return made


def test_any_order_of_events_on_sqlite(sqlite_url: str) -> None:
    assert run(sqlite_url, is_sqlite=True, examples=7, steps=40)["steps"] > 100


def test_any_order_of_events_on_postgres(postgres_url: str) -> None:
    assert run(postgres_url, is_sqlite=False, examples=4, steps=40)["steps"] > 40


@pytest.mark.sweep
def test_any_order_of_very_many_events_on_sqlite(sqlite_url: str) -> None:
    assert run(sqlite_url, is_sqlite=True, examples=100, steps=80)["steps"] > 5_000


@pytest.mark.sweep
def test_any_order_of_very_many_events_on_postgres(postgres_url: str) -> None:
    assert run(postgres_url, is_sqlite=False, examples=30, steps=80)["steps"] > 1_000
