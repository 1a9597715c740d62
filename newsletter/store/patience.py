"""Calls that may never come back: each in a thread of its own, which nobody has to wait for.

A database behind a dropped route, or one that is stopped, answers neither yes nor no. The threads of
`asyncio.to_thread` would keep the process from ending: asyncio and the interpreter wait for them.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from newsletter.errors import StoreError

_Result = TypeVar("_Result")


async def apart(work: Callable[[], _Result]) -> _Result:
    """Do blocking work beside the event loop; a process that ends does not wait for it."""
    return await asyncio.wrap_future(_begun(work))


async def apart_in_time(work: Callable[[], _Result], *, seconds: float, place: str) -> _Result:
    """The same, for a call of the store that has so many seconds.

    Raises:
        StoreError: It took longer. Whether it is carried out after all is not known.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await apart(work)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise _too_late(place, seconds) from error


def in_time(
    work: Callable[[], _Result], *, seconds: float, place: str, undo: Callable[[_Result], None] | None = None
) -> _Result:
    """Do a call of the store that has so many seconds, and wait for it.

    Args:
        work: The call.
        seconds: How long it may take.
        place: Where the store is.
        undo: Gives back what the call got after nobody waited for it any more.

    Raises:
        StoreError: It took longer. Whether it is carried out after all is not known.
    """
    future = _begun(work)
    try:
        return future.result(seconds)
    except TimeoutError as error:
        if future.done() and future.exception() is error:
            raise
        if undo is not None:
            future.add_done_callback(lambda late: None if late.exception() else undo(late.result()))
        raise _too_late(place, seconds) from error


def _too_late(place: str, seconds: float) -> StoreError:
    return StoreError(f"the store at {place} has not answered for {seconds:g} seconds")


def _begun(work: Callable[[], _Result]) -> Future[_Result]:
    future: Future[_Result] = Future()
    # Otherwise a task that is cancelled would cancel the future, whose result is then not to be set.
    future.set_running_or_notify_cancel()
    context = contextvars.copy_context()

    def run() -> None:
        """Do the work in this thread, and hand its result or its error to whoever waits."""
        try:
            result = context.run(work)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="store", daemon=True).start()
    return future
