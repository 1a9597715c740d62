"""How fast the archive is: a search and an edition's page in a big archive, and pages to many clients.

    python -m benchmarks archive [--editions N] [--url postgresql://...]

All words are made up. Everything runs on this machine: the clients take part of the processor's time from
the server.
"""

import argparse
import asyncio
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from newsletter.app import App
from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import Edition, OneLiner
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence
from newsletter.stories.text.background import commonness

FIRST = datetime(2021, 1, 1, 6, 0, tzinfo=UTC)
STORIES, LINES, CLIENTS = 8, 5, 50
#: An edition's mail, which the archive must not read.
MAIL = "<p>" + "x" * 45_000


class Words:
    """Makes sentences of common words, and of names that are rarer the later they were made up."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        shares = commonness()
        self._common = sorted(shares)
        self._weights = list(accumulate(shares[word] for word in self._common))
        syllables = [a + b for a in "bdgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")]
        self.names = ["".join(self._dice.choices(syllables, k=3)) for _ in range(5_000)]

    def sentence(self, length: int) -> str:
        """Return a sentence of some words."""
        found = self._dice.choices(self._common, cum_weights=self._weights, k=length - 2)
        found += [self.names[int(self._dice.paretovariate(0.5)) % len(self.names)] for _ in range(2)]
        self._dice.shuffle(found)
        return f"{' '.join(found).capitalize()}."

    def queries(self, count: int) -> Iterator[str]:
        """Yield what visitors might type: names, common words, several, beginnings, phrases."""
        for number in range(count):
            name = self._dice.choice(self.names)
            common = self._dice.choices(self._common, cum_weights=self._weights, k=2)
            kinds = (name, common[0], f"{name} {common[0]}", " ".join(common), name[:3])
            yield (*kinds, f'"{" ".join(common)}"')[number % 6]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks archive")
    parser.add_argument("--editions", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=6, help="times that each kind of page is asked for")
    parser.add_argument("--url", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.url or f"sqlite:///{Path(folder) / 'store.db'}"
        app = open_app(url)
        words = Words(seed=5)
        began = time.perf_counter()
        for number in range(1, arguments.editions + 1):
            put(app, number, words)
        print(f"{arguments.editions:,} editions in {time.perf_counter() - began:.0f} s")
        measure("a search", [(lambda q=q: search(app, q)) for q in words.queries(600)])
        measure("a search for “the”", [lambda: search(app, "the")] * 30)
        places = random.Random(6).choices(range(1, arguments.editions + 1), k=300)
        measure("an edition", [(lambda n=n: app.archive.edition("daily", n)) for n in places])
        measure("a page of the list", [lambda: app.archive.page("daily")] * 100)
        app.close()
        measure_server(url, places, rounds=arguments.rounds)


def open_app(url: str) -> App:
    return App.isolated(
        database_url=url,
        list_name="daily",
        sender_address="digest@news.example.org",
        public_url="http://localhost:8000",
        secret_keys=("a key of this benchmark",),
        sqlite_synchronous="NORMAL",
    )


def put(app: App, number: int, words: Words) -> None:
    """Publish an edition of eight stories and five lines, made of one document."""
    made_at = FIRST + timedelta(days=number)
    told = [[words.sentence(18) for _ in range(3)] for _ in range(STORIES)]
    text = "\n\n".join((f"Document {number}", *(" ".join(sentences) for sentences in told)))
    span = Span(start=len(f"Document {number}") + 2, end=len(text))
    document = ParsedDocument(
        headline=f"Document {number}", text=text, paragraphs=(span,), content_hash=f"{number:064}"
    )
    app.store.documents.record(
        "/in", [FoundFile(path=f"{number}.txt", fingerprint="1", document=document)], now=made_at
    )
    app.store.editions.know_list("daily", now=FIRST)
    stories = tuple(story(words.sentence(9), sentences, text, number, made_at) for sentences in told)
    credit = SourceCredit(name="The Paper", title="A title", url="https://paper.example/a")
    edition = Edition(
        list_name="daily", number=number, created_at=made_at, slot_at=made_at,
        subject=stories[0].headline, preheader=stories[1].headline, language="en", stories=stories,
        also=tuple(
            OneLiner(headline=words.sentence(9), source=credit, document_ids=()) for _ in range(LINES)
        ),
        left_out_ids=(number,), word_count=500, reading_minutes=3,
    )  # fmt: skip
    headers = ListHeaders(
        list_name="daily", list_title="The News", sender_address="digest@news.example.org", sender_name="",
        reply_to="", unsubscribe_address="", date=made_at,
    )  # fmt: skip
    rendering = Rendering(
        subject=edition.subject, preheader="", html=MAIL, text="x" * 8_000, token="0", headers=headers
    )
    app.store.editions.publish(edition, rendering, uid=f"{number}")


def story(headline: str, sentences: list[str], text: str, document_id: int, made_at: datetime) -> Story:
    places = [text.index(sentence) for sentence in sentences]
    made = tuple(
        SummarySentence(text=one, span=Span(start=at, end=at + len(one)), document_id=document_id)
        for one, at in zip(sentences, places, strict=True)
    )
    return Story(
        headline=headline, label=StoryLabel.NEW, summary=Summary(sentences=made, method="lead"),
        sources=tuple(SourceCredit(name=f"Paper {n}", title=headline) for n in range(3)),
        document_ids=(), language="en", dated_at=made_at, independent_sources=2,
    )  # fmt: skip


def search(app: App, query: str) -> None:
    app.archive.search(query, ["daily"], now=datetime(2027, 1, 1, tzinfo=UTC))


def measure(name: str, calls: list[Callable[[], object]]) -> None:
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    report(name, times)


def report(name: str, times: list[float]) -> None:
    """Print quantiles of times in milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    print(f"{name}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(times):.1f} ms ({len(times)})")


