"""SMTP: connect safely by aiosmtplib, sign in, and hand the connection over to a session of our own."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from typing import TypeVar, cast

import aiosmtplib

from newsletter.deliveries.conversation import Conversation
from newsletter.deliveries.replies import enhanced_code, plain
from newsletter.deliveries.server import SmtpSecurity, SmtpServer, Timeouts, is_local
from newsletter.deliveries.session import SmtpConnection
from newsletter.deliveries.verdicts import judge
from newsletter.deliveries.visit import Trouble, Visit
from newsletter.errors import TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase

__all__ = ["SmtpConnection", "SmtpSecurity", "SmtpServer", "SmtpTransport", "Timeouts", "is_local", "plain"]

_Said = TypeVar("_Said")

#: Replies of a server that does not know EHLO (RFC 5321 section 3.2); others refuse us.
_EHLO_UNKNOWN = frozenset({500, 501, 502, 504})

#: Replies to AUTH after which another method is not tried: it would count as one more wrong password.
_SIGN_IN_REFUSED = frozenset({530, 534, 535, 538})

#: Phases that are no command, as a reader calls them.
_AT = {SendPhase.CONNECT: "its greeting", SendPhase.STARTTLS: "the start of TLS"}


class SmtpTransport:
    """Hands messages to an SMTP server."""

    def __init__(self, server: SmtpServer, *, tls_context: ssl.SSLContext | None = None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            server: Where and how.
            tls_context: For a certificate authority of one's own; certificates are always verified.

        Raises:
            TransportError: Mail or a password would go over the network in clear.
        """
        if server.security is SmtpSecurity.NONE:
            if not is_local(server.host):
                message = f"SMTP_SECURITY=none would send mail to {server.host} in clear: use starttls or tls"
                raise TransportError(message, permanent=True)
            if server.username:
                message = (
                    "SMTP_SECURITY=none would send SMTP_PASSWORD in clear: use starttls or tls, or no name"
                )
                raise TransportError(message, permanent=True)
        self._server = server
        self._tls_context = tls_context
        self.connections = server.connections

    async def connect(self) -> SmtpConnection:
        """Open a connection: greeting, TLS, sign-in.

        Raises:
            TransportError: The server is unreachable, its certificate does not verify, or it refuses us.
        """
        return await (await self._way()).connect()

    async def visit(self, *, senders: Iterable[str], size: int) -> Visit:
        """Connect as for sending, ask whether senders may send, and leave; no message is handed over.

        Args:
            senders: Envelope senders.
            size: Of the largest message that is to go there, bytes.
        """
        way = await self._way()
        try:
            connection = await way.connect()
        except TransportError as error:
            return Visit(trouble=_trouble(error.__cause__, way.phase), problem=str(error))
        try:
            refusals = {sender: await connection.try_sender(sender, size=size) for sender in senders}
        finally:
            await connection.close()
        return Visit(
            greeting=way.greeting,
            extensions=connection.extensions,
            certificate_ends_at=way.certificate_ends_at,
            refusals=refusals,
        )

    async def _way(self) -> "_SignIn":
        if self._tls_context is None and self._server.security is not SmtpSecurity.NONE:
            self._tls_context = await asyncio.to_thread(_verifying_context)
        return _SignIn(self._server, self._tls_context)


def _verifying_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _SignIn:
    """The way from nothing to a session, phase by phase."""

    def __init__(self, server: SmtpServer, context: ssl.SSLContext | None) -> None:
        self._server = server
        self.phase = SendPhase.CONNECT
        #: What the server says of itself at first.
        self.greeting = ""
        #: UTC; None without TLS.
        self.certificate_ends_at: datetime | None = None
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            use_tls=server.security is SmtpSecurity.TLS,
            start_tls=False,
            tls_context=context,
            # Each phase has a time-out of its own.
            timeout=None,
            local_hostname="localhost" if is_local(server.host) else None,
        )

    async def connect(self) -> SmtpConnection:
        """Go all the way.

        Raises:
            TransportError: It leads nowhere.
        """
        try:
            async with asyncio.timeout(self._server.message_deadline_seconds):
                await self._climb()
            return self._hand_over()
        except Exception as error:
            self._abort()
            place = f"{self._server.host}:{self._server.port}"
            raise _explain(error, self.phase, place) from error
        except asyncio.CancelledError:
            self._abort()
            raise

    async def _climb(self) -> None:
        client, server, waits = self._client, self._server, self._server.timeouts
        sock = await _dial(server.host, server.port, seconds=waits.connect)
        greeting = await self._step(SendPhase.CONNECT, client.connect(sock=sock), waits.greeting)
        self.greeting = plain(greeting.message)
        await self._step(SendPhase.EHLO, _greet(client), waits.command)
        if server.security is SmtpSecurity.STARTTLS:
            await self._step(SendPhase.STARTTLS, client.starttls(), waits.command)
            # What was offered in clear is not to be believed (RFC 3207 section 4.2).
            await self._step(SendPhase.EHLO, _greet(client), waits.command)
        if server.username:
            signing_in = _authenticate(client, server.username, server.password)
            await self._step(SendPhase.AUTH, signing_in, waits.command)

    async def _step(self, phase: SendPhase, step: Awaitable[_Said], seconds: float) -> _Said:
        self.phase = phase
        async with asyncio.timeout(seconds):
            return await step

    def _hand_over(self) -> SmtpConnection:
        transport = self._client.transport
        if transport is None:
            raise ConnectionError("the server closed the connection")
        if certificate := transport.get_extra_info("peercert"):
            ends = ssl.cert_time_to_seconds(certificate["notAfter"])
            self.certificate_ends_at = datetime.fromtimestamp(ends, UTC)
        talk = Conversation(cast(asyncio.Transport, transport))
        return SmtpConnection(talk, self._server, self._client.esmtp_extensions)

    def _abort(self) -> None:
        """Close at once: a peer that is silent would draw out the end of TLS as well."""
        if self._client.transport is not None:
            cast(asyncio.Transport, self._client.transport).abort()
        self._client.close()


