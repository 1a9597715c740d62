"""One SMTP session: messages one after another, and what is known of each."""

import asyncio
import math
from collections.abc import Mapping

from newsletter.deliveries.conversation import Conversation, normalised, stuffed
from newsletter.deliveries.envelope import CHECK_SENDER, Envelope, make_envelope, without_token
from newsletter.deliveries.server import SmtpServer
from newsletter.deliveries.transport import BeforeContent
from newsletter.deliveries.verdicts import Concern, Verdict, judge
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message


class SmtpConnection:
    """One SMTP session, signed in, that takes messages one after another."""

    def __init__(self, talk: Conversation, server: SmtpServer, extensions: Mapping[str, str]) -> None:
        self._talk = talk
        self._server = server
        self._extensions = extensions
        self._clock = asyncio.get_running_loop().time
        self._closes_at = self._clock() + server.connection_seconds
        self._sent = 0
        #: The envelope sender that was said last.
        self._sender = ""
        #: Whether the server has answered MAIL: a session that ends later ends for its own reasons.
        self._served = False
        #: Whether an envelope was begun and not ended.
        self._open_envelope = False

    async def send(self, message: Message, *, before_content: BeforeContent) -> SendResult:
        """Send one message; see `Connection.send`.

        A session that had served others and is lost at MAIL says nothing about this message: the result is
        DEFERRED at MAIL with code 0 or 421 and not reusable, and a fresh connection is to be asked.

        Raises:
            SenderRefusedError: The server refuses the sender: no mail of this list would get through.
            TransportError: The server takes no mail from us, or a fresh connection was lost at MAIL.
        """
        content = normalised(message.content)
        envelope = make_envelope(message, size=len(content), extensions=self._extensions)
        if isinstance(envelope, Reply):
            return self._result(envelope, Verdict(outcome=SendOutcome.FAILED))
        self._sent += 1
        self._sender = message.sender
        self._talk.deadline = self._clock() + self._server.message_deadline_seconds
        try:
            refused = await self._envelope(envelope)
            if refused is not None:
                return refused
            asked_at = self._clock()
            if not await before_content():
                reply = Reply(phase=SendPhase.DATA, code=0, text="taken away before it was sent")
                return self._result(reply, Verdict(outcome=SendOutcome.WITHDRAWN))
            # The server is not to blame for what the store takes.
            self._talk.deadline += self._clock() - asked_at
            return await self._content(stuffed(content))
        except asyncio.CancelledError:
            # A reply that nobody waits for any more would be taken for the next command's.
            self._talk.close()
            raise

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offers: lower-case keywords and their parameters."""
        return self._extensions

    async def try_sender(self, sender: str, *, size: int) -> str:
        """Say MAIL and nothing more; return why the server takes nothing from a sender, or "" if it does.

        Args:
            sender: Envelope sender.
            size: Of a message that is to go there, bytes.
        """
        timeout = self._server.timeouts.command
        if self._open_envelope:
            await self._talk.command(SendPhase.RSET, "RSET", timeout_seconds=timeout)
        option = f" SIZE={size}" if "size" in self._extensions else ""
        reply = await self._talk.command(
            SendPhase.MAIL, f"MAIL FROM:<{sender}>{option}", timeout_seconds=timeout
        )
        self._open_envelope = True
        return "" if 200 <= reply.code < 300 else str(reply)

    async def close(self) -> None:
        """Say QUIT and close, whatever the server does."""
        self._talk.deadline = math.inf
        try:
            if self._talk.is_open:
                timeout = self._server.timeouts.quit
                await self._talk.command(SendPhase.QUIT, "QUIT", timeout_seconds=timeout)
        finally:
            self._talk.close()

    async def _envelope(self, envelope: Envelope) -> SendResult | None:
        """Say MAIL and RCPT; return a result if the message goes no further."""
        timeout = self._server.timeouts.command
        if self._open_envelope:
            # Said now and not when the last message ended: its outcome had not to wait for it.
            reply = await self._talk.command(SendPhase.RSET, "RSET", timeout_seconds=timeout)
            if not 200 <= reply.code < 300:
                self._talk.close()
                lost = Reply(phase=SendPhase.MAIL, code=0, text=f"the session was lost at {reply}")
                return self._conclude(lost, judge(lost))
        for phase, line in ((SendPhase.MAIL, envelope.mail), (SendPhase.RCPT, envelope.rcpt)):
            reply = await self._talk.command(phase, line, timeout_seconds=timeout)
            verdict = judge(reply, smtputf8=envelope.smtputf8, sized=envelope.sized)
            if verdict.outcome is not SendOutcome.ACCEPTED:
                return self._conclude(reply, verdict)
            self._open_envelope = self._served = True
        return None

    async def _content(self, octets: bytes) -> SendResult:
        """Say DATA and the content, its final dot included."""
        timeouts = self._server.timeouts
        reply = await self._talk.command(SendPhase.DATA, "DATA", timeout_seconds=timeouts.data)
        verdict = judge(reply)
        if verdict.outcome is not SendOutcome.ACCEPTED:
            return self._conclude(reply, verdict)
        reply, ended = await self._talk.content(
            octets,
            block_timeout_seconds=timeouts.block,
            reply_timeout_seconds=timeouts.content_reply,
        )
        verdict = judge(reply, ended=ended)
        # A message that was taken ends its envelope (RFC 5321 section 4.1.1.4).
        self._open_envelope = verdict.outcome is not SendOutcome.ACCEPTED
        return self._conclude(reply, verdict)

    def _conclude(self, reply: Reply, verdict: Verdict) -> SendResult:
        """Close if the session is over, and raise if no recipient is concerned."""
        if not verdict.goes_on:
            self._talk.close()
        before_content = reply.phase in {SendPhase.MAIL, SendPhase.RCPT}
        ended_by_itself = self._served and reply.phase is SendPhase.MAIL and reply.code in {0, 421}
        if verdict.concern is not Concern.RECIPIENT and before_content and not ended_by_itself:
            raise self._complaint(reply, verdict)
        return self._result(reply, verdict)

    def _complaint(self, reply: Reply, verdict: Verdict) -> TransportError:
        """Return what the operator is told, as one line that says what to do."""
        place = f"{self._server.host}:{self._server.port}"
        words = f"{reply.code} {reply.text}".rstrip() if reply.code else reply.text
        permanent = verdict.outcome is SendOutcome.FAILED
        of_recipient = reply.phase is SendPhase.RCPT
        if verdict.concern is Concern.SENDER and permanent:
            sender = without_token(self._sender)
            message = f"{self._server.host} refuses the sender {sender}: {words} ({CHECK_SENDER})"
            return SenderRefusedError(message, permanent=True, of_recipient=of_recipient)
        if verdict.concern is Concern.SENDER:
            message = f"{place} takes nothing from this sender for now: {words}"
            return SenderRefusedError(message, of_recipient=of_recipient)
        if permanent:
            message = f"{place} wants a sign-in: {words} (check SMTP_USERNAME and SMTP_PASSWORD)"
            return TransportError(message, permanent=True, of_recipient=of_recipient)
        return TransportError(f"{place} takes no mail for now: {words}", of_recipient=of_recipient)

    def _result(self, reply: Reply, verdict: Verdict) -> SendResult:
        reusable = (
            self._talk.is_open
            and self._sent < self._server.messages_per_connection
            and self._clock() < self._closes_at
        )
        return SendResult(
            outcome=verdict.outcome,
            reply=reply,
            reusable=reusable,
            bounce=verdict.bounce,
            backs_off=verdict.backs_off,
        )
