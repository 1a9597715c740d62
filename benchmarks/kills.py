"""Kill `newsletter send` at random moments and count what became of every reader.

    python benchmarks/kills.py [--kills 200] [--readers 2000] [--signal KILL|TERM] [--seed 1]

Each round sends one edition to every reader through a real SMTP server in a process of its own, which
writes down each message that it accepts before it answers 250. The sender is killed again and again until
the round is through; then the server's book is held against the list of readers. Rounds follow until there
were enough kills.
"""

from __future__ import annotations

import argparse
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SINK = """
import asyncio, email, random, sys
from aiosmtpd.smtp import SMTP

class Book:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)
    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(random.random() * 0.01)
        message_id = email.message_from_bytes(envelope.content)["Message-ID"]
        self.file.write(f"{envelope.rcpt_tos[0]} {message_id}\\n")
        await asyncio.sleep(random.random() * 0.01)
        return "250 ok"

async def main():
    book = Book(sys.argv[2])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(book, loop=loop), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@dataclass
class Tally:
    """What came out, over all rounds."""

    kills: int = 0
    rounds: int = 0
    readers: int = 0
    lost: int = 0
    duplicates: int = 0
    changed_ids: int = 0
    held: int = 0
    held_without: int = 0
    while_starting: int = 0
    unclean_exits: int = 0
    exit_seconds: list[float] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def newsletter(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "newsletter", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=600)
    if process.returncode:
        raise SystemExit(f"{process.args}: exit {process.returncode}\n{output}")
    return output


def prepare(folder: Path, port: int, readers: int) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "harbour.txt").write_text(
        "Harbour reopens after the storm\n\nThe harbour of Port Aldis opened again on Monday.\n"
    )
    (folder / "readers.csv").write_text("address\n" + "".join(f"r{n}@example.org\n" for n in range(readers)))
    (folder / ".env").write_text(
        f"FOLDERS=in\nSMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_SECURITY=none\nSETTLE_SECONDS=0\n"
        "SENDER_ADDRESS=digest@news.example.org\n"
    )
    finish(newsletter(folder, "ingest"))
    finish(newsletter(folder, "subscribers", "import", "readers.csv"))


def play_round(number: signal.Signals, rng: random.Random, tally: Tally, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, book = free_port(), folder / "book.txt"
        book.touch()
        sink = subprocess.Popen(
            [sys.executable, "-c", SINK, str(port), str(book)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert sink.stdout
            sink.stdout.readline()
            prepare(folder, port, options.readers)
            while tally.kills < options.kills and kill_once(folder, book, number, rng, tally):
                pass
            finish(newsletter(folder, "send", "--yes"))
            held = held_readers(folder / "newsletter.db")
        finally:
            sink.terminate()
            sink.wait()
        reconcile(book, held, tally, options)


def kill_once(folder: Path, book: Path, number: signal.Signals, rng: random.Random, tally: Tally) -> bool:
    """Start a sender and kill it, mostly while it sends; return False if it was through before."""
    before = book.stat().st_size
    process = newsletter(folder, "send", "--yes")
    if rng.random() < 0.1:
        time.sleep(rng.random() * 0.6)  # while it starts
    else:
        deadline = time.monotonic() + 30
        while book.stat().st_size == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.random() * 0.4)
    if process.poll() is not None:
        finish(process)
        return False
    started = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=60)
    tally.kills += 1
    if number is signal.SIGTERM:
        tally.exit_seconds.append(time.monotonic() - started)
        # With messages left to send, a clean stop says so by exit code 1; dying by the signal would be -15.
        # Before it has begun to send, the signal ends it as it ends any program.
        tally.while_starting += process.returncode == -number
        tally.unclean_exits += process.returncode not in (0, 1, -number)
    return True


def held_readers(store: Path) -> set[str]:
    """Return who is uncertain for the second time: named for the operator, and not sent again."""
    query = (
        "SELECT address FROM deliveries JOIN subscribers ON subscribers.id = subscriber_id "
        "WHERE deliveries.state = 'uncertain'"
    )
    with sqlite3.connect(store) as connection:
        return {address for (address,) in connection.execute(query)}


def reconcile(book: Path, held: set[str], tally: Tally, options: argparse.Namespace) -> None:
    lines = [line.split() for line in book.read_text().splitlines()]
    received = Counter(address for address, _ in lines)
    ids: dict[str, set[str]] = {}
    for address, message_id in lines:
        ids.setdefault(address, set()).add(message_id)
    tally.rounds += 1
    tally.readers += options.readers
    missing = {f"r{n}@example.org" for n in range(options.readers)} - received.keys()
    tally.lost += len(missing - held)
    tally.held_without += len(missing & held)
    tally.duplicates += sum(count - 1 for count in received.values())
    tally.changed_ids += sum(1 for seen in ids.values() if len(seen) > 1)
    tally.held += len(held)
    print(
        f"round {tally.rounds}: {tally.kills} kills so far, {tally.lost} lost, {tally.duplicates} duplicates",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--signal", choices=["KILL", "TERM"], default="KILL")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    number = signal.Signals[f"SIG{options.signal}"]
    rng, tally = random.Random(options.seed), Tally()
    while tally.kills < options.kills:
        play_round(number, rng, tally, options)
    rows = {
        "signal": f"SIG{options.signal}",
        "kills": tally.kills,
        "rounds": tally.rounds,
        "readers": tally.readers,
        "lost": tally.lost,
        "duplicates": tally.duplicates,
        "changed Message-IDs": tally.changed_ids,
        "held for operator": tally.held,
        "of these without it": tally.held_without,
    }
    if tally.exit_seconds:
        rows["stopped while starting"] = tally.while_starting
        rows["unclean exits"] = tally.unclean_exits
        rows["longest stop, s"] = round(max(tally.exit_seconds), 2)
    print()
    for name, value in rows.items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
