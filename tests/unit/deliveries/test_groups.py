"""Envelopes in groups, and ahead of their turn (RFC 2920): no reply is taken for another command's."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from faults.server import Fault, FaultServer, Pace, Phase, Then
from faults.wire import HIGH_WATER, Wire

from newsletter.deliveries.conversation import BLOCK, Conversation
from newsletter.deliveries.server import Habits, SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.session import SmtpConnection
from newsletter.errors import SenderRefusedError, StoreError
from newsletter.model.deliveries import SendOutcome, SendPhase, SendResult
from newsletter.model.feedback import BounceKind
from newsletter.model.messages import Message

O = SendOutcome  # noqa: E741
P = Phase
SERVER = SmtpServer(host="mx.test", port=25, security=SmtpSecurity.TLS, timeouts=Timeouts.scaled(20))
HURRIED = replace(SERVER, timeouts=Timeouts.scaled(0.1))
OFFERS = ("PIPELINING", "SIZE 30000000", "ENHANCEDSTATUSCODES")
GROUP = ["MAIL", "RCPT", "DATA"]


def message(name: str, size: int = 100) -> Message:
    content = b"Subject: x\r\n\r\n" + b"z" * (size - 16) + b"\r\n"
    return Message(
        sender="d@example.org",
        recipient=f"{name}@example.org",
        message_id="<1@example.org>",
        pieces=(content,),
    )


ADA, BO, CHI = message("ada"), message("bo"), message("chi")


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


@dataclass
class Line:
    """A server that takes groups, and the connections to it."""

    server: FaultServer
    settings: SmtpServer = SERVER
    wires: list[Wire] = field(default_factory=list)

    def connect(self, **how: int) -> SmtpConnection:
        wire = Wire(self.server, **how)
        self.wires.append(wire)
        return SmtpConnection(Conversation(wire), self.settings, {"pipelining": "", "size": "30000000"})

    async def close(self, connection: SmtpConnection) -> None:
        await connection.close()
        assert not self.server.book.out_of_turn
        for wire in self.wires:
            if all(fault.then is not Then.STALL for fault in self.server.faults):
                await wire.ended()

    @property
    def verbs(self) -> list[str]:
        return [line[:4] for line in self.server.book.commands]

    @property
    def received(self) -> dict[str, int]:
        return {name.partition("@")[0]: count for name, count in self.server.book.received().items()}


def line(*faults: Fault, pace: Pace = Pace.TOGETHER, settings: SmtpServer = SERVER) -> Line:
    settings = replace(settings, habits=Habits())
    settings = replace(settings, habits=Habits())
    return Line(FaultServer(*faults, extensions=OFFERS, pace=pace), settings)


def says(phase: Phase, words: str, recipient: str = "ada@example.org", **more: object) -> Fault:
    octets = "".join(f"{reply}\r\n" for reply in words.split(" / ")).encode()
    return Fault(phase=phase, says=octets, recipient=recipient, **more)  # type: ignore[arg-type]


async def send(
    connection: SmtpConnection,
    what: Message,
    following: Message | None = None,
    before: Callable[[], Awaitable[bool]] = yes,
) -> SendResult:
    return await connection.send(what, before_content=before, following=following)


def is_lost(result: SendResult) -> bool:
    """Whether a fresh connection is to be asked, and nobody's attempt used up."""
    return (result.outcome, result.reply.phase, result.reusable) == (O.DEFERRED, SendPhase.MAIL, False)


@pytest.mark.parametrize("pace", Pace)
async def test_an_envelope_is_one_write_and_so_is_a_content_with_the_next(pace: Pace) -> None:
    with_dots = replace(ADA, pieces=(b".a\r\n..b\r\n.\r\n",))
    there = line(pace=pace)
    connection = there.connect()
    results = [
        await send(connection, with_dots, BO),
        await send(connection, BO, CHI),
        await send(connection, CHI),
    ]
    await there.close(connection)
    assert [result.outcome for result in results] == [O.ACCEPTED] * 3
    assert there.verbs == [*GROUP * 3, "QUIT"]
    assert [taken.content for taken in there.server.book.taken] == [m.content for m in (with_dots, BO, CHI)]
    (wire,) = there.wires
    assert len(wire.written) == 5


