"""Taking turns at what is dear: no more than two passwords are hashed at once."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_AT_ONCE = 2

#: Requests that may wait for their turn; a hash takes some hundredths of a second.
_MOST_WAITING = 50


class Turns:
    """Does work in threads, two pieces at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def take(
        self, work: Callable[_Given, _Result], *args: _Given.args, **options: _Given.kwargs
    ) -> _Result:
        """Do a piece of work when it is its turn.

        Raises:
            HTTPException: 503; too many wait already.
        """
        if self._waiting >= _MOST_WAITING:
            raise HTTPException(
                503, "Too many people sign in at once. Try again in a minute.", headers={"Retry-After": "60"}
            )
        self._waiting += 1
        try:
            async with self._room:
                return await run_in_threadpool(work, *args, **options)
        finally:
            self._waiting -= 1
