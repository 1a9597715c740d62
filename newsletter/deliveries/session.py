"""One SMTP session: messages one after another, and what is known of each."""

import asyncio
import math
from collections.abc import Mapping
from typing import NamedTuple

from newsletter.deliveries.conversation import ALL_WELL, BLOCK, FINAL_DOT, Conversation, normalised, stuffed
from newsletter.deliveries.envelope import CHECK_SENDER, Envelope, EnvelopeMaker, without_token
from newsletter.deliveries.replies import Answer
from newsletter.deliveries.server import SmtpServer
from newsletter.deliveries.transport import BeforeContent, Taken
from newsletter.deliveries.verdicts import Concern, Verdict, judge
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

#: "Service not available, closing" (RFC 5321 section 3.8): another connection may be served.
_CLOSING = 421

#: How long a silence is taken for a habit, in seconds: it may have been the network's.
_BELIEVED_SECONDS = 3600.0

#: Longest envelope that is said ahead, in octets: `Conversation.content` relies on its being short.
_LONGEST_AHEAD = 2000


class _Outgoing(NamedTuple):
    """A message as it goes over the wire; a tuple, as `Envelope` is."""

    message: Message
    envelope: Envelope
    #: The content in pieces, stuffed, without its final dot.
    pieces: tuple[bytes, ...]
    #: How long they are together, in octets.
    length: int