@pytest.mark.parametrize("pace", Pace)
@pytest.mark.parametrize(
    ("fault", "outcome", "bounce"),
    [
        (says(P.RCPT, "550 5.1.1 no such user"), O.FAILED, BounceKind.HARD),
        (says(P.RCPT, "450 4.7.1 greylisted"), O.DEFERRED, BounceKind.NONE),
        (says(P.DATA, "451 4.3.0 later"), O.DEFERRED, BounceKind.NONE),
    ],
)
async def test_a_refusal_in_a_group_is_that_readers_alone(
    pace: Pace, fault: Fault, outcome: SendOutcome, bounce: BounceKind
) -> None:
    there = line(fault, pace=pace)
    connection = there.connect()
    first = await send(connection, BO, ADA)
    refused = await send(connection, ADA, CHI)
    last = await send(connection, CHI)
    await there.close(connection)
    assert (first.outcome, refused.outcome, last.outcome) == (O.ACCEPTED, outcome, O.ACCEPTED)
    assert (refused.bounce, refused.reusable) == (bounce, True)
    assert there.verbs == [*GROUP, *GROUP, "RSET", *GROUP, "QUIT"], "chi was not announced behind nothing"
    assert there.received == {"bo": 1, "chi": 1}


async def test_a_refused_sender_is_told_after_all_replies_were_heard() -> None:
    there = line(says(P.MAIL, "553 5.7.1 not yours", "", times=1))
    connection = there.connect()
    with pytest.raises(SenderRefusedError):
        await send(connection, ADA)
    assert (await send(connection, BO)).outcome is O.ACCEPTED
    await there.close(connection)
    assert there.verbs == [*GROUP, *GROUP, "QUIT"]


async def test_no_content_is_sent_where_data_is_agreed_to_for_nobody() -> None:
    there = line(says(P.RCPT, "550 5.1.1 no such user"), says(P.DATA, "354 go on"))
    connection = there.connect()
    result = await send(connection, ADA)
    await there.close(connection)
    assert (result.outcome, result.bounce, result.reusable) == (O.FAILED, BounceKind.HARD, False)
    assert there.server.book.broken_off == [b""]
    assert there.verbs == GROUP


async def test_421_in_a_group_ends_it_whether_the_server_closes_or_not() -> None:
    there = line(says(P.RCPT, "421 4.3.2 closing", then=Then.STALL))
    connection = there.connect()
    async with asyncio.timeout(10):
        result = await send(connection, ADA)
    await there.close(connection)
    assert (result.outcome, result.backs_off, result.reusable) == (O.DEFERRED, True, False)


async def test_a_message_taken_away_after_354_leaves_nothing_behind() -> None:
    there = line()
    connection = there.connect()
    assert (await send(connection, ADA, BO)).outcome is O.ACCEPTED
    result = await send(connection, BO, CHI, before=no)
    await there.close(connection)
    assert (result.outcome, result.reusable) == (O.WITHDRAWN, False)
    assert there.server.book.broken_off == [b""]
    assert there.received == {"ada": 1}


async def test_a_store_that_fails_after_354_leaves_nothing_behind() -> None:
    async def fail() -> bool:
        raise StoreError("full")

    there = line()
    connection = there.connect()
    with pytest.raises(StoreError):
        await send(connection, ADA, before=fail)
    await there.close(connection)
    assert there.server.book.broken_off == [b""], "a goodbye would be taken for content"


async def test_another_message_than_the_announced_one_goes_over_another_connection() -> None:
    there = line()
    connection = there.connect()
    assert (await send(connection, ADA, BO)).outcome is O.ACCEPTED
    assert is_lost(await send(connection, CHI))
    await there.close(connection)
    assert there.server.book.broken_off == [b""]
    fresh = there.connect()
    assert (await send(fresh, CHI, BO)).outcome is O.ACCEPTED
    assert (await send(fresh, BO)).outcome is O.ACCEPTED
    await there.close(fresh)
    assert there.received == {"ada": 1, "bo": 1, "chi": 1}


