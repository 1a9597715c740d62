"""An SMTP server that misbehaves as told, phase by phase, and keeps a book of what it really took.

By itself it behaves well: `cd tests && python -m faults.server PORT` serves on this machine and prints a line
for each message that it takes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field

from faults.fault import Fault, Pace, Phase, Then
from serving import Listener

#: After these, nothing more may be said before the reply (RFC 2920 section 3.1).
_LAST_OF_GROUP = frozenset({"EHLO", "HELO", "STAR", "AUTH", "DATA", "QUIT"})


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message that the server took."""

    sender: str
    recipient: str
    #: As it was before dots were doubled.
    content: bytes


@dataclass
class Book:
    """What the server heard and took."""

    taken: list[Taken] = field(default_factory=list)
    #: Every line heard, on all connections, content excluded.
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    #: What had come of contents that were never ended.
    broken_off: list[bytes] = field(default_factory=list)
    #: Commands behind which the client said more than it may before it has the reply: more than one at a time
    #: where that was not offered, or something behind the last of a group (RFC 2920 section 3.1).
    out_of_turn: list[str] = field(default_factory=list)
    #: How often each fault has come up.
    come_up: Counter[int] = field(default_factory=Counter)

    def received(self) -> Counter[str]:
        """Return how many copies each recipient has."""
        return Counter(taken.recipient for taken in self.taken)


class EndedError(Exception):
    """The conversation ends here."""


