"""Envelopes in groups, and ahead of their turn (RFC 2920): no reply is taken for another command's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from faults.fault import Fault, Pace, Phase, Then
from faults.groups import ADA, BO, CHI, GROUP, SERVER, O, P, is_lost, line, message, no, says, send

from newsletter.errors import SenderRefusedError, StoreError
from newsletter.model.deliveries import SendOutcome
from newsletter.model.feedback import BounceKind


@pytest.mark.parametrize("pace", Pace)
async def test_an_envelope_is_one_write_and_so_is_a_content_with_the_next(pace: Pace) -> None:
    with_dots = ADA._replace(pieces=(b".a\r\n..b\r\n.\r\n",))
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
    bad = BO._replace(recipient=following)
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
