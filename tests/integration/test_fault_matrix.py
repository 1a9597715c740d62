"""Every fault at every phase: what we say is known agrees with what the server really took."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import pytest
import trustme
from faults.matrix import BIG, CELLS, Cell, Known, render
from faults.server import Book, FaultServer, Phase, Then

from newsletter.deliveries.session import SmtpConnection
from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport, Timeouts
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

O = SendOutcome  # noqa: E741
ADA, BO, CHI = "ada@example.org", "bo@example.org", "chi@example.org"
DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"

#: Long enough for a loaded machine.
PATIENT = Timeouts.scaled(30)

#: Which time-out ends the silence of a phase; the others are ended by that for a command.
ENDED_BY = {
    Phase.GREETING: "greeting",
    Phase.DATA: "data",
    Phase.CONTENT: "block",
    Phase.DOT: "content_reply",
    Phase.QUIT: "quit",
}


class Way(StrEnum):
    """How the sender speaks."""

    ONE_BY_ONE = "one by one"
    #: In groups (RFC 2920), and each message is announced behind the one before it.
    IN_GROUPS = "in groups"
    #: The same, and ada is not the first: her envelope stands behind a content.
    BEHIND = "behind a content"


#: Where the way makes a difference: from MAIL on.
IN_A_GROUP = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.CONTENT, Phase.DOT, Phase.RSET, Phase.QUIT})
#: Where a fault can be told to happen to ada alone.
BEHIND = frozenset({Phase.RCPT, Phase.DATA, Phase.CONTENT, Phase.DOT})


def cells() -> Iterator[object]:
    for cell in CELLS:
        name = f"{cell.phase}: {cell.what}"
        if not cell.only_in_groups:
            yield pytest.param(cell, Way.ONE_BY_ONE, id=name)
        if cell.phase in IN_A_GROUP:
            # Twenty megabytes, or a silence, take their time.
            marks = pytest.mark.sweep if cell.size == BIG or cell.hurried else ()
            yield pytest.param(cell, Way.IN_GROUPS, id=f"{name} - in groups", marks=marks)
        if cell.phase in BEHIND and not cell.served:
            yield pytest.param(cell, Way.BEHIND, id=f"{name} - behind a content", marks=pytest.mark.sweep)


def timeouts(cell: Cell) -> Timeouts:
    return replace(PATIENT, **{ENDED_BY.get(cell.phase, "command"): 0.4}) if cell.hurried else PATIENT


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def message(recipient: str, size: int = 2000) -> Message:
    lines = b"Subject: x\r\n\r\n" + b".\r\n..dots\r\n" + b"y" * 70 + b"\r\n"
    content = lines + (b"z" * 70 + b"\r\n") * ((size - len(lines)) // 72)
    content += b"z" * (size - len(content) - 2) + b"\r\n"
    return Message(
        sender="digest@news.example.org", recipient=recipient, message_id="<1@example.org>", pieces=(content,)
    )


async def yes() -> bool:
    return True


async def send(connection: SmtpConnection, *row: Message) -> SendResult:
    """Send the first of a row; the second, if there is one, is known to follow."""
    return await connection.send(row[0], before_content=yes, following=row[1] if row[1:] else None)


def is_lost(result: SendResult) -> bool:
    """Whether a session ended that had served others: a fresh one is asked, and nobody pays for it."""
    return (result.outcome, result.reply.phase, result.reusable) == (O.DEFERRED, SendPhase.MAIL, False)


def transport(cell: Cell, port: int, context: ssl.SSLContext) -> SmtpTransport:
    server = SmtpServer(
        host="localhost" if cell.security != "none" else "127.0.0.1",
        port=port,
        security=SmtpSecurity(cell.security),
        username="me" if cell.sign_in else "",
        password="right" if cell.sign_in else "",
        timeouts=timeouts(cell),
    )
    return SmtpTransport(server, tls_context=context)


async def play(cell: Cell, way: Way, there: SmtpTransport) -> tuple[SendResult | TransportError, bool]:
    """Send ada a message, and chi another; return ada's result and whether chi's went the same way."""
    bo, ada, chi = message(BO), message(ADA, cell.size), message(CHI)
    try:
        connection = await there.connect()
    except TransportError as error:
        return error, False
    try:
        assert connection.announces or way is Way.ONE_BY_ONE
        if cell.served or way is Way.BEHIND:
            await send(connection, bo, ada)
        try:
            result = await send(connection, ada, chi)
        except TransportError as error:
            return error, False
        if not result.reusable:
            return result, False
        after = await send(connection, chi)
        if cell.closes or (way is not Way.ONE_BY_ONE and not cell.reusable):
            # What came behind the reply is noticed at once, or as chi's turn comes.
            assert is_lost(after)
            return replace(result, reusable=False), False
        assert after.outcome is O.ACCEPTED
        return result, True
    finally:
        await connection.close()


def known(result: SendResult | TransportError) -> Known:
    if isinstance(result, SenderRefusedError):
        return Known.SENDER_REFUSED if result.permanent else Known.SENDER_PAUSED
    if isinstance(result, TransportError):
        return Known.SERVER_REFUSED if result.permanent else Known.SERVER_PAUSED
    return Known(result.outcome.value)


def check_book(cell: Cell, book: Book, *, chi: bool) -> None:
    received = Counter({name: count for name, count in book.received().items() if name != BO})
    assert received == Counter({ADA: cell.copies, CHI: int(chi)})
    for taken in book.taken:
        assert taken.content == message(ADA).content


@pytest.mark.parametrize(("cell", "way"), list(cells()))
async def test_what_is_known(
    cell: Cell, way: Way, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    tls = server_tls if cell.security != "none" else None
    extensions = ("SIZE 30000000", "ENHANCEDSTATUSCODES", "DSN")
    if way is not Way.ONE_BY_ONE:
        extensions = (*extensions, "PIPELINING")
    async with FaultServer(*cell.faults, tls=tls, extensions=extensions) as server, asyncio.timeout(20):
        port = 1 if cell.phase is Phase.CONNECT else server.port
        result, chi = await play(cell, way, transport(cell, port, client_tls))
        if all(fault.then is not Then.STALL for fault in cell.faults):
            # No connection is left behind.
            await server.idle()
    assert known(result) is cell.known, result
    check_book(cell, server.book, chi=chi)
    if isinstance(result, TransportError):
        assert "\n" not in str(result)
        assert "localhost" in str(result) or "127.0.0.1" in str(result)
        return
    assert (result.bounce, result.reusable, result.backs_off) == (cell.bounce, cell.reusable, cell.backs_off)
    assert result.reply.text
    assert len(str(result.reply)) < 600


def test_there_are_enough_of_them_and_none_twice() -> None:
    assert len(CELLS) >= 60
    assert len({(cell.phase, cell.what) for cell in CELLS}) == len(CELLS)


def test_the_document_says_what_the_tests_say() -> None:
    assert DOCUMENT.read_text("utf-8") == render()
