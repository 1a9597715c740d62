"""A row of messages over a server that goes wrong anywhere: the server's book and our results agree."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace

import pytest
from faults.server import Fault, FaultServer, Pace, Phase, Then
from faults.wire import Wire
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.deliveries.conversation import BLOCK, Conversation
from newsletter.deliveries.server import Habits, SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.session import SmtpConnection
from newsletter.deliveries.transport import Onward
from newsletter.errors import TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase, SendResult
from newsletter.model.feedback import BounceKind
from newsletter.model.messages import Message

O = SendOutcome  # noqa: E741
P = Phase
SERVER = SmtpServer(
    host="mx.test",
    port=25,
    security=SmtpSecurity.TLS,
    messages_per_connection=4,
    timeouts=Timeouts.scaled(0.004),
)
NAMES = ("ada", "bo", "chi", "dag", "eve")
SENDER = "d+{}@example.org"

#: Where a refusal is said, whom it is about, and what else happens; each names its reader and its place, so
#: that a reply taken for another's would show.
REFUSALS = ("450 4.7.1 not now", "550 5.1.1 no such user", "554 5.7.1 no", "421 4.3.2 closing")


def refusal(words: str, name: str, phase: Phase) -> bytes:
    return f"{words}: {name} at {phase}\r\n".encode()


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    phase = draw(st.sampled_from([P.MAIL, P.RCPT, P.DATA, P.CONTENT, P.DOT, P.RSET]))
    name = draw(st.sampled_from(NAMES))
    then = draw(st.sampled_from([Then.GO_ON] * 4 + [Then.CLOSE, Then.RESET, Then.STALL]))
    more: dict[str, object] = {"then": then}
    proper = {P.DATA: "354 go on", P.CONTENT: ""}.get(phase, "250 2.0.0 fine")
    says = draw(st.sampled_from(["refusal", "nothing", "half", "twice", "proper"]))
    if phase is P.CONTENT:
        says = draw(st.sampled_from(["refusal", "nothing"]))
        more["after_octets"] = draw(st.sampled_from([1, 50, 70_000]))
        if says == "refusal":
            more["then"] = draw(st.sampled_from([then, Then.COMMANDS]))
    if phase is P.DOT:
        more["keeps_envelope"] = says == "refusal" and draw(st.booleans())
        more["takes"] = says in {"nothing", "half"} and draw(st.booleans())
    octets = {
        "refusal": refusal(draw(st.sampled_from(REFUSALS)), name, phase),
        "nothing": b"",
        "half": b"250 2.0",
        "twice": f"{proper}\r\n{proper}\r\n".encode(),
        "proper": f"{proper}\r\n".encode() if proper else b"",
    }[says]
    if more["then"] is Then.GO_ON and (says == "half" or (says, phase) == ("nothing", P.DOT)):
        # The next reply would pass for this one: nobody can see through that.
        more["then"] = Then.STALL
    recipient = {P.MAIL: SENDER.format(name), P.RSET: ""}.get(phase, f"{name}@example.org")
    return Fault(
        phase=phase,
        says=octets,
        recipient=recipient,
        times=draw(st.sampled_from([0, 1, 1])) if recipient else 1,
        skips=draw(st.integers(0, 4)) if not recipient else 0,
        **more,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """Messages, and how they are sent."""

    faults: tuple[Fault, ...]
    pace: Pace
    #: By message: how far behind it the announced one stands, 0 for none; only the next one is the truth.
    announced: tuple[int, ...]
    #: Whether it is taken away, and its size.
    withdrawn: tuple[bool, ...]
    sizes: tuple[int, ...]
    #: How many turns of the event loop pass before the next one follows it, if that is not `send`'s to do.
    strides: tuple[int | None, ...] = (None,) * 5


five = lambda what: st.tuples(*[what] * len(NAMES))  # noqa: E731
rows = st.builds(
    Row,
    faults=st.lists(faults(), max_size=4).map(tuple),
    pace=st.sampled_from(Pace),
    announced=five(st.sampled_from([1, 1, 1, 1, 0, 2])),
    withdrawn=five(st.sampled_from([False] * 9 + [True])),
    sizes=five(st.sampled_from([60, 60, 60, BLOCK - 40, BLOCK - 3, 200_000])),
    strides=five(st.sampled_from([None, 0, 1, 5])),
)


@dataclass
class Told:
    """What we know of each message in the end, by its reader's name."""

    results: dict[str, SendResult | TransportError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class Worker:
    """Sends one message after another: over a connection, and once over a fresh one."""

    def __init__(self, row: Row, server: FaultServer, *, in_groups: bool) -> None:
        self.row, self.server, self.in_groups = row, server, in_groups
        self.told = Told()
        self.wires: list[Wire] = []
        self.connection: SmtpConnection | None = None
        #: Silence is the point of some faults; a machine that is slow is none.
        timeouts = SERVER.timeouts if row.faults else Timeouts.scaled(20)
        self.there = replace(SERVER, timeouts=timeouts, habits=Habits())
        self.messages = [
            Message(
                sender=SENDER.format(name),
                recipient=f"{name}@example.org",
                message_id=f"<{name}@example.org>",
                pieces=(b"a: b\r\n\r\n", b"x" * size + b"\r\n"),
            )
            for name, size in zip(NAMES, row.sizes, strict=True)
        ]
        #: Which message is in hand.
        self.place = 0
        self.sends = 0

    def following(self) -> Message | None:
        ahead = self.row.announced[self.place]
        return self.messages[self.place + ahead] if ahead and self.place + ahead < len(NAMES) else None

    async def before_content(self) -> bool:
        self.told.asked.append(NAMES[self.place])
        return not self.row.withdrawn[self.place]

    def taken(self, words: str, onward: Onward) -> bool:
        stride = self.row.strides[self.place]
        if stride is None or self.row.announced[self.place] != 1:
            return False
        code, text = words.removeprefix("content: ").split(" ", 1)
        reply = Reply(phase=SendPhase.CONTENT, code=int(code), text=text)
        self.told.results[NAMES[self.place]] = SendResult(outcome=O.ACCEPTED, reply=reply, reusable=True)
        self.place += 1
        self.told.asked.append(NAMES[self.place])
        asyncio.get_running_loop().call_soon(self.go_on, onward, stride)
        return True

    def go_on(self, onward: Onward, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self.go_on, onward, turns - 1)
        elif self.row.withdrawn[self.place]:
            onward.withdraw()
        else:
            onward.go_on(self.following())

    async def work(self) -> None:
        while self.place < len(NAMES):
            await self.send()
            self.place += 1
        if self.connection is not None:
            await self.connection.close()
        if all(fault.then is not Then.STALL for fault in self.row.faults):
            await asyncio.gather(*(wire.ended() for wire in self.wires))

    async def send(self) -> None:
        """Send the message in hand, and maybe others; the last one is in hand then, and known."""
        while True:
            self.sends += 1
            first, is_fresh = self.place, self.connection is None
            if self.connection is None:
                self.wires.append(Wire(self.server))
                offers = {"pipelining": ""} if self.in_groups else {}
                self.connection = SmtpConnection(Conversation(self.wires[-1]), self.there, offers)
            try:
                result = await self.connection.send(
                    self.messages[self.place],
                    before_content=self.before_content,
                    following=self.following(),
                    taken=self.taken,
                )
            except TransportError as error:
                assert self.place == first, "one is on its way already"
                self.told.results[NAMES[self.place]] = error
                await self.connection.close()
                self.connection = None
                return
            self.told.results[NAMES[self.place]] = result
            if not result.reusable:
                await self.connection.close()
                self.connection = None
            is_lost = result.outcome is O.DEFERRED and result.reply.phase is SendPhase.MAIL
            if is_fresh or result.reusable or not is_lost:
                return
            assert NAMES[self.place] not in self.told.asked, "it may stand as being sent in the store"


async def send_all(row: Row, server: FaultServer, *, in_groups: bool) -> Told:
    worker = Worker(row, server, in_groups=in_groups)
    await worker.work()
    return worker.told


def check(row: Row, server: FaultServer, told: Told) -> None:
    received = {name.partition("@")[0]: count for name, count in server.book.received().items()}
    assert not server.book.out_of_turn
    assert sorted(told.asked) == sorted(set(told.asked))
    for place, name in enumerate(NAMES):
        result = told.results[name]
        if isinstance(result, TransportError):
            assert (received.get(name, 0), name in told.asked) == (0, False)
        else:
            check_copies(result, received.get(name, 0), left_out=row.withdrawn[place])
            check_reply(result, name)
    if not row.faults:
        outcomes = [told.results[name].outcome for name in NAMES]  # type: ignore[union-attr]
        assert outcomes == [O.WITHDRAWN if left_out else O.ACCEPTED for left_out in row.withdrawn]
    for taken in server.book.taken:
        name = taken.recipient.partition("@")[0]
        assert taken.content == b"a: b\r\n\r\n" + b"x" * row.sizes[NAMES.index(name)] + b"\r\n"
        assert taken.sender == SENDER.format(name)


def check_copies(result: SendResult, copies: int, *, left_out: bool) -> None:
    assert copies <= 1
    if result.outcome is O.ACCEPTED:
        assert copies == 1
    elif copies:
        assert result.outcome is O.UNCERTAIN
    if left_out:
        assert (copies, result.outcome in {O.ACCEPTED, O.UNCERTAIN}) == (0, False)
    else:
        assert result.outcome is not O.WITHDRAWN


def check_reply(result: SendResult, name: str) -> None:
    if result.outcome is O.UNCERTAIN:
        assert result.reply.phase is SendPhase.CONTENT
    if result.reply.code >= 400 and (about := re.search(r": (\w+) at ", result.reply.text)):
        assert about[1] == name, "another reader's refusal"
    if result.bounce is BounceKind.HARD:
        assert name in result.reply.text
        assert result.outcome is O.FAILED


def play(row: Row, *, in_groups: bool) -> None:
    server = FaultServer(*row.faults, extensions=("PIPELINING",) if in_groups else (), pace=row.pace)
    told = asyncio.run(send_all(row, server, in_groups=in_groups))
    check(row, server, told)


SOUND = Row(
    faults=(),
    pace=Pace.TOGETHER,
    announced=(1,) * 5,
    withdrawn=(False,) * 5,
    sizes=(60, BLOCK - 3, 60, 60, 60),
)
#: The worker is woken only when the connection has had its share.
STRIDING = replace(SOUND, strides=(0, 1, 2, 0, 1))
#: The wrong one is announced, and refused: that is nobody else's refusal.
REFUSED = replace(
    SOUND,
    faults=(Fault(phase=P.RCPT, says=refusal(REFUSALS[1], "chi", P.RCPT), recipient="chi@example.org"),),
    announced=(2, 1, 1, 1, 0),
)
LOOSE = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
THOROUGH = settings(LOOSE, max_examples=1000)


@LOOSE
@given(rows)
@example(SOUND)
@example(STRIDING)
@example(REFUSED)
def test_book_and_results_agree_in_groups(row: Row) -> None:
    play(row, in_groups=True)


@settings(LOOSE, max_examples=25)
@given(rows)
@example(SOUND)
def test_book_and_results_agree_one_by_one(row: Row) -> None:
    play(row, in_groups=False)


@pytest.mark.sweep
@THOROUGH
@given(rows, st.booleans())
def test_book_and_results_agree_over_many_rows(row: Row, in_groups: bool) -> None:
    play(row, in_groups=in_groups)


@pytest.mark.parametrize("pace", Pace)
@pytest.mark.parametrize("turns", [0, 3])
def test_contents_follow_each_other_without_a_word_to_their_worker(pace: Pace, turns: int) -> None:
    server = FaultServer(extensions=("PIPELINING",), pace=pace)
    row = replace(SOUND, strides=(turns,) * 5, sizes=(60, 60, BLOCK - 50, 60, 200_000))
    worker = Worker(row, server, in_groups=True)
    asyncio.run(worker.work())
    check(row, server, worker.told)
    # Four over the first connection, one over the next.
    assert worker.sends == 2 or pace is not Pace.TOGETHER


def test_a_sound_server_takes_the_whole_row() -> None:
    server = FaultServer(extensions=("PIPELINING",))
    told = asyncio.run(send_all(SOUND, server, in_groups=True))
    assert {name: result.outcome for name, result in told.results.items()} == dict.fromkeys(NAMES, O.ACCEPTED)  # type: ignore[union-attr]
    # A connection is left after its share of four.
    assert server.book.connections == 2
