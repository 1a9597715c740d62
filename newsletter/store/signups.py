"""Sign-ups: what visitors ask for, which letter answers each, and what the links in letters confirm."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from newsletter.model.readers import (
    AskedFor,
    Choice,
    ConfirmationState,
    ConsentAction,
    LetterKind,
    LetterState,
    SignUp,
    Standing,
)
from newsletter.model.subscribers import Address, Cadence, SubscriptionState
from newsletter.store import tables
from newsletter.store.adding import known_or_made, suppressed_among
from newsletter.store.consents import note
from newsletter.store.database import Database, Lock
from newsletter.store.keys import AddressHasher
from newsletter.store.lists import know_lists

_signups = tables.signups
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions

#: Where a subscription comes from that began on the web pages.
WEB_FORM = "web form"

#: For so long after a letter no other one goes to its address.
_BETWEEN_LETTERS = timedelta(hours=24)

#: States in which no other letter goes to an address for as long as the sign-up is kept.
_WHILE_KEPT = (LetterState.DUE.value, LetterState.BOUNCED.value)

#: Decides which letter answers a sign-up for some lists; None: none does.
Decide = Callable[[Sequence[str], Standing], LetterKind | None]

#: Decides what a link is good for.
Judge = Callable[[AskedFor], ConfirmationState]


class SignUps:
    """What was asked for by the form."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def record(self, address: Address, request: SignUp, *, now: datetime) -> None:
        """Write down what a visitor asks for: the same single INSERT whoever has the address, if anybody."""
        with self._database.transaction() as connection:
            connection.execute(
                insert(_signups).values(
                    address=address.display,
                    address_key=address.key,
                    list_names=list(request.list_names),
                    cadence=request.cadence.value,
                    asked_at=now,
                    origin=request.origin,
                    wording=request.wording,
                    state=LetterState.ASKED.value,
                    attempts=0,
                    due_at=now,
                    reply="",
                )
            )

    def answer(self, decide: Decide, *, limit: int, now: datetime) -> int:
        """Decide which letter answers each of the oldest new sign-ups, in one transaction.

        Whoever is to confirm becomes a subscriber, unconfirmed on lists that he never was on.

        Args:
            decide: Is told how each address stands, letters decided a moment before included.
            limit: How many at most; a few hundred.
            now: UTC.

        Returns:
            How many were looked at.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.SUBSCRIBERS)
            rows = connection.execute(
                select(_signups)
                .where(_signups.c.due_at.is_not(None), _signups.c.state == LetterState.ASKED.value)
                .order_by(_signups.c.due_at, _signups.c.id)
                .limit(limit)
            ).all()
            if rows:
                self._answer(connection, rows, decide, now)
        return len(rows)

    def _answer(
        self,
        connection: Connection,
        rows: Sequence[Row[tuple[object, ...]]],
        decide: Decide,
        now: datetime,
    ) -> None:
        hashes = {row.address_key: self._hasher.hash(row.address_key) for row in rows}
        suppressed = suppressed_among(connection, hashes)
        busy = _with_letter(connection, list(hashes), now)
        states = _states(connection, list(hashes))
        answers, to_confirm = [], []
        for row in rows:
            key = row.address_key
            standing = Standing(
                is_suppressed=key in suppressed, has_letter=key in busy, states=states.get(key, {})
            )
            letter = decide(row.list_names, standing)
            if letter is not None:
                busy.add(key)
            if letter is LetterKind.CONFIRM:
                to_confirm.append(row)
            state = LetterState.UNANSWERED if letter is None else LetterState.DUE
            answers.append({"signup": row.id, "to": state.value, "letter": letter, "due": letter and now})
        connection.execute(
            update(_signups)
            .where(_signups.c.id == bindparam("signup"))
            .values(state=bindparam("to"), letter=bindparam("letter"), due_at=bindparam("due")),
            answers,
        )
        if to_confirm:
            _make_unconfirmed(connection, to_confirm, states, hashes, now)

    def find(self, signup_id: int) -> AskedFor | None:
        """Return a sign-up that a confirmation was sent for; None if there is none, or no longer."""
        with self._database.reading() as connection:
            row = connection.execute(_confirmable(signup_id)).one_or_none()
            return _to_asked_for(connection, row) if row else None

    def confirm(
        self, signup_id: int, judge: Judge, *, origin: str, now: datetime
    ) -> tuple[AskedFor, ConfirmationState] | None:
        """Do what the button behind a confirmation link does, if the link is good for it.

        Args:
            signup_id: The sign-up.
            judge: Decides that, from how everything stands.
            origin: Where the button was pressed.
            now: UTC.

        Returns:
            The sign-up and what its link is good for now; None if there is no such sign-up, or no longer.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.SUBSCRIBERS)
            row = connection.execute(_confirmable(signup_id)).one_or_none()
            if row is None:
                return None
            asked_for = _to_asked_for(connection, row)
            state = judge(asked_for)
            if state is not ConfirmationState.OPEN:
                return asked_for, state
            self._confirm(connection, row, asked_for, origin, now)
        return asked_for, ConfirmationState.CONFIRMED

    def _confirm(
        self,
        connection: Connection,
        row: Row[tuple[object, ...]],
        asked_for: AskedFor,
        origin: str,
        now: datetime,
    ) -> None:
        connection.execute(
            update(_signups).where(_signups.c.id == row.id).values(confirmed_at=now, due_at=None)
        )
        address = Address(display=row.address, key=row.address_key)
        known = _ids(connection, [address.key])
        wanted = [(address, "", self._hasher.hash(address.key))]
        subscriber_id = known_or_made(connection, wanted, known=known, now=now)[address.key]
        know_lists(connection, asked_for.list_names, now=now)
        asked_from = f"{origin} (asked for from {row.origin})" if row.origin != origin else origin
        for list_name in asked_for.list_names:
            confirm(
                connection,
                subscriber_id,
                list_name,
                asked_for.choices.get(list_name),
                Choice(state=SubscriptionState.CONFIRMED, cadence=asked_for.cadence),
                now=now,
            )
            note(
                connection,
                subscriber_id,
                list_name,
                ConsentAction.CONFIRMED,
                at=now,
                origin=asked_from,
                wording=row.wording,
                asked_at=row.asked_at,
            )


