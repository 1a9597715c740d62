"""What an install of a size needs: CPU, memory and disk of each step, as real commands over a real store.

    python -m benchmarks sizing READERS [READERS ...]

Each size begins with an empty SQLite store and the sample documents. Mail goes over real SMTP to a server on
this machine that takes everything at once; what it uses itself is not counted. All readers are made up.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_ANSWERS = {b"EHLO": b"250-here\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a command used."""

    cpu_seconds: float
    #: Of its largest process.
    peak_megabytes: float


async def _take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take whatever is sent."""
    writer.write(b"220 here\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
        writer.write(_ANSWERS.get(verb, b"250 ok\r\n"))
        if verb == b"QUIT":
            break
    writer.close()


@contextmanager
def _serving() -> Iterator[int]:
    """Run the mail server in a thread; hands out its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(_take, "127.0.0.1", 0, limit=2**24))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _measured(folder: Path, *arguments: str) -> Used:
    """Run a command to its end; a process of its own waits for it, so that nobody else's use is counted."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'newsletter', *sys.argv[1:]], check=True,"
        " stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)"
    )
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    cpu, peak = map(float, told.split()[-2:])
    return Used(cpu_seconds=cpu, peak_megabytes=peak)


def _measure(readers: int, folder: Path, port: int, show: Callable[[str, Used, str], None]) -> None:
    (folder / ".env").write_text(
        "SENDER_ADDRESS=digest@news.example.org\nPUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key\n"
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_SECURITY=none\nSETTLE_SECONDS=0\n"
        f"FOLDERS={_ROOT / 'seeds'}\n"
    )
    (folder / "readers.csv").write_text(
        "address\n" + "".join(f"reader{number}@mail{number % 50}.example.org\n" for number in range(readers))
    )

    def disk() -> str:
        return f"{sum(file.stat().st_size for file in folder.glob('newsletter.db*')) / 1e6:,.0f} MB"

    _measured(folder, "ingest")
    show("import", _measured(folder, "subscribers", "import", "readers.csv"), disk())
    show("send", _measured(folder, "send", "--yes"), disk())
    show("status", _measured(folder, "status"), disk())


def main(sizes: list[int]) -> None:
    """Print a line for each step of each size."""
    print(f"{'readers':>10}  {'step':<8} {'CPU s':>8} {'CPU ms a reader':>16} {'peak MB':>8}  store")
    for readers in sizes:
        with tempfile.TemporaryDirectory() as folder, _serving() as port:

            def show(step: str, used: Used, store: str, readers: int = readers) -> None:
                each = 1000 * used.cpu_seconds / readers
                peak = used.peak_megabytes
                print(
                    f"{readers:>10,}  {step:<8} {used.cpu_seconds:>8.1f} {each:>16.2f} {peak:>8.0f}  {store}",
                    flush=True,
                )

            _measure(readers, Path(folder), port, show)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main([int(argument) for argument in sys.argv[1:]])
