"""This process does everything: each kind of work in a loop of its own that waits to be woken."""

import asyncio
from collections.abc import Iterable

from newsletter.engine.base import Verb, Works, attempt
from newsletter.model.jobs import JobKind


class Local:
    """Does all work here, one thing of each kind at a time."""

    def __init__(self, kinds: Iterable[JobKind]) -> None:
        """Prepare; nothing is done before `run`.

        Args:
            kinds: What is done here.
        """
        self.kinds = frozenset(kinds)
        self._due = {kind: asyncio.Event() for kind in self.kinds}

    async def run(self, works: Works, *, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; what is in hand is done first."""
        await asyncio.gather(*(self._loop(kind, works.verbs[kind], stopping) for kind in sorted(self.kinds)))

    def wake(self, kind: JobKind, *, tick: int | None = None) -> None:  # noqa: ARG002 - there is one clock here
        """Let something be done soon."""
        if kind in self._due:
            self._due[kind].set()

    async def _loop(self, kind: JobKind, verb: Verb, stopping: asyncio.Event) -> None:
        due = self._due[kind]
        while await _woken(due, stopping):
            due.clear()
            await attempt(kind, verb)


async def _woken(due: asyncio.Event, stopping: asyncio.Event) -> bool:
    """Wait to be woken; return False when it is to stop."""
    waits = [asyncio.create_task(event.wait()) for event in (due, stopping)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return not stopping.is_set()