async def test_a_goodbye_is_not_said_to_a_server_that_waits_for_a_content() -> None:
    there = line()
    connection = there.connect()
    assert (await send(connection, ADA, BO)).reusable
    await there.close(connection)
    assert there.verbs == [*GROUP, *GROUP]
    assert there.server.book.broken_off == [b""]


async def test_nothing_is_announced_beyond_a_connections_share() -> None:
    there = line(settings=replace(SERVER, messages_per_connection=2))
    connection = there.connect()
    results = [await send(connection, ADA, BO), await send(connection, BO, CHI)]
    await there.close(connection)
    assert [(r.outcome, r.reusable) for r in results] == [(O.ACCEPTED, True), (O.ACCEPTED, False)]
    assert there.verbs == [*GROUP, *GROUP, "QUIT"]


async def test_a_connection_that_has_grown_old_behind_an_announcement_goes() -> None:
    there = line()
    connection = there.connect()

    async def grow_old() -> bool:
        # Once the announcement is out.
        asyncio.get_running_loop().call_soon(setattr, connection, "_closes_at", 0.0)
        return True

    result = await send(connection, ADA, BO, before=grow_old)
    assert (result.outcome, result.reusable) == (O.ACCEPTED, False)
    await there.close(connection)
    assert there.received == {"ada": 1}


async def test_an_envelope_too_long_to_go_behind_a_content_waits_for_its_turn() -> None:
    long = message("x" * 5000)
    there = line()
    connection = there.connect()
    assert (await send(connection, ADA, long)).outcome is O.ACCEPTED
    assert there.verbs == GROUP
    assert (await send(connection, long)).outcome is O.ACCEPTED
    await there.close(connection)


@pytest.mark.parametrize("following", ["a\nb@example.org", "no address"])
async def test_what_cannot_be_sent_at_all_is_not_announced(following: str) -> None:
    there = line()
    connection = there.connect()
    bad = replace(BO, recipient=following)
    assert (await send(connection, ADA, bad)).outcome is O.ACCEPTED
    assert (await send(connection, bad, CHI)).outcome is O.FAILED
    assert (await send(connection, CHI)).outcome is O.ACCEPTED
    await there.close(connection)
    assert there.received == {"ada": 1, "chi": 1}


@pytest.mark.parametrize("phase", [P.MAIL, P.RCPT, P.DATA])
@pytest.mark.parametrize("is_ahead", [False, True])
async def test_a_message_given_up_by_us_within_a_group_ends_the_connection(
    phase: Phase, is_ahead: bool
) -> None:
    there = line(Fault(phase=phase, then=Then.STALL, skips=int(is_ahead)))
    connection = there.connect()
    if is_ahead:
        await send(connection, BO, ADA)
    sending = asyncio.create_task(send(connection, ADA))
    for _ in range(20):
        await asyncio.sleep(0)
    assert there.verbs[-1] == phase.value
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert not connection._talk.is_open
    await there.close(connection)
    assert "ada" not in there.received


# What stands behind a content that comes to grief.


@pytest.mark.parametrize("pace", Pace)
@pytest.mark.parametrize("words", ["554 5.7.1 spam", "451 4.7.1 later"])
async def test_what_follows_a_refused_content_goes_on(pace: Pace, words: str) -> None:
    there = line(says(P.DOT, words), pace=pace)
    connection = there.connect()
    refused, last = await send(connection, ADA, BO), await send(connection, BO)
    await there.close(connection)
    assert refused.outcome is (O.FAILED if words[0] == "5" else O.DEFERRED)
    assert last.outcome is O.ACCEPTED
    assert there.verbs == [*GROUP, *GROUP, "QUIT"]
    assert there.received == {"bo": 1}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(says(P.DOT, "554 5.7.1 spam", keeps_envelope=True), id="keeps the envelope"),
        pytest.param(
            says(P.CONTENT, "554 5.7.1 spam", after_octets=20, then=Then.COMMANDS), id="takes it for commands"
        ),
    ],
)
@pytest.mark.parametrize("pace", Pace)
async def test_what_follows_a_content_refused_oddly_goes_over_another_connection(
    fault: Fault, pace: Pace
) -> None:
    there = line(fault, pace=pace)
    connection = there.connect()
    refused = await send(connection, ADA, BO)
    assert refused.outcome is O.FAILED
    if refused.reusable:
        assert is_lost(await send(connection, BO, CHI))
    await there.close(connection)
    assert there.received == {}


