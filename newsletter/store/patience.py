"""Calls that may never come back: each in a thread that has no other, which nobody has to wait for.

A database behind a dropped route, or one that is stopped, answers neither yes nor no. The threads of
`asyncio.to_thread` would keep the process from ending: asyncio and the interpreter wait for them.
"""

import asyncio
import contextvars
import os
import queue
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


class _Hand:
    """A thread that does one call after another, and ends when it has had nothing to do for a while."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="store", daemon=True).start()

    def take(self, call: Callable[[], None]) -> None:
        """Do a call, after those that it has."""
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                # Whoever has taken it out of the idle ones is about to give it a call.
                with _lock:
                    if self in _idle:
                        _idle.remove(self)
                        return
                call = self._calls.get()
            call()
            del call
            with _lock:
                _idle.append(self)


#: How long a thread waits for another call, in seconds.
_IDLE_SECONDS = 5.0

_lock = threading.Lock()
#: Those that wait for a call; the one that was busy last comes first.
_idle: list[_Hand] = []


def _forget_threads() -> None:
    """Begin without threads in a process that was forked: its parent's are not in it."""
    _idle.clear()
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget_threads)


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

    with _lock:
        hand = _idle.pop() if _idle else None
    (hand or _Hand()).take(run)
    return future
