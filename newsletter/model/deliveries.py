"""Deliveries: one row for each reader of an edition, and the steps that it may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


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
    #: Not sent: the reader left, or the address is suppressed.
    SUPPRESSED = "suppressed"
    #: Sender or connection died after DATA began: only the server knows.
    UNCERTAIN = "uncertain"


#: The steps that a delivery may take; nothing else may change a state.
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.QUEUED: frozenset({DeliveryState.CLAIMED, DeliveryState.SUPPRESSED}),
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
        DeliveryState.DEFERRED: frozenset({DeliveryState.CLAIMED, DeliveryState.SUPPRESSED}),
        DeliveryState.UNCERTAIN: frozenset({DeliveryState.QUEUED}),
        DeliveryState.ACCEPTED: frozenset(),
        DeliveryState.FAILED: frozenset(),
        DeliveryState.SUPPRESSED: frozenset(),
    }
)

#: States from which a delivery goes on by itself.
OPEN_STATES = frozenset(
    {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.DEFERRED}
)


class UncertainPolicy(StrEnum):
    """What to do when nobody but the server knows whether a message arrived."""

    #: Send it once more with the same Message-ID; a second uncertain outcome is held.
    RESEND = "resend"
    #: Leave it for the operator.
    HOLD = "hold"


class SendPhase(StrEnum):
    """How far the conversation with the server had come."""

    CONNECT = "connect"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    #: The message's bytes and the reply to the final dot.
    CONTENT = "content"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server said, or what happened instead."""

    phase: SendPhase
    #: Reply code of RFC 5321 section 4.2; 0 where no reply came.
    code: int
    #: The server's words, or the error's.
    text: str

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


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A claimed delivery with all that is needed to make its message."""

    id: int
    edition_id: int
    subscriber_id: int
    address: str
    name: str
    #: When the subscription was confirmed, UTC.
    since: datetime
    #: Attempts before this one.
    attempts: int
    #: When the edition was queued, UTC: the age that giving up counts from.
    queued_at: datetime


@dataclass(frozen=True, kw_only=True)
class DeliveryMark:
    """One step of one delivery, to be made durable."""

    delivery_id: int
    state: DeliveryState
    #: Last reply as one line; kept for the operator.
    reply: str = ""
    #: UTC; only for DEFERRED.
    next_attempt_at: datetime | None = None
    #: Whether the step counts as an attempt.
    attempted: bool = True


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
class DeliverReport:
    """What one turn of sending did."""

    #: How many attempts ended in each state.
    outcomes: dict[DeliveryState, int] = field(default_factory=dict)
    #: Deliveries that an earlier sender left without a known outcome.
    recovered_uncertain: int = 0
    #: Why sending stopped before all was sent; None if it did not.
    problem: str | None = None
    #: Whether waiting will not help.
    permanent: bool = False
    #: Deliveries that could be sent now and were not.
    due: int = 0
    #: When the next deferred one is due, UTC; None if none is waiting.
    next_due: datetime | None = None
