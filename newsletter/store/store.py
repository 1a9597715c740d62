"""The store as the verbs see it: one object, a noun for each kind of row.

Nouns that sending does not need are imported at first use, and their types are quoted for that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from newsletter import store
from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.store.accounts import Accounts
from newsletter.store.agreeing import AgreedClock
from newsletter.store.atonce import OccupiedError
from newsletter.store.database import Database
from newsletter.store.deliveries import Deliveries
from newsletter.store.editions import Editions
from newsletter.store.keys import AddressHasher, hasher_of
from newsletter.store.migrate import migrate
from newsletter.store.patience import apart_in_time
from newsletter.store.planning import forget_counts
from newsletter.store.sharing import Sharing

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Store:
    """Everything that outlives a process.

    Attributes:
        editions: What was published.
        deliveries: Who got what.
        accounts: How mail servers' accounts stand.
        sharing: How senders stand.
    """

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher
        self.editions = Editions(database)
        self.deliveries = Deliveries(database, hasher)
        self.accounts = Accounts(database)
        self.sharing = Sharing(database)

    @cached_property
    def documents(self) -> "store.documents.Documents":
        """What was ingested."""
        from newsletter.store.documents import Documents

        return Documents(self._database)

    @cached_property
    def forgetting(self) -> "store.forgetting.Forgetting":
        """What of it is no longer kept."""
        from newsletter.store.forgetting import Forgetting

        return Forgetting(self._database)

    @cached_property
    def mailboxes(self) -> "store.mailboxes.Mailboxes":
        """How mailboxes stand that news arrives in."""
        from newsletter.store.mailboxes import Mailboxes

        return Mailboxes(self._database)

    @cached_property
    def sources(self) -> "store.sources.Sources":
        """What is fetched from where."""
        from newsletter.store.sources import Sources

        return Sources(self._database)

    @cached_property
    def proposals(self) -> "store.proposals.Proposals":
        """What is to be published, and what was decided about it."""
        from newsletter.store.proposals import Proposals

        return Proposals(self._database)

    @cached_property
    def archive(self) -> "store.archive.Archive":
        """What was published, to be read again and searched."""
        from newsletter.store.archive import Archive

        return Archive(self._database)

    @cached_property
    def told(self) -> "store.told.ToldStories":
        """Which stories lists were told."""
        from newsletter.store.told import ToldStories

        return ToldStories(self._database)

    @cached_property
    def subscribers(self) -> "store.subscribers.Subscribers":
        """Who reads."""
        from newsletter.store.subscribers import Subscribers

        return Subscribers(self._database, self._hasher)

    @cached_property
    def audiences(self) -> "store.audience.Audiences":
        """How many lists have of them, by how often they are mailed."""
        from newsletter.store.audience import Audiences

        return Audiences(self._database)

    @cached_property
    def batches(self) -> "store.batches.Batches":
        """What of it workers on many machines share, on PostgreSQL."""
        from newsletter.store.batches import Batches

        return Batches(self._database)

    @cached_property
    def jobs(self) -> "store.jobs.Jobs":
        """How the queue stands that they share."""
        from newsletter.store.jobs import Jobs

        return Jobs(self._database)

    @cached_property
    def operations(self) -> "store.operations.Operations":
        """What the operator decides about deliveries."""
        from newsletter.store.operations import Operations

        return Operations(self._database)

    @cached_property
    def feedback(self) -> "store.feedback.Feedback":
        """What came back."""
        from newsletter.store.feedback import Feedback

        return Feedback(self._database, self._hasher)

    @cached_property
    def signups(self) -> "store.signups.SignUps":
        """What visitors ask for, and which letter answers it."""
        from newsletter.store.signups import SignUps

        return SignUps(self._database, self._hasher)

    @cached_property
    def letters(self) -> "store.letters.Letters":
        """Which letters are due, and how far each has come."""
        from newsletter.store.letters import Letters

        return Letters(self._database, self._hasher)

    @cached_property
    def readers(self) -> "store.readers.Readers":
        """What readers see and decide by the links in their mails."""
        from newsletter.store.readers import Readers

        return Readers(self._database, self._hasher)

    @cached_property
    def consents(self) -> "store.consents.Consents":
        """Why readers are, or are not, on a list."""
        from newsletter.store.consents import Consents

        return Consents(self._database)

    @cached_property
    def counts(self) -> "store.counts.Counts":
        """How many rows stand how."""
        from newsletter.store.counts import Counts

        return Counts(self._database)

    @cached_property
    def operators(self) -> "store.operators.Operators":
        """Who may decide on the operator's pages."""
        from newsletter.store.operators import Operators

        return Operators(self._database)

    @cached_property
    def operator_sessions(self) -> "store.operator_sessions.OperatorSessions":
        """Browsers in which operators are signed in."""
        from newsletter.store.operator_sessions import OperatorSessions

        return OperatorSessions(self._database)

    @cached_property
    def sign_ins(self) -> "store.sign_ins.SignIns":
        """Wrong tries to sign in."""
        from newsletter.store.sign_ins import SignIns

        return SignIns(self._database)

    @cached_property
    def audit(self) -> "store.audit.Audit":
        """Who decided what."""
        from newsletter.store.audit import Audit

        return Audit(self._database)

    @cached_property
    def lookups(self) -> "store.lookups.Lookups":
        """What the operator's pages ask for."""
        from newsletter.store.lookups import Lookups

        return Lookups(self._database, self._hasher)

    @cached_property
    def alerts(self) -> "store.alerts.Alerts":
        """What the operator is told of at once."""
        from newsletter.store.alerts import Alerts

        return Alerts(self._database)

    @classmethod
    def open(cls, url: str, *, synchronous: str = "FULL", suppression_key: str = "") -> "Store":
        """Open a store, creating or upgrading its tables.

        Args:
            url: "sqlite:///path" or "postgresql://...".
            synchronous: SQLite's durability, FULL or NORMAL.
            suppression_key: Key of the hashes of suppressed addresses; empty: one kept in the store.

        Raises:
            StoreError: The database cannot be opened, is of a newer release, or was made with another key.
        """
        database = Database(url, synchronous=synchronous)
        try:
            migrate(database, suppression_key=suppression_key)
            if database.is_sqlite:
                forget_counts(database)
            return cls(database, hasher_of(database, suppression_key))
        except BaseException:
            database.close()
            raise

    @staticmethod
    def exists(url: str) -> bool:
        """Return whether there is a store to look at, without making one.

        Raises:
            StoreError: The address is of another kind.
        """
        return Database(url).exists

    @staticmethod
    def is_server(url: str) -> bool:
        """Return whether a store is, or would be, on a server that many hosts share.

        Raises:
            StoreError: The address is of another kind.
        """
        return not Database(url).is_sqlite

    @property
    def place(self) -> str:
        """Where the store is, without its password."""
        return self._database.place

    @property
    def file(self) -> Path | None:
        """The SQLite file, with all links resolved; None on PostgreSQL."""
        return self._database.file

    @property
    def driver_address(self) -> str:
        """Address of a PostgreSQL database as its driver takes it, with its password."""
        return self._database.driver_address

    def agreed_clock(self, clock: Clock) -> Clock:
        """Return a host's clock, put right by that of a database which several hosts may share.

        Raises:
            StoreError: It does not answer.
        """
        return AgreedClock(self._database, clock) if self.is_shared else clock

    @property
    def is_shared(self) -> bool:
        """Whether other hosts may be sending from it at the same time."""
        return not self._database.is_sqlite

    @contextmanager
    def sender_lock(self, *, alone: bool = False) -> Iterator[tuple[int, ...]]:
        """Hold the right to send from this store; see `Database.sender_lock`.

        Raises:
            SenderBusyError: Another process holds it.
        """
        with self._database.sender_lock(alone=alone) as files:
            yield files

    async def in_time(
        self, call: Callable[_Given, _Result], *args: _Given.args, **options: _Given.kwargs
    ) -> _Result:
        """Do one of this store's short calls beside the event loop.

        Raises:
            StoreError: What the call raises; or the database does not answer, and may do it after all.
        """
        work = partial(call, *args, **options)
        return await apart_in_time(work, seconds=self._database.patience_seconds, place=self.place)

    async def soon(
        self, call: Callable[_Given, _Result], *args: _Given.args, **options: _Given.kwargs
    ) -> _Result:
        """Do one of this store's calls that write little, and once: at once where that needs no waiting.

        Raises:
            StoreError: As for `in_time`.
        """
        try:
            return self._database.do_at_once(partial(call, *args, **options))
        except OccupiedError:
            return await self.in_time(call, *args, **options)

    def check(self) -> None:
        """Read one row.

        Raises:
            StoreError: The database refused, or is gone; SQLite would go on with a file without a name.
        """
        if not self._database.exists:
            raise StoreError(f"the store at {self.place} is gone")
        self.editions.published_lists()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
