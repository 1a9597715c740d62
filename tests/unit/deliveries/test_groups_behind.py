"""What stands behind a content in a group (RFC 2920), when that comes to grief or its end is cut."""

from __future__ import annotations

import asyncio
import math

import pytest
from faults.fault import Fault, Pace, Phase, Then
from faults.groups import ADA, BO, CHI, GROUP, HURRIED, O, P, is_lost, line, message, says, send, yes
from faults.wire import HIGH_WATER

from newsletter.deliveries.conversation import BLOCK
from newsletter.model.deliveries import SendPhase
from newsletter.model.feedback import BounceKind

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
