"""The line breaks at every octet of a session: whatever we say is known is so."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field

import pytest
import trustme
from faults.proxy import Break, Cut, FaultProxy
from faults.server import FaultServer

from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport, Timeouts
from newsletter.errors import TransportError
from newsletter.model.deliveries import SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

READERS = ("ada@example.org", "bo@example.org")
CONTENT = b"Subject: x\r\n\r\n.a\r\n"
HURRIED = Timeouts(connect=5, greeting=0.1, command=0.1, data=0.1, block=0.1, content_reply=0.1, quit=0.1)


async def yes() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Line:
    """How the two talk."""

    timeouts: Timeouts = field(default_factory=lambda: Timeouts.scaled(30))
    #: The server's and the client's side of TLS; None: in clear.
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None

    def server(self) -> FaultServer:
        return FaultServer(tls=self.tls[0] if self.tls else None)

    def transport(self, port: int) -> SmtpTransport:
        security = SmtpSecurity.STARTTLS if self.tls else SmtpSecurity.NONE
        server = SmtpServer(host="localhost", port=port, security=security, timeouts=self.timeouts)
        return SmtpTransport(server, tls_context=self.tls[1] if self.tls else None)


async def talk(line: Line, port: int) -> dict[str, SendResult | TransportError]:
    """Send two messages over one connection, and say what is known of each."""
    known: dict[str, SendResult | TransportError] = {}
    try:
        connection = await line.transport(port).connect()
    except TransportError as error:
        return dict.fromkeys(READERS, error)
    for reader in READERS:
        message = Message(sender="d@example.org", recipient=reader, message_id="<1@x>", pieces=(CONTENT,))
        try:
            known[reader] = await connection.send(message, before_content=yes)
        except TransportError as error:
            known[reader] = error
    await connection.close()
    return known


def check(cut: Cut, known: dict[str, SendResult | TransportError], received: Counter[str]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for reader, result in known.items():
        outcome = result.outcome if isinstance(result, SendResult) else None
        outcomes[outcome or "untouched"] += 1
        assert outcome is not SendOutcome.FAILED, (cut, result)
        if outcome is SendOutcome.ACCEPTED:
            assert received[reader] == 1, (cut, result)
        elif outcome is SendOutcome.UNCERTAIN:
            assert isinstance(result, SendResult)
            assert result.reply.phase is SendPhase.CONTENT
        else:
            assert received[reader] == 0, (cut, result)
    return outcomes


async def run(line: Line, cut: Cut) -> Counter[str]:
    async with line.server() as server, asyncio.timeout(30):
        async with FaultProxy(server.port, cut) as proxy:
            known = await talk(line, proxy.port)
        # Whatever got through is taken before the book is looked at.
        await server.idle()
        return check(cut, known, server.book.received())


async def measure(line: Line) -> tuple[int, int]:
    """Return how many octets each side says in a session that nothing disturbs."""
    async with line.server() as server, FaultProxy(server.port) as proxy:
        known = await talk(line, proxy.port)
        assert all(isinstance(r, SendResult) and r.outcome is SendOutcome.ACCEPTED for r in known.values())
        return proxy.passed[0], proxy.passed[1]


async def sweep(line: Line, how: Break, *, step: int) -> None:
    ours, theirs = await measure(Line(tls=line.tls))
    cuts = [Cut(how=how, from_client=n) for n in range(0, ours, step)]
    cuts += [Cut(how=how, from_server=n) for n in range(0, theirs, step)]
    totals: Counter[str] = Counter()
    for cut in cuts:
        totals += await run(line, cut)
    assert totals[SendOutcome.ACCEPTED]
    assert totals[SendOutcome.DEFERRED]
    assert totals[SendOutcome.UNCERTAIN]
    assert totals["untouched"]


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_a_line_that_breaks_at_any_octet_deceives_nobody(how: Break) -> None:
    await sweep(Line(), how, step=1)


async def test_a_line_that_falls_silent_deceives_nobody() -> None:
    await sweep(Line(timeouts=HURRIED), Break.STALL, step=23)


@pytest.fixture(scope="module")
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_a_line_under_tls_deceives_nobody(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], how: Break
) -> None:
    await sweep(Line(tls=tls), how, step=31)


@pytest.mark.sweep
async def test_a_line_that_falls_silent_at_any_octet_deceives_nobody() -> None:
    await sweep(Line(timeouts=HURRIED), Break.STALL, step=1)


@pytest.mark.sweep
@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_each_second_octet_under_tls_deceives_nobody(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], how: Break
) -> None:
    await sweep(Line(tls=tls), how, step=2)
