"""Deliveries as they should be, in memory and in the plainest words: what the real store is held against."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.model.deliveries import (
    TRANSITIONS,
    DeliveryMark,
    DeliveryState,
    Resolution,
    UncertainPolicy,
)
from newsletter.model.editions import EditionState
from newsletter.model.feedback import BounceKind, BouncePolicy
from newsletter.model.subscribers import AddOutcome, SubscriptionState, SuppressionReason

S = DeliveryState
LEASE = timedelta(seconds=30)
WAITING = (S.QUEUED, S.DEFERRED)


@dataclass
class Row:
    """One delivery."""

    edition_id: int
    subscriber_id: int
    queued_at: datetime
    due_at: datetime | None
    state: DeliveryState = S.QUEUED
    claimed_by: str | None = None
    attempts: int = 0
    uncertain_count: int = 0

    def step(self, target: S, *, due_at: datetime | None = None, claimed_by: str | None = None) -> bool:
        if target not in TRANSITIONS[self.state]:
            return False
        self.state, self.due_at, self.claimed_by = target, due_at, claimed_by
        return True

    def requeue(self) -> bool:
        return self.step(S.QUEUED, due_at=self.queued_at)


@dataclass
class Edition:
    """What the model knows of an edition."""

    list_name: str
    audience: int
    state: EditionState = EditionState.OPEN


@dataclass
class Model:
    """Everything that the store should hold."""

    policy: UncertainPolicy
    #: Whether a file's lock proves that all other senders are dead; else the end of its lease tells of each.
    lock_proves: bool
    bounces: BouncePolicy
    rows: dict[int, Row] = field(default_factory=dict)
    editions: dict[int, Edition] = field(default_factory=dict)
    #: Address by subscriber's id; None once erased.
    readers: dict[int, str | None] = field(default_factory=dict)
    subscriptions: dict[tuple[int, str], SubscriptionState] = field(default_factory=dict)
    suppressed: dict[str, SuppressionReason] = field(default_factory=dict)
    scores: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)

    # Readers

    def reader(self, address: str) -> int | None:
        return next((i for i, known in self.readers.items() if known == address), None)

    def add(self, list_name: str, address: str) -> AddOutcome:
        """Decide; the caller tells a new subscriber's id with `know`."""
        reader = self.reader(address)
        state = None if reader is None else self.subscriptions.get((reader, list_name))
        if address in self.suppressed or state is SubscriptionState.UNSUBSCRIBED:
            return AddOutcome.REFUSED
        return AddOutcome.ALREADY_THERE if state else AddOutcome.ADDED

    def know(self, subscriber_id: int, address: str, list_name: str) -> None:
        self.readers[subscriber_id] = address
        self.subscriptions[subscriber_id, list_name] = SubscriptionState.CONFIRMED

    def leave(self, subscriber_id: int | None, list_name: str) -> SubscriptionState | None:
        if subscriber_id is None or (subscriber_id, list_name) not in self.subscriptions:
            return None
        before = self.subscriptions[subscriber_id, list_name]
        self.subscriptions[subscriber_id, list_name] = SubscriptionState.UNSUBSCRIBED
        return before

    def erase(self, address: str) -> bool:
        reader = self.reader(address)
        if reader is None:
            return False
        self.readers[reader] = None
        self.scores.pop(reader, None)
        self.subscriptions = {key: state for key, state in self.subscriptions.items() if key[0] != reader}
        return True

    def bounce(self, subscriber_id: int, kind: BounceKind, now: datetime) -> None:
        address = self.readers[subscriber_id]
        if address is None or address in self.suppressed or kind is BounceKind.NONE:
            return
        if kind is BounceKind.SOFT:
            score, counted_at = self.scores.get(subscriber_id, (0, datetime.min.replace(tzinfo=now.tzinfo)))
            if now - counted_at > timedelta(days=self.bounces.stale_days):
                score = 0
            elif now.date() <= counted_at.date():
                return
            self.scores[subscriber_id] = (score + 1, now)
            if score + 1 < self.bounces.limit:
                return
        self.suppressed[address] = SuppressionReason.BOUNCE
        self.scores.pop(subscriber_id, None)

    def complain(self, subscriber_id: int, list_name: str) -> None:
        address = self.readers[subscriber_id]
        if address is None:
            return
        self.leave(subscriber_id, list_name)
        if self.suppressed.get(address) in (None, SuppressionReason.BOUNCE):
            self.suppressed[address] = SuppressionReason.COMPLAINT

    def audience(self, list_name: str) -> set[int]:
        return {
            reader
            for (reader, name), state in self.subscriptions.items()
            if name == list_name
            and state is SubscriptionState.CONFIRMED
            and self.readers[reader] not in self.suppressed
        }

    def wants(self, row: Row) -> bool:
        return row.subscriber_id in self.audience(self.editions[row.edition_id].list_name)

    def is_open(self, row: Row) -> bool:
        return self.editions[row.edition_id].state is EditionState.OPEN

    # Senders

    def due(self, now: datetime, list_name: str | None = None) -> list[int]:
        due = [
            (row.due_at, i)
            for i, row in self.rows.items()
            if row.due_at is not None
            and row.due_at <= now
            and self.is_open(row)
            and list_name in (None, self.editions[row.edition_id].list_name)
        ]
        return [i for _, i in sorted(due)]

    def claim(self, sender: str, limit: int, now: datetime, list_name: str | None) -> list[int]:
        while ids := self.due(now, list_name)[:limit]:
            wanted = [i for i in ids if self.wants(self.rows[i])]
            for i in ids:
                if i in wanted:
                    self.rows[i].step(S.CLAIMED, claimed_by=sender)
                else:
                    self.rows[i].step(S.SUPPRESSED)
            if wanted:
                return sorted(wanted)
        return []

    def begin(self, sender: str, ids: Iterable[int]) -> set[int]:
        begun = set()
        for i in ids:
            row = self.rows[i]
            if row.claimed_by != sender or row.state is not S.CLAIMED or not self.is_open(row):
                continue
            if self.wants(row):
                row.step(S.SENDING, claimed_by=sender)
                begun.add(i)
            else:
                row.step(S.SUPPRESSED)
        return begun

    def mark(self, sender: str, mark: DeliveryMark, now: datetime) -> bool:
        row = self.rows[mark.delivery_id]
        if row.claimed_by != sender or not row.step(mark.state, due_at=mark.next_attempt_at):
            return False
        if mark.state is S.DEFERRED and mark.attempted and row.attempts == 0:
            row.queued_at = now
        row.attempts += mark.attempted
        if mark.state is S.UNCERTAIN:
            self._settle(row)
        else:
            self.bounce(row.subscriber_id, mark.bounce, now)
        return True

    def recover(self, now: datetime, dead: str | None = None) -> tuple[list[int], int]:
        """Take back what those held that are gone; or what one held that is known to be."""
        alive = {name for name, until in self.leases.items() if now < until <= now + 2 * LEASE}
        lost = []
        for i, row in self.rows.items():
            is_alive = row.claimed_by in alive and not self.lock_proves
            if is_alive if dead is None else row.claimed_by != dead:
                continue
            if row.state is S.CLAIMED:
                row.requeue()
            elif row.state is S.SENDING:
                row.step(S.UNCERTAIN)
                row.attempts += 1
                self._settle(row)
                lost.append(i)
        self.settle_cancelled()
        for row in self.rows.values():
            is_ahead = row.due_at is not None and row.due_at > now
            if is_ahead and (row.state is S.QUEUED or row.due_at > now + timedelta(days=2)):
                row.due_at = now
        ended = self.leases.keys() - alive if dead is None else {dead}
        self.leases = {name: until for name, until in self.leases.items() if name not in ended}
        return lost, sum(row.claimed_by is not None for row in self.rows.values())

    def release(self, sender: str) -> int:
        self.leases.pop(sender, None)
        mine = [row for row in self.rows.values() if row.claimed_by == sender and row.state is S.CLAIMED]
        count = sum(row.requeue() for row in mine)
        self.settle_cancelled()
        return count

    def settle_cancelled(self) -> None:
        for row in self.rows.values():
            if self.editions[row.edition_id].state is EditionState.CANCELLED and row.state in WAITING:
                row.step(S.SUPPRESSED)

    def give_up(self, queued_before: datetime, edition_id: int | None) -> int:
        waiting = [
            row
            for row in self.rows.values()
            if row.due_at is not None
            and row.queued_at < queued_before
            and self.is_open(row)
            and edition_id in (None, row.edition_id)
        ]
        return sum(row.step(S.FAILED) for row in waiting)

    def _settle(self, row: Row) -> None:
        row.uncertain_count += 1
        if self.policy is UncertainPolicy.RESEND and row.uncertain_count == 1:
            row.requeue()

    # The operator

    def of(self, edition_id: int, address: str | None, states: Collection[S]) -> dict[int, Row]:
        return {
            i: row
            for i, row in self.rows.items()
            if row.edition_id == edition_id
            and (address is None or self.readers[row.subscriber_id] == address)
            and row.state in states
        }

    def retry(self, edition_id: int, address: str | None, states: Collection[S], now: datetime) -> set[int]:
        found = self.of(edition_id, address, set(states) & {S.FAILED, S.DEFERRED})
        chosen = {
            i: row for i, row in found.items() if self.readers[row.subscriber_id] not in self.suppressed
        }
        for row in chosen.values():
            row.step(S.QUEUED, due_at=now)
            row.attempts, row.queued_at = 0, now
        return set(chosen)

    def resolve(
        self, edition_id: int, address: str | None, resolution: Resolution, now: datetime
    ) -> set[int]:
        chosen = self.of(edition_id, address, [S.UNCERTAIN])
        for row in chosen.values():
            match resolution:
                case Resolution.RESEND:
                    row.step(S.QUEUED, due_at=now)
                    row.queued_at = now
                case Resolution.ARRIVED:
                    row.step(S.ACCEPTED)
                case Resolution.ABANDON:
                    row.step(S.FAILED)
        return set(chosen)

    def pause(self, edition_id: int) -> bool:
        edition = self.editions[edition_id]
        if edition.state is not EditionState.OPEN:
            return False
        edition.state = EditionState.PAUSED
        for row in self.of(edition_id, None, WAITING).values():
            row.due_at = None
        return True

    def resume(self, edition_id: int, now: datetime) -> int | None:
        edition = self.editions[edition_id]
        if edition.state is not EditionState.PAUSED:
            return None
        edition.state = EditionState.OPEN
        waiting = [
            row
            for row in self.of(edition_id, None, WAITING).values()
            if row.due_at is None or row.queued_at < now
        ]
        for row in waiting:
            row.due_at, row.queued_at = row.due_at or now, now
        return len(waiting)

    def cancel(self, edition_id: int) -> int:
        self.editions[edition_id].state = EditionState.CANCELLED
        chosen = self.of(edition_id, None, (*WAITING, S.CLAIMED))
        return sum(row.step(S.SUPPRESSED) for row in chosen.values())
