"""What came back, and how addresses have bounced lately."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from newsletter.model.feedback import (
    BounceKind,
    BouncePolicy,
    BounceScore,
    FeedbackAction,
    FeedbackKind,
    FeedbackOutcome,
    FeedbackRecord,
)
from newsletter.model.subscribers import SubscriptionState, SuppressionReason
from newsletter.store import tables
from newsletter.store.database import Database, Lock
from newsletter.store.erasing import is_erased
from newsletter.store.keys import AddressHasher
from newsletter.store.leaving import leave
from newsletter.store.letters import letter_address, letter_bounced
from newsletter.store.subscribers import suppress
from newsletter.store.told import HANDED_OVER

_deliveries = tables.deliveries
_editions = tables.editions
_feedback = tables.feedback
_scores = tables.bounce_scores
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions

#: Latest deliveries of a reader that are looked through for a Message-ID.
_LATEST_DELIVERIES = 50

_NOTHING = FeedbackAction.NOTHING

_SUPPRESSED_ALREADY = "suppressed already"


@dataclass(frozen=True, kw_only=True)
class SentCopy:
    """One reader's copy of an edition, as far as feedback on it goes."""

    delivery_id: int
    subscriber_id: int
    #: The reader's, in its form for comparing.
    address_key: str
    list_name: str
    edition_uid: str
    #: The part after the at sign of the list's sender then.
    sender_domain: str
    #: Whether a server has the message, or may have it; of another one nothing can come back.
    handed_over: bool
    #: When its state was entered, UTC.
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ListedReader:
    """Who has an address, and the lists that it has not left."""

    subscriber_id: int
    list_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a message that came back is held to mean, before the reader's standing is looked at."""

    kind: FeedbackKind
    reason: str
    #: What is written, where nothing is to be done to anybody; None: what `kind` asks for is done.
    action: FeedbackAction | None = None
    subscriber_id: int | None = None
    delivery_id: int | None = None
    list_name: str = ""
    #: The sign-up whose letter it is about; then no reader and no delivery is named.
    letter_id: int | None = None


