"""Subscribers, their subscriptions, and addresses that are never mailed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriptionState(StrEnum):
    """Where a subscriber stands with one list."""

    #: Signed up, not yet confirmed by mail: gets nothing but the confirmation.
    UNCONFIRMED = "unconfirmed"
    #: Gets editions.
    CONFIRMED = "confirmed"
    #: Left; never turned on again but by the reader.
    UNSUBSCRIBED = "unsubscribed"


class Cadence(StrEnum):
    """How often a reader is mailed; the value is kept in the store."""

    #: Every edition of the list.
    EACH = "each"
    #: One digest a week of what the list's editions told and this reader did not get.
    WEEKLY = "weekly"


@dataclass(frozen=True, kw_only=True)
class Readership:
    """Confirmed subscribers of a list, by how often they are mailed; suppressed addresses do not count."""

    #: Those who are mailed now.
    awake: Mapping[Cadence, int]
    #: Those who get nothing until a day that they chose.
    paused: Mapping[Cadence, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(map(self.of, Cadence))

    def of(self, cadence: Cadence) -> int:
        """Return how many chose a cadence, the paused included."""
        return self.awake[cadence] + self.paused[cadence]


class SuppressionReason(StrEnum):
    """Why an address is never mailed."""

    #: The operator said so.
    OPERATOR = "operator"
    #: Mail to it bounced for good.
    BOUNCE = "bounce"
    #: Its owner reported our mail as spam.
    COMPLAINT = "complaint"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A mail address in the two forms that are needed."""

    #: As written, with the domain in lower case; non-ASCII domains in Unicode.
    display: str
    #: For comparing: casefolded, the domain as A-labels.
    key: str

    @property
    def domain(self) -> str:
        """The part after the at sign, as A-labels."""
        return self.key.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """A subscriber on one list."""

    id: int
    address: Address
    name: str
    list_name: str
    state: SubscriptionState
    #: When the state was entered, UTC.
    since: datetime
    suppressed: SuppressionReason | None = None
    cadence: Cadence = Cadence.EACH
    #: Gets nothing until then, UTC; None: not paused.
    paused_until: datetime | None = None


class AddOutcome(StrEnum):
    """What became of one address that was to be added; the value is what the operator reads."""

    ADDED = "added"
    ALREADY_THERE = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class AddReport:
    """One line of an import report."""

    #: Line in the file, counted from 1 with the header; 0 when not from a file.
    line: int
    address: str
    outcome: AddOutcome
    #: Why it was refused; empty otherwise.
    reason: str = ""
