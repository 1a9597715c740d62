"""Letters: sign-ups are answered by mail beside the requests, so that no answer's time tells who is known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from newsletter.app import App
from newsletter.errors import NewsletterError, SettingsError
from newsletter.model.clock import Clock
from newsletter.model.readers import LettersReport

log = logging.getLogger(__name__)

#: How often letters are looked for that nobody has told of, in seconds: another process may take sign-ups.
_LOOK_SECONDS = 30.0

#: How often sign-ups are forgotten that nobody confirmed.
_FORGET_EVERY = timedelta(hours=1)

#: How long a piece of work is waited for once the process is to stop, in seconds; it is written to be killed.
_STOP_SECONDS = 20.0

_Result = TypeVar("_Result")


class Readers(Protocol):
    """The readers' verbs that letters need; see `newsletter.app.App.readers`."""

    def answer(self, *, now: datetime) -> int:
        """Decide what new sign-ups are answered with; how many were looked at."""

    def send_letters(self, *, clock: Clock, stopping: asyncio.Event) -> Awaitable[LettersReport]:
        """Send the letters that are due."""

    def forget_stale(self, *, now: datetime) -> int:
        """Forget old sign-ups that nobody confirmed; how many."""


class Correspondent:
    """Answers sign-ups and sends the letters, until it is to stop.

    Any number may run on one store: letters are claimed.

    Args:
        readers: The verbs.
        clock: Returns the time, UTC.
        stopping: Once set, it ends.
        look_seconds: How often it looks without being woken.
    """

    def __init__(
        self, readers: Readers, *, clock: Clock, stopping: asyncio.Event, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        self._readers = readers
        self._clock = clock
        self._stopping = stopping
        self._look_seconds = look_seconds
        self._due = asyncio.Event()
        self._forgot_at: datetime | None = None
        self._problem: str | None = None

    def wake(self) -> None:
        """Let it look at once; called in the event loop."""
        self._due.set()

    async def serve(self) -> None:
        """Work until `stopping` is set; what goes wrong is told, and the next look tries again."""
        while not self._stopping.is_set():
            self._due.clear()
            for work in (self._answer, self._send, self._forget):
                await _guarded(work)
            await self._rest()

    async def _answer(self) -> None:
        # A bounded number at a time: a flood must not keep the letters waiting that are due.
        if await self._apart(partial(self._readers.answer, now=self._clock())):
            self._due.set()

    async def _send(self) -> None:
        report = await self._readers.send_letters(clock=self._clock, stopping=self._stopping)
        for state, count in report.outcomes.items():
            log.info("letters: %d %s", count, state.value)
        if report.problem is not None and report.problem != self._problem:
            log.error("letters: %d wait: %s", report.due, report.problem)
        self._problem = report.problem

    async def _forget(self) -> None:
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            self._forgot_at = now
            if count := await self._apart(partial(self._readers.forget_stale, now=now)):
                log.info("%d sign-ups that nobody confirmed are forgotten", count)

    async def _apart(self, work: Callable[[], int]) -> int:
        """Do blocking work; once the process is to stop, leave what does not end to its own fate."""
        working = asyncio.ensure_future(App.apart(work))
        await self._first_of(working)
        if not working.done():
            await asyncio.wait((working,), timeout=_STOP_SECONDS)
        if not working.done():
            working.cancel()
            raise NewsletterError(f"the store does not answer; stopping after {_STOP_SECONDS:g} seconds")
        return working.result()

    async def _rest(self) -> None:
        """Wait to be woken, for the next look, or for the end."""
        due = asyncio.ensure_future(self._due.wait())
        try:
            await self._first_of(due, seconds=self._look_seconds)
        finally:
            due.cancel()

    async def _first_of(self, future: asyncio.Future[_Result], seconds: float | None = None) -> None:
        told = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((future, told), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()


def correspondent_of(app: App, *, clock: Clock, stopping: asyncio.Event) -> Correspondent | None:
    """Return what answers the sign-ups of an install; None where nobody can sign up or no letter be sent.

    Args:
        app: The install.
        clock: Returns the time, UTC.
        stopping: Once set, it ends.
    """
    if not app.settings.public_url:
        return None
    try:
        app.check_sending()
    except SettingsError as error:
        log.warning("sign-ups are not answered by this process: %s", " ".join(error.problems))
        return None
    return Correspondent(app.readers, clock=clock, stopping=stopping)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    """Do one of the works; its failure must not keep the others from their turn."""
    try:
        await work()
    except NewsletterError as error:
        log.error("letters: %s", error)  # noqa: TRY400 - an expected error needs no traceback
    except Exception:
        log.exception("letters: unexpected error; the next look tries again")
