"""The readers' side: sign-ups, consent, preferences, and what a reader is shown of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.model.subscribers import Cadence, SubscriptionState


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
class Leaving:
    """What the page behind an unsubscribe link shows."""

    list_name: str
    masked_address: str
    #: Whether the reader is on the list now.
    is_subscribed: bool
