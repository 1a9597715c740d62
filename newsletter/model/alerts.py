"""Alerts: what the operator is to hear of at once, once, and when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.model.mailboxes import MailboxState
from newsletter.model.places import PlaceHealth
from newsletter.model.proposals import PendingProposal
from newsletter.model.status import SendingTrouble


class AlertKind(StrEnum):
    """What is wrong; the value is what programs read."""

    NO_EDITION = "no-edition"
    HELD = "edition-held"
    NOT_SENDING = "not-sending"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    PLACE_FAILING = "source-failing"
    PLACE_SILENT = "source-silent"
    RETURNS_UNREAD = "bounces-unread"
    DISK_LOW = "disk-low"
    #: Asked for by the operator, to see whether alerts arrive.
    TEST = "test"


#: What the operator reads for a kind.
TITLES: Mapping[AlertKind, str] = {
    AlertKind.NO_EDITION: "no edition",
    AlertKind.HELD: "edition waits for approval",
    AlertKind.NOT_SENDING: "mail is not going out",
    AlertKind.BOUNCES: "too many bounces",
    AlertKind.COMPLAINTS: "too many complaints",
    AlertKind.PLACE_FAILING: "source cannot be read",
    AlertKind.PLACE_SILENT: "source is silent",
    AlertKind.RETURNS_UNREAD: "bounces cannot be read",
    AlertKind.DISK_LOW: "disk is nearly full",
    AlertKind.TEST: "test",
}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Something that is wrong at this moment."""

    kind: AlertKind
    #: What it is about: a list, a source, a disk ...; with the kind it names the alert.
    subject: str
    #: What is wrong, as one line.
    what: str
    #: What to do about it, as one line.
    repair: str

    @property
    def key(self) -> tuple[AlertKind, str]:
        """What makes two of them the same alert."""
        return self.kind, self.subject


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert that was raised; times in UTC."""

    id: int
    condition: Condition
    raised_at: datetime
    #: Since when it has been fine; None while it is not.
    fine_since: datetime | None = None
    #: When the all-clear was given; None while it is open.
    cleared_at: datetime | None = None

    @property
    def title(self) -> str:
        """What the operator reads first: "no edition: daily"."""
        return f"{TITLES[self.condition.kind]}: {self.condition.subject}"


@dataclass(frozen=True, kw_only=True)
class AlertDecision:
    """What is to be written down after a look."""

    raised: tuple[Condition, ...] = ()
    #: Open alerts as they are to stand from now on.
    changed: tuple[Alert, ...] = ()
    cleared: tuple[Alert, ...] = ()


class Channel(StrEnum):
    """By what an operator is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, kw_only=True)
class AlertNotice:
    """A message about alerts that waits to be handed over."""

    id: int
    #: Random; the same for every attempt, so that whoever gets it twice can tell.
    uid: str
    channel: Channel
    #: Address; empty for the webhook.
    target: str
    #: As they stood when it was written; those with `cleared_at` are all-clears.
    alerts: tuple[Alert, ...]
    #: Attempts so far, the one that it was taken for included.
    attempts: int
    #: UTC.
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeResult:
    """What came of one attempt to hand over a message about alerts."""

    channel: Channel
    #: Address; empty for the webhook.
    target: str
    is_told: bool
    #: What the other side said, or why it was not asked.
    reply: str
    #: It was refused for good: it is not tried again.
    is_refused: bool = False


@dataclass(frozen=True, kw_only=True)
class AlertsReport:
    """What one look came to."""

    #: Alerts that were raised, and those that are over, by this look and nobody else's.
    events: tuple[Alert, ...] = ()
    results: tuple[NoticeResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AlertLimits:
    """From where on something counts as wrong."""

    #: Share of an edition's mails, in percent.
    bounce_percent: float
    complaint_percent: float
    #: 0: disks are not looked at.
    disk_bytes: int
    #: Mails of an edition from which on its shares say anything.
    least_deliveries: int = 100


@dataclass(frozen=True, kw_only=True)
class SlotFacts:
    """How a list stands with its slots."""

    list_name: str
    #: IANA name.
    time_zone: str
    grace: timedelta
    #: The latest slot that has come and has no answer yet, nor an edition that waits for approval; UTC.
    unanswered: datetime | None = None
    #: Why the last turn failed; empty if it did not.
    failure: str = ""
    #: The last slot, if it was passed over and no operator wanted that; UTC.
    skipped: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ReturnFacts:
    """What came back of the latest edition of a list that enough mails of went out."""

    list_name: str
    number: int
    #: Mails that a server took or refused for good.
    deliveries: int
    #: Readers whose server refused it, at once or afterwards.
    bounces: int
    complaints: int


@dataclass(frozen=True, kw_only=True)
class DiskFacts:
    """How full a disk is."""

    #: A folder on it that is ours.
    path: str
    free_bytes: int


@dataclass(frozen=True, kw_only=True)
class AlertFacts:
    """All that alerts are decided on."""

    #: Since when somebody could have acted: the start of the service; UTC.
    watching_since: datetime
    slots: Sequence[SlotFacts] = ()
    #: Proposed editions that wait for an operator, with the name of their list's time zone.
    held: Sequence[tuple[PendingProposal, str]] = ()
    troubles: Sequence[SendingTrouble] = ()
    returns: Sequence[ReturnFacts] = ()
    places: Sequence[PlaceHealth] = ()
    #: Mailboxes of bounces that cannot be read.
    bounce_boxes: Sequence[MailboxState] = ()
    disks: Sequence[DiskFacts] = ()
