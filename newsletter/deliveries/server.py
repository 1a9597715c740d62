"""How to reach an SMTP server, how long to wait for it, and how much to ask of it."""

import ipaddress
import math
from dataclasses import dataclass, field
from enum import StrEnum


class SmtpSecurity(StrEnum):
    """How the connection is kept private (RFC 8314)."""

    #: Plain at first, then STARTTLS; refused when the server does not offer it (usual port 587).
    STARTTLS = "starttls"
    #: TLS from the first byte (usual port 465).
    TLS = "tls"
    #: In clear: only to this machine or a container beside it, and never with a password.
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Longest waits, in seconds; the figures are those of RFC 5321 section 4.5.3.2."""

    #: For each of the server's addresses to be reached.
    connect: float = 30.0
    #: For the greeting, TLS from the first byte included.
    greeting: float = 300.0
    #: For the reply to EHLO, STARTTLS, AUTH, MAIL, RCPT and RSET.
    command: float = 300.0
    #: For the reply to DATA.
    data: float = 120.0
    #: For a block of the content to be taken.
    block: float = 180.0
    #: For the reply to the final dot.
    content_reply: float = 600.0
    #: For a goodbye.
    quit: float = 5.0

    @classmethod
    def scaled(cls, timeout_seconds: float) -> "Timeouts":
        """Return the waits in proportion to the one for a command, for which the RFC gives 300 seconds."""
        share = timeout_seconds / 300
        return cls(
            # A dead address and a goodbye get no longer than this, whatever the patience with replies.
            connect=min(30.0, timeout_seconds),
            greeting=300 * share,
            command=300 * share,
            data=120 * share,
            block=180 * share,
            content_reply=600 * share,
            quit=min(5.0, timeout_seconds),
        )


class Habits:
    """What a server does that it does not tell, found out once and remembered for a while.

    Attributes:
        drops_until: Until when it is taken for one that offers PIPELINING, and throws away what is said right
            behind a content; by the event loop's clock.
    """

    def __init__(self) -> None:
        self.drops_until = -math.inf


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """How to reach a server, and how much to ask of it."""

    host: str
    port: int
    security: SmtpSecurity
    username: str = ""
    password: str = field(default="", repr=False)
    #: Connections open at once.
    connections: int = 4
    #: Messages handed over before a connection is closed and opened anew.
    messages_per_connection: int = 100
    #: Age at which a connection takes no further message, in seconds.
    connection_seconds: float = 300.0
    timeouts: Timeouts = Timeouts()
    #: Longest time for one message, and for one sign-in, however steadily the server answers, in seconds.
    message_deadline_seconds: float = 1200.0
    #: Shared by all who speak to it.
    habits: Habits = field(default_factory=Habits, compare=False, repr=False)


def is_local(host: str) -> bool:
    """Return whether a host is this machine, or a name without a dot (a container beside it)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host
