"""SMTP by aiosmtplib: connect safely, send phase by phase, and name what is known after each reply."""

import asyncio
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib

from newsletter.deliveries.transport import BeforeContent
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

#: Longest wait for a connection and its greeting, in seconds.
_CONNECT_SECONDS = 30.0

#: Longest wait for a goodbye, in seconds.
_QUIT_SECONDS = 5.0

#: "Exceeded storage allocation" in answer to RCPT means too many recipients: try later, whatever its first
#: digit says (RFC 5321 section 4.5.3.1.10).
_TEMPORARY_AT_RCPT = frozenset({552})

#: What no envelope address holds: a line end would smuggle in a command, and aiosmtplib would cut it out and
#: mail somebody else.
_UNSAFE = re.compile(r"[\s<>\x00-\x1f\x7f-\x9f\u2028\u2029]")


class SmtpSecurity(StrEnum):
    """How the connection is kept private."""

    #: Plain at first, then STARTTLS; refused when the server does not offer it (usual port 587).
    STARTTLS = "starttls"
    #: TLS from the first byte (usual port 465).
    TLS = "tls"
    #: In clear: only to this machine or a container beside it.
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """How to reach a server, and how much to ask of it."""

    host: str
    port: int
    security: SmtpSecurity
    username: str = ""
    password: str = field(default="", repr=False)
    #: Connections open at once.
    connections: int = 4
    #: Messages handed over before a connection is closed and opened anew.
    messages_per_connection: int = 100
    #: Longest wait for a reply to MAIL, RCPT or DATA (RFC 5321 section 4.5.3.2: 300).
    command_timeout_seconds: float = 300.0
    #: Longest time for a message's content and the reply to its end (RFC 5321 section 4.5.3.2: 600).
    content_timeout_seconds: float = 600.0


def is_local(host: str) -> bool:
    """Return whether a host is this machine, or a name without a dot (a container beside it)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host


class SmtpTransport:
    """Hands messages to an SMTP server."""

    def __init__(self, server: SmtpServer, *, tls_context: ssl.SSLContext | None = None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            server: Where and how.
            tls_context: For a certificate authority of one's own; certificates are always verified.

        Raises:
            TransportError: The server is remote and the connection would be in clear.
        """
        if server.security is SmtpSecurity.NONE and not is_local(server.host):
            message = f"SMTP_SECURITY=none would send mail to {server.host} in clear: use starttls or tls"
            raise TransportError(message, permanent=True)
        self._server = server
        self._tls_context = tls_context
        self.connections = server.connections

    async def connect(self) -> "SmtpConnection":
        """Open a connection: greeting, TLS, sign-in.

        Raises:
            TransportError: The server is unreachable, its certificate does not verify, or it refuses us.
        """
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            use_tls=server.security is SmtpSecurity.TLS,
            start_tls=server.security is SmtpSecurity.STARTTLS,
            tls_context=self._tls_context,
            timeout=_CONNECT_SECONDS,
            local_hostname="localhost" if is_local(server.host) else None,
        )
        place = f"{server.host}:{server.port}"
        try:
            async with asyncio.timeout(2 * _CONNECT_SECONDS):
                await client.connect()
                await _greet(client)
        except Exception as error:
            client.close()
            raise _explain_connect(error, place) from error
        return SmtpConnection(client, server)


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Learn what the server offers before the first message asks; aiosmtplib would only do it later."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