@pytest.mark.parametrize("pace", Pace)
@pytest.mark.parametrize(
    "extra", ["250 2.0.0 taken", "354 go on", "451 4.3.0 later", "550 5.1.1 no such user"]
)
async def test_a_reply_too_many_is_nobodys(extra: str, pace: Pace) -> None:
    there = line(says(P.DOT, f"250 2.0.0 taken / {extra}"), pace=pace)
    connection = there.connect()
    first = await send(connection, ADA, BO)
    if first.reusable:
        assert is_lost(await send(connection, BO, CHI))
    await there.close(connection)
    assert first.outcome is O.ACCEPTED
    assert there.received == {"ada": 1}


@pytest.mark.parametrize("phase", [P.MAIL, P.RCPT])
async def test_a_reply_too_few_claims_nothing(phase: Phase) -> None:
    there = line(Fault(phase=phase, says=b""), settings=HURRIED)
    connection = there.connect()
    result = await send(connection, ADA)
    await there.close(connection)
    assert (result.outcome, result.reusable, result.bounce) == (O.DEFERRED, False, BounceKind.NONE)
    assert there.received == {}


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
async def test_a_server_that_goes_between_its_250_and_the_next_replies_costs_nobody_an_attempt(
    then: Then,
) -> None:
    there = line(says(P.DOT, "250 2.0.0 taken", then=then))
    connection = there.connect()
    assert (await send(connection, ADA, BO)).outcome is O.ACCEPTED
    assert is_lost(await send(connection, BO))
    await there.close(connection)
    assert there.received == {"ada": 1}


async def test_a_server_that_goes_while_it_waits_for_the_next_content_costs_nobody_an_attempt() -> None:
    there = line()
    connection = there.connect()
    assert (await send(connection, ADA, BO)).reusable
    there.wires[0].hang_up()
    await there.wires[0].ended()
    asked = []

    async def ask() -> bool:
        asked.append(1)
        return True

    assert is_lost(await send(connection, BO, before=ask))
    assert not asked, "it stands as untouched in the store"
    await there.close(connection)


# Where the end of a content lies among the writes.


@pytest.mark.parametrize("over", range(-4, 9))
async def test_the_end_of_a_content_goes_out_whole_and_with_what_stands_behind_it(over: int) -> None:
    """A reply to an end that went out in an earlier write was once taken for one that came too early."""
    there = line()
    connection = there.connect()
    first, second = await send(connection, message("ada", BLOCK + over - 3), BO), await send(connection, BO)
    await there.close(connection)
    assert (first.outcome, second.outcome) == (O.ACCEPTED, O.ACCEPTED)
    last = next(octets for octets in there.wires[0].written if b"\r\n.\r\n" in octets)
    assert last.endswith(
        b"\r\n.\r\nMAIL FROM:<d@example.org> SIZE=100\r\nRCPT TO:<bo@example.org>\r\nDATA\r\n"
    )
    assert there.received == {"ada": 1, "bo": 1}


@pytest.mark.parametrize("pace", [Pace.AT_ONCE, Pace.TOGETHER])
async def test_an_early_refusal_stops_a_long_content_and_what_stands_behind_it(pace: Pace) -> None:
    there = line(says(P.CONTENT, "552 5.3.4 too big", after_octets=100), pace=pace)
    connection = there.connect()
    result = await send(connection, message("ada", 300_000), BO)
    await there.close(connection)
    assert (result.outcome, result.reusable) == (O.FAILED, False)
    assert there.verbs == GROUP
    assert there.received == {}


