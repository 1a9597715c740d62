"""The store as the verbs see it: one object, a noun for each kind of row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.store.accounts import Accounts
from newsletter.store.agreeing import AgreedClock
from newsletter.store.alerts import Alerts
from newsletter.store.archive import Archive
from newsletter.store.atonce import OccupiedError
from newsletter.store.audience import Audiences
from newsletter.store.audit import Audit
from newsletter.store.batches import Batches
from newsletter.store.consents import Consents
from newsletter.store.counts import Counts
from newsletter.store.database import Database
from newsletter.store.deliveries import Deliveries
from newsletter.store.documents import Documents
from newsletter.store.editions import Editions
from newsletter.store.feedback import Feedback
from newsletter.store.forgetting import Forgetting
from newsletter.store.jobs import Jobs
from newsletter.store.keys import AddressHasher, hasher_of
from newsletter.store.letters import Letters
from newsletter.store.lookups import Lookups
from newsletter.store.mailboxes import Mailboxes
from newsletter.store.migrate import migrate
from newsletter.store.operations import Operations
from newsletter.store.operator_sessions import OperatorSessions
from newsletter.store.operators import Operators
from newsletter.store.patience import apart_in_time
from newsletter.store.planning import forget_counts
from newsletter.store.proposals import Proposals
from newsletter.store.readers import Readers
from newsletter.store.sharing import Sharing
from newsletter.store.sign_ins import SignIns
from newsletter.store.signups import SignUps
from newsletter.store.sources import Sources
from newsletter.store.subscribers import Subscribers
from newsletter.store.told import ToldStories

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Store:
    """Everything that outlives a process.

    Attributes:
        documents: What was ingested.
        forgetting: What of it is no longer kept.
        mailboxes: How mailboxes stand that news arrives in.
        sources: What is fetched from where.
        editions: What was published.
        proposals: What is to be published, and what was decided about it.
        archive: What was published, to be read again and searched.
        told: Which stories lists were told.
        subscribers: Who reads.
        audiences: How many lists have of them, by how often they are mailed.
        deliveries: Who got what.
        batches: What of it workers on many machines share, on PostgreSQL.
        jobs: How the queue stands that they share.
        operations: What the operator decides about deliveries.
        feedback: What came back.
        signups: What visitors ask for, and which letter answers it.
        letters: Which letters are due, and how far each has come.
        readers: What readers see and decide by the links in their mails.
        consents: Why readers are, or are not, on a list.
        accounts: How mail servers' accounts stand.
        sharing: How senders stand.
        counts: How many rows stand how.
        operators: Who may decide on the operator's pages.
        operator_sessions: Browsers in which operators are signed in.
        sign_ins: Wrong tries to sign in.
        audit: Who decided what.
        lookups: What the operator's pages ask for.
        alerts: What the operator is told of at once.
    """

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self.documents = Documents(database)
        self.forgetting = Forgetting(database)
        self.mailboxes = Mailboxes(database)
        self.sources = Sources(database)
        self.editions = Editions(database)
        self.proposals = Proposals(database)
        self.archive = Archive(database)
        self.told = ToldStories(database)
        self.subscribers = Subscribers(database, hasher)
        self.audiences = Audiences(database)
        self.deliveries = Deliveries(database, hasher)
        self.batches = Batches(database)
        self.jobs = Jobs(database)
        self.operations = Operations(database)
        self.feedback = Feedback(database, hasher)
        self.signups = SignUps(database, hasher)
        self.letters = Letters(database, hasher)
        self.readers = Readers(database, hasher)
        self.consents = Consents(database)
        self.accounts = Accounts(database)
        self.sharing = Sharing(database)
        self.counts = Counts(database)
        self.operators = Operators(database)
        self.operator_sessions = OperatorSessions(database)
        self.sign_ins = SignIns(database)
        self.audit = Audit(database)
        self.lookups = Lookups(database, hasher)
        self.alerts = Alerts(database)

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
