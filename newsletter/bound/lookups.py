"""What an install's operator looks up."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from newsletter import overview, places, subscribe, wiring
from newsletter.errors import SourceError, SubscriberError
from newsletter.model.deliveries import EDITION_ACCOUNT, DeliveryState
from newsletter.model.documents import Document
from newsletter.model.editions import MailingList
from newsletter.model.lookups import (
    DayCounts,
    DocumentPage,
    EditionRow,
    Failures,
    Page,
    ReaderDelivery,
    ReaderFile,
    RefusedRow,
    SubscriberFilter,
    SubscriberRow,
)
from newsletter.model.overview import Coming, Figures, Sending
from newsletter.model.places import PlaceHealth
from newsletter.model.sources import Source
from newsletter.model.status import EditionStatus
from newsletter.model.subscribers import SuppressionReason
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_name
from newsletter.store.store import Store


class Lookups:
    """Pages of documents, places, readers and deliveries, and how things went over time."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store]) -> None:
        """Bind the store, which is opened when something is looked up."""
        self._settings = settings
        self._open_store = open_store

    def coming(self, lists: Sequence[MailingList], *, now: datetime) -> tuple[Coming, ...]:
        """Return what comes next of each list; see `newsletter.overview`."""
        return overview.coming(self._open_store(), lists, now=now)

    def figures(self, mailing_list: MailingList, *, now: datetime) -> Figures:
        """Return how a list goes; see `newsletter.overview`."""
        return overview.figures(self._open_store(), mailing_list, now=now)

    def sending(self, *, now: datetime) -> Sending:
        """Return how mail goes out; see `newsletter.overview`."""
        return overview.sending(self._open_store(), account=wiring.account(self._settings), now=now)

    def documents(self, *, text: str = "", before: int | None = None) -> DocumentPage:
        """Return documents, the newest first; see `DocumentLookups.page`."""
        return self._open_store().lookups.documents.page(text=text, before=before)

    def document(self, document_id: int) -> tuple[Document, tuple[tuple[str, int], ...]] | None:
        """Return a document, and which editions told it; None if there is no such."""
        store = self._open_store()
        found = store.documents.get_many([document_id], with_forgotten=True)
        return (found[0], store.lookups.documents.tellings(document_id)) if found else None

    def refused(self, *, before: int | None = None) -> Page[RefusedRow]:
        """Return the files and items that stand refused, the newest first."""
        return self._open_store().lookups.documents.refused(before=before)

    def refused_count(self) -> int:
        """Return how many files and items stand refused."""
        return self._open_store().lookups.documents.refused_count()

    def feeds(self, *, page: int, now: datetime) -> tuple[tuple[PlaceHealth, ...], bool]:
        """Return how some feeds stand; see `newsletter.places.feeds`."""
        return places.feeds(self._open_store(), page=page, now=now)

    def feed(self, source_id: int, *, now: datetime) -> tuple[Source, PlaceHealth]:
        """Return a feed, and how it stands.

        Raises:
            SourceError: There is none of that number.
        """
        store = self._open_store()
        found = next((source for source in store.sources.all() if source.id == source_id), None)
        if found is None:
            raise SourceError("there is no such feed: it may have been removed meanwhile")
        return found, places.feed(store, found, now=now)

    def folders(self, *, now: datetime) -> tuple[PlaceHealth, ...]:
        """Return how the folders stand that documents are put into."""
        return places.folders(self._open_store(), self._folders, now=now)

    @property
    def _folders(self) -> Sequence[Path]:
        return self._settings.all_folders()

    def mailboxes(self, *, now: datetime) -> tuple[PlaceHealth, ...]:
        """Return how the mailboxes stand that news arrives in."""
        names = [mailbox_name(value) for value in self._settings.mailboxes]
        return places.mailboxes(self._open_store(), names, now=now)

    def subscribers(self, wanted: SubscriberFilter, *, before: int | None = None) -> Page[SubscriberRow]:
        """Return subscribers, those first who came last; see `SubscriberLookups.page`."""
        return self._open_store().lookups.subscribers.page(wanted, before=before)

    def suppressed_counts(self) -> dict[SuppressionReason, int]:
        """Return how many addresses are never mailed, by reason."""
        return self._open_store().subscribers.suppression_counts()

    def reader_of(self, address: str) -> int | None:
        """Return the number of whoever has an address; None if nobody has.

        Raises:
            AddressError: It is not an address.
        """
        return self._open_store().lookups.subscribers.id_of(subscribe.parse_address(address))

    def reader(self, subscriber_id: int) -> ReaderFile:
        """Return everything about one reader but deliveries.

        Raises:
            SubscriberError: There is none of that number, or they were erased.
        """
        found = self._open_store().lookups.subscribers.reader(subscriber_id)
        if found is None:
            raise SubscriberError("nobody is kept under that number: the reader may have been erased")
        return found

    def reader_deliveries(self, subscriber_id: int, *, before: int | None = None) -> Page[ReaderDelivery]:
        """Return a reader's deliveries, the newest first."""
        return self._open_store().lookups.editions.of_reader(subscriber_id, before=before)

    def reader_record(self, subscriber_id: int) -> dict[str, object]:
        """Return everything that is stored about a reader; see `newsletter.store.ownrecord`.

        Raises:
            SubscriberError: There is none of that number, or they were erased.
        """
        self.reader(subscriber_id)
        return self._open_store().readers.record(subscriber_id)

    def csv_of(self, mailing_list: MailingList) -> Iterator[str]:
        """Yield a list's subscribers as CSV, in flat memory; see `newsletter.subscribe.csv_lines`."""
        return subscribe.csv_lines(self._open_store(), mailing_list.audience_name)

    def editions(
        self, *, list_name: str = "", before: int | None = None, limit: int | None = None
    ) -> Page[EditionRow]:
        """Return editions with their counts, the newest first; see `EditionLookups.page`."""
        return self._open_store().lookups.editions.page(list_name=list_name, before=before, limit=limit)

    def edition(self, edition_id: int) -> EditionStatus:
        """Return an edition, and how it stands."""
        store = self._open_store()
        counts = store.deliveries.counts(edition_id)
        return EditionStatus(edition=store.editions.get(edition_id), counts=counts)

    def trouble(self, edition_id: int, *, now: datetime) -> str:
        """Return why nothing of an edition goes out for now, as one line; empty if nothing keeps it back."""
        breakers = self._open_store().accounts.breakers()
        for name in (f"{EDITION_ACCOUNT}{edition_id}", wiring.account(self._settings)):
            breaker = breakers.get(name)
            if breaker is not None and (breaker.permanent or breaker.open_until > now):
                return breaker.reason
        return ""

    def published_lists(self) -> list[str]:
        """Return the names of all lists, and weekly digests, that have an edition."""
        return self._open_store().editions.published_lists()

    def deliveries(
        self, edition_id: int, state: DeliveryState, *, after: int | None = None
    ) -> Page[ReaderDelivery]:
        """Return an edition's deliveries in one state; see `EditionLookups.deliveries`."""
        return self._open_store().lookups.editions.deliveries(edition_id, state, after=after)

    def failures(self, edition_ids: Sequence[int]) -> Failures:
        """Return why deliveries of some editions were refused; see `FailureLookups.of`."""
        return self._open_store().lookups.failures.of(edition_ids)

    def audience_days(self, list_name: str, *, days: int, now: datetime) -> tuple[DayCounts, ...]:
        """Return how many joined and left a list by day; see `History.audience`."""
        return self._open_store().lookups.history.audience(list_name, since=now - timedelta(days=days))

    def feedback_days(self, *, days: int, now: datetime) -> tuple[DayCounts, ...]:
        """Return how many messages came back by day and kind."""
        return self._open_store().lookups.history.feedback(since=now - timedelta(days=days))

    def suppression_days(self, *, days: int, now: datetime) -> tuple[DayCounts, ...]:
        """Return how many addresses were suppressed by day and reason."""
        return self._open_store().lookups.history.suppressions(since=now - timedelta(days=days))
