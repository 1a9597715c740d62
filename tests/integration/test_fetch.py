"""Sources fetched from a real server into a real store: each item once, whatever feeds and servers do."""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
import pytest_asyncio
from conftest import NOW
from examples import examples
from feedserver import Asked, FeedServer, Reply, serving
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from newsletter import fetch as verb
from newsletter.errors import FetchError, SourceError
from newsletter.fetch import FetchPolicy
from newsletter.model.documents import FileOutcome, FileReport
from newsletter.model.sources import FetchReport, PollOutcome, Source, SourceReport
from newsletter.sources.opml import read_opml, write_opml
from newsletter.sources.pace import Pace
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.sources.web import Fetcher
from newsletter.store.store import Store

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: "en")
EVERY = timedelta(minutes=30)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with serving() as server:
        yield server


class Desk:
    """A store, its clock, and the verb on them."""

    def __init__(self, store: Store, server: FeedServer) -> None:
        self.store = store
        self.server = server
        self.now = NOW

    def web(self) -> Fetcher:
        async def resolve(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        return Fetcher(
            user_agent="newsletter/0",
            max_bytes=1_000_000,
            total_seconds=5,
            allowed_hosts={"127.0.0.1", *(f"{name}.example" for name in "abcdef")},
            resolve=resolve,
            tls=NO_TLS,
        )

    @property
    def policy(self) -> FetchPolicy:
        return FetchPolicy(
            pace=Pace(every=EVERY),
            first_days=3,
            reader=READER,
            chance=lambda: 0.0,
            clock=lambda: self.now,
            page_pause_seconds=0.0,
        )

    async def add(self, path: str = "/feed", *, pages: bool = False, host: str = "127.0.0.1") -> SourceReport:
        return await verb.add(
            self.store, self.web(), self.policy, url=self.server.url(path, host), is_fetching_pages=pages
        )

    async def fetch(self, *, later: timedelta = EVERY) -> FetchReport:
        self.now += later
        return await verb.fetch(self.store, self.web(), self.policy, stopping=asyncio.Event())

    async def once(self, *, later: timedelta = EVERY) -> SourceReport:
        (report,) = (await self.fetch(later=later)).sources
        return report

    def source(self) -> Source:
        return self.store.sources.all()[0]

    def headlines(self) -> list[str]:
        return [document.headline for document in self.store.documents.new_for("daily")]


@pytest.fixture
def desk(store: Store, server: FeedServer) -> Desk:
    return Desk(store, server)


def item(title: str, *, guid: str = "", link: str = "", text: str = "", date: datetime | None = NOW) -> str:
    fields = {
        "title": title,
        "guid": guid,
        "link": link,
        "pubDate": format_datetime(date) if date else "",
        "description": text or f"Words on {title}.",
    }
    return f"<item>{''.join(f'<{n}>{escape(v)}</{n}>' for n, v in fields.items() if v)}</item>"


def feed(*items: str, title: str = "Harbour News", **headers: str) -> Reply:
    body = f"<rss version='2.0'><channel><title>{title}</title>{''.join(items)}</channel></rss>"
    return Reply(body=body.encode(), headers={"Content-Type": "application/rss+xml", **headers})


async def test_a_new_source_tells_what_is_recent_and_knows_the_rest(desk: Desk) -> None:
    old = item("Old", guid="1", date=NOW - timedelta(days=4))
    undated = [item(f"Undated {n}", guid=f"u{n}", date=None) for n in range(12)]
    desk.server.replies["/feed"] = feed(item("New", guid="2"), old, *undated)
    report = await desk.add()
    assert report.count(FileOutcome.NEW) == 11
    assert desk.headlines()[0] == "New"
    assert "Old" not in desk.headlines()
    source = desk.source()
    assert (source.title, source.succeeded_at, source.next_at) == ("Harbour News", NOW, NOW + EVERY)
    assert desk.store.documents.new_for("daily")[0].source == "Harbour News"
    desk.server.replies["/feed"] = feed(item("Newer", guid="3"), item("New", guid="2"), old, *undated)
    assert [one.headline for one in (await desk.once()).items] == ["Newer"]


async def test_nothing_changed_costs_a_304(desk: Desk) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == 'W/"1"' and "if-modified-since" in asked.headers:
            return Reply(status=304)
        return feed(item("A", guid="1"), ETag='W/"1"', **{"Last-Modified": "Mon, 23 Nov 2026 06:00:00 GMT"})

    desk.server.replies["/feed"] = answer
    await desk.add()
    assert (await desk.once()).outcome is PollOutcome.UNCHANGED
    assert desk.source().etag == 'W/"1"'
    assert not (await desk.fetch(later=timedelta(minutes=1))).sources


async def test_an_edited_item_is_a_new_version_and_a_changed_guid_is_not(desk: Desk) -> None:
    link = "https://a.example/1"
    desk.server.replies["/feed"] = feed(item("A", guid="1", link=link))
    await desk.add()
    desk.server.replies["/feed"] = feed(item("A", guid="2", link=f"{link}?utm_source=x"))
    assert not (await desk.once()).items
    desk.server.replies["/feed"] = feed(item("A", guid="2", link=link, text="Other words."))
    (changed,) = (await desk.once()).items
    assert changed.outcome is FileOutcome.CHANGED
    desk.server.replies["/feed"] = feed(item("A", guid="3", link=link, text="Yet other words."))
    (changed,) = (await desk.once()).items
    assert changed.outcome is FileOutcome.CHANGED
    assert len(desk.headlines()) == 1


async def test_redirects_that_last_are_remembered(desk: Desk) -> None:
    desk.server.replies |= {"/feed": feed(item("A", guid="1")), "/new": feed(item("A", guid="1"))}
    await desk.add()
    added = desk.source().url
    desk.server.replies["/feed"] = Reply(status=302, headers={"Location": "/new"})
    await desk.once()
    assert desk.source().url == added
    desk.server.replies |= {
        "/feed": Reply(status=301, headers={"Location": "/new"}),
        "/new": Reply(status=500),
    }
    await desk.once()
    assert desk.source().url == added
    desk.server.replies["/new"] = feed(item("B", guid="2"))
    await desk.once()
    assert (desk.source().url, desk.source().added_url) == (desk.server.url("/new"), added)
    desk.server.replies["/new"] = feed(item("A", guid="1"))
    assert not (await desk.once(later=timedelta(days=1))).items


async def test_a_source_that_is_gone_for_good_is_asked_no_more(desk: Desk) -> None:
    desk.server.replies["/feed"] = feed()
    await desk.add()
    desk.server.replies["/feed"] = Reply(status=410)
    assert (await desk.once()).outcome is PollOutcome.ENDED
    assert not (await desk.fetch(later=timedelta(days=30))).sources
    assert desk.source().ended_at


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (Reply(status=404), EVERY),
        (Reply(status=500), EVERY),
        (Reply(body=b"<html>Down</html>"), EVERY),
        (Reply(status=429, headers={"Retry-After": "7200"}), timedelta(hours=2)),
        (Reply(status=503, headers={"Retry-After": "5"}), EVERY),
        (Reply(status=503, headers={"Retry-After": "Mon, 23 Nov 2026 09:30:00 GMT"}), timedelta(hours=3)),
        (Reply(status=429, headers={"Retry-After": "999999999"}), timedelta(days=7)),
    ],
)
async def test_a_failure_waits(
    sqlite_store: Store, server: FeedServer, reply: Reply, wait: timedelta
) -> None:
    desk = Desk(sqlite_store, server)
    server.replies["/feed"] = feed(item("A", guid="1"))
    await desk.add()
    server.replies["/feed"] = reply
    report = await desk.once()
    assert (report.outcome, report.next_at - desk.now) == (PollOutcome.FAILED, wait)
    assert desk.source().failures == 1
    assert desk.source().failing_since == desk.now
    server.replies["/feed"] = feed(item("B", guid="2"))
    await desk.once(later=wait)
    assert (desk.source().failures, desk.source().problem) == (0, "")