SERVER = """
import asyncio, sys
from datetime import UTC, datetime
from benchmarks.archive import open_app
from newsletter.web.app import make_web
from newsletter.web.server import listen, serve
web = make_web(open_app(sys.argv[1]), clock=lambda: datetime.now(UTC))
asyncio.run(serve(web, listen("127.0.0.1", int(sys.argv[2])), stopping=asyncio.Event()))
"""


def measure_server(url: str, places: list[int], *, rounds: int) -> None:
    """Measure a server process from this one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", SERVER, url, str(port)])
    try:
        asyncio.run(until_up(port))
        latest = [f"/archive/daily/{max(places) - n % 20}" for n in range(2_000)]
        spread = [f"/archive/daily/{places[n % len(places)]}" for n in range(2_000)]
        names = Words(seed=5).names
        searches = [f"/search?q={names[n % 500]}" for n in range(1_000)]
        kinds = (("latest editions", latest), ("any edition", spread), ("searches", searches))
        for name, paths in kinds * rounds:
            before = memory_of(server.pid)
            began = time.perf_counter()
            times = asyncio.run(load(port, paths))
            rate = len(paths) / (time.perf_counter() - began)
            report(f"{CLIENTS} clients, {name}: {rate:.0f} a second,", times)
            print(f"  memory of the server {before:.0f} -> {memory_of(server.pid):.0f} MB")
    finally:
        server.terminate()
        server.wait()


def memory_of(pid: int) -> float:
    """Return what a process holds in memory, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


async def until_up(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("the server did not start")


async def load(port: int, paths: list[str]) -> list[float]:
    """Ask for pages by some clients at once, each over one connection; returns times in milliseconds."""
    waiting, times = iter(paths), list[float]()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in waiting:
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n", 1)[0], head
            await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head.lower())[0]))
            times.append((time.perf_counter() - began) * 1000)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return times


if __name__ == "__main__":
    main()
