"""Connections outlive a turn of sending, and one that died meanwhile harms nobody."""

from __future__ import annotations

import asyncio

import pytest
from faults.server import Fault, FaultServer, Phase, Then

from newsletter.deliveries.kept import KeptTransport
from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport, Timeouts
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import SendOutcome, SendResult


def kept(server: FaultServer, *, kept_seconds: float = 60.0, **options: object) -> KeptTransport:
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": SmtpSecurity.NONE,
        "connections": 2,
        "timeouts": Timeouts.scaled(2),
    }
    return KeptTransport(SmtpTransport(SmtpServer(**(values | options))), kept_seconds=kept_seconds)  # type: ignore[arg-type]


async def go_on() -> bool:
    return True


async def turn(transport: KeptTransport, message) -> SendResult:
    """A turn of one message: it opens a connection, and closes it."""
    connection = await transport.connect()
    try:
        return await connection.send(message, before_content=go_on)
    finally:
        await connection.close()


async def test_the_next_turn_finds_the_connection_open(server, make_message) -> None:
    transport = kept(server)
    for _ in range(3):
        assert (await turn(transport, make_message())).outcome is SendOutcome.ACCEPTED
    assert server.book.connections == 1
    await transport.close()
    await server.idle()
    assert server.book.commands[-1] == "QUIT"


async def test_no_more_are_open_than_may_be(server, make_message) -> None:
    transport = kept(server)
    for _ in range(2):
        pair = [await transport.connect() for _ in range(transport.connections)]
        for connection in pair:
            await connection.send(make_message(), before_content=go_on)
        for connection in pair:
            await connection.close()
    assert server.book.connections == 2
    await transport.close()


async def test_one_that_the_server_ended_meanwhile_is_replaced(server, make_message) -> None:
    transport = kept(server)
    await turn(transport, make_message())
    port = server.port
    await server.stop()
    await server.start(port)
    result = await turn(transport, make_message("bo@example.org"))
    assert result.outcome is SendOutcome.ACCEPTED
    assert server.book.received() == {"ada@example.org": 1, "bo@example.org": 1}
    await transport.close()


async def test_one_that_was_only_opened_and_died_is_replaced(server, make_message) -> None:
    transport = kept(server)
    await (await transport.connect()).close()
    port = server.port
    await server.stop()
    await server.start(port)
    assert (await turn(transport, make_message())).outcome is SendOutcome.ACCEPTED
    await transport.close()


@pytest.mark.parametrize("says", [b"421 4.4.2 idle for too long\r\n", b""])
async def test_a_server_that_tires_of_waiting_puts_nobody_off(make_message, says: bytes) -> None:
    async with FaultServer(Fault(phase=Phase.MAIL, says=says, then=Then.CLOSE, skips=1, times=1)) as server:
        transport = kept(server)
        for name in ("ada", "bo"):
            result = await turn(transport, make_message(f"{name}@example.org"))
            assert result.outcome is SendOutcome.ACCEPTED
        assert server.book.connections == 2
        assert server.book.received() == {"ada@example.org": 1, "bo@example.org": 1}
        await transport.close()


async def test_trouble_that_is_there_on_a_new_connection_too_is_told(server, make_message) -> None:
    transport = kept(server)
    await turn(transport, make_message())
    await server.stop()
    with pytest.raises(TransportError):
        await turn(transport, make_message())
    await server.start()


async def test_a_refused_sender_is_told_at_once(make_message) -> None:
    async with FaultServer(Fault(phase=Phase.MAIL, says=b"553 5.7.1 not yours\r\n", skips=1)) as server:
        transport = kept(server)
        await turn(transport, make_message())
        with pytest.raises(SenderRefusedError):
            await turn(transport, make_message())
        assert server.book.connections == 1
        await transport.close()


async def test_one_that_may_take_no_more_is_not_kept(server, make_message) -> None:
    transport = kept(server, messages_per_connection=2)
    for _ in range(4):
        await turn(transport, make_message())
    assert server.book.connections == 2
    await transport.close()


async def test_an_idle_one_is_given_up_after_a_while(server, make_message) -> None:
    transport = kept(server, kept_seconds=0.01)
    await turn(transport, make_message())
    async with asyncio.timeout(20):
        await server.idle()
    assert server.book.commands[-1] == "QUIT"
    await turn(transport, make_message())
    assert server.book.connections == 2
    await transport.close()


async def test_what_was_announced_and_did_not_come_is_no_harm_to_what_comes_instead(make_message) -> None:
    async with FaultServer(extensions=("PIPELINING", "SIZE 1000000")) as server:
        transport = kept(server)
        connection = await transport.connect()
        assert connection.announces
        ada, bo, chi = (make_message(f"{name}@example.org") for name in ("ada", "bo", "chi"))
        await connection.send(ada, before_content=go_on, following=bo)
        await connection.close()
        assert (await turn(transport, chi)).outcome is SendOutcome.ACCEPTED
        assert server.book.received() == {"ada@example.org": 1, "chi@example.org": 1}
        await transport.close()
