"""The clock that faces hand to what runs for long, and one that nobody sets."""

import time
from collections.abc import Callable
from datetime import datetime

#: Returns the time, UTC.
Clock = Callable[[], datetime]

#: One that goes on while the machine sleeps, where there is one.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_seconds() -> float:
    """Return the seconds since some moment, by a clock that nobody sets."""
    return time.clock_gettime(_STEADY)
