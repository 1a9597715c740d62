"""What a process uses until it ends: CPU, time, and memory at its peak, with all processes that it starts."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: How often memory is looked at.
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a process used, and what it printed."""

    cpu_seconds: float
    seconds: float
    #: Of all its processes at once, at the highest of the looks.
    peak_megabytes: float
    output: str


def use_of(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Used:
    """Run a command to its end.

    The kernel's own peak (`ru_maxrss`) would count what the process was before it became this command.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=output,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        peak = 0.0
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, sum(map(_peak_megabytes, family(process.pid))))
            time.sleep(_LOOK_SECONDS)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{process.args!r}: exit {process.returncode}\n{errors.read()[-4000:]}")
        return Used(
            cpu_seconds=used.ru_utime + used.ru_stime,
            seconds=seconds,
            peak_megabytes=peak,
            output=output.read(),
        )


def family(pid: int) -> list[int]:
    """Return a process and all that it started, by id; those that have ended are left out."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def _peak_megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
