"""Connecting to SQLite or PostgreSQL; transactions; the lock that one sender holds."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.errors import SenderBusyError, StoreError
from newsletter.store.atonce import AtOnce, OccupiedError
from newsletter.store.idling import ask_after_idling
from newsletter.store.opening import prepare_sqlite
from newsletter.store.patience import in_time

#: How long a writer waits for another one, in seconds.
BUSY_TIMEOUT_SECONDS = 30

#: How long PostgreSQL may take to accept a connection, in seconds.
_CONNECT_SECONDS = 10

#: How long a server may take to answer what waits for nobody, in seconds.
ANSWER_SECONDS = 15

#: How a PostgreSQL server treats our connections. It, too, gives one up whose other end has gone without a
#: word: a host that is cut off in the middle of a transaction would keep its rows locked for hours.
_ASKED_OF_SERVER = {
    "lock_timeout": BUSY_TIMEOUT_SECONDS * 1000,
    "idle_in_transaction_session_timeout": BUSY_TIMEOUT_SECONDS * 1000,
    "tcp_keepalives_idle": 15,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": BUSY_TIMEOUT_SECONDS * 1000,
}

#: PostgreSQL's code for a transaction that it broke off to let another one go on.
_DEADLOCK_DETECTED = "40P01"

#: How often a transaction is begun again after a deadlock.
_MOST_DEADLOCKS = 3

_Result = TypeVar("_Result")


class Lock(IntEnum):
    """Keys of PostgreSQL's advisory locks: any numbers, the same in every process."""

    #: The right to send.
    SENDER = 7_203_114_001
    #: Changing the tables.
    MIGRATION = 7_203_114_002
    #: Taking in documents.
    DOCUMENTS = 7_203_114_003
    #: Putting addresses on lists.
    SUBSCRIBERS = 7_203_114_004
    #: Taking in what came back.
    FEEDBACK = 7_203_114_005
    #: Taking back what dead senders held.
    RECOVERY = 7_203_114_006
    #: Counting for the rates of an account.
    RATES = 7_203_114_007
    #: Putting what is left over into the queue.
    BATCHES = 7_203_114_008
    #: Senders telling each other how they stand.
    MEETING = 7_203_114_009
    #: Queueing deliveries, shared by all who do; who deletes what deliveries refer to holds it alone.
    OUTBOX = 7_203_114_010
    #: Changing who the operators are.
    OPERATORS = 7_203_114_021


