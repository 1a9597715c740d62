"""Connections that have been idle are asked whether they live before they are used again."""

import time

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

#: So long after its last use a connection is taken to live, in seconds. To ask before each transaction is a
#: round trip in six of those of a sender; what dies in a transaction's course is no other trouble.
_SURE_SECONDS = 1.0


def ask_after_idling(engine: Engine) -> None:
    """Let connections that have died while nobody used them be replaced, and all the others of the pool."""

    @event.listens_for(engine, "checkin")
    def _(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        used_at = entry.info.get("used_at")
        if used_at is None or time.monotonic() - used_at < _SURE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
