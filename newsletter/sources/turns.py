"""Whose turn it is at a host: one request at a time, and a pause between them where one is wished."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: When its last request ended, in seconds that only go forward.
    ended_at: float = float("-inf")


class Turns:
    """The turns at every host of one run."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def of(self, host: str, *, pause_seconds: float = 0.0) -> AsyncIterator[None]:
        """Wait for the turn at a host, and for the pause since the one before; then hold it."""
        state = self._hosts.setdefault(host, _Host())
        async with state.lock:
            wait = state.ended_at + pause_seconds - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                state.ended_at = time.monotonic()
