"""Deliveries as they go out: how far an edition has come, told again and again while somebody watches."""

import asyncio
import json
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import EditionState
from newsletter.model.status import EditionStatus
from newsletter.model.words import plural
from newsletter.web.operator.reading import seconds_words

#: States from which a delivery goes on at once; a deferred one waits for its own time.
_AHEAD = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING)

#: Editions whose pace is remembered, and for how long, in seconds.
_MOST_EDITIONS, _REMEMBERED_SECONDS = 50, 120

#: Seconds between two looks that a pace can be told from.
_LEAST_SECONDS = 5


#: Seconds between two looks at an edition that somebody watches.
EVERY_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an edition has come."""

    #: What the page writes into the places that bear these names.
    words: Mapping[str, str]
    #: Per cent of the readers whose delivery is not ahead any more.
    share: float
    #: Nothing more will change by itself.
    is_over: bool


class Paces:
    """Remembers how far editions had come a short while ago; within bounds whatever is asked for."""

    def __init__(self) -> None:
        self._looks: OrderedDict[int, deque[tuple[datetime, int]]] = OrderedDict()

    def per_second(self, state: EditionStatus, *, now: datetime) -> float | None:
        """Note how far an edition has come, and return at what pace; None where that is not known yet.

        Args:
            state: How it stands.
            now: UTC.
        """
        looks = self._looks.setdefault(state.edition.id, deque(maxlen=200))
        self._looks.move_to_end(state.edition.id)
        while len(self._looks) > _MOST_EDITIONS:
            self._looks.popitem(last=False)
        past = state.total - state.count(*_AHEAD)
        while looks and not 0 <= (now - looks[0][0]).total_seconds() <= _REMEMBERED_SECONDS:
            looks.popleft()
        looks.append((now, past))
        first_at, first_past = looks[0]
        seconds = (now - first_at).total_seconds()
        return max(0.0, (past - first_past) / seconds) if seconds >= _LEAST_SECONDS else None


def progress_of(state: EditionStatus, *, per_second: float | None, trouble: str = "") -> Progress:
    """Say how far an edition has come.

    Args:
        state: How it stands.
        per_second: At what pace; None: not known.
        trouble: Why nothing goes out for now; empty: nothing keeps it back.
    """
    ahead, total = state.count(*_AHEAD), state.total
    share = 100 * (total - ahead) / total if total else 100.0
    is_over = not state.waiting or state.edition.state is not EditionState.OPEN
    words = {one.value: f"{state.count(one):,}" for one in DeliveryState}
    words["summary"] = _summary(state, ahead, per_second, trouble)
    # Read out loud by screen readers: at each tenth, not every two seconds.
    words["announced"] = words["summary"] if is_over else f"{int(share // 10 * 10)}% done"
    return Progress(words=words, share=round(share, 1), is_over=is_over)


def _summary(state: EditionStatus, ahead: int, per_second: float | None, trouble: str) -> str:
    accepted = f"{state.count(DeliveryState.ACCEPTED):,} of {plural(state.total, 'reader')} accepted"
    deferred = state.count(DeliveryState.DEFERRED)
    later = f" {deferred:,} to be tried again." if deferred else ""
    if state.edition.state is EditionState.CANCELLED:
        return f"Cancelled. {accepted}."
    if not ahead:
        return f"{accepted}.{later or ' Nobody waits.'}"
    if state.edition.state is EditionState.PAUSED:
        return f"Paused. {accepted}; {ahead:,} waiting."
    if trouble:
        return f"{accepted}; {ahead:,} waiting. Nothing goes out: {trouble}"
    if per_second is None:
        return f"{accepted}; {ahead:,} to go.{later}"
    if per_second == 0:
        return f"{accepted}; {ahead:,} to go. Nothing goes out just now.{later}"
    pace = f"{per_second:,.0f}" if per_second >= 1 else f"{per_second:.1f}"
    return f"{accepted}; {ahead:,} to go at {pace} a second: {seconds_words(ahead / per_second)}.{later}"


class Telling:
    """Tells browsers how editions go on, as server-sent events (HTML, section 9.2).

    Args:
        look: Returns how far an edition has come.
        stopping: Once set, every stream ends.
        every: Seconds between two looks, which watchers of one edition share; None: EVERY_SECONDS.
        longest: Seconds after which a stream ends; the browser asks again, and is let in again or not.
        most: Watchers at once.
    """

    def __init__(
        self,
        look: Callable[[int], Awaitable[Progress]],
        *,
        stopping: asyncio.Event,
        every: float | None = None,
        longest: float = 60.0,
        most: int = 20,
    ) -> None:
        self._look = look
        self._stopping = stopping
        self._every = EVERY_SECONDS if every is None else every
        self._longest = longest
        self._most = most
        self._watchers = 0
        self._turn = asyncio.Lock()
        self._latest: OrderedDict[int, tuple[float, Progress]] = OrderedDict()

    @property
    def is_full(self) -> bool:
        """Whether nobody else can watch."""
        return self._watchers >= self._most

    async def stream(self, edition_id: int) -> AsyncIterator[bytes]:
        """Yield events until the edition is over, the time is up, or the process stops."""
        loop = asyncio.get_running_loop()
        end, told = loop.time() + self._longest, None
        self._watchers += 1
        try:
            while True:
                progress = await self._shared(edition_id, loop.time())
                # A comment keeps the line open where nothing has changed.
                yield _event(progress) if progress != told else b": still so\n\n"
                told = progress
                if progress.is_over or loop.time() >= end or await self._stops():
                    return
        finally:
            self._watchers -= 1

    async def _shared(self, edition_id: int, now: float) -> Progress:
        """Return how far an edition has come, as somebody else has just seen it, if somebody has."""
        async with self._turn:
            seen_at, progress = self._latest.get(edition_id, (float("-inf"), None))
            if progress is None or now - seen_at >= self._every * 0.9:
                progress = await self._look(edition_id)
                self._latest[edition_id] = (now, progress)
                self._latest.move_to_end(edition_id)
                while len(self._latest) > self._most:
                    self._latest.popitem(last=False)
            return progress

    async def _stops(self) -> bool:
        """Wait until it is time for another look; return True if the process stops instead."""
        try:
            async with asyncio.timeout(self._every):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def _event(progress: Progress) -> bytes:
    told = {"words": dict(progress.words), "share": progress.share, "over": progress.is_over}
    return f"event: progress\ndata: {json.dumps(told)}\n\n".encode()
