"""SMTP against a real server: what each reply, drop and silence means."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport, is_local
from newsletter.errors import TransportError
from newsletter.model.deliveries import SendOutcome, SendPhase

O = SendOutcome  # noqa: E741
P = SendPhase


async def yes() -> bool:
    return True


async def send(transport: SmtpTransport, message, before=yes):
    connection = await transport.connect()
    try:
        return await connection.send(message, before_content=before)
    finally:
        await connection.close()


async def test_a_message_arrives_as_it_was_written(transport, make_message, script) -> None:
    content = b"Subject: dots\r\n\r\n.first\r\n..second\r\nlast\r\n"
    result = await send(transport(), make_message(content=content))
    assert (result.outcome, result.reply.code, result.reusable) == (O.ACCEPTED, 250, True)
    assert script.accepted == [("ada@example.org", content)]


@pytest.mark.parametrize(
    ("phase", "answer", "outcome", "seen", "reusable"),
    [
        ("MAIL", "451 4.3.0 later", O.DEFERRED, P.MAIL, True),
        ("MAIL", "421 4.3.2 closing", O.DEFERRED, P.MAIL, False),
        ("MAIL", "drop", O.DEFERRED, P.MAIL, False),
        ("MAIL", "stall", O.DEFERRED, P.MAIL, False),
        ("RCPT", "450 4.2.1 busy", O.DEFERRED, P.RCPT, True),
        ("RCPT", "550 5.1.1 no such user", O.FAILED, P.RCPT, True),
        ("RCPT", "552 5.2.2 too many recipients", O.DEFERRED, P.RCPT, True),
        ("RCPT", "421 4.7.0 too fast", O.DEFERRED, P.RCPT, False),
        ("RCPT", "drop", O.DEFERRED, P.RCPT, False),
        ("RCPT", "stall", O.DEFERRED, P.RCPT, False),
        ("CONTENT", "451 4.7.1 greylisted", O.DEFERRED, P.CONTENT, True),
        ("CONTENT", "554 5.7.1 spam", O.FAILED, P.CONTENT, True),
        ("CONTENT", "421 4.3.2 closing", O.DEFERRED, P.CONTENT, False),
        ("CONTENT", "drop", O.UNCERTAIN, P.CONTENT, False),
        ("CONTENT", "garbage here", O.UNCERTAIN, P.CONTENT, False),
        ("CONTENT", "stall", O.UNCERTAIN, P.CONTENT, False),
    ],
)
async def test_what_each_answer_means(
    transport, make_message, script, phase: str, answer: str, outcome: O, seen: P, reusable: bool
) -> None:
    script.answers[phase] = [answer]
    fast = transport(command_timeout_seconds=0.4, content_timeout_seconds=0.4)
    result = await send(fast, make_message())
    assert (result.outcome, result.reply.phase, result.reusable) == (outcome, seen, reusable)
    assert script.accepted == []


async def test_a_reused_connection_serves_the_next_after_a_refusal(transport, make_message, script) -> None:
    script.answers["RCPT bo@example.org"] = ["550 5.1.1 no such user"]
    connection = await transport().connect()
    outcomes = [
        (await connection.send(make_message(f"{name}@example.org"), before_content=yes)).outcome
        for name in ("ada", "bo", "chi")
    ]
    await connection.close()
    assert outcomes == [O.ACCEPTED, O.FAILED, O.ACCEPTED]
    assert script.connections == 1


async def test_a_withdrawn_message_is_not_sent(transport, make_message, script) -> None:
    async def no() -> bool:
        return False

    result = await send(transport(), make_message(), before=no)
    assert (result.outcome, result.reusable) == (O.WITHDRAWN, True)
    assert script.accepted == []


async def test_the_step_before_content_comes_after_rcpt_and_before_data(
    transport, make_message, script
) -> None:
    seen: list[list[str]] = []

    async def look() -> bool:
        seen.append(list(script.commands))
        return True

    await send(transport(), make_message(), before=look)
    assert seen == [["MAIL digest@news.example.org", "RCPT ada@example.org"]]


async def test_a_connection_is_given_up_after_its_share(transport, make_message) -> None:
    connection = await transport(messages_per_connection=2).connect()
    results = [await connection.send(make_message(), before_content=yes) for _ in range(2)]
    await connection.close()
    assert [result.reusable for result in results] == [True, False]


async def test_a_refused_sender_stops_everything(transport, make_message, script) -> None:
    script.answers["MAIL"] = ["553 5.7.1 sender not yours"]
    with pytest.raises(TransportError, match="refuses the sender: 553 .* SENDER_ADDRESS") as caught:
        await send(transport(), make_message())
    assert caught.value.permanent


async def test_another_success_than_250_after_the_content_is_one(transport, make_message, script) -> None:
    script.answers["CONTENT"] = ["251 2.0.0 taken"]
    result = await send(transport(), make_message())
    assert (result.outcome, result.reply.code) == (O.ACCEPTED, 251)


async def test_what_the_server_offers_is_known_before_the_first_message(make_message) -> None:
    received: list[str] = []

    class Sink:
        async def handle_DATA(self, server, session, envelope) -> str:
            received.append(envelope.rcpt_tos[0])
            return "250 ok"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        there = SmtpServer(host="127.0.0.1", port=port, security=SmtpSecurity.NONE)
        result = await send(SmtpTransport(there), make_message("ünal@example.org"))
    assert result.outcome is O.ACCEPTED
    assert received == ["ünal@example.org"]


async def test_an_address_that_needs_smtputf8_fails_alone(transport, make_message) -> None:
    connection = await transport().connect()
    first = await connection.send(make_message("ünal@example.org"), before_content=yes)
    second = await connection.send(make_message("ada@example.org"), before_content=yes)
    await connection.close()
    assert (first.outcome, second.outcome) == (O.FAILED, O.ACCEPTED)
    assert "SMTPUTF8" in first.reply.text


@pytest.mark.parametrize("recipient", ["a@example.org>\r\nRCPT TO:<b@example.org", "a\nb@example.org"])
async def test_a_recipient_cannot_inject_a_command(transport, make_message, script, recipient: str) -> None:
    result = await send(transport(), make_message(recipient))
    assert result.outcome is O.FAILED
    assert script.accepted == []
    assert all("b@example.org" not in command for command in script.commands)


async def test_an_unreachable_server_is_told_and_may_come_back() -> None:
    server = SmtpServer(host="127.0.0.1", port=1, security=SmtpSecurity.NONE)
    with pytest.raises(TransportError, match="127.0.0.1:1 cannot be reached") as caught:
        await SmtpTransport(server).connect()
    assert not caught.value.permanent


async def test_a_wrong_password_is_told_and_is_permanent(transport) -> None:
    with pytest.raises(TransportError, match="check SMTP_USERNAME and SMTP_PASSWORD") as caught:
        await transport(username="me", password="wr0ng").connect()
    assert caught.value.permanent
    assert "wr0ng" not in str(caught.value)


async def test_the_right_password_is_taken(transport) -> None:
    await (await transport(username="me", password="right").connect()).close()


@pytest.mark.parametrize(
    ("greeting", "permanent"),
    [(b"554 5.7.1 go away\r\n", True), (b"421 4.3.2 too busy\r\n", False), (b"", False)],
)
async def test_a_greeting_that_refuses_is_told(greeting: bytes, permanent: bool) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(TransportError, match=f"127.0.0.1:{port}") as caught:
            await SmtpTransport(SmtpServer(host="127.0.0.1", port=port, security=SmtpSecurity.NONE)).connect()
    assert caught.value.permanent is permanent


async def test_a_server_without_starttls_is_refused(transport) -> None:
    with pytest.raises(TransportError, match="SMTP_SECURITY") as caught:
        await transport(security=SmtpSecurity.STARTTLS).connect()
    assert caught.value.permanent


def test_mail_never_goes_to_a_remote_server_in_clear() -> None:
    with pytest.raises(TransportError, match="in clear"):
        SmtpTransport(SmtpServer(host="smtp.example.org", port=25, security=SmtpSecurity.NONE))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("mailpit", True), ("10.0.0.1", False),
     ("smtp.example.org", False)],
)  # fmt: skip
def test_what_counts_as_local(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def tls_port(authority: trustme.CA):
    """A server that offers STARTTLS with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    loop = asyncio.get_running_loop()

    class Sink:
        async def handle_DATA(self, server, session, envelope) -> str:
            return "250 ok"

    server = await loop.create_server(
        lambda: SMTP(Sink(), hostname="localhost", tls_context=context, require_starttls=True, loop=loop),
        "127.0.0.1",
        0,
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_starttls_with_a_certificate_that_verifies(authority, tls_port: int, make_message) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    server = SmtpServer(host="localhost", port=tls_port, security=SmtpSecurity.STARTTLS)
    result = await send(SmtpTransport(server, tls_context=context), make_message())
    assert result.outcome is O.ACCEPTED


async def test_a_certificate_that_does_not_verify_is_refused(tls_port: int) -> None:
    server = SmtpServer(host="localhost", port=tls_port, security=SmtpSecurity.STARTTLS)
    with pytest.raises(TransportError, match="certificate of localhost:.* does not verify") as caught:
        await SmtpTransport(server).connect()
    assert caught.value.permanent