class SmtpConnection:
    """One SMTP session, signed in, that takes messages one after another.

    Where the server takes commands in groups (PIPELINING, RFC 2920), a message's envelope is said in one go,
    and that of the next message right behind the content: one round trip for each message instead of four.

    Attributes:
        announces: Whether the server takes commands in groups.
    """

    def __init__(self, talk: Conversation, server: SmtpServer, extensions: Mapping[str, str]) -> None:
        self._talk = talk
        self._server = server
        self._extensions = extensions
        self._envelopes = EnvelopeMaker(extensions)
        self.announces = "pipelining" in extensions
        self._clock = asyncio.get_running_loop().time
        self._closes_at = self._clock() + server.connection_seconds
        self._sent = 0
        #: The envelope sender that was said last.
        self._sender = ""
        #: Whether the server has answered MAIL: a session that ends later ends for its own reasons.
        self._served = False
        #: Whether an envelope was begun and not ended.
        self._open_envelope = False
        #: What was said ahead, and is not sent yet.
        self._announced: _Outgoing | None = None
        #: What was said ahead behind the content at hand.
        self._behind: _Outgoing | None = None
        #: Is asked what follows a message that was taken.
        self._taken: Taken | None = None
        #: Whether the message at hand, which was said ahead, is not to be sent after all.
        self._is_withdrawn = False

    async def send(
        self,
        message: Message,
        *,
        before_content: BeforeContent,
        following: Message | None = None,
        taken: Taken | None = None,
    ) -> SendResult:
        """Send one message; see `Connection.send`.

        A session that had served others and is lost at MAIL says nothing about this message: the result is
        DEFERRED at MAIL with code 0 or 421 and not reusable, and a fresh connection is to be asked.

        Raises:
            SenderRefusedError: The server refuses the sender: no mail of this list would get through.
            TransportError: The server takes no mail from us, or a fresh connection was lost at MAIL.
        """
        announced, self._announced = self._announced, None
        if announced is not None and announced.message is not message:
            # The server waits for the content of another message: nothing else can be said to it.
            self._talk.close()
            announced = None
        outgoing = announced or self._outgoing(message)
        if isinstance(outgoing, Reply):
            return self._result(outgoing, Verdict(outcome=SendOutcome.FAILED))
        self._taken = taken
        self._sent += 1
        self._sender = message.sender
        self._talk.deadline = self._clock() + self._server.message_deadline_seconds
        try:
            refused = await self._say_envelope(outgoing.envelope, is_said=announced is not None)
            if refused is not None:
                return refused
            asked_at = self._clock()
            if not await before_content():
                return self._withdrawn()
            # The server is not to blame for what the store takes.
            self._talk.deadline += self._clock() - asked_at
            return await self._content(outgoing.pieces, following)
        except BaseException as error:
            # A reply that nobody waits for any more would be taken for the next command's, and a server that
            # waits for a content would take the next command for one.
            in_content = self.announces and not isinstance(error, TransportError)
            if in_content or isinstance(error, asyncio.CancelledError):
                self._talk.close()
            raise

    def go_on(self, following: Message | None) -> None:
        """Send the message whose envelope was agreed to; see `Onward.go_on`."""
        outgoing, self._behind = self._behind, None
        if outgoing is None:
            # Closed meanwhile.
            self._talk.let_go()
            return
        now = self._clock()
        self._sent += 1
        self._sender = outgoing.message.sender
        self._talk.deadline = now + self._server.message_deadline_seconds
        behind = self._behind = self._ahead(following, now)
        self._talk.go_on(outgoing.pieces, b"" if behind is None else behind.envelope.group, now=now)

    def withdraw(self) -> None:
        """Do not send the message whose envelope was agreed to; see `Onward.withdraw`."""
        self._is_withdrawn = True
        # The server waits for its content.
        self._talk.close()
        self._talk.let_go()

    def _goes_on(self, answer: Answer) -> bool:
        """Ask whether the message behind the one that was taken is to be sent."""
        if self._taken is None or self._behind is None or self._behind.length + len(FINAL_DOT) > BLOCK:
            return False
        return self._taken(answer.to_content, self)

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
            # A server that waits for a content would take the goodbye for one.
            if self._talk.is_open and self._announced is None:
                timeout = self._server.timeouts.quit
                await self._talk.command(SendPhase.QUIT, "QUIT", timeout_seconds=timeout)
        finally:
            self._talk.close()

    def _outgoing(self, message: Message) -> _Outgoing | Reply:
        """Return a message as it goes over the wire, or why it cannot go to this server."""
        if message.is_wire:
            pieces, size = message.pieces, message.size
        else:
            content = normalised(message.content)
            pieces, size = (stuffed(content),), len(content)
        envelope = self._envelopes.make(message, size)
        if isinstance(envelope, Reply):
            return envelope
        length = size if message.is_wire else len(pieces[0])
        return _Outgoing(message, envelope, pieces, length)

    async def _say_envelope(self, envelope: Envelope, *, is_said: bool) -> SendResult | None:
        """Say the envelope, unless it is said already; return a result if the message goes no further."""
        timeout = self._server.timeouts.command
        if self._open_envelope and not is_said:
            # Said now and not when the last message ended: its outcome had not to wait for it.
            reply = await self._talk.command(SendPhase.RSET, "RSET", timeout_seconds=timeout)
            if not 200 <= reply.code < 300:
                return self._lost(f"the session was lost at {reply}")
        if self.announces:
            if not is_said:
                self._talk.say(envelope.group, len(ALL_WELL))
            elif self._talk.codes(len(ALL_WELL)) == ALL_WELL:
                self._talk.pass_over(len(ALL_WELL))
                self._open_envelope = self._served = True
                return None
            return await self._replies_to_group(envelope, is_said_ahead=is_said)
        for phase, line in ((SendPhase.MAIL, envelope.mail), (SendPhase.RCPT, envelope.rcpt)):
            refused = self._judged(await self._talk.command(phase, line, timeout_seconds=timeout), envelope)
            if refused is not None:
                return refused
        return None

    async def _replies_to_group(self, envelope: Envelope, *, is_said_ahead: bool) -> SendResult | None:
        """Hear the replies to MAIL, RCPT and DATA; return a result if the message goes no further.

        The reply to a command that follows a refused one is heard, too: it belongs to nothing else.
        """
        waits = self._server.timeouts
        asked_at = self._clock()
        mail = await self._talk.reply(SendPhase.MAIL, timeout_seconds=waits.command)
        rcpt = await self._talk.reply(SendPhase.RCPT, timeout_seconds=waits.command)
        ready = await self._talk.reply(SendPhase.DATA, timeout_seconds=waits.data)
        is_agreed = 200 <= mail.code < 300 and 200 <= rcpt.code < 300 and 300 <= ready.code < 400
        if is_agreed and self._talk.is_open:
            self._open_envelope = self._served = True
            return None
        if is_said_ahead and not mail.code:
            self._note_silence(asked_at)
        if is_said_ahead and (odd := self._out_of_step(mail, ready)):
            return self._lost(f"the session was lost: {odd}")
        if max(mail.code, rcpt.code) >= 400 and 300 <= ready.code < 400:
            # It refused the envelope, and waits for the content all the same (RFC 2920 section 3.1).
            self._talk.close()
        for reply in (mail, rcpt, ready):
            refused = self._judged(reply, envelope)
            if refused is not None:
                return refused
        return None

    def _note_silence(self, asked_at: float) -> None:
        """Say nothing ahead for a while to a server that leaves it unanswered: each message would wait."""
        now = self._clock()
        if now - asked_at >= self._server.timeouts.command or now >= self._talk.deadline:
            self._server.habits.drops_until = now + _BELIEVED_SECONDS

    def _out_of_step(self, mail: Reply, ready: Reply) -> str:
        """Return why replies to what was said ahead may be no answer to it, or an empty string.

        A server may hold the envelope of a refused content open, take the rest of a content that it refused
        early for commands, reply twice, or have gone before the content's turn came. What it thinks of this
        message, a fresh connection will tell.
        """
        if mail.code >= 300 and mail.code != _CLOSING:
            return str(mail)
        if 200 <= ready.code < 300:
            return f"{ready} to DATA"
        if ready.code and ready.code < 400 and not self._talk.is_open:
            return "it ended before the content's turn came"
        return ""

    def _judged(self, reply: Reply, envelope: Envelope) -> SendResult | None:
        """Take in a reply to a command of the envelope; return a result if the message goes no further."""
        verdict = judge(reply, smtputf8=envelope.smtputf8, sized=envelope.sized)
        if verdict.outcome is not SendOutcome.ACCEPTED:
            return self._conclude(reply, verdict)
        self._open_envelope = self._served = True
        return None

    def _withdrawn(self) -> SendResult:
        """Leave a message out that must not be sent after all."""
        if self.announces:
            # The server waits for its content.
            self._talk.close()
        reply = Reply(phase=SendPhase.DATA, code=0, text="taken away before it was sent")
        return self._result(reply, Verdict(outcome=SendOutcome.WITHDRAWN))

    async def _content(self, pieces: tuple[bytes, ...], following: Message | None) -> SendResult:
        """Say DATA and the content, its final dot included, and the envelope of the message behind it."""
        timeouts = self._server.timeouts
        if not self.announces:
            reply = await self._talk.command(SendPhase.DATA, "DATA", timeout_seconds=timeouts.data)
            verdict = judge(reply)
            if verdict.outcome is not SendOutcome.ACCEPTED:
                return self._conclude(reply, verdict)
        behind = self._behind = self._ahead(following, self._clock())
        reply, ended = await self._talk.content(
            pieces,
            behind=b"" if behind is None else behind.envelope.group,
            taken=self._goes_on,
            block_timeout_seconds=timeouts.block,
            reply_timeout_seconds=timeouts.content_reply,
        )
        ahead, self._behind = self._behind, None
        if self._is_withdrawn:
            return self._withdrawn()
        verdict = judge(reply, ended=ended)
        # A message that was taken ends its envelope (RFC 5321 section 4.1.1.4).
        self._open_envelope = verdict.outcome is not SendOutcome.ACCEPTED
        if verdict.goes_on and self._talk.is_open:
            self._announced = ahead
        return self._conclude(reply, verdict)

    def _ahead(self, following: Message | None, now: float) -> _Outgoing | None:
        """Return the next message if its envelope can be said now; what is in its way is met in its turn."""
        if following is None or not self.announces or not self._takes_more(now):
            return None
        if now < self._server.habits.drops_until:
            return None
        try:
            outgoing = self._outgoing(following)
        except SenderRefusedError:
            return None
        if isinstance(outgoing, Reply) or len(outgoing.envelope.group) > _LONGEST_AHEAD:
            return None
        return outgoing

    def _lost(self, why: str) -> SendResult:
        """End a session that says nothing about the message at hand; see `send`."""
        self._talk.close()
        lost = Reply(phase=SendPhase.MAIL, code=0, text=why)
        return self._conclude(lost, judge(lost))

    def _conclude(self, reply: Reply, verdict: Verdict) -> SendResult:
        """Close if the session is over, and raise if no recipient is concerned."""
        if not verdict.goes_on:
            self._talk.close()
        before_content = reply.phase in {SendPhase.MAIL, SendPhase.RCPT}
        ended_by_itself = self._served and reply.phase is SendPhase.MAIL and reply.code in {0, _CLOSING}
        if verdict.concern is not Concern.RECIPIENT and before_content and not ended_by_itself:
            raise self._complaint(reply, verdict)
        return self._result(reply, verdict)

    def _takes_more(self, now: float) -> bool:
        """Return whether the session may take another message besides those it has taken."""
        return self._sent < self._server.messages_per_connection and now < self._closes_at

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
        return SendResult(
            outcome=verdict.outcome,
            reply=reply,
            reusable=self._talk.is_open and self._takes_more(self._clock()),
            bounce=verdict.bounce,
            backs_off=verdict.backs_off,
        )