class Feedback:
    """Messages that came back, each taken in once, with what followed from them."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def taken(self, digest: str) -> FeedbackKind | None:
        """Return what a message was taken for; None if it is new."""
        with self._database.reading() as connection:
            return _taken(connection, digest)

    def copy(self, delivery_id: int) -> SentCopy | None:
        """Return the copy that a delivery stands for; None if there is no such delivery."""
        with self._database.reading() as connection:
            row = connection.execute(_copies().where(_deliveries.c.id == delivery_id)).one_or_none()
        return _to_copy(row) if row else None

    def latest_copies(self, address_key: str) -> list[SentCopy]:
        """Return the latest copies made for an address, the newest first."""
        query = (
            _copies()
            .where(_subscribers.c.address_key == address_key)
            .order_by(_deliveries.c.id.desc())
            .limit(_LATEST_DELIVERIES)
        )
        with self._database.reading() as connection:
            return [_to_copy(row) for row in connection.execute(query)]

    def reader(self, address_key: str) -> ListedReader | None:
        """Return who has an address; None if nobody has."""
        query = (
            select(_subscribers.c.id, _subscriptions.c.list_name)
            .outerjoin(
                _subscriptions,
                (_subscriptions.c.subscriber_id == _subscribers.c.id)
                & (_subscriptions.c.state != SubscriptionState.UNSUBSCRIBED.value),
            )
            .where(_subscribers.c.address_key == address_key)
            .order_by(_subscriptions.c.list_name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return None
        names = tuple(row.list_name for row in rows if row.list_name is not None)
        return ListedReader(subscriber_id=rows[0].id, list_names=names)

    def list_names(self) -> frozenset[str]:
        """Return the names of all lists that there ever were."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(select(tables.lists.c.name)))

    def record(
        self, digest: str, verdict: Verdict, policy: BouncePolicy, *, now: datetime
    ) -> FeedbackOutcome:
        """Do what follows from a message and write it down, in one transaction.

        Args:
            digest: SHA-256 of the message, as 64 hexadecimal digits.
            verdict: What it is held to mean.
            policy: When soft bounces suppress.
            now: UTC.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.FEEDBACK)
            taken = _taken(connection, digest)
            if taken is not None:
                return FeedbackOutcome(kind=taken, action=FeedbackAction.REPEATED)
            address = connection.scalar(
                select(_subscribers.c.address).where(_subscribers.c.id == verdict.subscriber_id)
            )
            action, note = _act(connection, self._hasher, verdict, policy, now)
            # Of a reader who was erased nothing is kept, nor of one whom only an older store knew.
            is_known = verdict.subscriber_id is None or bool(_shown(address))
            reason = "; ".join(filter(None, (note, verdict.reason if is_known else "")))
            connection.execute(
                insert(_feedback).values(
                    digest=digest,
                    received_at=now,
                    kind=verdict.kind.value,
                    action=action.value,
                    subscriber_id=verdict.subscriber_id if address else None,
                    delivery_id=verdict.delivery_id,
                    reason=reason,
                )
            )
        return FeedbackOutcome(kind=verdict.kind, action=action, address=_shown(address), reason=reason)

    def latest(self, *, limit: int) -> list[FeedbackRecord]:
        """Return what was taken in last, the newest first."""
        query = (
            select(_feedback, _subscribers.c.address)
            .outerjoin(_subscribers, _subscribers.c.id == _feedback.c.subscriber_id)
            .order_by(_feedback.c.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [
                FeedbackRecord(
                    received_at=row.received_at,
                    outcome=FeedbackOutcome(
                        kind=FeedbackKind(row.kind),
                        action=FeedbackAction(row.action),
                        address=_shown(row.address),
                        reason=row.reason,
                    ),
                )
                for row in connection.execute(query)
            ]


def count_bounce(
    connection: Connection,
    hasher: AddressHasher,
    subscriber_id: int,
    kind: BounceKind,
    policy: BouncePolicy,
    *,
    now: datetime,
) -> bool:
    """Count a refusal of a subscriber's mail; return whether the address is suppressed for it.

    A hard one suppresses at once, a soft one adds to the score; see `decide_score`.
    """
    return _count(connection, hasher, subscriber_id, kind, policy, now)[0] is FeedbackAction.SUPPRESSED


def decide_score(policy: BouncePolicy, before: BounceScore | None, *, now: datetime) -> BounceScore | None:
    """Decide what a soft bounce does to a score: Mailman's model.

    Args:
        policy: After how many days without a bounce the score starts again.
        before: The score so far; None if there is none.
        now: UTC.

    Returns:
        The new score; None if a bounce of this day (UTC) was counted already.
    """
    if before is None or now - before.counted_at > timedelta(days=policy.stale_days):
        return BounceScore(score=1.0, counted_at=now)
    # Where the clock was set back, the day of the last one is still to come.
    if now.date() <= before.counted_at.date():
        return None
    return BounceScore(score=before.score + 1.0, counted_at=now)


def _act(
    connection: Connection, hasher: AddressHasher, verdict: Verdict, policy: BouncePolicy, now: datetime
) -> tuple[FeedbackAction, str]:
    """Do what a message asks for; return it, and a note where the reader's standing decided."""
    if verdict.action is not None:
        return verdict.action, ""
    subscriber_id = verdict.subscriber_id
    if verdict.letter_id is not None:
        return _act_on_letter(connection, hasher, verdict, verdict.letter_id, now), ""
    if subscriber_id is None:
        return FeedbackAction.NOTHING, ""
    match verdict.kind:
        case FeedbackKind.HARD_BOUNCE:
            return _count(connection, hasher, subscriber_id, BounceKind.HARD, policy, now)
        case FeedbackKind.SOFT_BOUNCE:
            return _count(connection, hasher, subscriber_id, BounceKind.SOFT, policy, now)
        case FeedbackKind.COMPLAINT:
            return _complain(connection, hasher, subscriber_id, verdict.list_name, now)
        case FeedbackKind.UNSUBSCRIBE:
            if leave(connection, subscriber_id, verdict.list_name, origin="unsubscribe mail", now=now):
                return FeedbackAction.UNSUBSCRIBED, f"left {verdict.list_name}"
            return FeedbackAction.NOTHING, f"had left {verdict.list_name} already"
        case _:
            return FeedbackAction.NOTHING, ""


def _act_on_letter(
    connection: Connection, hasher: AddressHasher, verdict: Verdict, letter_id: int, now: datetime
) -> FeedbackAction:
    """Send no more letters where there is no mailbox, and nothing at all to whoever complains of one."""
    key = letter_address(connection, letter_id)
    if key is not None and verdict.kind is FeedbackKind.COMPLAINT:
        return FeedbackAction.SUPPRESSED if _never_again(connection, hasher.hash(key), now) else _NOTHING
    if verdict.kind is FeedbackKind.HARD_BOUNCE and letter_bounced(
        connection, letter_id, reply=verdict.reason
    ):
        return FeedbackAction.NO_LETTERS
    return _NOTHING


