"""What the operator looks up: documents, refusals, readers, failures, and how things went over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from newsletter.model.deliveries import DeliveryRecord, DeliveryState
from newsletter.model.documents import RefusalReason
from newsletter.model.editions import PublishedEdition
from newsletter.model.feedback import BounceScore, FeedbackRecord
from newsletter.model.readers import Consent
from newsletter.model.subscribers import Address, Cadence, SubscriptionState, SuppressionReason

_Row = TypeVar("_Row")

#: Rows on one page.
PAGE_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Page(Generic[_Row]):
    """Some rows in order, and where the next ones begin."""

    rows: tuple[_Row, ...]
    #: Id of the last row that was looked at; the next page begins behind it. None: there is no other.
    next_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a document lies, or a file that was refused."""

    #: A folder's absolute path, a feed's address or a mailbox's name.
    folder: str
    #: Path below the folder, or what names the item in its feed or mailbox.
    path: str


@dataclass(frozen=True, kw_only=True)
class DocumentRow:
    """A document as a list of them shows it; times in UTC."""

    id: int
    headline: str
    source: str
    #: ISO 639-1 code; None where it could not be told.
    language: str | None
    url: str | None
    first_seen_at: datetime
    published_at: datetime | None
    #: When its text was forgotten; None as long as it is kept.
    forgotten_at: datetime | None
    #: Whether a newer version has taken its place.
    is_replaced: bool
    places: tuple[Place, ...]
    #: Name of list and number of each edition that told it, or counts it as told.
    told: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class DocumentPage(Page[DocumentRow]):
    """Documents, the newest first."""

    #: When the last document that was looked at was first seen, UTC: a search ends there for now. None: at
    #: the oldest one.
    searched_to: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A file, or an item of a feed or mailbox, that did not become a document."""

    id: int
    place: Place
    refusal: RefusalReason
    #: What exactly, in words for the operator; may be empty.
    detail: str
    #: UTC.
    first_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class SubscriberRow:
    """A subscriber as a list of them shows it."""

    id: int
    address: Address
    name: str
    #: When they were first known, UTC.
    created_at: datetime
    suppressed: SuppressionReason | None
    #: By name of list.
    subscriptions: Mapping[str, SubscriptionState]


@dataclass(frozen=True, kw_only=True)
class SubscriberFilter:
    """Which subscribers are looked for."""

    #: Part of the address or the name; empty: any.
    text: str = ""
    #: Empty: on any list, or none.
    list_name: str = ""
    #: None: in any state.
    state: SubscriptionState | None = None
    #: Only those whose address is never mailed.
    is_suppressed: bool = False


@dataclass(frozen=True, kw_only=True)
class SubscriptionRow:
    """How a reader stands with one list; times in UTC."""

    list_name: str
    state: SubscriptionState
    since: datetime
    #: Where the consent came from.
    source: str
    cadence: Cadence
    paused_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Why an address is never mailed."""

    reason: SuppressionReason
    #: UTC.
    since: datetime


@dataclass(frozen=True, kw_only=True)
class ReaderFile:
    """What an operator sees of one reader, deliveries left out."""

    id: int
    address: Address
    name: str
    #: When they were first known, UTC.
    created_at: datetime
    suppression: Suppression | None
    subscriptions: tuple[SubscriptionRow, ...]
    consents: tuple[Consent, ...]
    #: How the address has bounced lately; None if it has not.
    bounce_score: BounceScore | None
    #: What came back from it, the newest first.
    feedback: tuple[FeedbackRecord, ...]


@dataclass(frozen=True, kw_only=True)
class ReaderDelivery:
    """One reader's copy of an edition."""

    id: int
    subscriber_id: int
    list_name: str
    record: DeliveryRecord


@dataclass(frozen=True, kw_only=True)
class EditionRow:
    """An edition and its deliveries, by state; those that are not named are accepted."""

    edition: PublishedEdition
    #: Readers by the state of their delivery; states with none are left out.
    counts: Mapping[DeliveryState, int]


class FailureClass(StrEnum):
    """What refusals have in common: the second figure of an enhanced status code (RFC 3463 section 3)."""

    ADDRESS = "the address"
    MAILBOX = "the mailbox"
    SYSTEM = "the reader's mail system"
    NETWORK = "the network, or a name that was not found"
    PROTOCOL = "the conversation between the servers"
    CONTENT = "the message itself"
    POLICY = "security or policy: reputation, authentication, spam filters"
    #: No enhanced code was given, or one of class 0.
    OTHER = "no class was given"


@dataclass(frozen=True, kw_only=True)
class ReasonRow:
    """Refusals that say the same."""

    #: Reply code (RFC 5321 section 4.2); 0 where no server said anything.
    code: int
    #: Enhanced status code (RFC 3463); empty where none was given.
    enhanced: str
    failure_class: FailureClass
    states: Mapping[DeliveryState, int]
    #: One of the replies.
    example: str

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.states.values())


@dataclass(frozen=True, kw_only=True)
class DomainRow:
    """Readers of one domain whose delivery was refused."""

    domain: str
    states: Mapping[DeliveryState, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.states.values())


@dataclass(frozen=True, kw_only=True)
class Failures:
    """Why deliveries were refused, and whose, the most frequent first."""

    #: Deliveries that were refused, for good or for now, or of which nobody knows.
    total: int
    reasons: tuple[ReasonRow, ...]
    domains: tuple[DomainRow, ...]
    #: Domains that are not among `domains`, for lack of room.
    more_domains: int


@dataclass(frozen=True, kw_only=True)
class DayCounts:
    """What happened on one day, or in the week that begins on it; days are those of UTC."""

    day: date
    #: By kind; kinds with none are left out.
    counts: Mapping[str, int]
