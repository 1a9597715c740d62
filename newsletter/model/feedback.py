"""Feedback: what comes back after an edition went out."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class BounceKind(StrEnum):
    """What a refusal says about the mailbox."""

    #: The mailbox does not exist, or takes no mail any more.
    HARD = "hard"
    #: The mailbox may work another day: full, switched off for now, or refused without a clear reason.
    SOFT = "soft"
    #: Nothing: the refusal is about our server, our rights or this message.
    NONE = "none"


class FeedbackKind(StrEnum):
    """What a message that came back is."""

    #: The mailbox does not exist, or takes no mail any more.
    HARD_BOUNCE = "hard bounce"
    #: The mailbox refused this one; it may work another day.
    SOFT_BOUNCE = "soft bounce"
    #: The reader reported our mail as spam (RFC 5965).
    COMPLAINT = "complaint"
    #: The reader asks to leave a list by mail.
    UNSUBSCRIBE = "unsubscribe"
    #: Written by a machine and about nothing to be done: absence, receipt, delay.
    AUTOMATIC = "automatic"
    #: None of these: for a person to read.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ParsedFeedback:
    """What one message says, before anybody decides whether to believe it."""

    kind: FeedbackKind
    #: Every address in it that may carry our token: where it was sent to, and return paths that it cites.
    return_paths: tuple[str, ...] = ()
    #: Addresses that it is about, as it writes them; empty where it names none.
    recipients: tuple[str, ...] = ()
    #: Message-IDs that it cites, with angle brackets.
    message_ids: tuple[str, ...] = ()
    #: Enhanced status code (RFC 3463), such as "5.1.1"; empty where none is given.
    status: str = ""
    #: Why, in the other server's words, as one line.
    reason: str = ""
    #: The address in From; empty where there is none.
    sender: str = ""
    #: The words of the subject; an unsubscribe mail carries its list and token there.
    subject: str = ""
    #: A program answered: a token in the subject is one that it was sent, no request to leave.
    is_answer: bool = False


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A bounce or complaint as a mail service tells it, without the message itself."""

    is_complaint: bool
    #: Envelope sender of the mail that it is about: our token is in it.
    return_path: str = ""
    #: Message-ID of that mail.
    message_id: str = ""
    #: The reader, as the service writes the address.
    recipient: str = ""
    #: Enhanced status code (RFC 3463); empty where there is none.
    status: str = ""
    #: Why, in the other server's words.
    reason: str = ""


class FeedbackAction(StrEnum):
    """What was done about a message that came back; the value is what the operator reads."""

    #: The address is never mailed again.
    SUPPRESSED = "suppressed"
    #: The address's bounce score went up.
    SCORED = "scored"
    #: The address is sent no letter any more while its sign-up is kept.
    NO_LETTERS = "gets no more letters"
    #: The reader was taken off the list.
    UNSUBSCRIBED = "unsubscribed"
    #: Nothing needed doing: an automatic reply, a second bounce of a day, a reader who had left already.
    NOTHING = "nothing to do"
    #: It carries no token of ours and is about no message that we sent: nobody is touched.
    NOT_BELIEVED = "not believed"
    #: The very same message was taken in before.
    REPEATED = "taken in before"
    #: Nobody can tell what it is: for a person to read.
    UNKNOWN = "for a person to read"


@dataclass(frozen=True, kw_only=True)
class FeedbackOutcome:
    """What became of one message."""

    kind: FeedbackKind
    action: FeedbackAction
    #: The reader that it is about; empty where nobody is known.
    address: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FeedbackReport:
    """What one look into the mailboxes brought."""

    outcomes: tuple[FeedbackOutcome, ...] = ()
    #: One line for each mailbox, or message, that could not be read.
    problems: tuple[str, ...] = field(default=())

    def count(self, action: FeedbackAction) -> int:
        """Return how many messages ended in an action."""
        return sum(outcome.action is action for outcome in self.outcomes)


@dataclass(frozen=True, kw_only=True)
class FeedbackRecord:
    """One message as it was taken in."""

    #: When it was taken in, UTC.
    received_at: datetime
    outcome: FeedbackOutcome


@dataclass(frozen=True, kw_only=True)
class BouncePolicy:
    """When soft bounces suppress an address."""

    #: Score at which an address is suppressed; each day with a soft bounce adds one.
    limit: float = 5.0
    #: Days without a bounce after which the score starts again at nothing; more than a monthly list's month.
    stale_days: int = 40


@dataclass(frozen=True, kw_only=True)
class BounceScore:
    """How an address has bounced lately."""

    score: float
    #: When the last bounce was counted, UTC.
    counted_at: datetime