def confirm(
    connection: Connection,
    subscriber_id: int,
    list_name: str,
    before: Choice | None,
    choice: Choice,
    *,
    now: datetime,
) -> None:
    """Let a subscription stand as its reader chooses; one that stood already keeps since when it does.

    Args:
        connection: A transaction that writes, and holds the lock of subscribers.
        subscriber_id: The reader.
        list_name: The list; it must be known to the store.
        before: How it stood; None if there was none.
        choice: Cadence and pause.
        now: UTC.
    """
    values: dict[str, Any] = {"cadence": choice.cadence.value, "paused_until": choice.paused_until}
    if before is None or before.state is not SubscriptionState.CONFIRMED:
        values |= {"state": SubscriptionState.CONFIRMED.value, "since": now, "source": WEB_FORM}
    if before is None:
        place = {"subscriber_id": subscriber_id, "list_name": list_name}
        connection.execute(insert(_subscriptions).values(place | values))
        return
    connection.execute(
        update(_subscriptions)
        .where(
            _subscriptions.c.subscriber_id == subscriber_id,
            _subscriptions.c.list_name == list_name,
        )
        .values(values)
    )


def choices_of(connection: Connection, subscriber_id: int) -> dict[str, Choice]:
    """Return how a reader stands with each list that he is or was on, by its name."""
    query = (
        select(_subscriptions)
        .where(_subscriptions.c.subscriber_id == subscriber_id)
        .order_by(_subscriptions.c.list_name)
    )
    return {
        row.list_name: Choice(
            state=SubscriptionState(row.state),
            cadence=Cadence(row.cadence),
            paused_until=row.paused_until,
            since=row.since,
        )
        for row in connection.execute(query)
    }


