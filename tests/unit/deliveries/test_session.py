"""A session with a server that may say anything: it ends, and it claims nothing that is not so."""

from __future__ import annotations

import asyncio
import re

from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.deliveries.conversation import Conversation
from newsletter.deliveries.server import SmtpSecurity, SmtpServer
from newsletter.deliveries.session import SmtpConnection
from newsletter.errors import TransportError
from newsletter.model.deliveries import SendOutcome, SendResult
from newsletter.model.messages import Message

O = SendOutcome  # noqa: E741
MESSAGE = Message(
    sender="d@example.org", recipient="ada@example.org", message_id="<1@example.org>", pieces=(b"a: b\r\n",)
)
END = b"a: b\r\n.\r\n"
SERVER = SmtpServer(host="mx.test", port=25, security=SmtpSecurity.TLS)
GOOD = (b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"250 taken\r\n")


class ScriptedTransport(asyncio.Transport):
    """Answers each thing written with the next piece of a script, and closes when nobody goes on."""

    def __init__(self, script: tuple[bytes, ...]) -> None:
        super().__init__()
        self.script = list(script)
        self.written: list[bytes] = []
        #: What had been said when a piece of content came, and after it.
        self.heard = b""
        self.heard_after_end = b""
        self.closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.written.append(bytes(data))
        loop = asyncio.get_running_loop()
        loop.call_soon(self._answer, self.script.pop(0) if self.script else b"")
        self._wait(len(self.written), 20)

    def _answer(self, octets: bytes) -> None:
        if octets and not self.closed:
            if self.ended:
                self.heard_after_end += octets
            self.protocol.data_received(octets)

    def _wait(self, written: int, ticks: int) -> None:
        """Close the connection unless something more is written in time."""
        if self.closed or len(self.written) != written:
            return
        if ticks:
            asyncio.get_running_loop().call_soon(self._wait, written, ticks - 1)
        else:
            self.protocol.eof_received()
            self.closed = True

    @property
    def ended(self) -> bool:
        return END in self.written


async def hand_over(
    script: tuple[bytes, ...], *, in_groups: bool = False
) -> tuple[SendResult | None, ScriptedTransport, bool]:
    """Send one message; return the result, None if an error was raised, and whether the store was asked."""
    transport = ScriptedTransport(script)
    connection = SmtpConnection(Conversation(transport), SERVER, {"pipelining": ""} if in_groups else {})
    asked = False

    async def before_content() -> bool:
        nonlocal asked
        asked = True
        return True

    try:
        result: SendResult | None = await connection.send(MESSAGE, before_content=before_content)
    except TransportError:
        result = None
    await connection.close()
    assert transport.closed
    return result, transport, asked


replies = st.sampled_from(
    [b"250 ok\r\n", b"354 go on\r\n", b"421 bye\r\n", b"450 later\r\n", b"550 5.1.1 no\r\n", b"250-more\r\n",
     b"250 ok\r\n250 ok\r\n", b"250 ok\r\n421 bye\r\n", b"25", b"\r\n", b"", b"what?\r\n", b"\xff\x00\n"]
)  # fmt: skip
steps = st.one_of(replies, st.binary(max_size=12))
#: Mostly well-behaved, so that later phases are reached.
scripts = st.tuples(*(st.one_of(st.just(good), st.just(good), steps) for good in GOOD))


@settings(max_examples=examples(400))
@given(scripts)
@example(GOOD)
@example((*GOOD[:3], b"250 taken\r\n250 again\r\n"))
@example((b"250 ok\r\n250 ok\r\n", *GOOD[1:]))
@example((GOOD[0], b"250 ok\r\n354 go on\r\n", *GOOD[2:]))
@example((*GOOD[:2], b"354 go on\r\n250 taken\r\n", b""))
def test_whatever_a_server_says_nothing_is_claimed_that_is_not_so(script: tuple[bytes, ...]) -> None:
    result, transport, asked = asyncio.run(hand_over(script))
    said = [line for line in transport.written if line != b"QUIT\r\n"]
    assert [line[:4] for line in said] == [b"MAIL", b"RCPT", b"DATA", END[:4]][: len(said)]
    assert len(said) < 3 or asked
    check(result, transport, asked=asked)


#: The same where the first three are said at once.
groups = st.builds(
    lambda mail, rcpt, data, dot: (mail + rcpt + data, dot),
    *(st.one_of(st.just(good), st.just(good), steps) for good in GOOD),
)


@settings(max_examples=examples(100))
@given(groups)
@example((b"".join(GOOD[:3]), GOOD[3]))
@example((b"".join(GOOD[:3]), b"250 taken\r\n250 again\r\n"))
@example((b"250 ok\r\n550 5.1.1 no\r\n354 go on\r\n", b"250 taken\r\n"))
@example((b"250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n", b"250 taken\r\n"))
def test_nor_is_it_where_commands_come_in_groups(script: tuple[bytes, ...]) -> None:
    result, transport, asked = asyncio.run(hand_over(script, in_groups=True))
    said = [octets for octets in transport.written if octets != b"QUIT\r\n"]
    assert [octets[:4] for octets in said] == [b"MAIL", END[:4]][: len(said)]
    assert len(said) < 2 or asked
    check(result, transport, asked=asked)


def check(result: SendResult | None, transport: ScriptedTransport, *, asked: bool) -> None:
    if result is None:
        assert not asked, "once the store has it as being sent, there is a result"
        return
    after = transport.heard_after_end
    if result.outcome is O.ACCEPTED:
        assert transport.ended
        assert re.match(rb"(2\d\d-[^\n]*\n)*2\d\d", after)
    elif result.outcome is O.UNCERTAIN:
        assert transport.ended
        assert not re.match(rb"[245]\d\d(?!\d)[^-\n][^\n]*\n", after)
    elif transport.ended:
        assert re.search(rb"^[45]\d\d", after, re.MULTILINE)


def test_a_flood_of_replies_fills_no_memory() -> None:
    async def flood() -> tuple[Conversation, ScriptedTransport]:
        transport = ScriptedTransport(())
        conversation = Conversation(transport)
        for _ in range(1000):
            conversation.data_received(b"250 ok\r\n")
        return conversation, transport

    conversation, transport = asyncio.run(flood())
    assert transport.closed
    assert len(conversation._heard) < 100
