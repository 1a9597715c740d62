"""Asking one source: what its answer means, and what is remembered of it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from newsletter.errors import DocumentRefusedError, FetchError, NewsletterError
from newsletter.fetch.pages import Pages
from newsletter.model.sources import (
    FetchedItem,
    Poll,
    PollOutcome,
    SeenItem,
    Source,
    SourceReport,
)
from newsletter.sources.formats.feed import Feed, FeedItem, document_of, read_feed
from newsletter.sources.pace import Pace, begins_to_fail_for_long, read_max_age, read_retry_after
from newsletter.sources.parse import TextReader
from newsletter.sources.web import Answer, Fetcher, Request
from newsletter.store.patience import apart
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Feeds come under many names; what is none is found out by reading it.
_TYPES = ("text/*", "application/*", "binary/octet-stream")
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
#: Of items without a date, so many are told when a source is asked for the first time.
_FIRST_UNDATED = 10
#: A date further ahead is a mistake.
_AHEAD = timedelta(days=1)
_LONGEST_VALIDATOR = 1_000


@dataclass(frozen=True, kw_only=True)
class FetchPolicy:
    """How sources are asked."""

    pace: Pace
    #: Of a new source, older items are known from the start and not told.
    first_days: float
    reader: TextReader
    #: Returns a number from 0 to 1 by chance.
    chance: Callable[[], float]
    clock: Callable[[], datetime]
    #: How long a site is left alone between two pages, unless it asks for longer, s.
    page_pause_seconds: float = 1.0


class Poller:
    """Asks sources, one at a time for each call."""

    def __init__(self, store: Store, web: Fetcher, policy: FetchPolicy, pages: Pages) -> None:
        self._store = store
        self._web = web
        self._policy = policy
        self._pages = pages
        # Reading is work for one processor: several threads of it would only fight for it, and for memory.
        self._reading = asyncio.Lock()
        # SQLite has one writer at a time and no queue: of many that wait, one may wait too long.
        self._writing = asyncio.Lock()

    async def fetch(self, url: str, *, source: Source | None = None) -> Answer:
        """Ask an address for a feed, on the condition that it has changed if it is that of a source.

        Raises:
            FetchError: There is no answer.
        """
        request = Request(url=url, accept=_ACCEPT, media_types=_TYPES)
        if source is not None:
            request = replace(request, etag=source.etag, last_modified=source.last_modified)
        return await self._web.fetch(request)

    async def ask(self, source: Source) -> SourceReport:
        """Ask a source and remember what came of it.

        Raises:
            StoreError: The store cannot be written.
        """
        try:
            poll = await self._judge(source, await self.fetch(source.url, source=source))
        except FetchError as error:
            poll = self._failed(source, str(error))
        except NewsletterError:
            raise
        except Exception as error:
            # A feed that we have a mistake for must not keep the others from being asked, each time anew.
            log.exception("%s: unexpected error", source.url)
            poll = self._failed(source, f"unexpected error ({type(error).__name__}); the log has more")
        return await self._remember(source, poll)

    async def take(self, source: Source, answer: Answer) -> SourceReport:
        """Remember what a source has answered.

        Raises:
            StoreError: The store cannot be written.
        """
        return await self._remember(source, await self._judge(source, answer))

    async def _judge(self, source: Source, answer: Answer) -> Poll:
        now = self._policy.clock()
        if answer.status == HTTPStatus.NOT_MODIFIED:
            interval = timedelta(seconds=source.interval_seconds) if source.interval_seconds else None
            next_at = self._after_success(answer, interval)
            return Poll(outcome=PollOutcome.UNCHANGED, next_at=next_at, url=answer.moved_to)
        if answer.status == HTTPStatus.GONE:
            problem = "the server says that it is gone for good (410)"
            return Poll(outcome=PollOutcome.ENDED, next_at=now, problem=problem)
        if answer.status != HTTPStatus.OK:
            retry_after = read_retry_after(answer.headers.get("retry-after", ""), now=now)
            return self._failed(source, _status(answer.status), retry_after=retry_after)
        read = partial(read_feed, answer.content, url=answer.url, charset=answer.charset)
        try:
            async with self._reading:
                feed = await apart(read)
        except DocumentRefusedError as error:
            return self._failed(source, f"it is no feed: {error.detail or error}")
        seen = tuple(map(_seen, feed.items))
        return Poll(
            outcome=PollOutcome.FETCHED,
            next_at=self._after_success(answer, feed.interval),
            interval=feed.interval,
            url=answer.moved_to,
            title=feed.title,
            etag=_validator(answer, "etag"),
            last_modified=_validator(answer, "last-modified"),
            items=await self._items(source, feed, seen),
            seen=seen,
        )

    async def _items(self, source: Source, feed: Feed, seen: tuple[SeenItem, ...]) -> tuple[FetchedItem, ...]:
        """Make documents of what is new or has changed."""
        unknown = {item.key for item in await self._store.in_time(self._store.sources.unknown, source, seen)}
        now = self._policy.clock()
        old = (
            _old_keys(feed, now=now, first_days=self._policy.first_days) if not source.succeeded_at else set()
        )
        wanted = [item for item in feed.items if item.key in unknown and item.key not in old]
        async with self._reading:
            made = await apart(partial(self._read, source, feed, wanted, now))
        read = {item.seen.key: item for item in made}
        if source.is_fetching_pages:
            for item in wanted:
                summary = read[item.key].document
                if summary is not None and self._pages.wants(item, source_id=source.id):
                    page = await self._pages.read(item, summary, source_id=source.id)
                    read[item.key] = replace(read[item.key], document=page)
        return tuple(read.get(item.key, FetchedItem(seen=item)) for item in seen if item.key in unknown)

    def _read(self, source: Source, feed: Feed, items: list[FeedItem], now: datetime) -> list[FetchedItem]:
        return [_read_item(item, feed, self._policy.reader, host_of(source.url), now) for item in items]

    def _after_success(self, answer: Answer, asked: timedelta | None) -> datetime:
        return self._policy.pace.after_success(
            now=self._policy.clock(),
            asked=asked,
            max_age=read_max_age(answer.headers.get("cache-control", "")),
            chance=self._policy.chance(),
        )

    def _failed(self, source: Source, problem: str, *, retry_after: timedelta | None = None) -> Poll:
        next_at = self._policy.pace.after_failure(
            now=self._policy.clock(),
            failures=source.failures + 1,
            retry_after=retry_after,
            chance=self._policy.chance(),
        )
        return Poll(outcome=PollOutcome.FAILED, next_at=next_at, problem=problem)

    async def _remember(self, source: Source, poll: Poll) -> SourceReport:
        now = self._policy.clock()
        async with self._writing:
            items = await self._store.in_time(self._store.sources.record, source, poll, now=now)
        return SourceReport(
            source=source,
            outcome=poll.outcome,
            problem=poll.problem,
            items=tuple(items),
            next_at=poll.next_at,
            fails_for_long=poll.outcome is PollOutcome.FAILED
            and begins_to_fail_for_long(
                failing_since=source.failing_since, checked_at=source.checked_at, now=now
            ),
        )


def _seen(item: FeedItem) -> SeenItem:
    return SeenItem(key=item.key, fingerprint=item.fingerprint, alias=item.alias)


def _old_keys(feed: Feed, *, now: datetime, first_days: float) -> set[str]:
    """Return the keys of items that a new source had long before it was added."""
    since = now - timedelta(days=first_days)
    dated = {item.key for item in feed.items if item.published_at and item.published_at < since}
    undated = [item.key for item in feed.items if not item.published_at]
    return dated | set(undated[_FIRST_UNDATED:])


def _read_item(item: FeedItem, feed: Feed, reader: TextReader, host: str, now: datetime) -> FetchedItem:
    if item.published_at and item.published_at > now + _AHEAD:
        item = replace(item, published_at=None)
    try:
        return FetchedItem(seen=_seen(item), document=document_of(item, feed, reader, source=host))
    except DocumentRefusedError as error:
        return FetchedItem(seen=_seen(item), refusal=error.reason, detail=error.detail)


def host_of(url: str) -> str:
    """Return the host of an address, which stands for a name where there is none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _validator(answer: Answer, name: str) -> str | None:
    """Return a validator as it came, if it can be sent back."""
    value = answer.headers.get(name, "")
    is_fit = value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR
    return value if value and is_fit else None


def _status(status: int) -> str:
    try:
        return f"the server answers {status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return f"the server answers {status}"
