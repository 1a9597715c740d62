"""Measure a backup during a send: taken, its machine lost, restored elsewhere, the edition completed.

    python -m benchmarks backup [--readers 20000] [--at 0.5] [--killed-at 0.6]

`newsletter send` runs as a process of its own; `newsletter backup` is run while it sends; the sender is
killed by SIGKILL some time later, and its folder is not touched again. The backup is restored into another
folder with --resume, and the edition completed there. The mail server's book is held against the readers:
nobody may be lost, and only who was mailed since the backup may get it twice.
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from crash.sink import Sink

#: Longest wait for a number of mails, in seconds.
_PATIENCE_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one edition."""

    readers: int
    #: Mails that the server had taken when the backup was asked for, and when the sender was killed.
    before: int
    killed_at: int
    backup_seconds: float
    backup_bytes: int
    #: Deliveries that the backup knows to be accepted.
    known: int
    lost: int
    #: Mails beyond the first one of each reader.
    duplicates: int
    #: Readers who got it twice and had it neither since the backup, nor were being sent it then.
    unexplained: int


def trial(folder: Path, *, readers: int, at: float = 0.5, killed_at: float = 0.6) -> Trial:
    """Back up, kill, restore and complete one edition.

    Args:
        folder: An empty one.
        readers: How many.
        at: Share of them that have it when the backup is taken.
        killed_at: Share of them that have it when the sender is killed.
    """
    home, elsewhere, file = folder / "home", folder / "elsewhere", folder / "backup.db"
    with Sink() as sink:
        everybody = [f"r{number}@example.org" for number in range(readers)]
        for place in (home, elsewhere):
            place.mkdir()
            (place / ".env").write_text(_env(sink.port))
        _prepare(home, everybody)
        sender = _begin(home, "send", "--yes")
        _wait(sink, round(at * readers), sender)
        before, started = len(sink.book), time.monotonic()
        _run(home, "backup", str(file))
        seconds = time.monotonic() - started
        _wait(sink, round(killed_at * readers), sender)
        sender.send_signal(signal.SIGKILL)
        sender.communicate()
        sink.wait_until_quiet()
        had = Counter(copy.recipient for copy in sink.book)
        known = _in_state(file, "accepted")
        _run(elsewhere, "restore", str(file), "--resume")
        _run(elsewhere, "send", "--yes")
        got = sink.copies()
        twice = {address for address, count in got.items() if count > 1}
        return Trial(
            readers=readers,
            before=before,
            killed_at=sum(had.values()),
            backup_seconds=seconds,
            backup_bytes=file.stat().st_size,
            known=len(known),
            lost=sum(address not in got for address in everybody),
            duplicates=sum(got.values()) - len(got),
            unexplained=len(twice - (had.keys() - known)),
        )


def _env(port: int) -> str:
    return (
        "FOLDERS=in\nSETTLE_SECONDS=0\nSENDER_ADDRESS=digest@news.example.org\n"
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_SECURITY=none\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this benchmark alone\nPORT=0\n"
    )


def _prepare(home: Path, readers: list[str]) -> None:
    (home / "in").mkdir()
    (home / "in" / "harbour.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again.\n")
    (home / "readers.csv").write_text("\n".join(["address", *readers]) + "\n")
    _run(home, "ingest")
    _run(home, "subscribers", "import", "readers.csv")


def _begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _run(folder: Path, *arguments: str) -> str:
    running = _begin(folder, *arguments)
    output, _ = running.communicate(timeout=_PATIENCE_SECONDS)
    if running.returncode:
        raise SystemExit(f"newsletter {' '.join(arguments)}: exit {running.returncode}\n{output}")
    return output


def _wait(sink: Sink, count: int, sender: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not sink.wait_for_copies(count, timeout_seconds=1):
        if sender.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the sender ended after {len(sink.book)} mails")


def _in_state(file: Path, state: str) -> set[str]:
    query = (
        "SELECT address FROM deliveries JOIN subscribers ON subscribers.id = subscriber_id WHERE state = ?"
    )
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        return {row[0] for row in store.execute(query, [state])}


def main() -> None:
    """Run the trial and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--at", type=float, default=0.5)
    parser.add_argument("--killed-at", type=float, default=0.6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsletter-backup-") as folder:
        found = trial(Path(folder), readers=options.readers, at=options.at, killed_at=options.killed_at)
    print(f"readers                     {found.readers:>8,}")
    print(f"mails before the backup     {found.before:>8,}")
    print(f"backup                      {found.backup_seconds:>8.1f} s, {found.backup_bytes / 1e6:.1f} MB")
    print(f"accepted, as it knows       {found.known:>8,}")
    print(f"mails until the kill        {found.killed_at:>8,}")
    print(f"lost                        {found.lost:>8,}")
    print(f"duplicates                  {found.duplicates:>8,}  (at most {found.killed_at - found.known:,})")
    print(f"of them unexplained         {found.unexplained:>8,}")
    if found.lost or found.unexplained:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