async def _dial(host: str, port: int, *, seconds: float) -> socket.socket:
    """Reach a host at the first of its addresses that answers, each of which has some seconds for it."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds):
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    problem: OSError = OSError(f"no address of {host} is known")
    for family, kind, protocol, _, address in addresses:
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            # Name servers tell of address families that this kernel does not speak.
            problem = error
            continue
        sock.settimeout(0)
        try:
            async with asyncio.timeout(seconds):
                await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            problem = error
        except asyncio.CancelledError:
            sock.close()
            raise
        else:
            return sock
    raise problem


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Say EHLO; an old server that does not know it is told HELO."""
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code not in _EHLO_UNKNOWN:
            raise
        await client.helo()


async def _authenticate(client: aiosmtplib.SMTP, username: str, password: str) -> None:
    """Sign in; TLS protects the password, so that the plainest method is as good as any (RFC 4954)."""
    methods = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    offered = [method for name, method in methods.items() if name in client.server_auth_methods]
    if not offered:
        raise aiosmtplib.SMTPNotSupported("AUTH")
    while offered:
        try:
            await offered.pop(0)(username, password)
        except aiosmtplib.SMTPAuthenticationError as error:
            if not offered or error.code < 500 or error.code in _SIGN_IN_REFUSED:
                raise
        else:
            return


#: What errors are signs of; the first that fits counts.
_TROUBLES: tuple[tuple[type[BaseException], Trouble], ...] = (
    (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
    (ssl.SSLError, Trouble.TLS),
    (TimeoutError, Trouble.SILENT),
    (aiosmtplib.SMTPServerDisconnected, Trouble.SILENT),
    (socket.gaierror, Trouble.UNKNOWN_HOST),
    (UnicodeError, Trouble.UNKNOWN_HOST),
    (OSError, Trouble.UNREACHABLE),
)


def _trouble(error: BaseException | None, phase: SendPhase) -> Trouble:
    """Return what kind of thing went wrong before the first message."""
    if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if error.code <= 0:
            return Trouble.NOT_SMTP
        is_password = phase is SendPhase.AUTH and error.code >= 500
        return Trouble.SIGN_IN_REFUSED if is_password else Trouble.REFUSED
    for kind, trouble in _TROUBLES:
        if isinstance(error, kind):
            return trouble
    return {SendPhase.STARTTLS: Trouble.NO_STARTTLS, SendPhase.AUTH: Trouble.NO_SIGN_IN}.get(
        phase, Trouble.REFUSED
    )


def _explain(error: Exception, phase: SendPhase, place: str) -> TransportError:
    """Turn whatever went wrong before the first message into one line that says what to do."""
    if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(error.__cause__, OSError):
        # What went wrong with TLS from the first byte is told inside.
        error = error.__cause__
    words = plain(str(error))
    match error:
        case aiosmtplib.SMTPResponseException():
            return _explain_reply(error, phase, place)
        case ssl.SSLCertVerificationError():
            reason = error.verify_message
            return TransportError(f"the certificate of {place} does not verify: {reason}", permanent=True)
        case ssl.SSLError():
            return TransportError(
                f"{place} cannot agree with us on TLS ({plain(error.reason or words)}): "
                "check SMTP_PORT and SMTP_SECURITY"
            )
        case TimeoutError():
            reached = phase is not SendPhase.CONNECT
            advice = f" at {phase.value}" if reached else ": check SMTP_HOST, SMTP_PORT and SMTP_SECURITY"
            return TransportError(f"{place} did not answer in time{advice}")
        case aiosmtplib.SMTPServerDisconnected():
            return TransportError(f"{place} closed the connection at {_AT.get(phase, phase.value)}")
        case OSError():
            return TransportError(f"{place} cannot be reached: {words}")
        case aiosmtplib.SMTPException() if phase is SendPhase.STARTTLS:
            return TransportError(
                f"{place} offers no STARTTLS: set SMTP_SECURITY=tls (port 465), "
                "or none for a server on this machine",
                permanent=True,
            )
        case aiosmtplib.SMTPNotSupported():
            return TransportError(
                f"{place} offers no sign-in that we know: empty SMTP_USERNAME, or check SMTP_PORT",
                permanent=True,
            )
        case _:
            return TransportError(f"{place}: {type(error).__name__}: {words}")


def _explain_reply(error: aiosmtplib.SMTPResponseException, phase: SendPhase, place: str) -> TransportError:
    code, text = max(0, error.code), plain(error.message)
    verdict = judge(Reply(phase=phase, code=code, text=text, enhanced=enhanced_code(text)))
    permanent = verdict.outcome is SendOutcome.FAILED
    if not code:
        return TransportError(f"{place} does not speak SMTP ({text}): check SMTP_PORT and SMTP_SECURITY")
    if not permanent:
        return TransportError(f"{place} takes no mail for now: {code} {text}")
    if phase is SendPhase.AUTH:
        advice = "check SMTP_USERNAME and SMTP_PASSWORD"
        return TransportError(f"{place} refused the sign-in ({code} {text}): {advice}", permanent=True)
    advice = "check SMTP_HOST and SMTP_PORT, or ask who runs it"
    return TransportError(f"{place} refuses us ({code} {text}): {advice}", permanent=True)
