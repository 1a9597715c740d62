"""SMTP against a real server: what each reply, drop and silence means."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from dataclasses import replace

import pytest
import trustme
from aiosmtpd.smtp import SMTP
from faults.server import Fault, FaultServer, Phase, Then
from serving import Listener

from newsletter.deliveries.conversation import normalised
from newsletter.deliveries.smtp import (
    SmtpSecurity,
    SmtpServer,
    SmtpTransport,
    Timeouts,
    _verifying_context,
    is_local,
)
from newsletter.errors import SenderRefusedError, StoreError, TransportError
from newsletter.model.deliveries import SendOutcome, SendPhase

O = SendOutcome  # noqa: E741
P = SendPhase


#: The same is known, whether commands are said in groups or not.
either_way = pytest.mark.usefixtures("way")


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


async def test_an_address_family_that_the_kernel_lacks_is_passed_over(
    transport, make_message, script, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = socket.getaddrinfo

    def with_a_strange_one(*args, **options):
        found = known(*args, **options)
        return [(250, socket.SOCK_STREAM, 0, "", ("strange", 1)), *found]

    monkeypatch.setattr(socket, "getaddrinfo", with_a_strange_one)
    result = await send(transport(), make_message())
    assert (result.outcome, len(script.accepted)) == (O.ACCEPTED, 1)


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


async def test_rset_is_said_only_where_an_envelope_is_left_over(make_message) -> None:
    refusal = Fault(phase=Phase.RCPT, recipient="chi@example.org", says=b"550 5.1.1 no such user\r\n")
    async with FaultServer(refusal) as server:
        connection = await SmtpTransport(local(server.port)).connect()
        for name in ("ada", "bo", "chi", "dag"):
            await connection.send(make_message(f"{name}@example.org"), before_content=yes)
        await connection.close()
    verbs = [line.split()[0] for line in server.book.commands]
    whole = ["MAIL", "RCPT", "DATA"]
    assert verbs == ["EHLO", *whole, *whole, "MAIL", "RCPT", "RSET", *whole, "QUIT"]


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
    with pytest.raises(TransportError, match=r"refuses the sender digest@news\.example\.org: 553 ") as caught:
        await send(transport(), make_message())
    assert caught.value.permanent
    assert "BOUNCE_ADDRESS" in str(caught.value)
    assert "SENDER_ADDRESS" in str(caught.value)


async def test_a_refused_bounce_address_is_named(transport, make_message, script) -> None:
    script.answers["MAIL"] = ["553 5.7.1 sender not yours"]
    message = make_message()._replace(sender="bounces+7@news.example.org")
    with pytest.raises(SenderRefusedError) as caught:
        await send(transport(), message)
    assert "the sender bounces+…@news.example.org: 553 5.7.1 sender not yours" in str(caught.value), (
        "no token"
    )
    assert "check BOUNCE_ADDRESS, or SENDER_ADDRESS if that is not set" in str(caught.value)


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
    listener = Listener.of_protocols(lambda: SMTP(Sink(), enable_SMTPUTF8=True, loop=loop))
    there = SmtpServer(host="127.0.0.1", port=listener.port, security=SmtpSecurity.NONE)
    result = await send(SmtpTransport(there), make_message("ünal@example.org"))
    await listener.stop()
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


async def test_an_address_that_does_not_answer_gives_way_to_the_next(
    make_message, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def two_addresses(host: str, port: int, **_: object) -> list[tuple]:
        # Some event loops look a numeric address up as well.
        ports = (1, port) if host == "localhost" else (port,)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", there)) for there in ports]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two_addresses)
    async with FaultServer() as server:
        result = await send(SmtpTransport(local(server.port)), make_message())
    assert result.outcome is O.ACCEPTED


async def test_a_host_that_nobody_knows_is_told_and_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    with pytest.raises(TransportError, match="cannot be reached: .* Name or service not known") as caught:
        await SmtpTransport(local(25)).connect()
    assert not caught.value.permanent


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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def local(port: int, security: SmtpSecurity = SmtpSecurity.NONE, **more) -> SmtpServer:
    values = {"host": "localhost", "timeouts": Timeouts.scaled(20)}
    return SmtpServer(port=port, security=security, **(values | more))


@either_way
@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_tls_with_a_certificate_that_verifies_and_a_sign_in(tls, trust, make_message, security) -> None:
    implicit = security is SmtpSecurity.TLS
    async with FaultServer(tls=tls, implicit_tls=implicit) as server:
        way = SmtpTransport(local(server.port, security, username="me", password="right"), tls_context=trust)
        result = await send(way, make_message())
    assert result.outcome is O.ACCEPTED
    assert server.book.received() == {"ada@example.org": 1}
    credentials = next(line for line in server.book.commands if line.startswith("AUTH"))
    assert base64.b64decode(credentials.split()[-1]) == b"\0me\0right"


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_a_certificate_that_does_not_verify_is_refused(tls, security) -> None:
    async with FaultServer(tls=tls, implicit_tls=security is SmtpSecurity.TLS) as server:
        with pytest.raises(TransportError, match="certificate of localhost:.* does not verify") as caught:
            await SmtpTransport(local(server.port, security)).connect()
    assert caught.value.permanent
    assert not any(line.startswith(("AUTH", "MAIL")) for line in server.book.commands)


async def test_a_certificate_for_another_host_is_refused(tls, trust) -> None:
    async with FaultServer(tls=tls, implicit_tls=True) as server:
        elsewhere = local(server.port, SmtpSecurity.TLS, host="127.0.0.1")
        with pytest.raises(TransportError, match="does not verify") as caught:
            await SmtpTransport(elsewhere, tls_context=trust).connect()
    assert caught.value.permanent


async def test_tls_where_the_server_speaks_none_is_told() -> None:
    async with FaultServer() as server:
        with pytest.raises(TransportError, match="check SMTP_PORT and SMTP_SECURITY"):
            await SmtpTransport(local(server.port, SmtpSecurity.TLS)).connect()


def test_certificates_are_verified_by_default_and_old_tls_is_not_spoken() -> None:
    context = _verifying_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_password_never_goes_over_the_wire_in_clear() -> None:
    with pytest.raises(TransportError, match="SMTP_PASSWORD in clear: use starttls or tls") as caught:
        SmtpTransport(local(25, username="me", password="right"))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("reply", "words", "permanent"),
    [
        (b"535 5.7.8 no\r\n", "check SMTP_USERNAME and SMTP_PASSWORD", True),
        (b"454 4.7.0 not now\r\n", "takes no mail for now: 454", False),
    ],
)
async def test_a_refused_sign_in_is_told_and_is_tried_once(tls, trust, reply, words, permanent) -> None:
    async with FaultServer(Fault(phase=Phase.AUTH, says=reply), tls=tls) as server:
        there = local(server.port, SmtpSecurity.STARTTLS, username="me", password="wr0ng")
        with pytest.raises(TransportError, match=words) as caught:
            await SmtpTransport(there, tls_context=trust).connect()
    assert caught.value.permanent is permanent
    assert "wr0ng" not in str(caught.value)
    assert sum(line.startswith("AUTH") for line in server.book.commands) == 1, "a second would lock us out"


async def test_a_method_that_the_server_does_not_know_gives_way_to_another(tls, trust) -> None:
    unknown = Fault(phase=Phase.AUTH, says=b"504 5.5.4 no PLAIN here\r\n", times=1)
    async with FaultServer(unknown, tls=tls) as server:
        there = local(server.port, SmtpSecurity.STARTTLS, username="me", password="right")
        await (await SmtpTransport(there, tls_context=trust).connect()).close()
    assert [line.split()[1] for line in server.book.commands if line.startswith("AUTH")] == ["PLAIN", "LOGIN"]


async def test_a_server_without_a_sign_in_is_told(tls, trust) -> None:
    bare = Fault(phase=Phase.EHLO, says=b"250 mx.test\r\n", skips=1)
    async with FaultServer(bare, tls=tls) as server:
        there = local(server.port, SmtpSecurity.STARTTLS, username="me", password="right")
        with pytest.raises(TransportError, match="offers no sign-in that we know") as caught:
            await SmtpTransport(there, tls_context=trust).connect()
    assert caught.value.permanent


async def test_what_is_slipped_in_before_tls_is_not_believed(tls, trust, make_message) -> None:
    slipped = Fault(phase=Phase.STARTTLS, says=b"220 go\r\n250-mx.evil\r\n250 SMTPUTF8\r\n")
    async with FaultServer(slipped, tls=tls) as server:
        way = SmtpTransport(local(server.port, SmtpSecurity.STARTTLS), tls_context=trust)
        result = await send(way, make_message("\u00fcnal@example.org"))
    assert result.outcome is O.FAILED
    assert "SMTPUTF8, which the server does not offer" in result.reply.text


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_groups_go_through_tls_as_they_are(tls, trust, make_message, security) -> None:
    contents = [b"a: b\r\n\r\n" + b".x\r\n" * size for size in (1, 60_000, 16_380, 3)]
    row = [make_message(f"r{n}@example.org", content=content) for n, content in enumerate(contents)]
    implicit = security is SmtpSecurity.TLS
    async with FaultServer(tls=tls, implicit_tls=implicit, extensions=("PIPELINING",)) as server:
        connection = await SmtpTransport(local(server.port, security), tls_context=trust).connect()
        assert connection.announces
        for message, following in zip(row, [*row[1:], None], strict=True):
            result = await connection.send(message, before_content=yes, following=following)
            assert (result.outcome, result.reusable) == (O.ACCEPTED, True)
        await connection.close()
    assert [taken.content for taken in server.book.taken] == contents
    assert server.book.commands[-1] == "QUIT"


@pytest.mark.parametrize("before_tls", [True, False])
async def test_what_counts_is_what_is_offered_under_tls(tls, trust, make_message, before_tls: bool) -> None:
    """A group offered in clear alone may have been slipped in (RFC 3207 section 4.2)."""
    bare = Fault(phase=Phase.EHLO, says=b"250 mx.test\r\n", skips=int(before_tls), times=1)
    async with FaultServer(bare, tls=tls, extensions=("PIPELINING",)) as server:
        if not before_tls:
            server.faults = [replace(bare, says=b"250-mx.test\r\n250 STARTTLS\r\n")]
        there = SmtpTransport(local(server.port, SmtpSecurity.STARTTLS), tls_context=trust)
        connection = await there.connect()
        assert connection.announces is not before_tls
        result = await connection.send(make_message(), before_content=yes, following=make_message("bo@x.org"))
        await connection.close()
    assert result.outcome is O.ACCEPTED
    assert ("RCPT TO:<bo@x.org>" in server.book.commands) is not before_tls


async def test_reports_of_failure_are_asked_for_where_they_are_offered(make_message) -> None:
    async with FaultServer(extensions=("SIZE 0", "DSN")) as server:
        await send(SmtpTransport(local(server.port)), make_message("a+b=c@example.org"))
    assert server.book.commands[1:3] == [
        "MAIL FROM:<digest@news.example.org> SIZE=21 RET=HDRS ENVID=1@example.org",
        "RCPT TO:<a+b=c@example.org> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb+3Dc@example.org",
    ]


async def test_nothing_is_asked_for_that_is_not_offered(make_message) -> None:
    async with FaultServer(extensions=()) as server:
        await send(SmtpTransport(local(server.port)), make_message())
    assert server.book.commands[1:3] == ["MAIL FROM:<digest@news.example.org>", "RCPT TO:<ada@example.org>"]


async def test_a_message_too_big_for_the_server_is_not_begun(make_message) -> None:
    async with FaultServer(extensions=("SIZE 1000",)) as server:
        result = await send(SmtpTransport(local(server.port)), make_message(content=b"x" * 1001))
    assert (result.outcome, result.bounce, result.reusable) == (O.FAILED, "none", True)
    assert "1003 bytes, and the server takes at most 1000" in result.reply.text
    assert not any(line.startswith("MAIL") for line in server.book.commands)


@either_way
@pytest.mark.parametrize("sender", ["d@example.org>\r\nRCPT TO:<b@example.org", "\u00fc@example.org"])
async def test_a_sender_that_cannot_be_said_stops_its_list(make_message, sender: str) -> None:
    async with FaultServer() as server:
        message = make_message()._replace(sender=sender)
        with pytest.raises(SenderRefusedError, match="check BOUNCE_ADDRESS, or SENDER_ADDRESS") as caught:
            await send(SmtpTransport(local(server.port)), message)
    assert caught.value.permanent
    assert not any("MAIL" in line or "RCPT" in line for line in server.book.commands)


@either_way
async def test_a_connection_is_given_up_when_it_is_old(make_message) -> None:
    async with FaultServer() as server:
        result = await send(SmtpTransport(local(server.port, connection_seconds=0)), make_message())
    assert (result.outcome, result.reusable) == (O.ACCEPTED, False)


@either_way
async def test_a_message_that_takes_too_long_in_all_is_put_off(make_message) -> None:
    slow = Fault(phase=Phase.RCPT, says=b"250-2.1.5 wait\r\n", piece=1, forever=True)
    async with FaultServer(slow) as server, asyncio.timeout(5):
        result = await send(SmtpTransport(local(server.port, message_deadline_seconds=0.2)), make_message())
    assert (result.outcome, result.reusable) == (O.DEFERRED, False)
    assert result.reply.text == "the whole message took longer than it may"


async def test_a_deadline_that_is_over_before_the_content_leaves_no_doubt(make_message, way: str) -> None:
    connection_deadline = 0.2
    async with FaultServer() as server:
        connection = await SmtpTransport(
            local(server.port, message_deadline_seconds=connection_deadline)
        ).connect()

        async def pass_the_deadline() -> bool:
            connection._talk.deadline -= 2 * connection_deadline
            return True

        result = await connection.send(make_message(), before_content=pass_the_deadline)
        await connection.close()
        await server.idle()
    assert result.outcome is O.DEFERRED
    if way == "in groups":
        assert (result.reply.phase, server.book.broken_off) == (P.CONTENT, [b""])
    else:
        assert result.reply.phase is P.DATA
        assert "DATA" not in server.book.commands


@either_way
async def test_a_goodbye_is_said_long_after_the_last_message(make_message) -> None:
    async with FaultServer() as server:
        connection = await SmtpTransport(local(server.port)).connect()
        await connection.send(make_message(), before_content=yes)
        connection._talk.deadline = 0
        await connection.close()
    assert server.book.commands[-1] == "QUIT"


async def test_a_sign_in_that_takes_too_long_in_all_is_told() -> None:
    slow = Fault(phase=Phase.EHLO, says=b"250-mx.test\r\n", piece=1, forever=True)
    async with FaultServer(slow) as server:
        with pytest.raises(TransportError, match="did not answer in time"):
            await SmtpTransport(local(server.port, message_deadline_seconds=0.2)).connect()


@either_way
async def test_a_message_given_up_by_us_leaves_no_reply_for_the_next(make_message) -> None:
    async with FaultServer(Fault(phase=Phase.RCPT, then=Then.STALL)) as server:
        connection = await SmtpTransport(local(server.port)).connect()
        sending = asyncio.create_task(connection.send(make_message(), before_content=yes))
        while not any(line.startswith("RCPT") for line in server.book.commands):
            await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert not connection._talk.is_open
        await connection.close()


async def test_a_sign_in_given_up_by_us_leaves_no_connection_behind() -> None:
    slow = Fault(phase=Phase.EHLO, says=b"250-mx.test\r\n", piece=1, forever=True)
    async with FaultServer(slow) as server, asyncio.timeout(10):
        connecting = asyncio.create_task(SmtpTransport(local(server.port)).connect())
        while not server.book.commands:
            await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await server.idle()


@either_way
async def test_the_time_that_the_store_takes_is_not_the_servers(make_message) -> None:
    deadlines: list[float] = []
    async with FaultServer() as server:
        connection = await SmtpTransport(local(server.port)).connect()
        clock = connection._clock

        async def take_long() -> bool:
            deadlines.append(connection._talk.deadline)
            connection._clock = lambda: clock() + 100
            return True

        result = await connection.send(make_message(), before_content=take_long)
        deadlines.append(connection._talk.deadline)
        await connection.close()
    assert result.outcome is O.ACCEPTED
    assert deadlines[1] - deadlines[0] >= 100


async def test_a_store_that_fails_leaves_the_server_untouched(make_message) -> None:
    async def fail() -> bool:
        raise StoreError("full")

    async with FaultServer() as server:
        with pytest.raises(StoreError):
            await send(SmtpTransport(local(server.port)), make_message(), before=fail)
    assert server.book.taken == []
    assert server.book.commands[-1] == "QUIT"


@either_way
@pytest.mark.parametrize(
    "content",
    [b"", b".", b"\n.\n", b"a\n.\r\nMAIL FROM:<x@example.org>\r\n", b"a\r.\rb", b"\r\n.\r\n", b"x" * 300_000],
    ids=lambda content: repr(content[:20]),
)
async def test_no_content_ends_itself(make_message, content: bytes) -> None:
    async with FaultServer() as server:
        result = await send(SmtpTransport(local(server.port)), make_message(content=content))
    assert result.outcome is O.ACCEPTED
    assert [taken.content for taken in server.book.taken] == [normalised(content)]
    assert sum(line.startswith("MAIL") for line in server.book.commands) == 1
