"""Wrong tries to sign in, counted by place; they outlive a restart."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, null, or_, select, update

from newsletter.model.audit import AuditEntry
from newsletter.model.operators import Attempt, Place, PlaceKind
from newsletter.store import audit
from newsletter.store.database import Database, Lock
from newsletter.store.operator_tables import sign_in_failures

_failures = sign_in_failures

#: A place without a wrong try for so long is forgotten.
_FORGOTTEN = timedelta(hours=24)

#: Clocks may differ by so much; what lies further ahead was counted by one gone wrong.
_AHEAD = timedelta(hours=2)

#: Networks and unknown names that are remembered; those tried longest ago are forgotten first.
_MOST_PLACES = 10_000

#: Decides how long a place is locked after so many wrong tries.
Delay = Callable[[PlaceKind, int], timedelta]


class SignIns:
    """Wrong tries to sign in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attempt(
        self, places: Iterable[Place], delay: Delay, *, on_lock: AuditEntry, now: datetime
    ) -> Attempt:
        """Count a try as wrong at all its places, unless one of them is locked.

        It is counted before anything is looked at: many tries at once are no more than one after the other.

        Args:
            places: What it is counted by.
            delay: Decides how long each is then locked.
            on_lock: For the audit log, if that locks an account.
            now: UTC.
        """
        asked = tuple(places)
        with self._database.reading() as connection:
            # Whoever goes on trying while it is locked makes nobody wait who writes.
            _, locked_until = _standing(connection, asked, now)
        if locked_until is not None:
            return Attempt(locked_until=locked_until, counts={})
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.OPERATORS)
            _forget(connection, now)
            before, locked_until = _standing(connection, asked, now)
            if locked_until is not None:
                return Attempt(locked_until=locked_until, counts={})
            counts = {place: count + 1 for place, count in before.items()}
            for place, count in counts.items():
                wait = delay(place.kind, count)
                _write(connection, place, count, now + wait if wait else None, now)
                if wait and place.kind is PlaceKind.ACCOUNT:
                    audit.note(connection, on_lock)
        return Attempt(locked_until=None, counts=counts)

    def undo(self, attempt: Attempt, *, forget: Iterable[PlaceKind]) -> None:
        """Take a try back that was not wrong.

        Args:
            attempt: The try.
            forget: Kinds of places at which those before it are forgotten, too.
        """
        forgotten = set(forget)
        with self._database.transaction() as connection:
            for place, count in attempt.counts.items():
                if place.kind in forgotten:
                    connection.execute(delete(_failures).where(_at(place)))
                    continue
                # A lock that came later than this try is not its own to take away.
                until = case((_failures.c.count == count, null()), else_=_failures.c.locked_until)
                connection.execute(
                    update(_failures)
                    .where(_at(place))
                    .values(count=_failures.c.count - 1, locked_until=until)
                )


def _at(place: Place) -> ColumnElement[bool]:
    return and_(_failures.c.kind == place.kind.value, _failures.c.place == place.name)


def _standing(
    connection: Connection, places: Sequence[Place], now: datetime
) -> tuple[dict[Place, int], datetime | None]:
    """Return how many wrong tries each place has, and until when one of them is locked; None: none is."""
    query = select(_failures).where(or_(*map(_at, places)), ~_is_stale(now))
    rows = connection.execute(query).mappings().all()
    known = {(row["kind"], row["place"]): row["count"] for row in rows}
    locks = [row["locked_until"] for row in rows if row["locked_until"] and row["locked_until"] > now]
    return {place: known.get((place.kind.value, place.name), 0) for place in places}, max(locks, default=None)


def _is_stale(now: datetime) -> ColumnElement[bool]:
    return or_(_failures.c.last_at < now - _FORGOTTEN, _failures.c.last_at > now + _AHEAD)


def _write(
    connection: Connection, place: Place, count: int, locked_until: datetime | None, now: datetime
) -> None:
    values = {"count": count, "last_at": now, "locked_until": locked_until}
    if not connection.execute(update(_failures).where(_at(place)).values(values)).rowcount:
        connection.execute(insert(_failures).values(kind=place.kind.value, place=place.name, **values))


def _forget(connection: Connection, now: datetime) -> None:
    """Delete what is old, and of too many places those that were tried longest ago; accounts' stay."""
    connection.execute(delete(_failures).where(_is_stale(now)))
    passing = _failures.c.kind.in_((PlaceKind.NETWORK.value, PlaceKind.NAME.value))
    over = (connection.scalar(select(func.count()).where(passing)) or 0) - _MOST_PLACES
    if over > 0:
        oldest = (
            select(_failures.c.last_at).where(passing).order_by(_failures.c.last_at).offset(over - 1).limit(1)
        )
        connection.execute(delete(_failures).where(passing, _failures.c.last_at <= connection.scalar(oldest)))
