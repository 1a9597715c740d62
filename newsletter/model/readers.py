"""The readers' side: sign-ups, consent, preferences, and what a reader is shown of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsletter.model.subscribers import Address, Cadence, SubscriptionState

#: For how long a confirmation link is good, from when its letter went out.
LINK_HOURS = 48


class ConsentAction(StrEnum):
    """What a reader, or whoever acts for one, did about a subscription."""

    #: Confirmed by the link in the confirmation mail.
    CONFIRMED = "confirmed"
    #: Put on the list by the operator or an import, who vouch for the consent.
    ADDED = "added"
    #: Left: by the page, one click, a mail, or the preferences.
    LEFT = "left"
    #: Took the leaving back.
    RETURNED = "returned"


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One entry of the record that shows why somebody is, or is not, mailed."""

    list_name: str
    action: ConsentAction
    #: When it was done, UTC; of an import, when the consent was given if the file says so.
    at: datetime
    #: From where: an IP address, "one click", the name of a file and what its row says.
    origin: str
    #: The words that were agreed to; empty where nobody knows.
    wording: str = ""
    #: When the sign-up was asked for, UTC; None if it was not by the form.
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """What a visitor asks for by the sign-up form."""

    #: As typed; never printed in a mail.
    address: str
    #: Names of lists that are open, at least one.
    list_names: tuple[str, ...]
    cadence: Cadence
    #: IP address of the visitor.
    origin: str
    #: The words above the button.
    wording: str


class LetterKind(StrEnum):
    """What a sign-up is answered with, by mail."""

    #: "Press the button on this page to get the newsletter."
    CONFIRM = "confirm"
    #: "You are on these lists already; here is your page."
    KNOWN = "known"


class ConfirmationState(StrEnum):
    """What a confirmation link is good for."""

    #: The button confirms.
    OPEN = "open"
    #: It was pressed, and the subscriptions stand.
    CONFIRMED = "confirmed"
    #: It is older than 48 hours, or was used before the reader left: sign up again.
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the page behind a confirmation link shows."""

    state: ConfirmationState
    #: Names of the lists that it is for.
    list_names: tuple[str, ...]
    cadence: Cadence


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a reader chooses about one list."""

    state: SubscriptionState
    cadence: Cadence = Cadence.EACH
    #: UTC; None: not paused.
    paused_until: datetime | None = None
    #: When the state was entered, UTC.
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """A reader's page of choices."""

    #: "a••@example.org": enough to know one's own, too little to give it away.
    masked_address: str
    #: When the first of the subscriptions was entered, UTC.
    since: datetime
    #: By name of list; lists that the reader never was on are not in it.
    choices: Mapping[str, Choice]
    #: The list whose mail the link came from.
    list_name: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the address of a sign-up stands when its answer is decided."""

    is_suppressed: bool = False
    #: Whether a letter was sent, or is waiting to be, in the last 24 hours.
    has_letter: bool = False
    #: By name of list; lists that the address never was on are not in it.
    states: Mapping[str, SubscriptionState] = field(default_factory=dict)


class LetterState(StrEnum):
    """Where the answer to a sign-up stands; the value is kept in the store."""

    #: Not looked at yet.
    ASKED = "asked"
    #: Nothing is sent: suppressed, or there was a letter a short while ago.
    UNANSWERED = "unanswered"
    #: A letter waits to be sent.
    DUE = "due"
    #: Recorded just before DATA: from here on the server may have it, and it is not sent again.
    SENDING = "sending"
    #: The server took responsibility for it.
    SENT = "sent"
    #: Refused for good, or given up.
    FAILED = "failed"
    #: Refused or sent back because there is no such mailbox: its address gets no other one for some days.
    BOUNCED = "bounced"
    #: Lost after DATA began: only the server knows.
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """A sign-up that was answered by a letter with a link, and how its lists stand now."""

    id: int
    list_names: tuple[str, ...]
    cadence: Cadence
    #: UTC.
    asked_at: datetime
    #: When the letter was handed over, UTC; None if it was not.
    sent_at: datetime | None
    #: When the button was pressed, UTC; None if it was not.
    confirmed_at: datetime | None
    #: By name of list; lists that the address never was on are not in it.
    choices: Mapping[str, Choice]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter that waits to be sent."""

    #: The sign-up's.
    id: int
    kind: LetterKind
    address: Address
    list_names: tuple[str, ...]
    cadence: Cadence
    #: UTC.
    asked_at: datetime
    #: Attempts before this one.
    attempts: int
    #: Who has the address; None if nobody does any more.
    subscriber_id: int | None


@dataclass(frozen=True, kw_only=True)
class LettersReport:
    """What one turn of sending letters did."""

    #: How many attempts ended in each state; those put off are DUE.
    outcomes: Mapping[LetterState, int] = field(default_factory=dict)
    #: Letters that could be sent now and were not.
    due: int = 0
    #: What is wrong with the server, or why it is left alone; None if nothing is.
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """What the page behind an unsubscribe link shows."""

    list_name: str
    #: Empty: nothing is stored about the link's reader, or no longer.
    masked_address: str
    #: Whether the reader is on the list now.
    is_subscribed: bool
    #: Whether the reader has just left, and may take that back.
    can_return: bool = False
