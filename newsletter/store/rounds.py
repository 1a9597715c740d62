"""One round: on PostgreSQL what most groups of steps come to is one call, a transaction of its own.

A transaction of several statements goes to the server and back for each of them, for its beginning and for
its end. Both sides work for every round, and the sender's connections wait for all of them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from newsletter.store.marks import OvertakenError

# Of migration 0017.
_CALL = (
    "SELECT advance_deliveries("
    "%(sender)s, %(now)s, %(accepted)s::bigint[], %(replies)s::text[], %(begin)s::bigint[])"
)

#: What it fails with if a result came too late.
_OVERTAKEN = "ND001"


def advance_in_one_round(
    connection: Connection,
    *,
    accepted: Sequence[tuple[int, str]],
    begin: Sequence[int],
    sender: str,
    now: datetime,
) -> frozenset[int]:
    """Write acceptances of deliveries that a sender holds, and let others be sent.

    Args:
        connection: On which each statement is a transaction of its own; PostgreSQL alone.
        accepted: Deliveries, and the server's words.
        begin: Deliveries that are about to be handed to a server.
        sender: Who holds them all.
        now: UTC.

    Returns:
        Those of `begin` that are the sender's still, and whose reader wants them.

    Raises:
        OvertakenError: Not all acceptances can be written; nothing was done.
    """
    values = {
        "sender": sender,
        "now": now,
        "accepted": [delivery_id for delivery_id, _ in accepted],
        "replies": [reply for _, reply in accepted],
        "begin": list(begin),
    }
    try:
        return frozenset(connection.exec_driver_sql(_CALL, values).scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == _OVERTAKEN:
            raise OvertakenError from error
        raise
