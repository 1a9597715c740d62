"""What the operator looks up, a file for each kind of row; nothing here writes."""

from newsletter.store.database import Database
from newsletter.store.keys import AddressHasher
from newsletter.store.lookups.documents import DocumentLookups
from newsletter.store.lookups.editions import EditionLookups
from newsletter.store.lookups.failures import FailureLookups
from newsletter.store.lookups.history import History
from newsletter.store.lookups.subscribers import SubscriberLookups


class Lookups:
    """Everything that the operator's pages ask for, in pages of a fixed size.

    Attributes:
        documents: Documents, refusals, and when places brought news.
        editions: Editions with their counts, and their deliveries by state.
        failures: Why deliveries were refused.
        history: How audience and bounces went, day by day.
        subscribers: Who reads, and everything about one reader.
    """

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self.documents = DocumentLookups(database)
        self.editions = EditionLookups(database)
        self.failures = FailureLookups(database)
        self.history = History(database)
        self.subscribers = SubscriberLookups(database, hasher)
