"""A conversation with a server over a connection that is open already: commands are said, replies heard.

Commands may be said in groups (RFC 2920); their replies are then asked for one by one, in their order.
"""

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache

from newsletter.deliveries.replies import Answer, ReplyParser, plain
from newsletter.model.deliveries import Reply, SendPhase

#: Octets of content that are written before the server's silence and its replies are looked at.
BLOCK = 65536

#: The end of a content that is not empty (RFC 5321 section 4.1.1.4).
_END = b"\r\n.\r\n"

#: Ends a content.
FINAL_DOT = b".\r\n"

#: Replies that may wait to be looked at; a server that sends more would fill the memory.
_MOST_UNASKED = 16

#: "Service not available, closing" (RFC 5321 section 3.8): may come at any time.
_CLOSING = 421

_CLOSED = "the server closed the connection"
_OVERDUE = "the whole message took longer than it may"

#: What the envelope behind a content is mostly answered: MAIL, RCPT and DATA.
ALL_WELL = (250, 250, 354)

_LINE_END = re.compile(rb"\r\n|\r|\n")


def normalised(content: bytes) -> bytes:
    """Return content in which every line, the last one too, ends in CRLF and in nothing else.

    A bare CR or LF before a dot could pass for the end of the message and smuggle in another
    (RFC 5321 section 2.3.8).
    """
    ends = content.count(b"\r\n")
    if content.count(b"\r") != ends or content.count(b"\n") != ends:
        content = _LINE_END.sub(b"\r\n", content)
    return content if not content or content.endswith(b"\r\n") else content + b"\r\n"


def stuffed(content: bytes) -> bytes:
    """Return normalised content as it goes over the wire: dots doubled (RFC 5321 section 4.5.2)."""
    dotted = content.replace(b"\r\n.", b"\r\n..")
    return b"." + dotted if content.startswith(b".") else dotted


def _never() -> bool:
    return False


@lru_cache(maxsize=8)
def _silent(seconds: float) -> str:
    return f"no reply in {seconds:g} s"


@lru_cache(maxsize=8)
def _stuck(seconds: float) -> str:
    return f"the server took no more of the message in {seconds:g} s"


