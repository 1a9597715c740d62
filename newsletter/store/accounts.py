"""Accounts at mail servers: how much was handed over lately, and which of them are in trouble."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from newsletter.model.deliveries import Breaker, RateGrant, RateLimit, RateUsage
from newsletter.store import tables
from newsletter.store.batches import bring_forward
from newsletter.store.database import Database, Lock
from newsletter.store.statements import insert_or

_breakers = tables.breakers
_usage = tables.usage

#: Rates over shorter periods are over before a restart is. Letters' are kept: editions look at them.
_SHORTEST_KEPT_SECONDS = 60

#: What letters have used of an account is kept apart, under its name behind this: an edition that is going
#: out counts for itself, and looks at what letters use meanwhile.
_LETTERS = "letters "


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Whose rates deliveries count for."""

    account: str
    limits: tuple[RateLimit, ...]
    #: Whether they are letters, which go out beside editions.
    of_letters: bool = False

    @property
    def kept_under(self) -> str:
        """The name that it is kept under."""
        return f"{_LETTERS}{self.account}" if self.of_letters else self.account

    @property
    def beside(self) -> "Spending":
        """What counts for the same rates and is kept apart: letters for editions, editions for letters."""
        return replace(self, of_letters=not self.of_letters)


class Accounts:
    """What must be known of a mail server's account after a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def usage(self, spending: Spending) -> list[RateUsage]:
        """Return what an account has used of its rates, slice by slice; by letters, or by all else."""
        with self._database.reading() as connection:
            return _usages(connection, [spending.kept_under], spending.limits)

    def reserve(
        self,
        spending: Spending,
        decide: Callable[[list[RateUsage]], RateGrant],
        *,
        until: datetime,
        unused: Mapping[datetime, int],
        now: datetime,
    ) -> RateGrant:
        """Count messages before they are handed over, one sender after the other.

        Args:
            spending: Whose rates they count for.
            decide: Says how many may go, by what all who share the account have counted.
            until: When they are handed over at the latest, UTC: as of then they count.
            unused: How many of those counted before were not handed over, by their `until`.
            now: UTC.
        """
        names = [spending.kept_under, spending.beside.kept_under]
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.RATES)
            for moment, count in unused.items():
                _take_back(connection, spending, count, counted_at=moment)
            granted = decide(_usages(connection, names, spending.limits))
            if granted.count:
                _count(connection, spending.kept_under, spending.limits, granted.count, at=until, now=now)
            return granted

    def breakers(self) -> dict[str, Breaker]:
        """Return the open breakers by the account, or the edition, that each stands for."""
        with self._database.reading() as connection:
            return {row.account: to_breaker(row) for row in connection.execute(select(_breakers))}

    def open_breaker(self, account: str, breaker: Breaker) -> None:
        """Keep that an account is in trouble; one kept before is replaced."""
        values = {
            "open_until": breaker.open_until,
            "pause_seconds": breaker.pause_seconds,
            "reason": breaker.reason,
            "permanent": breaker.permanent,
            "opened_at": breaker.opened_at,
        }
        with self._database.transaction() as connection:
            # Two senders may meet the same trouble in the same moment.
            new = insert_or(connection, _breakers).values(account=account, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["account"], set_=values))

    def close_breakers(self, accounts: Sequence[str]) -> None:
        """Forget the trouble of some accounts; batches that were put off for it may be taken at once."""
        if accounts:
            with self._database.transaction() as connection:
                over = delete(_breakers).where(_breakers.c.account.in_(accounts))
                closed = connection.scalars(over.returning(_breakers.c.account)).all()
                if closed:
                    bring_forward(connection, closed)


def spend(connection: Connection, spending: Spending, count: int, *, now: datetime) -> None:
    """Count messages for an account's rates, and forget slices that no rate looks at any more."""
    kept = [
        limit
        for limit in spending.limits
        if spending.of_letters or limit.period_seconds >= _SHORTEST_KEPT_SECONDS
    ]
    _count(connection, spending.kept_under, kept, count, at=now, now=now)


def _count(
    connection: Connection,
    account: str,
    limits: Sequence[RateLimit],
    count: int,
    *,
    at: datetime,
    now: datetime,
) -> None:
    for limit in limits:
        of_limit = (_usage.c.account == account) & (_usage.c.period_seconds == limit.period_seconds)
        this_slice = limit.slice_number(at)
        added = connection.execute(
            update(_usage)
            .where(of_limit, _usage.c.slice_at == this_slice)
            .values(count=_usage.c.count + count)
        )
        if added.rowcount == 0:
            connection.execute(
                insert(_usage).values(
                    account=account,
                    period_seconds=limit.period_seconds,
                    slice_at=this_slice,
                    count=count,
                )
            )
            stale = _usage.c.slice_at < limit.slice_number(now) - limit.SLICES
            connection.execute(delete(_usage).where(of_limit, stale))


def _take_back(connection: Connection, spending: Spending, count: int, *, counted_at: datetime) -> None:
    for limit in spending.limits:
        connection.execute(
            update(_usage)
            .where(
                _usage.c.account == spending.kept_under,
                _usage.c.period_seconds == limit.period_seconds,
                _usage.c.slice_at == limit.slice_number(counted_at),
                _usage.c.count >= count,
            )
            .values(count=_usage.c.count - count)
        )


def _usages(connection: Connection, accounts: Sequence[str], limits: Sequence[RateLimit]) -> list[RateUsage]:
    query = select(_usage.c.period_seconds, _usage.c.slice_at, _usage.c.count).where(
        _usage.c.account.in_(accounts),
        _usage.c.period_seconds.in_([limit.period_seconds for limit in limits]),
    )
    return [
        RateUsage(period_seconds=period_seconds, slice_number=slice_number, count=count)
        for period_seconds, slice_number, count in connection.execute(query)
    ]


def to_breaker(row: Row[tuple[object, ...]]) -> Breaker:
    """Return the breaker that a row of the table keeps."""
    return Breaker(
        open_until=row.open_until,
        pause_seconds=row.pause_seconds,
        reason=row.reason,
        permanent=row.permanent,
        opened_at=row.opened_at,
    )
