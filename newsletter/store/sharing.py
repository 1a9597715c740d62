"""What senders that share one outbox tell each other: one row for each of them that lives."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, select, update

from newsletter.model.sharing import Meeting, Room, Standing
from newsletter.store import tables
from newsletter.store.accounts import to_breaker
from newsletter.store.database import Database, Lock
from newsletter.store.deliveries import LEASE_SECONDS

_breakers = tables.breakers
_senders = tables.senders


class Sharing:
    """How senders stand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def meet(
        self,
        sender: str,
        decide: Callable[[Sequence[Standing]], Standing],
        *,
        account: str,
        now: datetime,
    ) -> Meeting:
        """Tell the others how a sender stands, one after the other, and see how they do.

        Args:
            sender: Whose lease runs.
            decide: Says how it stands, by how the others do.
            account: Whose breaker is looked at.
            now: UTC.
        """
        longest = now + timedelta(seconds=2 * LEASE_SECONDS)
        others_alive = select(_senders).where(
            _senders.c.name != sender, _senders.c.lease_until > now, _senders.c.lease_until <= longest
        )
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.MEETING)
            others = [_to_standing(row) for row in connection.execute(others_alive)]
            own = decide(others)
            values = {"connections": own.connections, "rooms": _rooms_text(own.rooms), "refused": own.refused}
            connection.execute(update(_senders).where(_senders.c.name == sender).values(values))
            breaker = connection.execute(select(_breakers).where(_breakers.c.account == account)).first()
            return Meeting(
                own=own,
                refused_beside=sum(other.refused for other in others),
                breaker=to_breaker(breaker) if breaker is not None else None,
            )


def _to_standing(row: Row[tuple[object, ...]]) -> Standing:
    rooms = None
    if row.rooms:
        rooms = {domain: Room(want=want, held=held) for domain, (want, held) in json.loads(row.rooms).items()}
    return Standing(sender=row.name, connections=row.connections, rooms=rooms, refused=row.refused)


def _rooms_text(rooms: Mapping[str, Room] | None) -> str:
    if rooms is None:
        return ""
    return json.dumps({domain: [room.want, room.held] for domain, room in rooms.items()})
