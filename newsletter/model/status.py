"""How everything stands: what `newsletter status` and `newsletter deliveries` show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.model.deliveries import OPEN_STATES, Breaker, DeliveryRecord, DeliveryState
from newsletter.model.documents import FileReport
from newsletter.model.editions import MailingList, PublishedEdition, Run
from newsletter.model.mailboxes import MailboxState
from newsletter.model.sources import Source
from newsletter.model.subscribers import Address, Cadence, Readership, SubscriptionState, SuppressionReason


@dataclass(frozen=True, kw_only=True)
class EditionStatus:
    """An edition and how its deliveries stand."""

    edition: PublishedEdition
    #: Readers by the state of their delivery; each of them is in exactly one.
    counts: Mapping[DeliveryState, int]
    #: Some of the readers who were refused, for good or for now.
    problems: tuple[DeliveryRecord, ...] = ()
    #: Some of the readers of whom nobody knows whether they have it.
    uncertain: tuple[DeliveryRecord, ...] = ()

    @property
    def total(self) -> int:
        """Readers in all states together: the audience, or the store is damaged."""
        return self.count()

    @property
    def waiting(self) -> int:
        """Readers whose delivery goes on by itself."""
        return self.count(*OPEN_STATES)

    def count(self, *states: DeliveryState) -> int:
        """Return how many readers are in some states; in any if none is named."""
        return sum(self.counts.get(state, 0) for state in states or DeliveryState)


@dataclass(frozen=True, kw_only=True)
class SendingTrouble:
    """Why nothing goes out for now."""

    breaker: Breaker
    #: The account at a mail server that is in trouble; empty where it is one edition.
    account: str = ""
    #: The edition whose sender is refused; None where it is a whole account.
    edition: PublishedEdition | None = None


@dataclass(frozen=True, kw_only=True)
class ReaderStatus:
    """How one reader stands, over all lists."""

    address: Address
    #: Why the address is never mailed; None if it is.
    suppressed: SuppressionReason | None
    #: By the list's name.
    subscriptions: Mapping[str, SubscriptionState]
    #: With their lists' names, the newest first.
    deliveries: tuple[tuple[str, DeliveryRecord], ...]


@dataclass(frozen=True, kw_only=True)
class ListStatus:
    """How one list stands."""

    #: The list, or a weekly digest.
    mailing_list: MailingList
    #: Confirmed subscribers of the list whose address is not suppressed.
    readership: Readership
    #: 0 for a digest.
    new_documents: int
    #: Headlines of some new documents.
    new_headlines: tuple[str, ...]
    #: UTC.
    next_slot: datetime
    #: The latest ones, and older ones that are not through.
    editions: tuple[EditionStatus, ...]
    runs: tuple[Run, ...]

    @property
    def stranded(self) -> int:
        """How many readers chose the weekly digest of a list that has none any more: they get nothing."""
        is_list = self.mailing_list.cadence is Cadence.EACH
        return self.readership.of(Cadence.WEEKLY) if is_list and not self.mailing_list.weekly_schedule else 0


@dataclass(frozen=True, kw_only=True)
class Status:
    """How everything stands."""

    place: str
    documents: int
    refusals: tuple[FileReport, ...]
    troubles: tuple[SendingTrouble, ...]
    #: Each list, and behind it its weekly digest if anybody reads it or it has an edition.
    lists: tuple[ListStatus, ...]
    #: Editions of lists that are no longer set, which are not through.
    left_over: tuple[EditionStatus, ...] = ()
    #: One line for each place that a list names and nothing can come from.
    missing: tuple[str, ...] = ()
    #: Those that cannot be read.
    mailboxes: tuple[MailboxState, ...] = ()
    #: Sources that have failed for long.
    failing: tuple[Source, ...] = ()
    #: Addresses that are never mailed, by reason.
    suppressions: Mapping[SuppressionReason, int] = field(default_factory=dict)
