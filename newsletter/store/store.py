"""The store as the verbs see it: one object, a noun for each kind of row."""

from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.store.database import Database
from newsletter.store.deliveries import Deliveries
from newsletter.store.documents import Documents
from newsletter.store.editions import Editions
from newsletter.store.migrate import migrate
from newsletter.store.subscribers import Subscribers


class Store:
    """Everything that outlives a process.

    Attributes:
        documents: What was ingested.
        editions: What was published.
        subscribers: Who reads.
        deliveries: Who got what.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.documents = Documents(database)
        self.editions = Editions(database)
        self.subscribers = Subscribers(database)
        self.deliveries = Deliveries(database)

    @classmethod
    def open(cls, url: str, *, synchronous: str = "FULL") -> "Store":
        """Open a store, creating or upgrading its tables.

        Args:
            url: "sqlite:///path" or "postgresql://...".
            synchronous: SQLite's durability, FULL or NORMAL.

        Raises:
            StoreError: The database cannot be opened, or is of a newer release.
        """
        database = Database(url, synchronous=synchronous)
        migrate(database)
        return cls(database)

    @staticmethod
    def exists(url: str) -> bool:
        """Return whether there is a store to look at, without making one.

        Raises:
            StoreError: The address is of another kind.
        """
        return Database(url).exists

    @property
    def place(self) -> str:
        """Where the store is, without its password."""
        return self._database.place

    @contextmanager
    def sender_lock(self) -> Iterator[None]:
        """Hold the right to send from this store.

        Raises:
            SenderBusyError: Another process holds it.
        """
        with self._database.sender_lock():
            yield

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