def _count(
    connection: Connection,
    hasher: AddressHasher,
    subscriber_id: int,
    kind: BounceKind,
    policy: BouncePolicy,
    now: datetime,
) -> tuple[FeedbackAction, str]:
    key = _locked_key(connection, subscriber_id)
    if kind is BounceKind.NONE or key is None:
        return FeedbackAction.NOTHING, "" if key else "the reader was erased"
    if _reason(connection, hasher.hash(key)) is not None:
        return FeedbackAction.NOTHING, _SUPPRESSED_ALREADY
    note = ""
    if kind is BounceKind.SOFT:
        score = _add_to_score(connection, subscriber_id, policy, now)
        if score is None:
            return FeedbackAction.NOTHING, "a bounce of this day is counted already"
        note = f"score {score.score:g} of {policy.limit:g}"
        if score.score < policy.limit:
            return FeedbackAction.SCORED, note
    suppress(connection, hasher.hash(key), SuppressionReason.BOUNCE, now=now)
    # Should the operator lift it, the count starts again at nothing.
    connection.execute(delete(_scores).where(_scores.c.subscriber_id == subscriber_id))
    return FeedbackAction.SUPPRESSED, note


def _add_to_score(
    connection: Connection, subscriber_id: int, policy: BouncePolicy, now: datetime
) -> BounceScore | None:
    mine = _scores.c.subscriber_id == subscriber_id
    row = connection.execute(select(_scores.c.score, _scores.c.counted_at).where(mine)).one_or_none()
    before = BounceScore(score=row.score, counted_at=row.counted_at) if row else None
    after = decide_score(policy, before, now=now)
    if after is None:
        return None
    values = {"score": after.score, "counted_at": after.counted_at}
    if before is None:
        connection.execute(insert(_scores).values(subscriber_id=subscriber_id, **values))
    else:
        connection.execute(update(_scores).where(mine).values(**values))
    return after


def _complain(
    connection: Connection, hasher: AddressHasher, subscriber_id: int, list_name: str, now: datetime
) -> tuple[FeedbackAction, str]:
    key = _locked_key(connection, subscriber_id)
    if key is None:
        return FeedbackAction.NOTHING, "the reader was erased"
    left = leave(connection, subscriber_id, list_name, origin="complaint", now=now)
    if not _never_again(connection, hasher.hash(key), now):
        return (FeedbackAction.UNSUBSCRIBED if left else FeedbackAction.NOTHING), _SUPPRESSED_ALREADY
    return FeedbackAction.SUPPRESSED, f"left {list_name}" if left else ""


def _never_again(connection: Connection, address_hash: str, now: datetime) -> bool:
    """Suppress the address of whoever complains; return False if that was so already."""
    if _reason(connection, address_hash) is SuppressionReason.BOUNCE:
        # Whoever lifts suppressions must not take this one for a broken mailbox.
        connection.execute(
            update(_suppressions)
            .where(_suppressions.c.address_hash == address_hash)
            .values(reason=SuppressionReason.COMPLAINT.value)
        )
        return True
    return suppress(connection, address_hash, SuppressionReason.COMPLAINT, now=now)


def _locked_key(connection: Connection, subscriber_id: int) -> str | None:
    """Return a subscriber's address for comparing, held until the transaction ends; None if erased.

    The lock is the one that publishing, which only refers to subscribers, does not wait for.
    """
    key: str | None = connection.scalar(
        select(_subscribers.c.address_key)
        .where(_subscribers.c.id == subscriber_id)
        .with_for_update(key_share=True)
    )
    return key if key and not is_erased(key) else None


def _shown(address: str | None) -> str:
    """Return a reader's address; nothing stands for nobody, and for a reader who was erased."""
    return address if address and not is_erased(address) else ""


def _reason(connection: Connection, address_hash: str) -> SuppressionReason | None:
    reason = connection.scalar(
        select(_suppressions.c.reason).where(_suppressions.c.address_hash == address_hash)
    )
    return SuppressionReason(reason) if reason else None


def _taken(connection: Connection, digest: str) -> FeedbackKind | None:
    kind = connection.scalar(select(_feedback.c.kind).where(_feedback.c.digest == digest))
    return FeedbackKind(kind) if kind else None


def _copies() -> Select[tuple[object, ...]]:
    return (
        select(
            _deliveries.c.id,
            _deliveries.c.subscriber_id,
            _subscribers.c.address_key,
            _deliveries.c.state,
            _deliveries.c.uncertain_count,
            _deliveries.c.changed_at,
            _editions.c.audience_list,
            _editions.c.uid,
            _editions.c.headers,
        )
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
    )


def _to_copy(row: Row[tuple[object, ...]]) -> SentCopy:
    return SentCopy(
        delivery_id=row.id,
        subscriber_id=row.subscriber_id,
        address_key=row.address_key,
        list_name=row.audience_list,
        edition_uid=row.uid,
        sender_domain=json.loads(row.headers)["sender_address"].rpartition("@")[2],
        # One that was uncertain once may be on its way, whatever became of it since.
        handed_over=row.state in HANDED_OVER or row.uncertain_count > 0,
        changed_at=row.changed_at,
    )
