"""Accounts at mail servers: how much was handed over lately, and which of them are in trouble."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from newsletter.model.deliveries import Breaker, RateLimit, RateUsage
from newsletter.store import tables
from newsletter.store.database import Database

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


class Accounts:
    """What must be known of a mail server's account after a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def usage(self, spending: Spending) -> list[RateUsage]:
        """Return what an account has used of its rates, slice by slice; by letters, or by all else."""
        query = select(_usage.c.period_seconds, _usage.c.slice_at, _usage.c.count).where(
            _usage.c.account == spending.kept_under,
            _usage.c.period_seconds.in_([limit.period_seconds for limit in spending.limits]),
        )
        with self._database.reading() as connection:
            return [
                RateUsage(period_seconds=period_seconds, slice_number=slice_number, count=count)
                for period_seconds, slice_number, count in connection.execute(query)
            ]

    def breakers(self) -> dict[str, Breaker]:
        """Return the open breakers by the account, or the edition, that each stands for."""
        with self._database.reading() as connection:
            return {row.account: _to_breaker(row) for row in connection.execute(select(_breakers))}

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
            connection.execute(delete(_breakers).where(_breakers.c.account == account))
            connection.execute(insert(_breakers).values(account=account, **values))

    def close_breakers(self, accounts: Sequence[str]) -> None:
        """Forget the trouble of some accounts."""
        if accounts:
            with self._database.transaction() as connection:
                connection.execute(delete(_breakers).where(_breakers.c.account.in_(accounts)))


def spend(connection: Connection, spending: Spending, count: int, *, now: datetime) -> None:
    """Count messages for an account's rates, and forget slices that no rate looks at any more."""
    for limit in spending.limits:
        if limit.period_seconds < _SHORTEST_KEPT_SECONDS and not spending.of_letters:
            continue
        account = spending.kept_under
        of_limit = (_usage.c.account == account) & (_usage.c.period_seconds == limit.period_seconds)
        this_slice = limit.slice_number(now)
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
            stale = _usage.c.slice_at < this_slice - limit.SLICES
            connection.execute(delete(_usage).where(of_limit, stale))


def _to_breaker(row: Row[tuple[object, ...]]) -> Breaker:
    return Breaker(
        open_until=row.open_until,
        pause_seconds=row.pause_seconds,
        reason=row.reason,
        permanent=row.permanent,
        opened_at=row.opened_at,
    )
