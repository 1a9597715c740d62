"""Deliveries: one row for each reader of an edition, and the steps that it may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from newsletter.model.feedback import BounceKind


class DeliveryState(StrEnum):
    """Where one reader's copy stands."""

    #: Waiting to be claimed.
    QUEUED = "queued"
    #: A sender holds it; nothing has been said to a server yet.
    CLAIMED = "claimed"
    #: Recorded just before DATA: from here on the server may have it.
    SENDING = "sending"
    #: The server took responsibility for it.
    ACCEPTED = "accepted"
    #: Refused for now; tried again at `next_attempt_at`.
    DEFERRED = "deferred"
    #: Refused for good, or given up after the last attempt.
    FAILED = "failed"
    #: Not sent: the reader left or paused, the address is suppressed, or the operator cancelled the edition.
    SUPPRESSED = "suppressed"
    #: Sender or connection died after DATA began: only the server knows.
    UNCERTAIN = "uncertain"


#: The steps that a delivery may take; nothing else may change a state.
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.QUEUED: frozenset(
            {DeliveryState.CLAIMED, DeliveryState.FAILED, DeliveryState.SUPPRESSED}
        ),
        DeliveryState.CLAIMED: frozenset(
            {
                DeliveryState.QUEUED,
                DeliveryState.SENDING,
                DeliveryState.DEFERRED,
                DeliveryState.FAILED,
                DeliveryState.SUPPRESSED,
            }
        ),
        DeliveryState.SENDING: frozenset(
            {
                DeliveryState.ACCEPTED,
                DeliveryState.DEFERRED,
                DeliveryState.FAILED,
                DeliveryState.UNCERTAIN,
            }
        ),
        DeliveryState.DEFERRED: frozenset(
            {
                DeliveryState.CLAIMED,
                DeliveryState.QUEUED,
                DeliveryState.FAILED,
                DeliveryState.SUPPRESSED,
            }
        ),
        # The policy or the operator sends it once more; or the operator knows how it ended.
        DeliveryState.UNCERTAIN: frozenset(
            {DeliveryState.QUEUED, DeliveryState.ACCEPTED, DeliveryState.FAILED}
        ),
        DeliveryState.ACCEPTED: frozenset(),
        # Only the operator tries again what was given up.
        DeliveryState.FAILED: frozenset({DeliveryState.QUEUED}),
        DeliveryState.SUPPRESSED: frozenset(),
    }
)

#: States in which a delivery waits for a sender.
WAITING_STATES = frozenset({DeliveryState.QUEUED, DeliveryState.DEFERRED})

#: States in which a sender holds a delivery.
HELD_STATES = frozenset({DeliveryState.CLAIMED, DeliveryState.SENDING})

#: All others.
FREE_STATES = frozenset(DeliveryState) - HELD_STATES

#: States from which a delivery goes on by itself.
OPEN_STATES = WAITING_STATES | HELD_STATES


#: States that an attempt can end in.
RESULTS = frozenset(
    {DeliveryState.ACCEPTED, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNCERTAIN}
)


class UncertainPolicy(StrEnum):
    """What to do when nobody but the server knows whether a message arrived."""

    #: Send it once more with the same Message-ID; a second uncertain outcome is held.
    RESEND = "resend"
    #: Leave it for the operator.
    HOLD = "hold"


class SendPhase(StrEnum):
    """How far the conversation with the server had come (RFC 5321 section 4.1)."""

    #: Reaching the server, TLS from the first byte, and its greeting.
    CONNECT = "connect"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    #: The command and its 354; no byte of the message was sent.
    DATA = "DATA"
    #: The message's bytes and the reply to the final dot.
    CONTENT = "content"
    RSET = "RSET"
    QUIT = "QUIT"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server said, or what happened instead."""

    phase: SendPhase
    #: Reply code of RFC 5321 section 4.2; 0 where no reply came.
    code: int
    #: The server's words, or the error's.
    text: str
    #: Enhanced status code (RFC 3463), such as "5.1.1"; empty where none came.
    enhanced: str = ""

    def __str__(self) -> str:
        """Return it as one line for a log or a report."""
        words = " ".join(self.text.split())
        return f"{self.phase.value}: {self.code} {words}" if self.code else f"{self.phase.value}: {words}"


class SendOutcome(StrEnum):
    """What is known after one attempt."""

    ACCEPTED = "accepted"
    #: Refused for now, or lost before the server can have taken it.
    DEFERRED = "deferred"
    #: Refused for good.
    FAILED = "failed"
    #: Lost after the content began and before its reply.
    UNCERTAIN = "uncertain"
    #: `before_content` said no: the delivery was taken away meanwhile.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """The result of one attempt to hand over one message."""

    outcome: SendOutcome
    reply: Reply
    #: True if the connection can take another message.
    reusable: bool
    #: What a refusal for good says about the mailbox.
    bounce: BounceKind = BounceKind.NONE
    #: The server asked to be left alone for a while (421): not this reader's doing.
    backs_off: bool = False


class Delivery(NamedTuple):
    """A claimed delivery with all that its message needs; a tuple: a dataclass takes longer to make."""

    id: int
    edition_id: int
    subscriber_id: int
    address: str
    name: str
    #: When the subscription was confirmed, UTC.
    since: datetime
    #: Attempts before this one.
    attempts: int
    #: UTC; the age that giving up counts from: when it was first deferred, until then when it was queued.
    queued_at: datetime
    #: Which of the edition's variants it carries; 0: the edition as it is.
    variant: int
    #: The part of the address after the at sign, in small letters.
    domain: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRange:
    """Some deliveries of one edition that stand side by side: all that there are between two ids."""

    edition_id: int
    first_id: int
    #: The last one that belongs to it.
    last_id: int


@dataclass(frozen=True, kw_only=True)
class DeliveryRecord:
    """How one reader's copy stands, for the operator."""

    edition_number: int
    address: str
    state: DeliveryState
    attempts: int
    #: How often nobody knew whether it arrived.
    uncertain_count: int
    #: Last reply as one line.
    reply: str
    #: When it is tried next, UTC; None if it is not waiting.
    next_attempt_at: datetime | None
    #: When the state was entered, UTC.
    changed_at: datetime


