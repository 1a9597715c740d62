"""A server that takes groups, the connections to it, and what is said over them (RFC 2920)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from faults.fault import Fault, Pace, Phase, Then
from faults.server import FaultServer
from faults.wire import Wire

from newsletter.deliveries.conversation import Conversation
from newsletter.deliveries.server import Habits, SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.session import SmtpConnection
from newsletter.model.deliveries import SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

O = SendOutcome  # noqa: E741
P = Phase
SERVER = SmtpServer(host="mx.test", port=25, security=SmtpSecurity.TLS, timeouts=Timeouts.scaled(20))
HURRIED = replace(SERVER, timeouts=Timeouts.scaled(0.1))
OFFERS = ("PIPELINING", "SIZE 30000000", "ENHANCEDSTATUSCODES")
GROUP = ["MAIL", "RCPT", "DATA"]


def message(name: str, size: int = 100) -> Message:
    content = b"Subject: x\r\n\r\n" + b"z" * (size - 16) + b"\r\n"
    return Message(
        sender="d@example.org",
        recipient=f"{name}@example.org",
        message_id="<1@example.org>",
        pieces=(content,),
    )


ADA, BO, CHI = message("ada"), message("bo"), message("chi")


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


@dataclass
class Line:
    """A server that takes groups, and the connections to it."""

    server: FaultServer
    settings: SmtpServer = SERVER
    wires: list[Wire] = field(default_factory=list)

    def connect(self, **how: int) -> SmtpConnection:
        wire = Wire(self.server, **how)
        self.wires.append(wire)
        return SmtpConnection(Conversation(wire), self.settings, {"pipelining": "", "size": "30000000"})

    async def close(self, connection: SmtpConnection) -> None:
        await connection.close()
        assert not self.server.book.out_of_turn
        for wire in self.wires:
            if all(fault.then is not Then.STALL for fault in self.server.faults):
                await wire.ended()

    @property
    def verbs(self) -> list[str]:
        return [line[:4] for line in self.server.book.commands]

    @property
    def received(self) -> dict[str, int]:
        return {name.partition("@")[0]: count for name, count in self.server.book.received().items()}


def line(*faults: Fault, pace: Pace = Pace.TOGETHER, settings: SmtpServer = SERVER) -> Line:
    settings = replace(settings, habits=Habits())
    return Line(FaultServer(*faults, extensions=OFFERS, pace=pace), settings)


def says(phase: Phase, words: str, recipient: str = "ada@example.org", **more: object) -> Fault:
    octets = "".join(f"{reply}\r\n" for reply in words.split(" / ")).encode()
    return Fault(phase=phase, says=octets, recipient=recipient, **more)  # type: ignore[arg-type]


async def send(
    connection: SmtpConnection,
    what: Message,
    following: Message | None = None,
    before: Callable[[], Awaitable[bool]] = yes,
) -> SendResult:
    return await connection.send(what, before_content=before, following=following)


def is_lost(result: SendResult) -> bool:
    """Whether a fresh connection is to be asked, and nobody's attempt used up."""
    return (result.outcome, result.reply.phase, result.reusable) == (O.DEFERRED, SendPhase.MAIL, False)