def plain(text: str) -> str:
    """Return a server's words as one line that any store and terminal can take.

    Replies may hold any bytes; aiosmtplib hands them over as lone surrogates.
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(char if char.isprintable() else " " for char in readable).split())


def _explain_connect(error: Exception, place: str) -> TransportError:
    """Turn whatever went wrong while connecting into one line that says what to do."""
    words = plain(str(error))
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return TransportError(
                f"{place} refused the sign-in ({error.code} {plain(error.message)}): "
                "check SMTP_USERNAME and SMTP_PASSWORD",
                permanent=error.code >= 500,
            )
        case ssl.SSLCertVerificationError():
            reason = error.verify_message
            return TransportError(f"the certificate of {place} does not verify: {reason}", permanent=True)
        case aiosmtplib.SMTPResponseException():
            return TransportError(
                f"{place} answered {error.code} {plain(error.message)}", permanent=error.code >= 500
            )
        case TimeoutError():
            return TransportError(f"{place} did not answer in time: check SMTP_HOST and SMTP_PORT")
        case ConnectionError() | OSError():
            return TransportError(f"{place} cannot be reached: {words}")
        case aiosmtplib.SMTPException() if "STARTTLS" in words:
            return TransportError(
                f"{place} offers no STARTTLS: set SMTP_SECURITY=tls (port 465), "
                "or none for a server on this machine",
                permanent=True,
            )
        case aiosmtplib.SMTPException():
            return TransportError(f"{place}: {words}", permanent=True)
        case _:
            return TransportError(f"{place}: {type(error).__name__}: {words}")


class SmtpConnection:
    """One SMTP session that takes messages one after another."""

    def __init__(self, client: aiosmtplib.SMTP, server: SmtpServer) -> None:
        self._client = client
        self._server = server
        self._sent = 0

    async def send(self, message: Message, *, before_content: BeforeContent) -> SendResult:
        """Send one message; see `Connection.send`.

        Raises:
            SenderRefusedError: The server refuses the sender: no mail of this list would get through.
        """
        self._sent += 1
        refused = await self._envelope(message)
        if refused is not None:
            return refused
        if not await before_content():
            await self._reset()
            return self._result(SendOutcome.WITHDRAWN, SendPhase.DATA, 0, "taken away before it was sent")
        return await self._content(message)

    async def close(self) -> None:
        """Say QUIT and close, whatever the server does."""
        try:
            async with asyncio.timeout(_QUIT_SECONDS):
                await self._client.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            pass
        finally:
            self._client.close()

    async def _envelope(self, message: Message) -> SendResult | None:
        """Say MAIL and RCPT; return a result if the message goes no further."""
        if _UNSAFE.search(message.recipient):
            return self._result(SendOutcome.FAILED, SendPhase.RCPT, 0, "not an address that can be sent to")
        options, encoding = [], "ascii"
        if not message.recipient.isascii():
            if not self._client.supports_extension("smtputf8"):
                text = "the address needs SMTPUTF8, which the server does not offer"
                return self._result(SendOutcome.FAILED, SendPhase.RCPT, 0, text)
            options, encoding = ["SMTPUTF8"], "utf-8"
        if self._client.supports_extension("size"):
            options.append(f"SIZE={len(message.content)}")
        phase = SendPhase.MAIL
        timeout = self._server.command_timeout_seconds
        try:
            async with asyncio.timeout(2 * timeout):
                await self._client.mail(message.sender, options=options, encoding=encoding, timeout=timeout)
                phase = SendPhase.RCPT
                await self._client.rcpt(message.recipient, encoding=encoding, timeout=timeout)
        except aiosmtplib.SMTPResponseException as error:
            # MAIL that asked for SMTPUTF8 did so for this recipient: nobody else is concerned.
            return await self._refused(phase, error, for_recipient=encoding == "utf-8")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return self._lost(SendOutcome.DEFERRED, phase, error)
        except ValueError as error:
            return self._result(SendOutcome.FAILED, phase, 0, str(error))
        return None

    async def _content(self, message: Message) -> SendResult:
        timeout = self._server.content_timeout_seconds
        try:
            async with asyncio.timeout(timeout):
                reply = await self._client.data(message.content, timeout=timeout)
        except aiosmtplib.SMTPResponseException as error:
            return await self._refused(SendPhase.CONTENT, error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return self._lost(SendOutcome.UNCERTAIN, SendPhase.CONTENT, error)
        return self._result(SendOutcome.ACCEPTED, SendPhase.CONTENT, reply.code, reply.message)

    async def _refused(
        self, phase: SendPhase, error: aiosmtplib.SMTPResponseException, *, for_recipient: bool = False
    ) -> SendResult:
        """Name what a reply other than success means (RFC 5321 section 4.2.1)."""
        code = error.code
        if phase is SendPhase.MAIL and code >= 500 and not for_recipient:
            await self._reset()
            words = f"{code} {plain(error.message)} (check SENDER_ADDRESS)"
            raise SenderRefusedError(f"{self._server.host} refuses the sender: {words}", permanent=True)
        if phase is SendPhase.CONTENT and code < 400:
            # Not a refusal: the server took it in its own words, or said something that is no SMTP.
            if 200 <= code < 300:
                return self._result(SendOutcome.ACCEPTED, phase, code, error.message)
            return self._lost(SendOutcome.UNCERTAIN, phase, error)
        permanent = code >= 500 and not (phase is SendPhase.RCPT and code in _TEMPORARY_AT_RCPT)
        outcome = SendOutcome.FAILED if permanent else SendOutcome.DEFERRED
        # -1 and such stand for replies that are no SMTP: the session cannot be trusted any more.
        if code == aiosmtplib.SMTPStatus.domain_unavailable or code < 200:
            return self._lost(outcome, phase, error)
        await self._reset()
        return self._result(outcome, phase, code, error.message)

    async def _reset(self) -> None:
        try:
            await self._client.rset(timeout=_CONNECT_SECONDS)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            self._client.close()

    def _lost(self, outcome: SendOutcome, phase: SendPhase, error: Exception) -> SendResult:
        self._client.close()
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return self._result(outcome, phase, max(0, error.code), error.message)
        words = str(error) or "no reply in time"
        return self._result(outcome, phase, 0, words)

    def _result(self, outcome: SendOutcome, phase: SendPhase, code: int, text: str) -> SendResult:
        reusable = self._client.is_connected and self._sent < self._server.messages_per_connection
        return SendResult(
            outcome=outcome, reply=Reply(phase=phase, code=code, text=plain(text)), reusable=reusable
        )
