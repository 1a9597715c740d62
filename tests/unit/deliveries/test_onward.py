"""Contents that follow each other without a word to whoever waits: what may come in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from faults.groups import ADA, BO, CHI, O, is_lost, yes

from newsletter.deliveries.conversation import Conversation
from newsletter.deliveries.server import SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.session import SmtpConnection
from newsletter.deliveries.transport import Onward
from newsletter.model.deliveries import SendPhase, SendResult

AGREED = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n"
TAKEN = b"250 2.0.0 taken\r\n"
HURRIED = Timeouts.scaled(0.1)


class Wire(asyncio.Transport):
    """The client's end of a connection on which the test says what the server says."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_stuck = False
        self._closing = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.client = protocol

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        self._closing = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._closing
        self.written.append(bytes(data))
        if self.is_stuck:
            self.client.pause_writing()


class Stage:
    """A connection that has sent Ada's message and said Bo's envelope behind it."""

    def __init__(self, *, timeouts: Timeouts | None = None) -> None:
        server = SmtpServer(
            host="mx.test", port=25, security=SmtpSecurity.TLS, timeouts=timeouts or Timeouts.scaled(20)
        )
        self.wire = Wire()
        self.connection = SmtpConnection(Conversation(self.wire), server, {"pipelining": ""})
        #: What is to be done when Ada's message was taken and Bo's envelope agreed to.
        self.next: Callable[[Onward], object] = lambda onward: onward.go_on(CHI)
        self.asked: list[str] = []

    async def send(self, *says: bytes) -> SendResult:
        """Send Ada's message; the server agrees to it, and says things when it has it, one by one."""
        sending = asyncio.create_task(
            self.connection.send(ADA, before_content=yes, following=BO, taken=self._taken)
        )
        await turns()
        for words in (AGREED, *says):
            if not self.wire.is_closing():
                self.wire.client.data_received(words)
            await turns()
        return await sending

    def _taken(self, reply: str, onward: Onward) -> bool:
        self.asked.append(reply)
        asyncio.get_running_loop().call_soon(self.next, onward)
        return True

    @property
    def contents(self) -> int:
        return sum(octets.count(b"\r\n.\r\n") for octets in self.wire.written)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_returned_is_about_the_last_content() -> None:
    stage = Stage()
    result = await stage.send(TAKEN + AGREED, b"550 5.7.1 not Bo's\r\n")
    assert stage.asked == ["content: 250 2.0.0 taken"]
    assert (result.outcome, result.reply.text) == (O.FAILED, "5.7.1 not Bo's")
    assert stage.contents == 2
    assert stage.wire.written[-1].endswith(b"DATA\r\n"), "Chi's envelope"


@pytest.mark.parametrize(
    "says",
    [
        (TAKEN, AGREED),
        (TAKEN + AGREED[:20], AGREED[20:]),
        (TAKEN + b"450 4.2.0 later\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n",),
        (b"451 4.3.0 later\r\n" + AGREED,),
        (TAKEN + AGREED + b"250 2.0.0 one more\r\n",),
        (TAKEN + AGREED + b"no reply of SMTP\r\n",),
    ],
)
async def test_what_is_not_as_usual_is_left_to_whoever_waits(says: tuple[bytes, ...]) -> None:
    stage = Stage()
    result = await stage.send(*says)
    assert not stage.asked
    assert result.outcome is (O.DEFERRED if says[0].startswith(b"451") else O.ACCEPTED)
    assert stage.contents == 1


async def test_after_words_that_are_no_reply_nothing_is_said_any_more() -> None:
    stage = Stage()
    result = await stage.send(TAKEN + AGREED + b"no reply of SMTP\r\n")
    assert (result.outcome, result.reusable) == (O.ACCEPTED, False)
    assert is_lost(await stage.connection.send(BO, before_content=yes))


@pytest.mark.parametrize("says", [b"", b"421 4.3.2 closing\r\n", b"250 2.0.0 what for?\r\n"])
async def test_a_session_that_ends_while_the_next_content_is_held_has_nothing_of_it(says: bytes) -> None:
    stage = Stage()

    def end(onward: Onward) -> None:
        if says:
            stage.wire.client.data_received(says)
        else:
            stage.wire.client.eof_received()
        onward.go_on(CHI)

    stage.next = end
    result = await stage.send(TAKEN + AGREED)
    assert (result.outcome, result.reply.phase, result.reusable) == (O.DEFERRED, SendPhase.CONTENT, False)
    assert stage.contents == 1


async def test_a_message_that_is_taken_away_is_not_written() -> None:
    stage = Stage()
    stage.next = lambda onward: onward.withdraw()
    result = await stage.send(TAKEN + AGREED)
    assert (result.outcome, result.reusable) == (O.WITHDRAWN, False)
    assert stage.contents == 1
    assert stage.wire.is_closing()


async def test_silence_after_the_next_content_leaves_that_one_in_doubt() -> None:
    stage = Stage(timeouts=HURRIED)
    result = await stage.send(TAKEN + AGREED)
    assert (result.outcome, result.reusable) == (O.UNCERTAIN, False)
    assert stage.contents == 2


async def test_the_server_is_not_blamed_for_the_time_that_the_next_step_takes() -> None:
    stage = Stage(timeouts=Timeouts.scaled(0.1))
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def go_on(onward: Onward) -> None:
        onward.go_on(None)
        held.set()

    # Longer than the server may be silent.
    stage.next = lambda onward: loop.call_later(0.5, go_on, onward)
    sending = asyncio.create_task(stage.send(TAKEN + AGREED))
    await held.wait()
    stage.wire.client.data_received(TAKEN)
    assert (await sending).outcome is O.ACCEPTED


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_way_that_takes_no_more_of_the_next_content_leaves_no_doubt(goes_on: bool) -> None:
    stage = Stage(timeouts=HURRIED)

    def go_on(onward: Onward) -> None:
        stage.wire.is_stuck = True
        onward.go_on(CHI)
        if goes_on:
            stage.wire.client.resume_writing()

    stage.next = go_on
    result = await stage.send(TAKEN + AGREED)
    assert result.outcome is (O.UNCERTAIN if goes_on else O.DEFERRED)
    assert not result.reusable


async def test_whoever_goes_on_after_all_is_over_does_no_harm() -> None:
    stage = Stage()
    held: list[Onward] = []
    stage.next = held.append
    sending = asyncio.create_task(stage.send(TAKEN + AGREED))
    while not held:
        await asyncio.sleep(0)
    await turns()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await stage.connection.close()
    held[0].go_on(CHI)
    held[0].withdraw()
    assert stage.contents == 1
