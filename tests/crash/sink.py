"""A mail server that outlives every sender: it writes down what it takes before it says so.

It shares no code with the product and runs in a thread of whoever keeps the book, never in the process that
is killed: for a sender that dies at any moment, its memory is as durable as a disk.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from serving import Listener

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)
_BETWEEN_ANGLES = re.compile(r"<([^>]*)>")

#: Longest message, in bytes: far more than any edition.
_MAX_BYTES = 4_000_000

#: Instead of a reply to the message: end the connection, having taken it or not.
DROP_TAKEN, DROP_UNTAKEN = "drop, taken", "drop, not taken"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One message that the server took."""

    recipient: str
    message_id: str
    #: Envelope sender.
    return_path: str = ""


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A message whose sender went away between 354 and a sign that it had the reply to the content.

    A command is such a sign, unless it came in a group: that may have been said ahead. The next content
    cannot have been.
    """

    recipient: str
    #: Whether the server has it.
    taken: bool


@dataclass
class _Session:
    """What one connection has come to."""

    return_path: str = ""
    recipient: str = ""
    #: Between 354 and the end of the content.
    in_content: bool = False
    #: Whose message was taken last, as long as its sender may not know.
    unheard: str = ""
    #: The server itself has hung up.
    is_dropped: bool = False


@dataclass
class Sink:
    """The server; `with Sink(...) as sink:` runs it on a free port of this machine.

    Attributes:
        script: By recipient, what befalls the first, second, ... message to them: a reply to RCPT, or one of
            the drops. After the last one they are served like everybody else.
        longest_wait_seconds: A message and its reply each take up to this long, at random.
        reply: What it says when it has taken a message.
        takes_groups: Whether it offers PIPELINING (RFC 2920).
        on_taken: Called with each message that it takes, before it says so.
    """

    script: Mapping[str, Sequence[str]] = field(default_factory=dict)
    longest_wait_seconds: float = 0.0
    reply: str = "250 2.0.0 taken"
    on_taken: Callable[[Copy], None] = lambda _: None
    takes_groups: bool = True
    port: int = 0
    book: list[Copy] = field(default_factory=list)
    interrupted: list[Interrupted] = field(default_factory=list)
    most_connections: int = 0
    _turns: Counter[str] = field(default_factory=Counter)
    _connections: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def __enter__(self) -> Sink:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._listener.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._listener = Listener.of_streams(self._serve, limit=_MAX_BYTES)
        self.port = self._listener.port

    def forget(self) -> None:
        """Start a new book."""
        with self._changed:
            self.book, self.interrupted, self._turns = [], [], Counter()
            self.most_connections = 0

    def wait_until_quiet(self, *, timeout_seconds: float = 30.0) -> None:
        """Wait until every connection has ended: what a dead sender still had under way has arrived."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._connections == 0, timeout_seconds):
                raise TimeoutError(f"{self._connections} connections to the sink are still open")

    def wait_for_copies(self, count: int, *, timeout_seconds: float = 30.0) -> bool:
        """Wait until the book holds that many; return whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.book) >= count, timeout_seconds)

    def copies(self) -> Counter[str]:
        """Return how many messages each recipient got."""
        return Counter(copy.recipient for copy in self.book)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session()
        self._count(1)
        try:
            await self._converse(session, reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            if not session.is_dropped:
                self._note(session)
            writer.transport.abort()
            self._count(-1)

    def _note(self, session: _Session) -> None:
        if session.unheard:
            self.interrupted.append(Interrupted(recipient=session.unheard, taken=True))
        if session.in_content:
            self.interrupted.append(Interrupted(recipient=session.recipient, taken=False))

    def _count(self, change: int) -> None:
        with self._changed:
            self._connections += change
            self.most_connections = max(self.most_connections, self._connections)
            self._changed.notify_all()

    async def _converse(
        self, session: _Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"220 sink.test ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if not self.takes_groups or verb not in {b"MAIL", b"RCPT", b"DATA"}:
                session.unheard = ""
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                reply = await self._content(session, reader)
            else:
                reply = self._reply(session, verb, line)
            if reply is None:
                session.is_dropped = True
                return
            writer.write(reply)
            await writer.drain()
            if verb == b"QUIT":
                return

    def _reply(self, session: _Session, verb: bytes, line: bytes) -> bytes:
        match verb:
            case b"EHLO":
                groups = b"250-PIPELINING\r\n" if self.takes_groups else b""
                return b"250-sink.test\r\n250-8BITMIME\r\n" + groups + b"250 SIZE 4000000\r\n"
            case b"RCPT":
                return self._recipient(session, line)
            case b"QUIT":
                return b"221 2.0.0 bye\r\n"
            case b"MAIL":
                session.return_path = _address(line)
                return b"250 2.1.0 ok\r\n"
            case b"HELO" | b"RSET" | b"NOOP":
                return b"250 2.0.0 ok\r\n"
            case _:
                return b"500 5.5.1 unknown\r\n"

    def _recipient(self, session: _Session, line: bytes) -> bytes:
        session.recipient = _address(line)
        turn = self._event(session.recipient)
        if turn and turn[0] in "45":
            self._turns[session.recipient] += 1
            return f"{turn}\r\n".encode()
        return b"250 2.1.5 ok\r\n"

    def _event(self, recipient: str) -> str:
        events = self.script.get(recipient, ())
        turn = self._turns[recipient]
        return events[turn] if turn < len(events) else ""

    async def _content(self, session: _Session, reader: asyncio.StreamReader) -> bytes | None:
        """Take one message; return the reply to it, or None to end the connection."""
        session.in_content = True
        content = await reader.readexactly(1)
        session.unheard = ""
        content += await reader.readuntil(b"\r\n.\r\n")
        await self._pause()
        event = self._event(session.recipient)
        if event:
            self._turns[session.recipient] += 1
        if event != DROP_UNTAKEN:
            found = _MESSAGE_ID.search(content)
            copy = Copy(
                recipient=session.recipient,
                message_id=found[1].decode() if found else "",
                return_path=session.return_path,
            )
            self.on_taken(copy)
            with self._changed:
                self.book.append(copy)
                self._changed.notify_all()
            session.unheard = session.recipient
        session.in_content = False
        if event:
            return None
        await self._pause()
        return f"{self.reply}\r\n".encode()

    async def _pause(self) -> None:
        if self.longest_wait_seconds:
            await asyncio.sleep(self._random.random() * self.longest_wait_seconds)


def _address(line: bytes) -> str:
    found = _BETWEEN_ANGLES.search(line.decode("utf-8", "replace"))
    return found[1] if found else ""