class Database:
    """One database, SQLite or PostgreSQL, behind plain transactions.

    Attributes:
        engine: SQLAlchemy's engine; for this room only.
        is_sqlite: Whether the database is a SQLite file.
    """

    def __init__(self, url: str, *, synchronous: str = "FULL") -> None:
        """Prepare the connection; nothing is opened yet.

        Args:
            url: "sqlite:///path" or "postgresql://user@host/name"; "postgres://" is taken too.
            synchronous: SQLite's durability: FULL survives power loss, NORMAL only a killed process.

        Raises:
            StoreError: The address is of another kind, or its driver is not installed.
        """
        self._url = _parse_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        options = {} if self.is_sqlite else _postgres_options(self._url)
        try:
            self.engine = create_engine(self._url, connect_args=options)
        except ImportError as error:
            message = "PostgreSQL needs its driver: pip install 'newsletter[postgres]'"
            raise StoreError(message) from error
        if self.is_sqlite:
            prepare_sqlite(self.engine, synchronous=synchronous, busy_seconds=BUSY_TIMEOUT_SECONDS)
        else:
            ask_after_idling(self.engine)
        #: How often it was opened: once, and again by whoever uses it after it was closed.
        self._opened_times = 1
        self._close_what_comes_late()
        self._at_once = AtOnce(self.engine)
        self._each_by_itself = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def exists(self) -> bool:
        """Whether there is a database to look at: opening a SQLite file that is not there would make it."""
        return not self.is_sqlite or Path(self._url.database or "").exists()

    @property
    def file(self) -> Path | None:
        """The SQLite file, with all links resolved; None on PostgreSQL."""
        return Path(self._url.database or "").resolve() if self.is_sqlite else None

    @cached_property
    def place(self) -> str:
        """Where the database is, without its password: options, which may hold one too, are left out."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @property
    def shell_address(self) -> str:
        """The database's address as PostgreSQL's own tools take it, without its password."""
        kept = {name: value for name, value in self._url.query.items() if name in {"host", "port", "sslmode"}}
        bare = self._url.set(drivername="postgresql", query=kept)._replace(password=None)
        return bare.render_as_string(hide_password=True)

    @property
    def driver_address(self) -> str:
        """The address as PostgreSQL's driver takes it, with its password, and with how long to wait."""
        from psycopg.conninfo import make_conninfo

        _, values = self.engine.dialect.create_connect_args(self._url)
        values.pop("context", None)
        return make_conninfo(**dict(values) | _postgres_options(self._url))

    @property
    def patience_seconds(self) -> float:
        """How long a short transaction may take before the database counts as one that does not answer.

        Waiting for others is no silence: on SQLite a connection that is new may wait twice, for the switch to
        write-ahead logging and for its turn to write.
        """
        return (2 if self.is_sqlite else 1) * BUSY_TIMEOUT_SECONDS + ANSWER_SECONDS

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that writes; commit at the end, roll back on any error.

        Raises:
            StoreError: The database refused, or is gone.
        """
        with _translated(self.place):
            if self._at_once.is_asked_for:
                with self._at_once.transaction() as connection:
                    yield connection
            else:
                with self.engine.begin() as connection:
                    yield connection

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """Open a connection on which each statement is a transaction of its own.

        Raises:
            StoreError: The database refused, or is gone.
        """
        with _translated(self.place), self._each_by_itself.connect() as connection:
            yield connection

    @property
    def writes_at_once(self) -> bool:
        """Whether this thread's transactions go over the connection that `do_at_once` keeps."""
        return self._at_once.is_asked_for

    def do_at_once(self, call: Callable[[], _Result]) -> _Result:
        """Do a short call that writes once, here and now; without waiting for anybody.

        Raises:
            OccupiedError: Somebody else is writing, or it is PostgreSQL; nothing was done.
            StoreError: The database refused.
        """
        if not self.is_sqlite:
            raise OccupiedError
        with self._at_once.asked_for():
            return call()

    @staticmethod
    def repeated(work: Callable[[], _Result]) -> _Result:
        """Do a transaction's work; again if PostgreSQL broke it off to end a deadlock, and wrote nothing.

        Raises:
            StoreError: The database refused, or is gone.
        """
        for _ in range(_MOST_DEADLOCKS):
            try:
                return work()
            except StoreError as error:
                cause = error.__cause__
                broken_off = getattr(cause.orig, "sqlstate", "") if isinstance(cause, DBAPIError) else ""
                if broken_off != _DEADLOCK_DETECTED:
                    raise
        return work()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads; on SQLite it blocks nobody.

        Raises:
            StoreError: The database refused, or is gone.
        """
        with (
            _translated(self.place),
            self.engine.connect().execution_options(only_reads=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def sender_lock(self, *, alone: bool = False) -> Iterator[tuple[int, ...]]:
        """Hold the right to send; the operating system or the server frees it when the process dies.

        On PostgreSQL any number of senders hold it at once: there it keeps them apart from whoever must be
        alone, such as a sender of a release that knew no other beside itself.

        Args:
            alone: Hold it alone on PostgreSQL too.

        Yields:
            The open files that hold it, none on PostgreSQL: it is free when the last process that has them
            is gone.

        Raises:
            SenderBusyError: Another process holds it.
            StoreError: The database refused, is gone, or does not answer.
        """
        if self.is_sqlite:
            with self._sqlite_lock() as file:
                yield (file,)
        else:
            with self._postgres_lock(alone=alone):
                yield ()

    @contextmanager
    def _sqlite_lock(self) -> Iterator[int]:
        # Two names for one file must not give two locks.
        path = Path(f"{self.file}.sender")
        try:
            file = path.open("a")
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SenderBusyError(_BUSY) from error
            yield file.fileno()

    @contextmanager
    def _postgres_lock(self, *, alone: bool) -> Iterator[None]:
        take = partial(self._take_postgres_lock, alone=alone)
        connection = in_time(take, seconds=ANSWER_SECONDS, place=self.place, undo=_free_postgres_locks)
        try:
            yield
        finally:
            # One that was lost has freed the lock already; one that does not answer frees it when it is.
            with suppress(StoreError):
                free = partial(_free_postgres_locks, connection)
                in_time(free, seconds=ANSWER_SECONDS, place=self.place)

    def _take_postgres_lock(self, *, alone: bool) -> Connection:
        lock = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        with _translated(self.place):
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                key = {"key": Lock.SENDER.value}
                if connection.scalar(text(f"SELECT {lock}(:key)"), key):
                    return connection
            except BaseException:
                connection.close()
                raise
        connection.close()
        raise SenderBusyError(_BUSY)

    def serialise(self, connection: Connection, lock: Lock) -> None:
        """Let no other process past this point until the transaction ends; on SQLite that is so already."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock.value})

    def close(self) -> None:
        """Close every connection; one in use by a call that nobody waits for any more, when it is back."""
        self._at_once.close()
        self._opened_times += 1
        self.engine.dispose()

    def _close_what_comes_late(self) -> None:
        """See that a connection which is given back after all were closed is closed as well."""

        @event.listens_for(self.engine, "connect")
        def _(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
            entry.info["opened_times"] = self._opened_times

        @event.listens_for(self.engine, "checkin")
        def _(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
            if connection is not None and entry.info.get("opened_times") != self._opened_times:
                connection.close()


def _free_postgres_locks(connection: Connection) -> None:
    with connection, suppress(SQLAlchemyError):
        connection.execute(text("SELECT pg_advisory_unlock_all()"))


_BUSY = "another process is sending from this store; wait for it, or stop it first"


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # What cannot be read may hold a password: it is not repeated.
        message = "DATABASE_URL is not a database address; expected sqlite:///FILE or postgresql://..."
        raise StoreError(message) from error
    backend = parsed.get_backend_name()
    if backend in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"DATABASE_URL: {backend!r} is not supported; expected sqlite or postgresql")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("DATABASE_URL: SQLite needs a file: sqlite:///newsletter.db")
    return parsed


def _postgres_options(url: URL) -> dict[str, str]:
    """Wait for a lock as long as on SQLite, and not for ever; what the address itself sets wins.

    A server that has gone without a word is given up about when a call's time is over: a thread that waits
    for it then ends, and its connection with it.
    """
    own = url.query.get("options", "")
    words = " ".join(own) if isinstance(own, tuple) else own
    options = {
        "connect_timeout": f"{_CONNECT_SECONDS}",
        "keepalives": "1",
        "keepalives_idle": "15",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": f"{BUSY_TIMEOUT_SECONDS * 1000}",
    }
    unset = {name: value for name, value in options.items() if name not in url.query}
    asked = " ".join(f"-c {name}={value}" for name, value in _ASKED_OF_SERVER.items())
    return {**unset, "options": f"{asked} {words}".rstrip()}


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        # PostgreSQL adds the statement, and the function that it stands in.
        told = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
        reason = " ".join(told.split())
        raise StoreError(f"the store at {place} failed: {reason}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store at {place} failed: {error}") from error
