"""What a visitor can learn from how long a sign-up takes, and what a flood of sign-ups comes to.

    python -m benchmarks signups [--readers N] [--asks N] [--flood N]

A server process is asked over HTTP, by addresses that are new, known, unconfirmed, left or suppressed, in
random order. Printed are times by kind, and how far each kind can be told from the new ones: P is the chance
that one of it took longer (0.5: nothing to tell), z how sure that is (Mann-Whitney; beyond 3 either way would
be telling).
"""

import argparse
import asyncio
import http.client
import random
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.archive import until_up
from newsletter.app import App
from newsletter.model.readers import SignUp
from newsletter.model.subscribers import Cadence

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
KINDS = ("new", "known", "unconfirmed", "left", "suppressed")
URL = "https://news.example.org"

SERVER = """
import sys, socket, uvicorn
from datetime import UTC, datetime
from benchmarks.signups import open_app
from newsletter.web.app import make_web
from newsletter.web.server import web_config
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
web = make_web(open_app(sys.argv[1]), clock=lambda: datetime.now(UTC))
uvicorn.Server(web_config(web)).run(sockets=[listener])
"""


def open_app(url: str) -> App:
    """Return an app whose limits of sign-ups stand in nobody's way."""
    return App.isolated(
        database_url=url,
        public_url=URL,
        secret_keys=("key",),
        list_name="daily",
        sender_address="digest@news.example.org",
        signups_per_hour=10_000,
        network_signups_per_hour=100_000,
        trusted_proxies=("127.0.0.1",),
    )


def prepare(app: App, *, readers: int, asks: int) -> None:
    """Put readers on the list, and some of them into each state."""
    daily = app.mailing_list(None)
    lines = ["address", *(f"reader{n}@example.org" for n in range(readers))]
    lines += [f"{kind}{n}@example.org" for kind in ("known", "left", "suppressed") for n in range(asks)]
    for _ in app.subscribers.import_csv(daily, (f"{line}\n" for line in lines), source="benchmark", now=NOW):
        pass
    for number in range(asks):
        app.subscribers.remove(daily, f"left{number}@example.org", suppress=False, now=NOW)
        app.subscribers.remove(daily, f"suppressed{number}@example.org", suppress=True, now=NOW)
        asked = SignUp(
            address=f"unconfirmed{number}@example.org",
            list_names=("daily",),
            cadence=Cadence.EACH,
            origin="192.0.2.1",
            wording="",
        )
        app.readers.ask(asked, now=NOW)
    while app.readers.answer(now=NOW):
        pass


class Visitor:
    """Signs addresses up over one connection."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._line.request("GET", "/subscribe")
        page = self._line.getresponse()
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        found = re.search(r'name="form_token" value="([^"]+)"', page.read().decode())
        assert found
        self._token = found[1]
        self._asked = 0
        self._headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}

    def ask(self, address: str) -> float:
        """Sign an address up; returns how long that took, in milliseconds."""
        self._asked += 1
        # A flood comes from many networks.
        headers = self._headers | {"X-Forwarded-For": f"198.18.{self._asked % 250}.1"}
        body = urlencode({"form_token": self._token, "address": address, "list": "daily"})
        began = time.perf_counter()
        self._line.request("POST", "/subscribe", body, headers)
        answer = self._line.getresponse()
        answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 303, answer.status
        return took


def told_apart(some: list[float], others: list[float]) -> tuple[float, float]:
    """Return P that one of `some` is larger, and the z of the Mann-Whitney test."""
    ranks = {value: rank for rank, value in enumerate(sorted({*some, *others}), start=1)}
    above = sum(ranks[value] for value in some) - len(some) * (len(some) + 1) / 2
    n, m = len(some), len(others)
    return above / (n * m), (above - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5


def measure(port: int, *, asks: int, flood: int) -> None:
    """Ask, and print what there is to tell."""
    visitor = Visitor(port)
    wanted = [(kind, f"{kind}{n}@example.org") for kind in KINDS for n in range(asks)]
    random.Random(5).shuffle(wanted)
    for number in range(200):
        visitor.ask(f"warm{number}@example.org")
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind, address in wanted:
        times[kind].append(visitor.ask(address))
    for kind in KINDS:
        cuts = statistics.quantiles(times[kind], n=100, method="inclusive")
        p, z = told_apart(times[kind], times["new"])
        told = "" if kind == "new" else f", P {p:.3f}, z {z:+.2f}"
        print(f"{kind}: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms{told} ({asks})")
    began = time.perf_counter()
    for _ in range(flood):
        visitor.ask("flooded@example.org")
    print(f"flood: {flood} sign-ups of one address in {time.perf_counter() - began:.1f} s")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--asks", type=int, default=1_000, help="of each kind")
    parser.add_argument("--flood", type=int, default=10_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        url = f"sqlite:///{file}"
        app = open_app(url)
        prepare(app, readers=chosen.readers, asks=chosen.asks)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        # The host that requests name is this machine.
        server = subprocess.Popen([sys.executable, "-c", SERVER, url, str(port)])
        try:
            asyncio.run(until_up(port))
            measure(port, asks=chosen.asks, flood=chosen.flood)
        finally:
            server.terminate()
            server.wait()
        now = datetime.now(UTC)
        while app.readers.answer(now=now):
            pass
        print(f"letters to the flooded address: {letters_to(file, 'flooded@example.org')}")
        app.close()


def letters_to(file: Path, address: str) -> int:
    """Count the letters that an address is, or was, to get."""
    query = "SELECT count(*) FROM signups WHERE address_key = ? AND letter IS NOT NULL"
    with sqlite3.connect(file) as connection:
        return int(connection.execute(query, [address]).fetchone()[0])


if __name__ == "__main__":
    main()