class Resolution(StrEnum):
    """What the operator knows of an uncertain delivery."""

    #: The reader has it.
    ARRIVED = "arrived"
    #: Nobody knows; send it once more with the same Message-ID.
    RESEND = "resend"
    #: The reader is not to get it.
    ABANDON = "abandon"


@dataclass(frozen=True, kw_only=True)
class DeliveryMark:
    """The result of one attempt at one delivery, to be made durable.

    Raises:
        ValueError: The state is not that of a result, or a deferred one would never come back.
    """

    delivery_id: int
    state: DeliveryState
    #: Last reply as one line; kept for the operator.
    reply: str = ""
    #: UTC; only for DEFERRED.
    next_attempt_at: datetime | None = None
    #: Whether the step counts as an attempt.
    attempted: bool = True
    #: What a refusal for good says about the mailbox.
    bounce: BounceKind = BounceKind.NONE

    def __post_init__(self) -> None:
        """See that the delivery cannot get lost by it."""
        if self.state not in RESULTS:
            raise ValueError(f"{self.state.value} is not the result of an attempt")
        if (self.state is DeliveryState.DEFERRED) != (self.next_attempt_at is not None):
            raise ValueError("a deferred delivery, and no other, needs the time of its next attempt")

    @classmethod
    def accepted(cls, delivery_id: int, reply: str) -> "DeliveryMark":
        """Return the mark of a delivery that was accepted."""
        return cls(delivery_id=delivery_id, state=DeliveryState.ACCEPTED, reply=reply)


@dataclass(frozen=True, kw_only=True)
class RetryDecision:
    """What follows a refusal for now: another attempt, or the end."""

    #: UTC; None: give up.
    next_attempt_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """When to try again, and for how long (RFC 5321 section 4.5.4.1)."""

    #: Waits after the first, second, ... attempt, in seconds; the last one repeats.
    delays_seconds: tuple[int, ...] = (300, 900, 1800, 3600, 7200, 10800)
    #: Age at which a delivery is given up, in seconds.
    give_up_after_seconds: int = 4 * 24 * 3600
    #: Share of a wait by which it may be longer, so that retries spread.
    jitter: float = 0.2


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """How many messages may be handed over within any period of that length."""

    #: A period is counted in this many slices, so that a day's usage is a few rows.
    SLICES: ClassVar[int] = 60

    #: Messages may be counted that are handed over so many seconds later at most.
    MOST_AHEAD_SECONDS: ClassVar[float] = 10.0

    count: int
    period_seconds: int

    def slice_number(self, moment: datetime) -> int:
        """Return which slice since 1970 a moment falls into."""
        return int(moment.timestamp() * self.SLICES // self.period_seconds)

    def __str__(self) -> str:
        """Return it as the setting has it."""
        names = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}
        return f"{self.count}/{names.get(self.period_seconds, f'{self.period_seconds} s')}"


@dataclass(frozen=True, kw_only=True)
class RateUsage:
    """Messages handed over in one slice of a rate's period."""

    period_seconds: int
    #: See `RateLimit.slice_number`.
    slice_number: int
    count: int


@dataclass(frozen=True, kw_only=True)
class RateGrant:
    """How many messages an account's rates let out at once."""

    count: int
    #: If that is none, when the next one may go, UTC.
    turn: datetime


#: What the breaker of one edition, whose sender is refused, is kept under, before the edition's id.
EDITION_ACCOUNT = "edition "


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Why nothing is sent through an account for now."""

    #: From then on a probe may be made, UTC.
    open_until: datetime
    #: The pause that ends then; the next one is longer.
    pause_seconds: int
    #: What to do about it, as one line.
    reason: str
    #: Whether waiting will not help.
    permanent: bool
    #: Since when there is trouble, UTC.
    opened_at: datetime


@dataclass(frozen=True, kw_only=True)
class DeliverReport:
    """What one turn of sending did."""

    #: How many attempts ended in each state.
    outcomes: dict[DeliveryState, int] = field(default_factory=dict)
    #: Deliveries that an earlier sender left without a known outcome.
    recovered_uncertain: int = 0
    #: Deliveries in the hands of others, which live or died a moment ago: known when their lease has run out.
    in_doubt: int = 0
    #: Why sending stopped before all was sent; None if it did not.
    problem: str | None = None
    #: Whether waiting will not help.
    permanent: bool = False
    #: Deliveries that could be sent now and were not.
    due: int = 0
    #: When the next deferred one is due, UTC; None if none is waiting.
    next_due: datetime | None = None
    #: While the server is in trouble: when it is tried again, UTC.
    paused_until: datetime | None = None
    #: False if nothing was tried because of an earlier trouble.
    tried: bool = True
    #: When the account's rate lets the next one out, UTC; None if it was not the reason to stop.
    rate_until: datetime | None = None