class FaultServer:
    """The server; use it as an asynchronous context.

    Attributes:
        usual: What it offers unless told otherwise.
        drops_what_follows: It throws away what is said right behind a content.
    """

    usual: tuple[str, ...] = ("SIZE 1000000", "ENHANCEDSTATUSCODES")

    def __init__(
        self,
        *faults: Fault,
        extensions: tuple[str, ...] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        pace: Pace = Pace.TOGETHER,
    ) -> None:
        self.faults = list(faults)
        self.extensions = self.usual if extensions is None else extensions
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.pace = pace
        self.drops_what_follows = False
        self.book = Book()
        self.port = 0

    async def __aenter__(self) -> FaultServer:
        await self.start()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.stop()
        if kind is None:
            assert not self.book.out_of_turn

    async def start(self, port: int = 0) -> None:
        tls = self.tls if self.implicit_tls else None
        self._listener = Listener.of_streams(self._serve, port=port, tls=tls, limit=2**21)
        self.port = self._listener.port

    async def stop(self) -> None:
        await self._listener.stop()

    async def idle(self) -> None:
        """Wait until every client has gone and all that it said was heard."""
        await self._listener.catch_up()
        await asyncio.gather(*self._listener.tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        try:
            await session.answer(Phase.GREETING, b"220 mx.test ESMTP\r\n")
            await session.run()
        except (EndedError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    def fault(self, phase: Phase, recipient: str = "") -> Fault | None:
        """Return what is to happen at a phase, and count it."""
        for number, fault in enumerate(self.faults):
            if fault.phase is not phase or fault.recipient not in {"", recipient}:
                continue
            self.book.come_up[number] += 1
            turn = self.book.come_up[number] - fault.skips
            if turn >= 1 and (not fault.times or turn <= fault.times):
                return fault
        return None


class Session:
    """One client's connection.

    Attributes:
        in_groups: Whether the client may say commands in groups.
    """

    def __init__(
        self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.secure = server.implicit_tls
        self.in_groups = False
        self.sender = self.recipient = ""
        #: The address that was named last, refused or not.
        self.named = ""
        #: Said, and not sent yet.
        self.held = b""
        #: Takes content for commands: nobody can be blamed for what it reads.
        self.is_astray = False
        server.book.connections += 1

    async def run(self) -> None:
        """Answer one command after another."""
        while True:
            line = await self.line()
            self.server.book.commands.append(line)
            verb = line[:4].upper()
            if verb in _LAST_OF_GROUP or not self.in_groups:
                self.look_for_more(line)
            answer = getattr(self, f"on_{verb.lower()}", None)
            if answer is None:
                await self.say(b"502 5.5.1 what?\r\n")
            else:
                await answer(line)

    async def line(self) -> str:
        return (await self.read())[:-2].decode("utf-8", "replace")

    async def read(self) -> bytes:
        """Return the next line; what was said is heard before the server waits for one."""
        if b"\r\n" not in self.ahead():
            await self.send()
        return await self.reader.readuntil(b"\r\n")

    def ahead(self) -> bytearray:
        """Return what has come and is not read yet; there is no public way to see it."""
        return self.reader._buffer  # type: ignore[attr-defined,no-any-return]

    def look_for_more(self, line: str) -> None:
        """Note that the client did not wait for a reply, and lose what it said, as a server may do."""
        if self.ahead() and not self.is_astray:
            self.server.book.out_of_turn.append(line)
            self.ahead().clear()

    async def answer(self, phase: Phase, proper: bytes) -> bool:
        """Say what a phase calls for; return whether it was the proper reply."""
        fault = self.server.fault(phase, self.named)
        if fault is None:
            await self.say(proper)
            return True
        await self.misbehave(fault)
        # What counts as a yes is a yes, in whatever words or pieces; so is a silence after which it goes on.
        return fault.says[:1] in {b"", proper[:1]}

    async def misbehave(self, fault: Fault) -> None:
        size = fault.piece or len(fault.says) or 1
        while True:
            for start in range(0, len(fault.says), size):
                await self.say(fault.says[start : start + size])
                if fault.piece or fault.forever:
                    await self.send()
                # Each piece is a packet of its own: the client's turn comes in between.
                await asyncio.sleep(0.005 if fault.piece and fault.forever else 0)
            if not fault.forever:
                break
        await self.afterwards(fault.then)

    async def afterwards(self, then: Then) -> None:
        if then in {Then.GO_ON, Then.COMMANDS}:
            return
        await self.send()
        if then is Then.STALL:
            await asyncio.Event().wait()
        if then is Then.RESET:
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EndedError

    async def say(self, octets: bytes) -> None:
        self.held += octets
        if self.server.pace is not Pace.TOGETHER:
            await self.send()

    async def send(self) -> None:
        """Send what was said."""
        octets, self.held = self.held, b""
        size = 1 if self.server.pace is Pace.OCTETS else len(octets) or 1
        for start in range(0, len(octets), size):
            if self.writer.is_closing():
                raise EndedError
            self.writer.write(octets[start : start + size])
            await self.writer.drain()
            if size < len(octets):
                await asyncio.sleep(0)

    async def on_ehlo(self, line: str) -> None:
        offers = list(self.server.extensions)
        if self.server.tls is not None and not self.secure:
            offers.append("STARTTLS")
        if self.secure:
            offers.append("AUTH PLAIN LOGIN")
        lines = ["mx.test", *offers]
        text = "".join(f"250{' ' if n == len(lines) - 1 else '-'}{x}\r\n" for n, x in enumerate(lines))
        self.in_groups = False
        fault = self.server.fault(Phase.EHLO)
        if fault is None:
            self.in_groups = "PIPELINING" in offers
            await self.say(text.encode())
        else:
            await self.misbehave(fault)

    async def on_helo(self, line: str) -> None:
        await self.say(b"250 mx.test\r\n")

    async def on_star(self, line: str) -> None:
        assert self.server.tls is not None
        if not await self.answer(Phase.STARTTLS, b"220 2.0.0 go on\r\n"):
            return
        await self.send()
        if (fault := self.server.fault(Phase.HANDSHAKE)) is not None:
            await self.misbehave(fault)
        await self.writer.start_tls(self.server.tls)
        self.secure, self.in_groups = True, False

    async def on_auth(self, line: str) -> None:
        if line.split()[1] == "LOGIN":
            await self.say(b"334 UGFzc3dvcmQ6\r\n")
            await self.line()
        await self.answer(Phase.AUTH, b"235 2.7.0 welcome\r\n")

    async def on_mail(self, line: str) -> None:
        self.recipient, self.named = "", _address(line)
        if self.sender:
            await self.say(b"503 5.5.1 one envelope at a time\r\n")
        elif await self.answer(Phase.MAIL, b"250 2.1.0 ok\r\n"):
            self.sender = _address(line)

    async def on_rcpt(self, line: str) -> None:
        if not self.sender:
            await self.say(b"503 5.5.1 from whom?\r\n")
            return
        self.named = _address(line)
        self.recipient = self.named if await self.answer(Phase.RCPT, b"250 2.1.5 ok\r\n") else ""

    async def on_data(self, line: str) -> None:
        fault = self.server.fault(Phase.DATA, self.named)
        proper = b"354 go on\r\n" if self.recipient else b"503 5.5.1 for whom?\r\n"
        if fault is None:
            await self.say(proper)
        else:
            await self.misbehave(fault)
        # Some say yes to DATA though nobody is to get it.
        if (fault.says if fault else proper).startswith(b"3"):
            await self.content()

    async def content(self) -> None:
        await self.send()
        lines: list[bytes] = []
        fault = self.server.fault(Phase.CONTENT, self.recipient)
        if fault is not None:
            lines.append(await self.reader.readexactly(fault.after_octets))
            await self.misbehave(fault)
            await self.send()
            if fault.then is Then.COMMANDS:
                self.sender, self.recipient, self.is_astray = "", "", True
                return
        try:
            while (line := await self.read()) != b".\r\n":
                lines.append(line)
        except asyncio.IncompleteReadError as error:
            self.server.book.broken_off.append(b"".join(lines) + error.partial)
            raise
        if not self.in_groups:
            self.look_for_more(".")
        if self.server.drops_what_follows:
            self.ahead().clear()
        if fault is not None and fault.says:
            # The reply was given early; there is no other.
            self.sender = self.recipient = ""
            return
        await self.ended(
            Taken(sender=self.sender, recipient=self.recipient, content=_without_dots(b"".join(lines)))
        )

    async def ended(self, message: Taken) -> None:
        if not message.recipient:
            self.sender = ""
            await self.say(b"554 5.5.1 no valid recipients\r\n")
            return
        fault = self.server.fault(Phase.DOT, message.recipient)
        if fault is None or not fault.keeps_envelope:
            self.sender = ""
        self.recipient = ""
        # Written down before the client can know: who heard a yes finds it in the book.
        if fault is None or fault.takes or fault.is_yes:
            self.server.book.taken.append(message)
        if fault is None:
            await self.say(b"250 2.0.0 taken\r\n")
        else:
            await self.misbehave(fault)

    async def on_rset(self, line: str) -> None:
        self.sender = self.recipient = self.named = ""
        await self.answer(Phase.RSET, b"250 2.0.0 ok\r\n")

    async def on_quit(self, line: str) -> None:
        await self.answer(Phase.QUIT, b"221 2.0.0 bye\r\n")
        await self.send()
        raise EndedError


def _without_dots(content: bytes) -> bytes:
    """Undo dot-stuffing (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n").removeprefix(b"\r\n")


def _address(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


async def _main(port: int) -> None:
    server = FaultServer()
    await server.start(port)
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    told = 0
    while True:
        await asyncio.sleep(1)
        for taken in server.book.taken[told:]:
            print(taken.recipient, len(taken.content), flush=True)
        told = len(server.book.taken)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
