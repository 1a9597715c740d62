"""Real mail servers: one that is told what to answer to whom, one that misbehaves, one that keeps a book."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from crash.sink import Sink
from crash.world import World
from faults.server import FaultServer
from faults.turns import Clock, MakeApp
from serving import Listener

from newsletter.app import App
from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport, Timeouts
from newsletter.model.messages import Message

#: Instead of a reply: end the connection, or say nothing for ever.
DROP, STALL = "drop", "stall"


@dataclass
class Script:
    """What the server answers, and what it got."""

    #: By "PHASE" or "PHASE address": replies in order, the last one repeats; DROP and STALL are no replies.
    answers: dict[str, list[str]] = field(default_factory=dict)
    #: Accepted messages, in order: envelope recipient and content.
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def answer(self, phase: str, address: str = "") -> str | None:
        for key in (f"{phase} {address}", phase):
            if answers := self.answers.get(key):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return None

    def received(self) -> Counter[str]:
        return Counter(address for address, _ in self.accepted)


class ScriptedHandler:
    def __init__(self, script: Script) -> None:
        self.script = script

    async def _answer(self, server: SMTP, phase: str, address: str, otherwise: str) -> str:
        self.script.commands.append(f"{phase} {address}".strip())
        answer = self.script.answer(phase, address)
        if answer == DROP:
            assert server.transport is not None
            server.transport.abort()
            return "451 never heard"
        if answer == STALL:
            await asyncio.sleep(3600)
        return answer or otherwise

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(server, "MAIL", address, "250 2.1.0 ok")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(server, "RCPT", address, "250 2.1.5 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        before = len(self.script.accepted)
        # A server that dies after the dot may have taken the message: the test decides by ACCEPT-THEN-DROP.
        if self.script.answer("TAKE", address) == DROP:
            self.script.accepted.append((address, envelope.original_content or b""))
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        answer = await self._answer(server, "CONTENT", address, "250 2.0.0 queued")
        if answer.startswith("250"):
            self.script.accepted.insert(before, (address, envelope.original_content or b""))
        return answer


class ScriptedSMTP(SMTP):
    def __init__(self, script: Script, **options: object) -> None:
        script.connections += 1
        super().__init__(ScriptedHandler(script), hostname="mx.test", ident="test", **options)  # type: ignore[arg-type]

    async def push(self, status: str | bytes) -> None:
        """Say it as a server that knows only Latin-1 would; aiosmtpd would refuse."""
        if isinstance(status, str):
            status = status.encode("latin-1")
        await super().push(status)


Connectable = Callable[..., SmtpTransport]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["one by one", "in groups"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How commands may be said to a fault server: PIPELINING (RFC 2920) is offered or not."""
    way: str = request.param
    if way == "in groups":
        monkeypatch.setattr(FaultServer, "usual", (*FaultServer.usual, "PIPELINING"))
    return way


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    path = tmp_path / "in"
    path.mkdir()
    return path


@pytest.fixture
def make_app(store_url: str, folder: Path, server: FaultServer) -> Iterator[MakeApp]:
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    apps = []

    def make(**overrides: object) -> App:
        values = {
            "database_url": store_url,
            "folders": (folder,),
            "settle_seconds": 0,
            "list_name": "daily",
            "sender_address": "digest@news.example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_security": "none",
            "smtp_connections": 2,
            "smtp_timeout_seconds": 20.0,
        }
        app = App.isolated(**(values | overrides))
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def smtp_port(script: Script) -> AsyncIterator[int]:
    """Port of a real SMTP server on this machine."""
    loop = asyncio.get_running_loop()
    listener = Listener.of_protocols(lambda: ScriptedSMTP(script, enable_SMTPUTF8=False, loop=loop))
    yield listener.port
    await listener.stop()


@pytest.fixture
def transport(smtp_port: int) -> Connectable:
    def make(**options: object) -> SmtpTransport:
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": smtp_port,
            "security": SmtpSecurity.NONE,
            "connections": 2,
            "timeouts": Timeouts.scaled(2),
        }
        return SmtpTransport(SmtpServer(**(values | options)))  # type: ignore[arg-type]

    return make


def message(recipient: str = "ada@example.org", content: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Message:
    return Message(
        sender="digest@news.example.org", recipient=recipient, message_id="<1@example.org>", pieces=(content,)
    )


@pytest.fixture
def make_message() -> Callable[..., Message]:
    return message


@pytest.fixture(scope="module")
def module_sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def sink(module_sink: Sink) -> Iterator[Sink]:
    """A mail server that keeps a book, empty, and that serves everybody at once."""
    module_sink.forget()
    module_sink.script = {}
    module_sink.reply = "250 2.0.0 taken"
    yield module_sink
    module_sink.longest_wait_seconds = 0.0


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What is to be closed when the test is over."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def world(store_url: str, tmp_path: Path, sink: Sink, opened: ExitStack) -> World:
    """An edition for some readers, once on SQLite and once on PostgreSQL."""
    return World(store_url, tmp_path, sink, opened)


@pytest.fixture
def sqlite_world(sqlite_url: str, tmp_path: Path, sink: Sink, opened: ExitStack) -> World:
    return World(sqlite_url, tmp_path, sink, opened)


@pytest.fixture
def postgres_world(postgres_url: str, tmp_path: Path, sink: Sink, opened: ExitStack) -> World:
    return World(postgres_url, tmp_path, sink, opened)
