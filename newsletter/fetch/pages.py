"""The pages of items of which a feed has but a summary."""

from dataclasses import replace
from urllib.parse import urlsplit

from newsletter.errors import DocumentRefusedError, FetchError
from newsletter.model.documents import ParsedDocument
from newsletter.sources.formats.feed import FeedItem
from newsletter.sources.parse import TextReader
from newsletter.sources.robots import Robots
from newsletter.sources.web import Fetcher, Request
from newsletter.store.patience import apart

#: An item with more words is taken for the whole article, whatever its feed says.
_WORDS_OF_A_SUMMARY = 150
#: Pages of one source that are fetched in one turn; the other items keep their summary.
_MOST_PAGES = 30
#: What robots.txt comes as.
_PLAIN = ("text/*", "application/*", "binary/octet-stream")
_HTML = ("text/html", "application/xhtml+xml")


class Pages:
    """Fetches pages of one run; what a site allows is asked once."""

    def __init__(self, web: Fetcher, reader: TextReader, *, pause_seconds: float) -> None:
        self._web = web
        self._reader = reader
        self._pause_seconds = pause_seconds
        self._robots: dict[str, Robots] = {}
        self._fetched: dict[int, int] = {}

    def wants(self, item: FeedItem, *, source_id: int) -> bool:
        """Return whether the page of an item is to be fetched."""
        is_summary = not item.is_full and len(item.text.split()) <= _WORDS_OF_A_SUMMARY
        return bool(item.link) and is_summary and self._fetched.get(source_id, 0) < _MOST_PAGES

    async def read(self, item: FeedItem, summary: ParsedDocument, *, source_id: int) -> ParsedDocument:
        """Return the article on the page of an item; its summary if that is not to be had."""
        self._fetched[source_id] = self._fetched.get(source_id, 0) + 1
        url = item.link or ""
        try:
            robots = await self._robots_of(url)
            if not robots.allow(url):
                return summary
            pause = max(self._pause_seconds, robots.delay_seconds)
            answer = await self._web.fetch(
                Request(url=url, accept=", ".join(_HTML), media_types=_HTML, pause_seconds=pause)
            )
            if answer.status != 200 or not (await self._robots_of(answer.url)).allow(answer.url):
                return summary
            page = await apart(lambda: _read(answer.content, answer.url, answer.charset, self._reader))
        except (FetchError, DocumentRefusedError):
            return summary
        return _joined(summary, page)

    async def _robots_of(self, url: str) -> Robots:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            try:
                answer = await self._web.fetch(Request(url=f"{site}/robots.txt", media_types=_PLAIN))
                self._robots[site] = Robots.read(answer.status, answer.content)
            except FetchError:
                self._robots[site] = Robots.read(None, b"")
        return self._robots[site]


def _read(content: bytes, url: str, charset: str | None, reader: TextReader) -> ParsedDocument:
    from newsletter.sources.formats.html import read_page

    return read_page(content, url=url, charset=charset, reader=reader)


def _joined(summary: ParsedDocument, page: ParsedDocument) -> ParsedDocument:
    """Return the page with what the feed knows better: its name, and where readers are led."""
    return replace(
        page,
        source=summary.source or page.source,
        byline=summary.byline or page.byline,
        url=summary.url or page.url,
        published_at=summary.published_at or page.published_at,
        tags=summary.tags or page.tags,
    )