class Conversation(asyncio.Protocol):
    """Says commands and hears replies; never raises for what a server says or does.

    A reply's code is 0 where none came; the conversation is over then.

    Attributes:
        deadline: When everything must be through, by the event loop's clock; replies that keep coming do not
            move it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take a connection over; whoever had it hears no more of it."""
        self.deadline = math.inf
        self._transport = transport
        self._parser = ReplyParser()
        self._heard: deque[Answer] = deque()
        #: Replies that are still to come, or to be asked for.
        self._due = 0
        self._over = ""
        self._paused = False
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        #: When the wait at hand has lasted too long, how long that is in seconds, and what is said then.
        self._waits_until = self._seconds = math.inf
        self._late: Callable[[float], str] = _silent
        #: Rings at the end of a wait or earlier, if anybody waits.
        self._alarm: asyncio.TimerHandle | None = None
        self._rings_at = math.inf
        #: Longest waits until the server takes a block, and until it replies to a content, in seconds.
        self._block_seconds = self._reply_seconds = math.inf
        #: Takes the reply to a content, and says whether the next one follows.
        self._taken: Callable[[Answer], bool] | None = None
        #: Whether the next content is to follow, and is not written yet.
        self._is_held = False
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether another command can be said: connected, and no reply is there that was not asked for."""
        return not self._over and len(self._heard) <= self._due

    async def command(self, phase: SendPhase, line: str, *, timeout_seconds: float) -> Reply:
        """Say one command and return its reply.

        Args:
            phase: What the command is, for the reply.
            line: The command without its line end.
            timeout_seconds: Longest wait for the whole reply, however many pieces it comes in.
        """
        self.say(f"{line}\r\n".encode(), 1)
        return await self.reply(phase, timeout_seconds=timeout_seconds)

    def say(self, octets: bytes, count: int) -> None:
        """Say commands at once; for each of them `reply` returns the reply.

        Args:
            octets: The commands with their line ends.
            count: How many they are.
        """
        # What is there already cannot answer what is still to be said.
        if self._heard and (self._due or self._heard[0].code != _CLOSING):
            self._end(f"a reply came that nobody asked for: {self._heard[0].code} {self._heard[0].text}")
            self._heard.clear()
        self._look_around()
        self._due += count
        if not self._over and not self._heard:
            self._transport.write(octets)

    def codes(self, count: int) -> tuple[int, ...] | None:
        """Return the codes of the replies to the earliest commands, if they are all here."""
        if len(self._heard) < count or not self.is_open:
            return None
        return tuple([self._heard[place].code for place in range(count)])

    def pass_over(self, count: int) -> None:
        """Take replies for read whose codes say it all."""
        for _ in range(count):
            self._heard.popleft()
        self._due -= count

    async def reply(self, phase: SendPhase, *, timeout_seconds: float) -> Reply:
        """Return the reply to the earliest command that has none yet.

        Args:
            phase: What the command is, for the reply.
            timeout_seconds: Longest wait for the whole reply, however many pieces it comes in.
        """
        if not self._heard:
            await self._until(_never, timeout_seconds, _silent)
        self._due -= 1
        if not self._heard:
            return Reply(phase=phase, code=0, text=self._over)
        answer = self._heard.popleft()
        if answer.code == _CLOSING:
            # No reply follows it, whatever else was said.
            self._end(f"the server closes: {answer.code} {answer.text}")
        return Reply(phase=phase, code=answer.code, text=answer.text, enhanced=answer.enhanced)

    async def content(
        self,
        pieces: Sequence[bytes],
        *,
        behind: bytes = b"",
        taken: Callable[[Answer], bool] | None = None,
        block_timeout_seconds: float,
        reply_timeout_seconds: float,
    ) -> tuple[Reply, bool]:
        """Send the content and return the reply to its end, and whether the end may have been sent.

        Without its end no server may take a message (RFC 5321 section 4.1.1.4).

        As long as all goes well, contents may follow each other without a word to whoever waits here: `taken`
        is called when one was taken and the envelope behind it agreed to. What is returned is then about the
        last content.

        Args:
            pieces: The content, stuffed, without its final dot.
            behind: MAIL, RCPT and DATA that are said right behind it, at most a few thousand octets; for
                each of them `reply` returns the reply. Empty: nothing is.
            taken: Takes the reply to a content; True: `go_on` or `let_go` will be called, even if the
                conversation is over by then. False: it is returned here.
            block_timeout_seconds: Longest wait until the server takes a block.
            reply_timeout_seconds: Longest wait for the reply to the final dot.
        """
        self._block_seconds, self._reply_seconds = block_timeout_seconds, reply_timeout_seconds
        # The end is written whole and last, with what is said behind it: until then no reply can be an answer
        # to it.
        octets = b"".join((*pieces, FINAL_DOT, behind))
        starts = range(0, max(1, len(octets) - len(behind) - len(_END)), BLOCK)
        for start in starts:
            if start:
                # Let a reply that refuses early, or a lost connection, come in between.
                await asyncio.sleep(0)
            self._look_around()
            if not self.is_open:
                return await self._broken_off()
            self._transport.write(octets[start:] if start == starts[-1] else octets[start : start + BLOCK])
            if self._paused:
                await self._until(lambda: not self._paused, block_timeout_seconds, _stuck)
            if self._paused:
                # What is still waiting here cannot have arrived, the final dot least of all: asyncio goes on
                # once less than 16 KiB wait, and what follows the dot is shorter.
                return await self._broken_off()
        self._due += 1 + len(ALL_WELL) if behind else 1
        if taken is not None and not self._heard:
            self._taken = taken
            try:
                await self._until(_never, reply_timeout_seconds, _silent)
            finally:
                self._taken = None
            if self._is_held or self._paused:
                # Of the last content nothing was written, or not all.
                return await self._broken_off()
        return await self.reply(SendPhase.CONTENT, timeout_seconds=reply_timeout_seconds), True

    def go_on(self, pieces: Sequence[bytes], behind: bytes, *, now: float) -> None:
        """Write the content whose envelope was agreed to; whoever waits in `content` waits for its reply.

        Args:
            pieces: The content, stuffed, without its final dot; at most a block.
            behind: Commands that are said right behind it; as for `content`.
            now: By the event loop's clock.
        """
        if now >= self.deadline or self._transport.is_closing():
            self._look_around()
        if self._over or self._heard:
            self.let_go()
            return
        self._is_held = False
        self._due = 1 + len(ALL_WELL) if behind else 1
        self._transport.write(b"".join((*pieces, FINAL_DOT, behind)))
        if self._paused:
            self._wait_for(self._block_seconds, _stuck, now)
        else:
            self._wait_for(self._reply_seconds, _silent, now)

    def let_go(self) -> None:
        """Let whoever waits in `content` know that nothing follows."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Close without a word; what was heard and not asked for yet is no answer to anything said later."""
        self._end("closed by us")
        self._heard.clear()

    async def _broken_off(self) -> tuple[Reply, bool]:
        self._due += 1
        reply = await self.reply(SendPhase.CONTENT, timeout_seconds=0)
        # The server would take another command for content.
        self._end("the message was broken off")
        return reply, False

    async def _until(
        self, ready: Callable[[], bool], timeout_seconds: float, late: Callable[[float], str]
    ) -> None:
        """Wait until something is ready, a reply has come or the conversation is over; end it if late."""
        if self._over:
            # An alarm set now would keep what is over in memory until it rings.
            return
        self._wait_for(timeout_seconds, late, self._loop.time())
        try:
            while not (ready() or self._heard or self._over):
                self._waiter = self._loop.create_future()
                await self._waiter
        finally:
            self._waiter, self._waits_until = None, math.inf

    def _wait_for(self, seconds: float, late: Callable[[float], str], now: float) -> None:
        """Be woken when so many seconds are over; `late` tells why, of them."""
        self._waits_until, self._seconds, self._late = now + seconds, seconds, late
        # One alarm serves many waits that end after it: it is set anew when it rings.
        if self._rings_at > self._waits_until or self._rings_at > self.deadline:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = min(self._waits_until, self.deadline)
        self._alarm = self._loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        self._alarm, self._rings_at = None, math.inf
        if self._waits_until == math.inf:
            return
        if self._loop.time() < min(self._waits_until, self.deadline):
            self._set_alarm()
        else:
            self._end(_OVERDUE if self.deadline < self._waits_until else self._late(self._seconds))

    def _look_around(self) -> None:
        """See what no event has told yet: nothing can be written to a connection that is closing."""
        if self._loop.time() >= self.deadline:
            self._end(_OVERDUE)
        elif self._transport.is_closing():
            self._end(_CLOSED)

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = reason
            self._transport.abort()
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm, self._rings_at = None, math.inf
        self._wake()

    def _wake(self) -> None:
        # What is held is let go by whoever holds it: a step that is being made durable may still be ours.
        if not self._is_held:
            self.let_go()

    def data_received(self, data: bytes) -> None:
        """Hear replies; called by the event loop."""
        if self._over:
            return
        heard = self._parser.feed(data)
        if self._taken is not None and not self._parser.fault and self._goes_on(heard):
            return
        self._heard += heard
        if self._parser.fault:
            self._end(self._parser.fault)
        elif len(self._heard) > _MOST_UNASKED:
            self._end("replies come that nobody asked for")
        self._wake()

    def _goes_on(self, heard: Sequence[Answer]) -> bool:
        """Let the next content follow if replies say that all is well, and nothing else was heard."""
        if len(heard) != 1 + len(ALL_WELL) or self._due != len(heard) or self._heard:
            return False
        taken, mail, rcpt, ready = heard
        is_well = 200 <= taken.code < 300 and (mail.code, rcpt.code, ready.code) == ALL_WELL
        if not is_well or self._paused or self._is_held or self._taken is None:
            return False
        self._due, self._is_held, self._waits_until = 0, True, math.inf
        if self._taken(taken):
            return True
        self._due, self._is_held = len(heard), False
        return False

    def eof_received(self) -> None:
        """Note that the server says no more; called by the event loop."""
        self._end(_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone; called by the event loop."""
        why = f"the connection was lost: {plain(str(exc))}" if exc else _CLOSED
        self._end(why)

    def pause_writing(self) -> None:
        """Write no more for now; called by the event loop."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on writing; called by the event loop."""
        self._paused = False
        if self._taken is not None and not self._over:
            self._wait_for(self._reply_seconds, _silent, self._loop.time())
        self._wake()