@pytest.mark.parametrize("stuck_before_end", [100_000, 70_000, 20_000, 5, 4, 1])
async def test_a_way_that_is_stuck_before_the_end_leaves_no_doubt_only_if_nothing_of_the_end_left(
    stuck_before_end: int,
) -> None:
    size = 200_000
    there = line(settings=HURRIED)
    envelope = len("MAIL FROM:<d@example.org> SIZE=200000\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n")
    connection = there.connect(stuck_after=envelope + size + 3 - stuck_before_end)
    result = await send(connection, message("ada", size), BO)
    await there.close(connection)
    assert there.received == {}
    # Below the mark, asyncio does not tell whether anything waits.
    assert result.outcome is (O.DEFERRED if stuck_before_end > HIGH_WATER else O.UNCERTAIN)
    assert not result.reusable


@pytest.mark.parametrize("behind_end", [0, 1, 50])
async def test_a_way_that_is_stuck_behind_the_end_never_denies_it(behind_end: int) -> None:
    size = 200_000
    there = line(Fault(phase=P.DOT, then=Then.STALL, takes=True), settings=HURRIED)
    envelope = len("MAIL FROM:<d@example.org> SIZE=200000\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n")
    connection = there.connect(stuck_after=envelope + size + 3 + behind_end)
    result = await send(connection, message("ada", size), BO)
    await there.close(connection)
    assert there.received == {"ada": 1}
    assert (result.outcome, result.reusable) == (O.UNCERTAIN, False)


async def test_a_connection_that_ended_behind_an_announcement_takes_nothing_more() -> None:
    """The replies to what was announced were once taken for those to what came instead."""
    there = line(says(P.RCPT, "550 5.1.1 no such user", "bo@example.org"))
    connection = there.connect()
    assert (await send(connection, ADA, BO)).reusable
    for _ in range(2):
        result = await send(connection, CHI)
        assert is_lost(result), result
    await there.close(connection)


async def test_replies_to_an_announcement_are_not_left_to_whoever_sends_next() -> None:
    there = line(says(P.DATA, "354 go on", "bo@example.org", then=Then.CLOSE))
    connection = there.connect()
    assert not (await send(connection, ADA, BO)).reusable
    assert is_lost(await send(connection, CHI))
    await there.close(connection)


async def test_a_conversation_that_is_over_sets_no_alarm() -> None:
    there = line(Fault(phase=P.RCPT, then=Then.CLOSE))
    connection = there.connect()
    assert (await send(connection, ADA)).outcome is O.DEFERRED
    assert connection._talk._alarm is None
    assert is_lost(await send(connection, BO))
    assert connection._talk._alarm is None
    await there.close(connection)


async def test_a_server_that_drops_what_follows_a_content_is_waited_for_once() -> None:
    many = [message(f"r{number}") for number in range(6)]
    talk = line(settings=HURRIED)
    talk.server.drops_what_follows = True
    connection = talk.connect()
    waited: list[str] = []
    for place, one in enumerate(many):
        behind = many[place + 1] if place + 1 < len(many) else None
        result = await connection.send(one, before_content=yes, following=behind)
        if result.outcome is not O.ACCEPTED:
            assert (result.outcome, result.reply.phase, result.reply.code) == (O.DEFERRED, SendPhase.MAIL, 0)
            waited.append(one.recipient)
            connection = talk.connect()
            result = await connection.send(one, before_content=yes, following=behind)
        assert (result.outcome, result.reusable) == (O.ACCEPTED, True)
    await connection.close()
    assert waited == [many[1].recipient]
    assert talk.received == {f"r{number}": 1 for number in range(6)}
    assert 3500 < talk.settings.habits.drops_until - asyncio.get_running_loop().time() <= 3600


async def test_a_server_that_only_ends_the_session_is_spoken_to_ahead_again() -> None:
    talk = line(Fault(phase=P.DOT, says=b"250 2.0.0 ok\r\n", then=Then.CLOSE, times=1))
    connection = talk.connect()
    assert (await connection.send(ADA, before_content=yes, following=BO)).outcome is O.ACCEPTED
    assert (await connection.send(BO, before_content=yes, following=CHI)).outcome is O.DEFERRED
    assert talk.settings.habits.drops_until == -math.inf
