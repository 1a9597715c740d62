"""Fetch: what sources of the web have that is new becomes documents in the store."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from newsletter.errors import DocumentRefusedError, FetchError, SourceError
from newsletter.fetch.pages import Pages
from newsletter.fetch.polling import FetchPolicy, Poller, host_of
from newsletter.model.sources import FetchReport, Source, SourceReport
from newsletter.sources.discovery import find_feeds
from newsletter.sources.formats.feed import read_feed
from newsletter.sources.opml import Outline
from newsletter.sources.reachable import write_url
from newsletter.sources.web import Answer, Fetcher
from newsletter.store.store import Store

__all__ = ["FetchPolicy", "add", "fetch", "import_outlines", "source_at", "written"]

#: Sources asked at one time; of one host only one.
_AT_ONCE = 16
#: Taken at one time, and for how long at most.
_TAKEN = 500
_LEASE = timedelta(minutes=30)


async def fetch(
    store: Store,
    web: Fetcher,
    policy: FetchPolicy,
    *,
    stopping: asyncio.Event,
    only: Sequence[Source] | None = None,
    on_report: Callable[[SourceReport], None] = lambda _: None,
) -> FetchReport:
    """Ask the sources that are due, several at a time, one of a host; one that fails stops no other.

    Two processes that do this at once ask each source once. What was not asked when it is to stop is due
    again.

    Args:
        store: Where sources and documents are.
        web: What fetches; entered here.
        policy: How sources are asked.
        stopping: Once set, no further source is asked, and those that have not answered are left.
        only: Ask these instead, due or not.
        on_report: Told of each source when it was asked.

    Raises:
        StoreError: The store cannot be read or written.
    """
    reports: list[SourceReport] = []

    def keep(report: SourceReport) -> None:
        reports.append(report)
        on_report(report)

    async with web:
        poller = Poller(
            store, web, policy, Pages(web, policy.reader, pause_seconds=policy.page_pause_seconds)
        )
        # Each once: where asking all of them takes longer than they wait, this would never end.
        due_by = policy.clock()
        while not stopping.is_set():
            taken = await _claim(store, only, due_by=due_by, until=policy.clock() + _LEASE)
            if not taken:
                break
            await _ask_all(store, poller, taken, stopping, keep)
            if only is not None:
                break
    return FetchReport(sources=tuple(reports))


async def _claim(
    store: Store, only: Sequence[Source] | None, *, due_by: datetime, until: datetime
) -> list[Source]:
    ids = None if only is None else [source.id for source in only]
    limit = _TAKEN if ids is None else len(ids)
    return await store.in_time(store.sources.claim, now=due_by, until=until, limit=limit, only=ids)


async def _ask_all(
    store: Store,
    poller: Poller,
    sources: Sequence[Source],
    stopping: asyncio.Event,
    on_report: Callable[[SourceReport], object],
) -> None:
    """Ask sources; those of one host one after the other."""
    hosts: dict[str, list[Source]] = {}
    for source in sources:
        hosts.setdefault(host_of(source.url), []).append(source)
    room = asyncio.Semaphore(_AT_ONCE)
    left = {source.id: source for source in sources}

    async def ask_host(queue: Sequence[Source]) -> None:
        for source in queue:
            async with room:
                on_report(await poller.ask(source))
                del left[source.id]

    told = asyncio.create_task(stopping.wait())
    work = asyncio.gather(*(ask_host(queue) for queue in hosts.values()))
    try:
        await asyncio.wait((work, told), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        told.cancel()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if left:
            await store.in_time(store.sources.release, list(left.values()))


async def add(
    store: Store, web: Fetcher, policy: FetchPolicy, *, url: str, is_fetching_pages: bool
) -> SourceReport:
    """Add a source: ask it once, and take in what it has.

    Args:
        store: Where it is kept.
        web: What fetches; entered here.
        policy: How sources are asked.
        url: Of a feed, or of a web page that names one; without http:// it is taken for https.
        is_fetching_pages: Fetch the pages of items of which the feed has but a summary.

    Raises:
        SourceError: It is there already, or there is no feed.
        FetchError: It does not answer, or must not be asked.
        StoreError: The store cannot be written.
    """
    address = written(url)
    _check_new(store, address)
    async with web:
        poller = Poller(
            store, web, policy, Pages(web, policy.reader, pause_seconds=policy.page_pause_seconds)
        )
        answer = await _feed_at(poller, address)
        _check_new(store, answer.moved_to)
        now = policy.clock()
        source = await store.in_time(
            store.sources.add,
            answer.moved_to,
            is_fetching_pages=is_fetching_pages,
            next_at=now + _LEASE,
            now=now,
        )
        if source is None:
            raise SourceError(f"{answer.moved_to} is a source already")
        return await poller.take(source, answer)


async def _feed_at(poller: Poller, address: str) -> Answer:
    """Return a feed at an address, or at one that the page there names.

    Raises:
        SourceError: There is none.
        FetchError: It does not answer.
    """
    answer = await poller.fetch(address)
    if _is_feed(answer):
        return answer
    for named in find_feeds(answer.content, url=answer.url)[:3]:
        with suppress(FetchError):
            other = await poller.fetch(named)
            if _is_feed(other):
                return other
    if answer.status != 200:
        raise SourceError(f"{address}: the server answers {answer.status}, not with a feed")
    raise SourceError(f"{address} is no feed, and names none; look for a link called RSS or Feed on the page")


def _is_feed(answer: Answer) -> bool:
    try:
        read_feed(answer.content, url=answer.url, charset=answer.charset)
    except DocumentRefusedError:
        return False
    return answer.status == 200


def _check_new(store: Store, address: str) -> None:
    if store.sources.find(address):
        raise SourceError(f"{address} is a source already")


def written(url: str) -> str:
    """Return an address in its one form; without a scheme it is taken for https.

    Raises:
        SourceError: It is none.
    """
    try:
        return write_url(url if "://" in url else f"https://{url}")
    except FetchError as error:
        raise SourceError(str(error)) from None


def source_at(store: Store, url: str) -> Source:
    """Return the source of an address.

    Raises:
        SourceError: There is none.
    """
    source = store.sources.find(url.strip()) or store.sources.find(written(url))
    if source is None:
        raise SourceError(f"{url} is no source; `newsletter sources list` shows them")
    return source


def import_outlines(
    store: Store, outlines: Sequence[Outline], *, now: datetime
) -> tuple[list[str], int, list[str]]:
    """Add the feeds of a list, to be asked when sources are asked next.

    Returns:
        The addresses that were added, how many were there already, and a line for each that is none.
    """
    added: list[str] = []
    known = 0
    problems: list[str] = []
    for outline in outlines:
        try:
            address = written(outline.url)
        except SourceError as error:
            problems.append(str(error))
            continue
        if store.sources.add(address, title=outline.title[:300], next_at=now, now=now):
            added.append(address)
        else:
            known += 1
    return added, known, problems
