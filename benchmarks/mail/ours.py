"""Our sender as a process of its own: the app delivers what is due, and says what that cost.

    python -m benchmarks.mail.ours SETTINGS.json [--uvloop] [--slices N]

It prints one line of JSON: seconds of CPU and of the clock within `App.deliver`. What comes before, imports
and the opening of the store, is told apart, for worker processes as for this one.
"""

from __future__ import annotations

import time

_STARTED = time.monotonic()

import gc  # noqa: E402 - the clock comes first

# As `newsletter.__main__` does.
gc.set_threshold(10_000)

import argparse  # noqa: E402
import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.measured import family  # noqa: E402
from newsletter.app import App  # noqa: E402


def _now() -> datetime:
    return datetime.now(UTC)


def _cpu_seconds() -> float:
    """Return what this process and those that it has waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _workers_seconds() -> float:
    """Return the CPU that processes started by this one have used until now."""
    ticks = os.sysconf("SC_CLK_TCK")
    used = 0
    for pid in family(os.getpid())[1:]:
        # proc(5): user and system time are the 14th and 15th field, and the name before them may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / ticks


class _Notes:
    """When the first result had come, what workers had used by then, and what each so many results cost."""

    def __init__(self, slice_length: int) -> None:
        self._length = slice_length
        self._count = 0
        self._cpu = _cpu_seconds()
        self.first_at: float | None = None
        self.workers_start = 0.0
        self.slices: list[float] = []

    def note(self) -> None:
        """Note a result."""
        if self.first_at is None:
            self.first_at = time.monotonic()
            self.workers_start = _workers_seconds()
        self._count += 1
        if self._length and self._count % self._length == 0:
            used = _cpu_seconds()
            self.slices.append(used - self._cpu)
            self._cpu = used


def _run(app: App, *, uvloop: bool, slice_length: int) -> dict[str, Any]:
    cpu, clock, notes = _cpu_seconds(), time.monotonic(), _Notes(slice_length)

    async def deliver() -> dict[str, int]:
        """Send everything that is due."""
        report = await app.deliver(clock=_now, stopping=asyncio.Event(), on_result=notes.note)
        return {state.value: count for state, count in report.outcomes.items()}

    loop = None
    if uvloop:
        import uvloop as fast

        loop = fast.new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        outcomes = runner.run(deliver())
    app.close()
    return {
        "cpu_seconds": _cpu_seconds() - cpu - notes.workers_start,
        "seconds": time.monotonic() - clock,
        "start_cpu_seconds": cpu,
        "first_result_seconds": notes.first_at - _STARTED if notes.first_at else None,
        "slices": notes.slices,
        "messages": sum(outcomes.values()),
        "outcomes": outcomes,
    }


def main() -> None:
    """Deliver, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--slices", type=int, default=0, help="tell the CPU of each so many messages")
    options = parser.parse_args()
    app = App.isolated(**json.loads(options.settings.read_text()))
    # Paid once in a process's life: in a short run it would be told of each message.
    import newsletter.deliveries.smtp  # noqa: F401

    app.check_store()
    found = _run(app, uvloop=options.uvloop, slice_length=options.slices)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
