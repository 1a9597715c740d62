"""Letters that answer sign-ups: which are due, and the steps by which each is sent at most once.

Nothing is held before DATA: a process that dies by then leaves its letter due, to whoever comes next. The
step to SENDING is taken by one process alone, and durable before DATA: from then on the letter is not sent
again unless a server has said that it did not take it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from newsletter.model.readers import Letter, LetterKind, LetterState
from newsletter.model.subscribers import Address, Cadence, SubscriptionState
from newsletter.store import tables
from newsletter.store.accounts import Spending, spend
from newsletter.store.database import Database, Lock
from newsletter.store.keys import AddressHasher
from newsletter.store.past import copies_of
from newsletter.store.statements import in_portions

_signups = tables.signups
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions

#: No wait between two attempts is longer; a time further ahead was written by a clock set back since.
_LONGEST_WAIT = timedelta(hours=3)


class Letters:
    """Letters that wait to be sent, and the sign-ups that are over."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def due(self, *, limit: int, now: datetime) -> list[Letter]:
        """Return letters that may be sent now, the one that has waited longest first."""
        query = (
            select(_signups, _subscribers.c.id.label("subscriber_id"))
            .outerjoin(_subscribers, _subscribers.c.address_key == _signups.c.address_key)
            .where(*_is_due(now))
            .order_by(_signups.c.due_at, _signups.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [
                Letter(
                    id=row.id,
                    kind=LetterKind(row.letter),
                    address=Address(display=row.address, key=row.address_key),
                    list_names=tuple(row.list_names),
                    cadence=Cadence(row.cadence),
                    asked_at=row.asked_at,
                    attempts=row.attempts,
                    subscriber_id=row.subscriber_id,
                )
                for row in connection.execute(query)
            ]

    def due_count(self, *, now: datetime) -> int:
        """Return how many letters may be sent now."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(*_is_due(now))) or 0

    def begin(self, letter: Letter, *, spending: Spending | None, now: datetime) -> bool:
        """Make it durable that a letter is being sent; return whether it may be.

        It may not if another process was first, or its address was suppressed since.

        Args:
            letter: As `due` returned it.
            spending: Whose rates it counts for; None without rates.
            now: UTC.
        """
        suppressed = exists().where(_suppressions.c.address_hash == self._hasher.hash(letter.address.key))
        with self._database.transaction() as connection:
            if connection.scalar(select(suppressed)):
                connection.execute(
                    update(_signups)
                    .where(*_in_hand(letter, begun=False))
                    .values(state=LetterState.UNANSWERED.value, due_at=None)
                )
                return False
            begun = connection.execute(
                update(_signups)
                .where(*_in_hand(letter, begun=False))
                .values(state=LetterState.SENDING.value, due_at=None, sent_at=now)
            )
            if begun.rowcount and spending is not None:
                spend(connection, spending, 1, now=now)
            return begun.rowcount > 0

    def record(self, letter: Letter, state: LetterState, *, begun: bool, reply: str) -> bool:
        """Write how an attempt at a letter ended; return False if another process was first.

        Args:
            letter: As `due` returned it.
            state: SENT, FAILED, BOUNCED or UNCERTAIN.
            begun: Whether `begin` let it go on; if not, another process may be sending it.
            reply: The server's words, or what happened instead.
        """
        values = {"state": state.value, "due_at": None, "attempts": letter.attempts + 1, "reply": reply}
        with self._database.transaction() as connection:
            written = connection.execute(
                update(_signups).where(*_in_hand(letter, begun=begun)).values(values)
            )
            return written.rowcount > 0

    def put_off(self, letter: Letter, until: datetime, *, begun: bool, reply: str) -> bool:
        """Let a letter wait that was not taken; return False if another process was first.

        Args:
            letter: As `due` returned it.
            until: When it is due again, UTC.
            begun: As for `record`.
            reply: As for `record`.
        """
        values: dict[str, Any] = {"state": LetterState.DUE.value, "due_at": until, "sent_at": None}
        values |= {"attempts": letter.attempts + 1, "reply": reply}
        with self._database.transaction() as connection:
            written = connection.execute(
                update(_signups).where(*_in_hand(letter, begun=begun)).values(values)
            )
            return written.rowcount > 0

    def address_key(self, signup_id: int) -> str | None:
        """Return the address of a sign-up in its form for comparing; None if it is forgotten."""
        with self._database.reading() as connection:
            return letter_address(connection, signup_id)

    def forget(self, *, before: datetime) -> int:
        """Delete sign-ups, and what waits to be confirmed, of before a time in UTC; return how many rows.

        A subscriber of whom nothing else tells then goes as well.
        """
        stale = (
            _subscriptions.c.list_name.in_(select(tables.lists.c.name)),
            _subscriptions.c.state == SubscriptionState.UNCONFIRMED.value,
            _subscriptions.c.since < before,
        )
        with self._database.transaction() as connection:
            gone = connection.execute(delete(_signups).where(_signups.c.asked_at < before)).rowcount
        with self._database.reading() as connection:
            readers = connection.scalars(
                select(_subscriptions.c.subscriber_id).distinct().where(*stale)
            ).all()
        # Some at a time: each is looked up in every edition, and others are to write meanwhile.
        for some in in_portions(readers):
            with self._database.transaction() as connection:
                self._database.serialise(connection, Lock.SUBSCRIBERS)
                unconfirmed = _subscriptions.c.subscriber_id.in_(some)
                gone += connection.execute(delete(_subscriptions).where(*stale, unconfirmed)).rowcount
                unknown = _subscribers.c.id.in_(some) & ~_is_known()
                gone += connection.execute(delete(_subscribers).where(unknown)).rowcount
        return gone


def letter_bounced(connection: Connection, signup_id: int, *, reply: str) -> bool:
    """Write that there is no such mailbox as a letter went to; return False if its sign-up is forgotten."""
    written = connection.execute(
        update(_signups)
        .where(_signups.c.id == signup_id, _signups.c.state != LetterState.DUE.value)
        .values(state=LetterState.BOUNCED.value, reply=reply)
    )
    return written.rowcount > 0


def letter_address(connection: Connection, signup_id: int) -> str | None:
    """Return the address of a sign-up in its form for comparing; None if it is forgotten."""
    return connection.scalar(select(_signups.c.address_key).where(_signups.c.id == signup_id))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _signups.c.due_at.is_not(None),
        or_(_signups.c.due_at <= now, _signups.c.due_at > now + _LONGEST_WAIT),
        _signups.c.state == LetterState.DUE.value,
    )


def _in_hand(letter: Letter, *, begun: bool) -> tuple[ColumnElement[bool], ...]:
    """Match a letter that is where this process left it, and where no other one has taken it further."""
    state = LetterState.SENDING if begun else LetterState.DUE
    return (
        _signups.c.id == letter.id,
        _signups.c.state == state.value,
        _signups.c.attempts == letter.attempts,
    )


def _is_known() -> ColumnElement[bool]:
    """Match subscribers that anything else tells of."""
    telling = (_subscriptions, tables.consents, tables.feedback, tables.bounce_scores)
    named = (exists().where(table.c.subscriber_id == _subscribers.c.id) for table in telling)
    # Last, for it takes longest.
    return or_(*named, copies_of(_subscribers.c.id).correlate(_subscribers).exists())
