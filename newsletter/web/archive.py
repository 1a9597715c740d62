"""The archive's pages: past editions, what their sentences rest on, a search, a feed, a sitemap."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.errors import ArchiveNotFoundError, LinkError
from newsletter.model.archive import EditionView, Neighbours
from newsletter.model.editions import MailingList, audience_name_of, is_weekly_name
from newsletter.web.pages import Pages
from newsletter.web.site import Site

#: Anybody may keep a public page for five minutes.
_PUBLIC = {"Cache-Control": "public, max-age=300"}

#: Documents and searches are for readers; search engines have the originals.
_UNLISTED = {**_PUBLIC, "X-Robots-Tag": "noindex"}

#: Pages of editions that are kept rendered.
_KEPT = 64

#: Pages made at once. One interpreter makes no more in the same time with more threads, and each thread that
#: reads the store keeps a connection with a cache of its own. Readers' forms do not wait for them.
_AT_ONCE = 4

#: Editions of each list on the page of all lists.
_EACH = 3

#: Addresses that one sitemap may hold (sitemaps.org).
_MOST_ADDRESSES = 49_000

#: A number as addresses spell it.
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

Clock = Callable[[], datetime]
_Page = Callable[[Request], Response]


def routes(app: App, *, pages: Pages, site: Site, clock: Clock) -> list[Route]:
    """Return the archive's routes.

    Args:
        app: What they show.
        pages: What renders them.
        site: What they share with all pages.
        clock: Returns the time, UTC.
    """
    shelf = _Shelf(app, pages, site, clock)
    paths: dict[str, _Page] = {
        "/archive": shelf.overview,
        "/archive/{list}": shelf.of_list,
        "/archive/{list}/feed.xml": shelf.feed,
        "/archive/{list}/{number}": shelf.edition,
        "/archive/{list}/{number}/{story}/{sentence}": shelf.source,
        "/e/{token}": shelf.by_token,
        "/e/{token}/{story}/{sentence}": shelf.source_by_token,
        "/search": shelf.search,
        "/sitemap.xml": shelf.sitemap,
        "/robots.txt": shelf.robots,
    }
    return [Route(path, shelf.guarded(page), methods=["GET"]) for path, page in paths.items()]


class _Shelf:
    """Past editions as answers."""

    def __init__(self, app: App, pages: Pages, site: Site, clock: Clock) -> None:
        self._archive = app.archive
        self._pages = pages
        self._site = site
        self._clock = clock
        # A page of an edition changes when the next one comes out, and then never again.
        self._rendered = lru_cache(maxsize=_KEPT)(self._render)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._public = {mailing_list.name: mailing_list for mailing_list in site.public_lists}

    def guarded(self, page: _Page) -> Callable[[Request], Awaitable[Response]]:
        """Return a page that waits for its turn, and says so where there is nothing to show."""

        async def show(request: Request) -> Response:
            """Show the page, or that there is none."""
            try:
                async with self._turn:
                    return await run_in_threadpool(page, request)
            except (ArchiveNotFoundError, LinkError):
                return self._pages.respond(
                    "message.html",
                    status=404,
                    title="There is no such page",
                    paragraphs=("The address may be mistyped, or what it led to is not public.",),
                    of_one_reader="token" in request.path_params,
                )

        return show

    def overview(self, _request: Request) -> Response:
        """Show the one list that there is, or all of them with their latest editions."""
        if len(self._public) == 1:
            return self._list_page(next(iter(self._public.values())), before=None)
        if not self._public:
            raise ArchiveNotFoundError("no list has a public archive")
        return self._pages.respond(
            "archives.html",
            headers=_PUBLIC,
            canonical=f"{self._site.url}/archive",
            listings=[(one, self._archive.page(one.name, limit=_EACH)) for one in self._public.values()],
        )

    def of_list(self, request: Request) -> Response:
        """Show a list's editions by month."""
        name = request.path_params["list"]
        if is_weekly_name(name) and audience_name_of(name) in self._public:
            return self._moved(f"/archive/{audience_name_of(name)}")
        before = request.query_params.get("before")
        return self._list_page(self._public_list(name), before=_number(before) if before else None)

    def _list_page(self, mailing_list: MailingList, *, before: int | None) -> Response:
        query = f"?before={before}" if before else ""
        return self._pages.respond(
            "archive.html",
            headers=_PUBLIC,
            canonical=f"{self._site.url}/archive/{mailing_list.name}{query}",
            list=mailing_list,
            listing=self._archive.page(mailing_list.name, before=before),
            is_later_page=before is not None,
        )

    def edition(self, request: Request) -> Response:
        """Show a public edition."""
        name, number = request.path_params["list"], _number(request.path_params["number"])
        self._public_list(name)
        edition, around = self._archive.edition(name, number), self._archive.neighbours(name, number)
        return Response(self._rendered(edition, around), media_type="text/html", headers=_PUBLIC)

    def _render(self, edition: EditionView, around: Neighbours) -> bytes:
        audience = self._public_list(edition.list_name)
        path = f"/archive/{edition.list_name}/{edition.number}"
        answer = self._edition_page(
            edition,
            home=f"{self._site.base}{path}",
            canonical=f"{self._site.url}{path}",
            audience=audience.name,
            around=around,
            is_open=audience.is_open,
        )
        return bytes(answer.body)

    def _edition_page(self, edition: EditionView, **values: object) -> Response:
        return self._pages.respond("edition.html", edition=edition, **values)  # type: ignore[arg-type]

    def source(self, request: Request) -> Response:
        """Show where a sentence of a public edition stands in its document."""
        name, number = request.path_params["list"], _number(request.path_params["number"])
        self._public_list(name)
        home = f"{self._site.base}/archive/{name}/{number}"
        return self._source_page(request, name, number, home=home, headers=_UNLISTED)

    def _source_page(self, request: Request, name: str, number: int, **values: object) -> Response:
        story, sentence = (_number(request.path_params[part]) for part in ("story", "sentence"))
        source = self._archive.source(name, number, story=story, sentence=sentence)
        return self._pages.respond("source.html", source=source, **values)  # type: ignore[arg-type]

    def by_token(self, request: Request) -> Response:
        """Lead from a mail to its edition: to its public address, or show it here."""
        token = request.path_params["token"]
        name, number = self._archive.read_view_token(token)
        if audience_name_of(name) in self._public:
            return self._moved(f"/archive/{name}/{number}")
        set_list = self._site.named(audience_name_of(name))
        return self._edition_page(
            self._archive.edition(name, number),
            home=f"{self._site.base}/e/{token}",
            of_one_reader=True,
            canonical=None,
            audience="",
            around=None,
            is_open=set_list is not None and set_list.is_open,
        )

    def source_by_token(self, request: Request) -> Response:
        """Show where a sentence of an edition that is not public stands in its document."""
        token = request.path_params["token"]
        name, number = self._archive.read_view_token(token)
        if audience_name_of(name) in self._public:
            story, sentence = (_number(request.path_params[part]) for part in ("story", "sentence"))
            return self._moved(f"/archive/{name}/{number}/{story}/{sentence}")
        home = f"{self._site.base}/e/{token}"
        return self._source_page(request, name, number, home=home, of_one_reader=True)

    def search(self, request: Request) -> Response:
        """Show what a search found in the public lists, or in one of them."""
        if not self._public:
            raise ArchiveNotFoundError("no list has a public archive")
        chosen = request.query_params.get("list", "")
        names = [self._public_list(chosen).name] if chosen else list(self._public)
        page = _number(request.query_params.get("page") or "1")
        query = request.query_params.get("q", "")
        found = self._archive.search(query, names, page=page, now=self._clock())
        return self._pages.respond("search.html", headers=_UNLISTED, found=found, chosen=chosen)

    def feed(self, request: Request) -> Response:
        """Give a list's latest editions as an Atom feed (RFC 4287)."""
        mailing_list = self._public_list(request.path_params["list"])
        entries = self._archive.feed(mailing_list.name)
        updated = entries[0].edition.created_at if entries else self._clock()
        answer = self._pages.respond(
            "feed.xml",
            media_type="application/atom+xml",
            headers={**_PUBLIC, "Last-Modified": format_datetime(updated.astimezone(UTC), usegmt=True)},
            list=mailing_list,
            entries=entries,
            updated=updated,
        )
        answer.headers["ETag"] = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
        return _unless_known(request, answer, updated)

    def sitemap(self, _request: Request) -> Response:
        """Name every public edition to search engines (sitemaps.org)."""
        addresses = self._archive.addresses(list(self._public), limit=_MOST_ADDRESSES)
        return self._pages.respond(
            "sitemap.xml", media_type="application/xml", headers=_PUBLIC, addresses=addresses
        )

    def robots(self, _request: Request) -> Response:
        """Ask search engines to leave readers' own pages alone (RFC 9309)."""
        return self._pages.respond("robots.txt", media_type="text/plain", headers=_PUBLIC)

    def _public_list(self, name: str) -> MailingList:
        """Return a list that anybody may read, by its own name or that of its weekly digest."""
        mailing_list = self._public.get(audience_name_of(name))
        if mailing_list is None:
            raise ArchiveNotFoundError(f"there is no public list {name!r}")
        return mailing_list

    def _moved(self, path: str) -> Response:
        # Not for ever: whether a list is public is a setting.
        return RedirectResponse(f"{self._site.base}{path}", status_code=308, headers=_PUBLIC)


def _number(text: str) -> int:
    """Read a number of an address.

    Raises:
        ArchiveNotFoundError: It is none, or spelt in another way.
    """
    if not _NUMBER.fullmatch(text):
        raise ArchiveNotFoundError(f"{text!r} is not a number")
    return int(text)


def _unless_known(request: Request, answer: Response, updated: datetime) -> Response:
    """Return an answer, or 304 if the caller has it already (RFC 9110 section 13)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        is_known = "*" in tags or answer.headers["ETag"] in tags
    else:
        since = _http_date(request.headers.get("if-modified-since", ""))
        is_known = since is not None and updated.replace(microsecond=0) <= since
    if not is_known:
        return answer
    kept = {name: answer.headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")}
    return Response(status_code=304, headers=kept)


def _http_date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
