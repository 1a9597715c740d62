"""Operators: who may see and decide on the operator's pages, and how they are let in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an operator may do."""

    #: Everything about content and delivery, but for readers' names and addresses.
    EDITOR = "editor"
    #: That, subscribers, and the accounts of operators.
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Tell whether it is at least as much as is needed."""
        return self is Role.ADMIN or needed is Role.EDITOR


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """An operator who has signed in."""

    name: str
    role: Role
    #: Mail address; empty where none is known.
    address: str


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator's account, without anything secret."""

    name: str
    role: Role
    #: Mail address; empty where none is known.
    address: str
    has_second_factor: bool
    #: Recovery codes that are not used yet.
    recovery_codes: int
    #: Sessions that are open.
    sessions: int
    #: UTC, as all times here.
    created_at: datetime
    signed_in_at: datetime | None
    #: Wrong tries since somebody last signed in.
    failures: int
    #: Nobody can sign in before; None: it is not locked.
    locked_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class OperatorSession:
    """A browser in which an operator is signed in."""

    id: int
    created_at: datetime
    seen_at: datetime
    #: IP address that it signed in from.
    origin: str
    #: What the browser calls itself.
    browser: str


@dataclass(frozen=True, kw_only=True)
class SessionRules:
    """How long a session lasts."""

    #: Seconds without a request after which it ends.
    idle_seconds: int
    #: Seconds after which it ends in any case.
    most_seconds: int


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Where somebody tries to sign in from."""

    #: IP address.
    origin: str
    #: The network that failures are counted for: "192.0.2.0/24".
    network: str
    #: What the browser calls itself.
    browser: str
    #: What a browser shows in which somebody has signed in before; empty: nothing.
    known: str = ""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Somebody who gave the right password or, after it, the right code."""

    #: Names the session; shown to nobody but the browser.
    token: str
    #: Whether a code of the second factor is still to come.
    needs_code: bool
    #: By which the browser is known next time; empty before the sign-in is complete.
    known: str


@dataclass(frozen=True, kw_only=True)
class SecondFactor:
    """A second factor that was made and is to be confirmed by a code."""

    #: In base32 (RFC 4648, section 6), for whoever types it.
    secret: str
    #: otpauth:// address, as authenticator apps read it.
    address: str
    #: The same as a QR code: rows of dark (True) and light squares, without the border.
    squares: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an operator proves himself by, as the store keeps it."""

    operator_id: int
    name: str
    role: Role
    #: Argon2id, with its parameters.
    password_hash: str
    #: In base32; empty where there is no second factor, or none that is confirmed.
    totp_secret: str
    #: Made, and not confirmed yet; empty: none.
    pending_secret: str
    #: Time step (RFC 6238) of the last code that was taken, or at which the pending secret was made.
    totp_step: int


@dataclass(frozen=True, kw_only=True)
class HalfSession:
    """A sign-in whose password was right, and whose code is still to come."""

    credentials: Credentials
    created_at: datetime


class PlaceKind(StrEnum):
    """What wrong tries are counted by."""

    ACCOUNT = "account"
    #: A name that no account has.
    NAME = "name"
    NETWORK = "network"
    #: A browser in which the operator has signed in before.
    BROWSER = "browser"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What wrong tries are counted by."""

    kind: PlaceKind
    #: At most 64 characters.
    name: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A try to sign in, counted as wrong before anything is looked at."""

    #: Nothing is tried before; None: go on.
    locked_until: datetime | None
    #: How many tries each place has, this one included; empty if it is locked.
    counts: dict[Place, int]
