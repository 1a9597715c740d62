"""What a server may do amiss, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Then(StrEnum):
    """What the server does after it has said what it was told to say."""

    #: Goes on as if nothing had been.
    GO_ON = "goes on"
    #: Closes in good order.
    CLOSE = "closes"
    #: Resets the connection.
    RESET = "resets the connection"
    #: Says no more, and keeps the connection open.
    STALL = "says no more"
    #: Takes the rest of a content for commands.
    COMMANDS = "takes the rest for commands"


class Pace(StrEnum):
    """In which packets replies go out."""

    #: Each reply when it is ready.
    AT_ONCE = "at once"
    #: All in one packet, once there is nothing more to read: where commands come in groups.
    TOGETHER = "together"
    #: One octet at a time.
    OCTETS = "octets"


class Phase(StrEnum):
    """Where a fault happens."""

    #: Before a word: nobody listens.
    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    #: After the 220 to STARTTLS, instead of the handshake.
    HANDSHAKE = "TLS handshake"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    #: While the content is still coming.
    CONTENT = "content"
    #: After the final dot.
    DOT = "after the dot"
    RSET = "RSET"
    QUIT = "QUIT"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour."""

    phase: Phase
    #: What is said instead of the proper reply.
    says: bytes = b""
    then: Then = Then.GO_ON
    #: Only for this recipient, at MAIL for this sender; empty: for every one.
    recipient: str = ""
    #: How many times it happens; 0: each time.
    times: int = 0
    #: How many times it is left out first.
    skips: int = 0
    #: Octets said at a time; 0: all at once.
    piece: int = 0
    #: Says it over and over until the client has gone.
    forever: bool = False
    #: Octets of content that come first; only for CONTENT.
    after_octets: int = 0
    #: Whether the message is taken all the same; only for DOT. By itself a whole 2xx reply takes it.
    takes: bool = False
    #: Whether the envelope stays open until RSET; only for DOT.
    keeps_envelope: bool = False

    @property
    def is_yes(self) -> bool:
        """Whether a whole reply that agrees is said."""
        return self.says.startswith(b"2") and self.says.endswith(b"\n") and not self.forever
