"""Feed every parser damaged files, and print what it made of them, what it took, and what broke it.

    python -m benchmarks fuzz [--inputs N] [--parser NAME] [--first NUMBER]

A file is made anew from its number, so that `--first NUMBER --inputs 1` shows one again. Each parser has a
process of its own. Exits with 1 after a crash, a file that takes more than 5 s of CPU, or more than 512 MB.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.damage.making import PARSERS, check, make

#: CPU time that one file may take, s; memory that a parser may take, MB.
_LONGEST = 5
_MOST_MEGABYTES = 512


@dataclass(kw_only=True)
class _Count:
    """What became of the files of one parser so far."""

    #: The number of the next file.
    next: int
    read: int = 0
    refused: int = 0
    crashed: int = 0
    hung: int = 0
    #: CPU time, s, and the number of the file that took it.
    slowest: tuple[float, int] = (0.0, 0)
    #: CPU time of all, s.
    seconds: float = 0.0
    megabytes: float = 0.0


def feed(name: str, last: int, count: _Count, told: Connection) -> None:
    """Read files until the last one, and tell of each; a file that takes too long ends the process."""
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    while count.next < last:
        content = make(name, count.next)
        signal.setitimer(signal.ITIMER_VIRTUAL, _LONGEST)
        began = time.process_time()
        try:
            if check(name, content):
                count.read += 1
            else:
                count.refused += 1
        except Exception:  # noqa: BLE001 - what is counted here
            count.crashed += 1
            print(f"{name} {count.next} CRASHED: {content[:200]!r}", flush=True)
            traceback.print_exc(limit=-3)
        took = time.process_time() - began
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        count.slowest = max(count.slowest, (took, count.next))
        count.seconds += took
        count.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        count.next += 1
        told.send(count)


def run(name: str, first: int, inputs: int) -> _Count:
    """Feed one parser, in a new process after each file that ended one."""
    count = _Count(next=first)
    while count.next < first + inputs:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=feed, args=(name, first + inputs, count, theirs)
        )
        process.start()
        theirs.close()
        try:
            while True:
                count = ours.recv()
        except EOFError:
            process.join()
        if process.exitcode:
            count.hung += process.exitcode == -signal.SIGVTALRM
            count.crashed += process.exitcode != -signal.SIGVTALRM
            print(f"{name} {count.next} ENDED its process: {process.exitcode}", flush=True)
            count.next += 1
    return count


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=10_000, help="files for each parser (default: 10,000)")
    parser.add_argument("--parser", choices=PARSERS, help="only this one")
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    given = parser.parse_args()
    print("parser          read  refused  crashed  hung  slowest CPU s (file)  mean CPU ms  peak MB")
    failed = False
    for name in [given.parser] if given.parser else PARSERS:
        count = run(name, given.first, given.inputs)
        slowest, number = count.slowest
        mean = 1e3 * count.seconds / given.inputs
        print(
            f"{name:12} {count.read:7,} {count.refused:8,} {count.crashed:8,} {count.hung:5,}"
            f"  {slowest:13.2f} ({number:5}) {mean:12.1f} {count.megabytes:8.0f}",
            flush=True,
        )
        failed |= bool(count.crashed or count.hung or count.megabytes > _MOST_MEGABYTES)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
