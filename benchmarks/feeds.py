"""Feeds: a folder of them read one by one, or hundreds polled from a server on this machine.

    python -m benchmarks feeds --corpus DIR         every .xml and .json file below: read, refused, crashed
    python -m benchmarks feeds [--feeds N] [--items N] [--database URL]     wall time and memory of two polls

The second poll finds nothing changed: each request is answered with 304.
"""

import argparse
import asyncio
import multiprocessing
import random
import resource
import ssl
import sys
import tempfile
import time
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from newsletter.errors import DocumentRefusedError
from newsletter.fetch import FetchPolicy, fetch
from newsletter.model.sources import FetchReport
from newsletter.sources.formats.feed import parse_feed
from newsletter.sources.pace import Pace
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.sources.web import Fetcher
from newsletter.store.store import Store

WORDS = [
    "harbour",
    "bridge",
    "council",
    "vote",
    "ferry",
    "storm",
    "school",
    "budget",
    "minister",
    "river",
    "train",
    "night",
    "port",
    "road",
]
READER = TextReader(aliases=SourceAliases.with_extra({}))


def read_corpus(folder: Path) -> int:
    """Read every feed below a folder; return how many crashed."""
    ends: Counter[str] = Counter()
    slowest = (0.0, "")
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".xml", ".json"} or not path.is_file():
            continue
        began = time.perf_counter()
        try:
            items = parse_feed(path.read_bytes(), READER).items
            ends["read"] += 1
            ends["items"] += len(items)
            ends["documents"] += sum(item.document is not None for item in items)
        except DocumentRefusedError as error:
            ends[f"refused: {error}"] += 1
        except Exception:  # noqa: BLE001 - what is counted here
            ends["CRASHED"] += 1
            print(path)
            traceback.print_exc(limit=-3)
        slowest = max(slowest, (time.perf_counter() - began, path.name))
    for end, count in ends.most_common():
        print(f"{count:7,} {end}")
    print(f"slowest: {slowest[0]:.2f} s, {slowest[1]}")
    return ends["CRASHED"]


def make_feed(number: int, items: int) -> bytes:
    """Make a feed of recent items."""
    chance = random.Random(number)
    now = datetime.now(UTC)
    parts = [f"<rss version='2.0'><channel><title>Paper {number}</title>"]
    for n in range(items):
        text = " ".join(chance.choices(WORDS, k=120))
        date = format_datetime(now - timedelta(minutes=n))
        parts.append(
            f"<item><guid>{number}-{n}</guid><title>{text[:60]}</title><pubDate>{date}</pubDate>"
            f"<link>http://feed{number}.example/{n}</link><description>&lt;p&gt;{text}.&lt;/p&gt;</description></item>"
        )
    return "".join([*parts, "</channel></rss>"]).encode()


def serve(feeds: int, items: int, told: Connection) -> None:
    """Serve feeds by number, with an ETag."""
    bodies = {f"/{n}": make_feed(n, items) for n in range(feeds)}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies[self.path] if self.headers["If-None-Match"] != '"1"' else b""
            self.send_response(200 if body else 304)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.request_queue_size = 128
    told.send(server.server_address[1])
    server.serve_forever()


def poll(store: Store, feeds: int, now: datetime) -> FetchReport:
    """Ask all sources that are due."""

    async def resolve(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    web = Fetcher(
        user_agent="newsletter/benchmark",
        max_bytes=10_000_000,
        allowed_hosts={f"feed{n}.example" for n in range(feeds)},
        resolve=resolve,
        tls=ssl.create_default_context(),
    )
    policy = FetchPolicy(
        pace=Pace(every=timedelta(minutes=30)),
        first_days=3,
        reader=READER,
        chance=random.random,
        clock=lambda: now,
    )
    return asyncio.run(fetch(store, web, policy, stopping=asyncio.Event()))


def measure(feeds: int, items: int, database: str) -> None:
    """Poll twice and print what it took."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(feeds, items, theirs), daemon=True
    )
    server.start()
    port = ours.recv()
    store = Store.open(database)
    now = datetime.now(UTC)
    for number in range(feeds):
        store.sources.add(f"http://feed{number}.example:{port}/{number}", next_at=now, now=now)
    for name in ("first", "second"):
        began, cpu = time.perf_counter(), time.process_time()
        report = poll(store, feeds, now)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        ends = Counter(one.outcome.value for one in report.sources)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        words = ", ".join(f"{count} {end}" for end, count in ends.items())
        print(
            f"{name} poll: {words}; {len(report.items):,} items; "
            f"{wall:.1f} s ({cpu:.1f} s CPU), {peak:.0f} MB"
        )
        now += timedelta(hours=1)
    print(f"documents: {store.documents.count():,}")
    store.close()
    server.terminate()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="a folder of feeds to read")
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--database", help="an empty one; a SQLite file of its own when left out")
    given = parser.parse_args()
    if given.corpus:
        return 1 if read_corpus(given.corpus) else 0
    with tempfile.TemporaryDirectory() as folder:
        measure(given.feeds, given.items, given.database or f"sqlite:///{folder}/store.db")
    return 0


if __name__ == "__main__":
    sys.exit(main())
