"""Work on one document in a process of its own, which can be stopped whatever it is doing."""

import math
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

from newsletter.errors import NewsletterError, TimeLimitError

Result = TypeVar("Result")

#: How long a process that was told to stop may take to be gone, s.
_FAREWELL_SECONDS = 10


def run_apart(work: Callable[[], Result], *, limit_seconds: float) -> Result:
    """Do some work in a process of its own, and stop it when its time is up.

    The process costs about half a second to start: worth it only for what may never end. It limits its own
    CPU time too, so that it ends even if we are killed first.

    Args:
        work: Must survive pickling, and so must what it returns: a `functools.partial` of a function.
        limit_seconds: Wall time that it may take, its start included.

    Raises:
        TimeLimitError: It took too long, or the process died.
        NewsletterError: As the work raised it.
    """
    # A fresh interpreter: a fork of a process with threads may hang before it has begun.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, theirs, math.ceil(limit_seconds) + 1), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(limit_seconds):
            raise TimeLimitError(f"it took longer than {limit_seconds:g} s")
        outcome = ours.recv()
    except EOFError as error:
        raise TimeLimitError("the process that worked on it died") from error
    finally:
        ours.close()
        process.kill()
        process.join(_FAREWELL_SECONDS)
    if isinstance(outcome, NewsletterError):
        raise outcome
    result: Result = outcome
    return result


def _work(work: Callable[[], object], results: Connection, limit_seconds: int) -> None:
    """Run inside the process."""
    # Ctrl-C is for the parent, who then stops us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_cpu(limit_seconds)
    try:
        results.send(work())
    except NewsletterError as error:
        results.send(error)


def _limit_cpu(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