async def test_failing_for_days_is_said_once(sqlite_store: Store, server: FeedServer) -> None:
    desk = Desk(sqlite_store, server)
    server.replies["/feed"] = feed()
    await desk.add()
    server.replies["/feed"] = Reply(status=500)
    reports = [await desk.once(later=timedelta(days=1)) for _ in range(6)]
    assert [report.fails_for_long for report in reports] == [False, False, False, True, False, False]


async def test_one_source_never_blocks_the_others(sqlite_store: Store, server: FeedServer) -> None:
    desk = Desk(sqlite_store, server)
    for host in "abcd":
        server.replies[f"/{host}"] = feed(item(host, guid=host))
        await desk.add(f"/{host}", host=f"{host}.example")
    done: list[str] = []
    others = asyncio.Event()

    async def late(asked: Asked) -> Reply:
        await others.wait()
        return feed(item("late", guid="late"))

    def note(report: SourceReport) -> None:
        done.append(report.source.url[7])
        if len(done) == 3:
            others.set()

    server.replies["/a"] = late
    desk.now += EVERY
    await verb.fetch(desk.store, desk.web(), desk.policy, stopping=asyncio.Event(), on_report=note)
    assert (sorted(done[:3]), done[3]) == (["b", "c", "d"], "a")


async def test_two_processes_ask_each_source_once(desk: Desk) -> None:
    for host in "abcdef":
        desk.server.replies[f"/{host}"] = feed(item(host, guid=host))
        await desk.add(f"/{host}", host=f"{host}.example")
    desk.server.asked.clear()
    await asyncio.gather(desk.fetch(), desk.fetch(later=timedelta()))
    assert sorted(desk.server.paths()) == [f"/{host}" for host in "abcdef"]


