"""What answers sign-ups: woken, at intervals, bounded, and in spite of failures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.errors import StoreError
from newsletter.model.readers import LettersReport, LetterState
from newsletter.web.letters import Correspondent

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class Readers:
    """The verbs, with a store of numbers."""

    def __init__(self) -> None:
        self.asked = 0
        self.done: list[str] = []
        self.failures: list[Exception] = []
        self.report = LettersReport()

    def answer(self, *, now: datetime) -> int:
        self.done.append("answer")
        if self.failures:
            raise self.failures.pop()
        looked_at = min(self.asked, 2)
        self.asked -= looked_at
        return looked_at

    async def send_letters(self, *, clock: Callable[[], datetime], stopping: asyncio.Event) -> LettersReport:
        self.done.append("send")
        return self.report

    def forget_stale(self, *, now: datetime) -> int:
        self.done.append("forget")
        return 3


class Desk:
    def __init__(self) -> None:
        self.now = NOW
        self.readers = Readers()
        self.stopping = asyncio.Event()

    @asynccontextmanager
    async def serving(self, *, look_seconds: float = 3600) -> AsyncIterator[Correspondent]:
        correspondent = Correspondent(
            self.readers, clock=lambda: self.now, stopping=self.stopping, look_seconds=look_seconds
        )
        task = asyncio.create_task(correspondent.serve())
        try:
            yield correspondent
        finally:
            self.stopping.set()
            await asyncio.wait_for(task, 20)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_a_sign_up_is_answered_when_it_wakes(desk: Desk) -> None:
    async with desk.serving() as correspondent:
        await desk.until(lambda: desk.readers.done == ["answer", "send", "forget"])
        desk.readers.asked = 1
        correspondent.wake()
        await desk.until(lambda: desk.readers.asked == 0)
        await desk.until(lambda: desk.readers.done[3:5] == ["answer", "send"])


async def test_a_flood_is_answered_in_turns_with_letters_sent_between(desk: Desk) -> None:
    desk.readers.asked = 5
    async with desk.serving():
        await desk.until(lambda: desk.readers.done.count("send") == 4)
    assert [word for word in desk.readers.done if word != "forget"] == ["answer", "send"] * 4


async def test_it_looks_without_being_woken(desk: Desk) -> None:
    async with desk.serving(look_seconds=0.01):
        await desk.until(lambda: desk.readers.done.count("send") > 2)


async def test_what_is_stale_is_forgotten_once_an_hour(desk: Desk) -> None:
    async with desk.serving() as correspondent:
        for minutes, expected in ((0, 1), (59, 1), (60, 2), (61, 2)):
            desk.now = NOW + timedelta(minutes=minutes)
            sent = desk.readers.done.count("send")
            correspondent.wake()
            await desk.until(lambda sent=sent: desk.readers.done.count("send") > sent)
            await desk.until(lambda expected=expected: desk.readers.done.count("forget") == expected)


async def test_a_failure_is_told_and_keeps_nothing_from_its_turn(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.readers.failures = [RuntimeError("odd"), StoreError("the store is gone")]
    async with desk.serving() as correspondent:
        await desk.until(lambda: desk.readers.done.count("forget") == 1)
        correspondent.wake()
        await desk.until(lambda: desk.readers.done.count("send") == 2)
    assert "letters: the store is gone" in caplog.text
    assert "letters: unexpected error" in caplog.text


async def test_trouble_is_told_once_while_it_lasts(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.readers.report = LettersReport(
        outcomes={LetterState.SENT: 2}, due=4, problem="the server does not answer"
    )
    async with desk.serving(look_seconds=0.01):
        await desk.until(lambda: desk.readers.done.count("send") > 3)
    assert caplog.text.count("letters: 4 wait: the server does not answer") == 1
    assert "letters: 2 sent" in caplog.text


async def test_it_ends_at_once_when_it_is_to_stop(desk: Desk) -> None:
    async with desk.serving(look_seconds=3600):
        await desk.until(lambda: "forget" in desk.readers.done)
