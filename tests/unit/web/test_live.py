"""How far an edition has come, and how that is told again and again."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import EditionState, PublishedEdition
from newsletter.model.status import EditionStatus
from newsletter.web.operator.live import Paces, Progress, Telling, progress_of
from newsletter.web.operator.reading import seconds_words

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
S = DeliveryState


def standing(state: EditionState = EditionState.OPEN, *, edition_id: int = 1, **counts: int) -> EditionStatus:
    edition = PublishedEdition(
        id=edition_id,
        uid="x",
        list_name="daily",
        number=7,
        subject="News",
        created_at=NOW,
        slot_at=None,
        audience=sum(counts.values()),
        state=state,
    )
    return EditionStatus(edition=edition, counts={S(name): count for name, count in counts.items()})


@pytest.mark.parametrize(
    ("state", "pace", "trouble", "words"),
    [
        (standing(queued=10), None, "", "0 of 10 readers accepted; 10 to go."),
        (
            standing(accepted=80, queued=100, sending=20, deferred=3),
            40.0,
            "",
            "80 of 203 readers accepted; 120 to go at 40 a second: less than a minute. 3 to be tried again.",
        ),
        (
            standing(accepted=1, queued=3600),
            0.5,
            "",
            "1 of 3,601 readers accepted; 3,600 to go at 0.5 a second: about 2 hours.",
        ),
        (
            standing(accepted=1, queued=1),
            0.0,
            "",
            "1 of 2 readers accepted; 1 to go. Nothing goes out just now.",
        ),
        (
            standing(accepted=1, queued=1),
            4.0,
            "535 no",
            "1 of 2 readers accepted; 1 waiting. Nothing goes out: 535 no",
        ),
        (
            standing(EditionState.PAUSED, accepted=1, queued=1),
            4.0,
            "",
            "Paused. 1 of 2 readers accepted; 1 waiting.",
        ),
        (
            standing(EditionState.CANCELLED, accepted=1, suppressed=1),
            None,
            "",
            "Cancelled. 1 of 2 readers accepted.",
        ),
        (standing(accepted=1), None, "", "1 of 1 reader accepted. Nobody waits."),
        (standing(), None, "", "0 of 0 readers accepted. Nobody waits."),
    ],
)
def test_a_sentence_says_how_far_it_has_come(
    state: EditionStatus, pace: float | None, trouble: str, words: str
) -> None:
    assert progress_of(state, per_second=pace, trouble=trouble).words["summary"] == words


@given(st.fixed_dictionaries({state.value: st.integers(0, 10_000) for state in S}))
def test_progress_is_a_share_and_ends_when_nobody_waits(counts: dict[str, int]) -> None:
    progress = progress_of(standing(**counts), per_second=3.0)
    assert 0 <= progress.share <= 100
    open_states = ("queued", "claimed", "sending", "deferred")
    assert progress.is_over is (sum(counts[name] for name in open_states) == 0)
    assert progress.words.keys() == {*S, "summary", "announced"}


def test_a_pace_is_that_of_the_last_two_minutes() -> None:
    paces = Paces()
    assert paces.per_second(standing(queued=1000), now=NOW) is None
    for seconds in range(1, 600):
        # 10 a second at first, then 2.
        done = 10 * min(seconds, 60) + 2 * max(0, seconds - 60)
        state = standing(accepted=done, queued=5000 - done)
        pace = paces.per_second(state, now=NOW + timedelta(seconds=seconds))
    assert pace == pytest.approx(2)


def test_a_clock_that_is_set_back_makes_no_pace() -> None:
    paces = Paces()
    paces.per_second(standing(accepted=50, queued=50), now=NOW)
    earlier = NOW - timedelta(hours=1)
    assert paces.per_second(standing(accepted=60, queued=40), now=earlier) is None


def test_only_so_many_editions_are_remembered() -> None:
    paces = Paces()
    for number in range(200):
        paces.per_second(standing(edition_id=number, queued=1), now=NOW)
    assert len(paces._looks) == 50


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (60, "about 1 minute"),
        (89 * 60, "about 89 minutes"),
        (7200, "about 2 hours"),
        (3 * 86400, "about 3 days"),
    ],
)
def test_spans_of_time_are_round(seconds: float, words: str) -> None:
    assert seconds_words(seconds) == words


# --- telling --------------------------------------------------------------------------------------------


class Looks:
    """Progress that is one more at each look, and over at the end."""

    def __init__(self, *, end: int = 10**6) -> None:
        self.count = 0
        self._end = end

    async def __call__(self, edition_id: int) -> Progress:
        self.count += 1
        return Progress(
            words={"summary": f"{self.count}"}, share=float(self.count), is_over=self.count >= self._end
        )


async def told(telling: Telling) -> list[Any]:
    events = [event async for event in telling.stream(1)]
    return [json.loads(event.decode().split("data: ")[1]) for event in events if b"data: " in event]


async def test_a_stream_tells_every_change_until_the_edition_is_over() -> None:
    telling = Telling(Looks(end=3), stopping=asyncio.Event(), every=0.001)
    events = await told(telling)
    assert [event["words"]["summary"] for event in events] == ["1", "2", "3"]
    assert [event["over"] for event in events] == [False, False, True]


async def test_a_stream_ends_with_its_time_and_with_the_process() -> None:
    stopping = asyncio.Event()
    looks = Looks()
    await told(Telling(looks, stopping=stopping, every=0.001, longest=0.01))
    assert looks.count >= 1
    stopping.set()
    looks = Looks()
    await asyncio.wait_for(told(Telling(looks, stopping=stopping, every=1000, longest=1000)), 20)
    assert looks.count == 1


async def test_watchers_of_one_edition_share_a_look_and_are_counted() -> None:
    stopping = asyncio.Event()
    looks = Looks()
    telling = Telling(looks, stopping=stopping, every=1000, longest=1000, most=3)
    streams = [telling.stream(1) for _ in range(3)]
    for stream in streams:
        await anext(stream)
    assert (looks.count, telling.is_full) == (1, True)
    await streams[0].aclose()
    assert not telling.is_full
    stopping.set()
    for stream in streams[1:]:
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert telling._watchers == 0