async def test_what_was_not_asked_when_it_is_to_stop_is_due_again(
    sqlite_store: Store, server: FeedServer
) -> None:
    desk = Desk(sqlite_store, server)
    server.replies["/feed"] = feed()
    await desk.add()
    stopping = asyncio.Event()

    async def never(asked: Asked) -> Reply:
        stopping.set()
        await asyncio.sleep(30)
        return Reply()

    server.replies["/feed"] = never
    desk.now += EVERY
    assert not (await verb.fetch(desk.store, desk.web(), desk.policy, stopping=stopping)).sources
    assert desk.store.sources.any_due(now=desk.now)


async def test_items_and_validators_are_kept_together(
    sqlite_store: Store, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(sqlite_store, server)
    server.replies["/feed"] = feed(item("A", guid="1"))
    await desk.add()
    server.replies["/feed"] = feed(item("B", guid="2"), ETag='"2"')

    def dies(*_: object) -> None:
        raise KeyError("as if killed between items and validators")

    with monkeypatch.context() as patched:
        patched.setattr("newsletter.store.sources._state", dies)
        with pytest.raises(KeyError):
            await desk.once()
    assert (desk.headlines(), desk.source().etag) == (["A"], None)
    assert [one.headline for one in (await desk.once(later=timedelta(hours=1))).items] == ["B"]


PAGE = "<html><head><title>Bridge</title></head><body><article><h1>Bridge</h1>{}</article></body></html>"
LONG = "".join(
    f"<p>The bridge over the river opened again on Monday after {n} months of work.</p>" for n in range(2, 9)
)


@pytest.mark.parametrize(
    "robots", [None, "User-agent: *\nDisallow: /private", "User-agent: newsletter\nDisallow: /"]
)
async def test_pages_are_fetched_where_that_is_wished_and_allowed(
    sqlite_store: Store, server: FeedServer, robots: str | None
) -> None:
    desk = Desk(sqlite_store, server)
    html = {"Content-Type": "text/html"}
    links = {name: server.url(f"/{name}") for name in ("page", "private", "broken")}
    server.replies |= {
        "/page": Reply(body=PAGE.format(LONG).encode(), headers=html),
        "/private": Reply(body=PAGE.format(LONG).encode(), headers=html),
        "/broken": Reply(status=500),
        "/feed": feed(*(item(f"Bridge {name}", guid=name, link=link) for name, link in links.items())),
    }
    if robots:
        server.replies["/robots.txt"] = Reply(body=robots.encode(), headers={"Content-Type": "text/plain"})
    await desk.add(pages=True)
    texts = [one.text for one in desk.store.documents.new_for("daily")]
    assert any("Words on Bridge broken." in text for text in texts)
    if robots is None:
        assert sum("8 months" in text for text in texts) == 1  # one text under two addresses
    elif "private" in robots:
        assert "/private" not in server.paths()
        assert sum("8 months" in text for text in texts) == 1
    else:
        assert not any("8 months" in text for text in texts)
        assert not {"/page", "/private"} & set(server.paths())
    assert server.paths().count("/robots.txt") == 1
    assert all(one.url in links.values() for one in desk.store.documents.new_for("daily"))


async def test_a_page_that_names_its_feed_is_as_good_as_the_feed(
    sqlite_store: Store, server: FeedServer
) -> None:
    desk = Desk(sqlite_store, server)
    link = '<link rel="alternate" type="application/rss+xml" href="feed">'
    server.replies |= {
        "/": Reply(body=f"<html><head>{link}</head></html>".encode(), headers={"Content-Type": "text/html"}),
        "/plain": Reply(body=b"<html>Nothing</html>", headers={"Content-Type": "text/html"}),
        "/feed": feed(item("A", guid="1")),
    }
    assert (await desk.add("/")).source.url == server.url("/feed")
    for path, words in {
        "/feed": "already",
        "/": "already",
        "/plain": "is no feed",
        "/none": "answers 404",
    }.items():
        with pytest.raises(SourceError, match=words):
            await desk.add(path)
    with pytest.raises(FetchError, match="not public"):
        await verb.add(desk.store, desk.web(), desk.policy, url="http://10.0.0.1/", is_fetching_pages=False)
    assert len(desk.store.sources.all()) == 1


def test_lists_of_other_readers_are_taken_over(sqlite_store: Store) -> None:
    opml = b"""<?xml version="1.0"?><opml version="1.1"><body><outline text="News"><outline text="Sub">
    <outline title="A &amp; B" xmlUrl="https://a.example/feed"/></outline></outline>
    <outline text="again" xmlURL="HTTPS://A.example/feed"/><outline xmlUrl="ftp://x/"/><outline text="no"/>
    <outline text="B" xmlUrl="https://b.example/"/></body></opml>"""
    added, known, problems = verb.import_outlines(sqlite_store, read_opml(opml), now=NOW)
    assert (added, known, len(problems)) == (["https://a.example/feed", "https://b.example/"], 1, 1)
    again = read_opml(write_opml(sqlite_store.sources.all()).encode())
    assert [(one.url, one.title) for one in again] == [
        ("https://a.example/feed", "A & B"),
        ("https://b.example/", "B"),
    ]
    for wrong in (b"", b"<rss/>", b"words", b"<!DOCTYPE o [<!ENTITY a 'b'>]><opml/>", b"<opml><outline"):
        with pytest.raises(SourceError):
            read_opml(wrong)


def test_a_list_carries_the_sources_that_it_names(sqlite_store: Store, parsed: Callable[..., object]) -> None:
    from conftest import found

    for number, place in enumerate(("/folder", "/other", "https://a.example/", "https://b.example/")):
        sqlite_store.documents.record(place, [found("1", parsed(body=f"Text {number}"))], now=NOW)  # type: ignore[arg-type]

    def carried(**options: object) -> list[str]:
        return [one.text[-1] for one in sqlite_store.documents.new_for("daily", **options)]  # type: ignore[arg-type]

    assert carried() == ["0", "1", "2", "3"]
    assert carried(folders=["/folder"]) == ["0", "2", "3"]
    assert carried(sources=["https://a.example/"]) == ["2"]
    assert carried(folders=["/folder"], sources=["https://b.example/"]) == ["0", "3"]
    assert carried(folders=["/folder"], sources=[]) == ["0"]


class MadeFeed:
    """A feed whose makers are careless in one way or several."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        chance = self.chance
        self.guids = chance.choice(["good", "none", "changing", "all the same"])
        self.links = chance.choice(["good", "none", "tracking"])
        self.dates = chance.choice(["good", "none", "now", "wrong"])
        self.size = chance.randint(1, 8)
        self.count = 0
        if self.guids == "all the same" and self.links == "none":
            self.size = max(self.size, 2)

    def item(self, number: int, now: datetime) -> str:
        anything = f"{self.chance.random()}"
        guid = {"good": f"g{number}", "none": "", "changing": anything, "all the same": "site"}[self.guids]
        link = f"https://a.example/{number}"
        link = {"good": link, "none": "", "tracking": f"{link}?utm_id={anything}"}[self.links]
        posted = NOW + timedelta(minutes=number)
        date = {"good": posted, "none": None, "now": now, "wrong": NOW.replace(year=2099)}[self.dates]
        return item(f"Title {number}", guid=guid, link=link, date=date)

    def reply(self, now: datetime) -> Reply:
        numbers = list(range(max(0, self.count - self.size), self.count))
        if self.chance.random() < 0.3:
            self.chance.shuffle(numbers)
        return feed(*(self.item(number, now) for number in reversed(numbers)))


async def see_each_once(store: Store, server: FeedServer, seed: int, steps: list[int]) -> None:
    desk, made = Desk(store, server), MadeFeed(seed)
    made.count = max(2, made.size)
    server.replies["/feed"] = lambda _: made.reply(desk.now)
    told = [one.headline for one in (await desk.add()).items]
    for new in steps:
        made.count += min(new, made.size)
        told += [one.headline for one in (await desk.once(later=timedelta(days=2))).items]
    first = max(2, made.size) - made.size
    assert sorted(told, key=lambda title: int(title.split()[1])) == [
        f"Title {n}" for n in range(first, made.count)
    ]
    assert len(desk.headlines()) == made.count - first


@pytest.mark.parametrize(
    "seed", [*range(10), 64, *(pytest.param(n, marks=pytest.mark.sweep) for n in range(9, 100) if n != 64)]
)
async def test_items_of_careless_feeds_are_seen_once_each(
    sqlite_store: Store, server: FeedServer, seed: int
) -> None:
    await see_each_once(sqlite_store, server, seed, [1, 0, 2, 0])


@given(failures=st.integers(1, 60), retry=st.none() | st.timedeltas(), chance=st.floats(0, 1))
@profile(max_examples=examples(50))
def test_a_source_is_asked_again_within_bounds(failures: int, retry: timedelta | None, chance: float) -> None:
    pace = Pace(every=EVERY)
    wait = pace.after_failure(now=NOW, failures=failures, retry_after=retry, chance=chance) - NOW
    assert EVERY <= wait <= timedelta(days=7) * 1.2
    asked = pace.after_success(now=NOW, asked=retry, max_age=None, chance=chance) - NOW
    assert EVERY <= asked <= timedelta(days=1) * 1.2


async def test_feeds_are_read_and_written_one_after_the_other(
    sqlite_store: Store, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen threads that read at once each loaded the model that tells languages: 1.2 GB.

    Sixteen that wrote at once kept one of them from its turn for so long that SQLite gave up.
    """
    reading, writing = threading.Lock(), threading.Lock()
    record = sqlite_store.sources.record

    def write(*args: Any, **options: Any) -> list[FileReport]:
        assert writing.acquire(blocking=False)
        threading.Event().wait(0.002)
        writing.release()
        return record(*args, **options)

    monkeypatch.setattr(sqlite_store.sources, "record", write)

    def detect(_: str) -> str:
        assert reading.acquire(blocking=False)
        threading.Event().wait(0.002)
        reading.release()
        return "en"

    monkeypatch.setattr(f"{__name__}.READER", TextReader(aliases=READER.aliases, detect=detect))
    desk = Desk(sqlite_store, server)
    for host in "abcd":
        server.replies[f"/{host}"] = feed(*(item(f"{host}{n}", guid=f"{n}") for n in range(3)))
        sqlite_store.sources.add(server.url(f"/{host}", f"{host}.example"), next_at=NOW, now=NOW)
    assert [one.problem for one in (await desk.fetch()).sources] == [""] * 4
    assert len(desk.headlines()) == 12


async def test_a_guid_that_all_items_have_in_turn_names_none_of_them(desk: Desk) -> None:
    pairs = [("A", "https://a.example/1"), ("B", "https://a.example/2"), ("A", "https://a.example/1")]
    reports = []
    for number, (title, link) in enumerate(pairs):
        desk.server.replies["/feed"] = feed(item(title, guid="site", link=link))
        reports.append(await (desk.once() if number else desk.add()))
    assert [[one.outcome for one in report.items] for report in reports] == [
        [FileOutcome.NEW],
        [FileOutcome.NEW],
        [],
    ]
    assert desk.headlines() == ["A", "B"]


async def test_a_mistake_of_ours_in_one_feed_keeps_no_other_from_its_turn(
    sqlite_store: Store, server: FeedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(sqlite_store, server)
    for host in "ab":
        server.replies[f"/{host}"] = feed(item(host, guid=host))
        await desk.add(f"/{host}", host=f"{host}.example")
    server.replies |= {"/a": feed(item("Bad", guid="2")), "/b": feed(item("Good", guid="2"))}

    def detect(text: str) -> str:
        if "Bad" in text:
            raise RecursionError("as a parser may")
        return "en"

    monkeypatch.setattr(f"{__name__}.READER", TextReader(aliases=READER.aliases, detect=detect))
    reports = {report.source.url[7]: report for report in (await desk.fetch()).sources}
    assert "unexpected error (RecursionError)" in reports["a"].problem
    assert [one.headline for one in reports["b"].items] == ["Good"]
    assert desk.source().next_at == desk.now + EVERY
    assert "RecursionError: as a parser may" in caplog.text


async def test_a_clock_that_was_wrong_puts_no_source_off_for_years(desk: Desk) -> None:
    desk.server.replies["/feed"] = feed()
    desk.now = NOW + timedelta(days=3_000)
    await desk.add()
    desk.now = NOW
    assert desk.store.sources.any_due(now=NOW)
    await desk.once()
    assert desk.source().next_at == desk.now + EVERY


async def test_asking_ends_though_it_takes_longer_than_sources_wait(
    sqlite_store: Store, server: FeedServer
) -> None:
    desk = Desk(sqlite_store, server)

    def slow(asked: Asked) -> Reply:
        desk.now += 2 * EVERY
        return feed() if len(server.asked) < 9 else Reply(status=410)

    server.replies |= {"/a": slow, "/b": slow}
    for host in "ab":
        sqlite_store.sources.add(server.url(f"/{host}", "a.example"), next_at=NOW, now=NOW)
    assert len((await desk.fetch()).sources) == 2


async def test_how_often_a_feed_wants_to_be_asked_outlives_a_304(desk: Desk) -> None:
    body = "<rss version='2.0'><channel><title>A</title><ttl>240</ttl></channel></rss>"
    replies = [Reply(body=body.encode(), headers={"ETag": '"1"'}), Reply(status=304), Reply(status=304)]
    desk.server.replies["/feed"] = lambda _: replies.pop(0)
    reports = [
        await desk.add(),
        await desk.once(later=timedelta(hours=4)),
        await desk.once(later=timedelta(hours=4)),
    ]
    assert [report.next_at for report in reports] == [NOW + timedelta(hours=4 * n) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "media_type", ["application/rss", "binary/octet-stream", "application/x-rss+xml", ""]
)
async def test_a_feed_is_told_by_what_it_is(sqlite_store: Store, server: FeedServer, media_type: str) -> None:
    desk = Desk(sqlite_store, server)
    server.replies["/feed"] = feed(item("A", guid="1"), **{"Content-Type": media_type})
    assert [one.headline for one in (await desk.add()).items] == ["A"]


async def test_rules_of_the_site_that_a_page_is_redirected_to_count(
    sqlite_store: Store, server: FeedServer
) -> None:
    desk = Desk(sqlite_store, server)
    html = {"Content-Type": "text/html"}

    def robots(asked: Asked) -> Reply:
        rules = "User-agent: *\nDisallow: /*/closed" if asked.headers["host"].startswith("b.") else ""
        return Reply(body=rules.encode(), headers={"Content-Type": "binary/octet-stream"})

    pages = {name: f"/news/{name}" for name in ("open", "closed")}
    server.replies |= {
        "/robots.txt": robots,
        **{path: Reply(body=PAGE.format(LONG).encode(), headers=html) for path in pages.values()},
    }
    for name, path in pages.items():
        target = server.url(path, "b.example")
        server.replies[f"/{name}"] = Reply(status=302, headers={"Location": target})
    links = [server.url(f"/{name}", "a.example") for name in pages]
    server.replies["/feed"] = feed(*(item(f"Bridge {link}", guid=link, link=link) for link in links))
    await desk.add(pages=True)
    texts = {one.url: one.text for one in desk.store.documents.new_for("daily")}
    assert ["8 months" in texts[link] for link in links] == [True, False]


async def test_items_that_change_guids_among_themselves_stay_what_they_are(desk: Desk) -> None:
    """As in feeds that number their items from the newest on."""
    links = {name: f"https://a.example/{name}" for name in "ABC"}
    desk.server.replies["/feed"] = feed(
        *(item(n, guid=g, link=links[n]) for n, g in (("B", "1"), ("A", "2")))
    )
    await desk.add()
    desk.server.replies["/feed"] = feed(
        *(item(name, guid=guid, link=links[name]) for name, guid in (("C", "1"), ("B", "2"), ("A", "3")))
    )
    assert [(one.headline, one.outcome) for one in (await desk.once()).items] == [("C", FileOutcome.NEW)]
