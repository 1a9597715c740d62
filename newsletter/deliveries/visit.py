"""What a look at an SMTP server shows: what it offers, or why nothing goes there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Trouble(StrEnum):
    """Why a server cannot be used."""

    UNKNOWN_HOST = "unknown host"
    UNREACHABLE = "unreachable"
    #: No answer in time, or none at all.
    SILENT = "silent"
    NOT_SMTP = "not SMTP"
    TLS = "TLS"
    CERTIFICATE = "certificate"
    NO_STARTTLS = "no STARTTLS"
    NO_SIGN_IN = "no sign-in offered"
    SIGN_IN_REFUSED = "sign-in refused"
    #: It answers, and wants nothing from us, for now or at all.
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What one connection showed."""

    #: None: all went well up to the sign-in.
    trouble: Trouble | None = None
    #: The trouble in words; empty without.
    problem: str = ""
    #: What the server says of itself at first.
    greeting: str = ""
    #: Lower-case keywords and their parameters.
    extensions: Mapping[str, str] = field(default_factory=dict)
    #: UTC; None without TLS.
    certificate_ends_at: datetime | None = None
    #: Why it takes nothing from a sender; empty if it does.
    refusals: Mapping[str, str] = field(default_factory=dict)
