"""Readers as their own pages know them: by the number in a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, select, update

from newsletter.model.readers import Choice, ConsentAction
from newsletter.model.subscribers import Address, SubscriptionState
from newsletter.store import tables
from newsletter.store.consents import note
from newsletter.store.database import Database, Lock
from newsletter.store.erasing import is_erased
from newsletter.store.keys import AddressHasher
from newsletter.store.leaving import leave
from newsletter.store.ownrecord import own_record
from newsletter.store.signups import choices_of, confirm

_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody with pages of their own."""

    id: int
    address: Address
    name: str
    #: When they were first known, UTC.
    created_at: datetime
    #: By name of list; lists that they never were on are not in it.
    choices: Mapping[str, Choice]


class Readers:
    """What readers see and decide by the links in their mails."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher

    def find(self, subscriber_id: int) -> Reader | None:
        """Return a reader; None if there is none of that number, or they were erased."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(_subscribers).where(_subscribers.c.id == subscriber_id)
            ).one_or_none()
            if row is None or is_erased(row.address):
                return None
            return Reader(
                id=row.id,
                address=Address(display=row.address, key=row.address_key),
                name=row.name,
                created_at=row.created_at,
                choices=choices_of(connection, row.id),
            )

    def leave(self, subscriber_id: int, list_name: str, *, origin: str, now: datetime) -> bool:
        """End a subscription; return False if it had ended, or never was."""

        def end() -> bool:
            """End it in one transaction."""
            with self._database.transaction() as connection:
                return leave(connection, subscriber_id, list_name, origin=origin, now=now)

        return self._database.repeated(end)

    def come_back(
        self, subscriber_id: int, list_name: str, *, within: timedelta, origin: str, now: datetime
    ) -> bool:
        """Take back that a reader left a list, cadence and pause as they were; return whether it was.

        It is too late after a while, and an address that is suppressed stays off its lists.

        Args:
            subscriber_id: The reader.
            list_name: The list.
            within: How long ago the leaving may be.
            origin: From where it is taken back.
            now: UTC.
        """

        def take_back() -> bool:
            """Take it back and put that on record, in one transaction."""
            with self._database.transaction() as connection:
                back = connection.execute(
                    update(_subscriptions)
                    .where(*_has_just_left(subscriber_id, list_name, now - within))
                    .values(state=SubscriptionState.CONFIRMED.value, since=now)
                )
                if back.rowcount:
                    action = ConsentAction.RETURNED
                    note(connection, subscriber_id, list_name, action, at=now, origin=origin)
                return back.rowcount > 0

        return self._database.repeated(take_back)

    def can_come_back(self, subscriber_id: int, list_name: str, *, within: timedelta, now: datetime) -> bool:
        """Return whether `come_back` would take a leaving back."""
        query = select(_subscriptions.c.list_name).where(
            *_has_just_left(subscriber_id, list_name, now - within)
        )
        with self._database.reading() as connection:
            return connection.scalar(query) is not None

    def choose(
        self, subscriber_id: int, choices: Mapping[str, Choice], *, origin: str, now: datetime
    ) -> bool:
        """Let subscriptions stand as their reader chooses, in one transaction; return False if erased.

        Args:
            subscriber_id: The reader.
            choices: CONFIRMED or UNSUBSCRIBED, by name of list; lists that are not in it stay as they are.
            origin: Where that was chosen.
            now: UTC.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.SUBSCRIBERS)
            address = connection.scalar(
                select(_subscribers.c.address).where(_subscribers.c.id == subscriber_id)
            )
            if address is None or is_erased(address):
                return False
            before = choices_of(connection, subscriber_id)
            for list_name in sorted(choices):
                choice, known = choices[list_name], before.get(list_name)
                if choice.state is SubscriptionState.CONFIRMED:
                    _stay(connection, subscriber_id, list_name, known, choice, origin, now)
                else:
                    leave(connection, subscriber_id, list_name, origin=origin, now=now)
        return True

    def record(self, subscriber_id: int) -> dict[str, object]:
        """Return everything that is stored about a reader; see `newsletter.store.ownrecord`."""
        with self._database.reading() as connection:
            return own_record(connection, self._hasher, subscriber_id)


def _has_just_left(subscriber_id: int, list_name: str, after: datetime) -> tuple[ColumnElement[bool], ...]:
    """Match a subscription that has ended since then, unless the reader's address is suppressed."""
    suppressed = exists().where(
        _subscribers.c.id == subscriber_id, _suppressions.c.address_hash == _subscribers.c.address_hash
    )
    return (
        _subscriptions.c.subscriber_id == subscriber_id,
        _subscriptions.c.list_name == list_name,
        _subscriptions.c.state == SubscriptionState.UNSUBSCRIBED.value,
        _subscriptions.c.since >= after,
        ~suppressed,
    )


def _stay(
    connection: Connection,
    subscriber_id: int,
    list_name: str,
    before: Choice | None,
    choice: Choice,
    origin: str,
    now: datetime,
) -> None:
    """Confirm what a reader chooses to be on; the link that led there proves the mailbox."""
    confirm(connection, subscriber_id, list_name, before, choice, now=now)
    if before is None or before.state is not SubscriptionState.CONFIRMED:
        note(connection, subscriber_id, list_name, ConsentAction.CONFIRMED, at=now, origin=origin)