def _confirmable(signup_id: int) -> Any:  # noqa: ANN401 - SQLAlchemy's own type of a whole table's rows
    return select(_signups).where(_signups.c.id == signup_id, _signups.c.letter == LetterKind.CONFIRM.value)


def _to_asked_for(connection: Connection, row: Row[tuple[object, ...]]) -> AskedFor:
    subscriber_id = _ids(connection, [row.address_key]).get(row.address_key)
    return AskedFor(
        id=row.id,
        list_names=tuple(row.list_names),
        cadence=Cadence(row.cadence),
        asked_at=row.asked_at,
        sent_at=row.sent_at,
        confirmed_at=row.confirmed_at,
        choices=choices_of(connection, subscriber_id) if subscriber_id is not None else {},
    )


def _with_letter(connection: Connection, keys: Sequence[str], now: datetime) -> set[str]:
    """Return the addresses that a letter went to a short while ago, or waits to go to.

    One that was refused counts as well: whoever asks again at once would be refused again.
    """
    lately = now - _BETWEEN_LETTERS
    query = (
        select(_signups.c.address_key)
        .distinct()
        .where(
            _signups.c.address_key.in_(keys),
            _signups.c.letter.is_not(None),
            or_(
                # However long ago it was asked for; SENDING counts by when it began.
                _signups.c.state.in_(_WHILE_KEPT),
                _signups.c.asked_at > lately,
                _signups.c.sent_at > lately,
            ),
        )
    )
    return set(connection.scalars(query))


def _ids(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(_subscribers.c.address_key, _subscribers.c.id).where(_subscribers.c.address_key.in_(keys))
    return {row.address_key: row.id for row in connection.execute(query)}


def _states(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, SubscriptionState]]:
    query = (
        select(_subscribers.c.address_key, _subscriptions.c.list_name, _subscriptions.c.state)
        .join(_subscriptions, _subscriptions.c.subscriber_id == _subscribers.c.id)
        .where(_subscribers.c.address_key.in_(keys))
    )
    found: dict[str, dict[str, SubscriptionState]] = {}
    for row in connection.execute(query):
        found.setdefault(row.address_key, {})[row.list_name] = SubscriptionState(row.state)
    return found


def _make_unconfirmed(
    connection: Connection,
    rows: Sequence[Row[tuple[object, ...]]],
    states: Mapping[str, Mapping[str, SubscriptionState]],
    hashes: Mapping[str, str],
    now: datetime,
) -> None:
    """Make those who are to confirm subscribers; who left stays so until the button is pressed."""
    know_lists(connection, {name for row in rows for name in row.list_names}, now=now)
    keys = [row.address_key for row in rows]
    wanted = [(Address(display=r.address, key=r.address_key), "", hashes[r.address_key]) for r in rows]
    ids = known_or_made(connection, wanted, known=_ids(connection, keys), now=now)
    fresh = []
    for row in rows:
        subscriber_id, known = ids[row.address_key], states.get(row.address_key, {})
        # Those that waited before wait anew: they are forgotten some days after the last letter.
        connection.execute(
            update(_subscriptions)
            .where(
                _subscriptions.c.subscriber_id == subscriber_id,
                _subscriptions.c.list_name.in_(row.list_names),
                _subscriptions.c.state == SubscriptionState.UNCONFIRMED.value,
            )
            .values(since=now)
        )
        fresh += [
            {
                "subscriber_id": subscriber_id,
                "list_name": list_name,
                "state": SubscriptionState.UNCONFIRMED.value,
                "since": now,
                "source": WEB_FORM,
                "cadence": row.cadence,
            }
            for list_name in row.list_names
            if list_name not in known
        ]
    if fresh:
        connection.execute(insert(_subscriptions), fresh)
