"""Sources: how the feeds, folders and mailboxes stand that documents come from."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import NewsletterError, SourceError
from newsletter.model.documents import FileOutcome
from newsletter.model.operators import Role, SignedIn
from newsletter.model.sources import PollOutcome, SourceReport
from newsletter.model.words import plural
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.reading import number_in, number_of


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Sources(desk)
    return [
        Route("/operator/sources", gate.page(Role.EDITOR)(pages.all), methods=["GET", "POST"]),
        Route("/operator/sources/{id}", gate.page(Role.EDITOR)(pages.one), methods=["GET", "POST"]),
    ]


class _Sources:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app
        self._show = partial(desk.show, page="sources")

    async def all(self, request: Request, operator: SignedIn) -> Response:
        """List the places; POST adds a feed."""
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            url = text_of(sent, "url").strip()
            try:
                report = await self._app.sources.add(
                    url, is_fetching_pages=bool(text_of(sent, "pages")), clock=self._desk.clock
                )
            except NewsletterError as error:
                return await self._all_page(request, operator, error=str(error), url=url)
            self._record(operator, "add source", report.source.added_url)
            return await self._all_page(request, operator, done=f"Added. {_words(report)}")
        return await self._all_page(request, operator)

    async def _all_page(
        self, request: Request, operator: SignedIn, *, error: str = "", done: str = "", url: str = ""
    ) -> Response:
        page, now = number_in(request.query_params.get("page")) or 1, self._desk.clock()
        lookups = self._app.lookups
        feeds, has_more = await run_in_threadpool(lookups.feeds, page=page, now=now)
        is_first = page == 1
        return self._show(
            "operator/sources.html",
            status=400 if error else 200,
            form=self._desk.guard.open(request),
            operator=operator,
            times=times_of(self._desk),
            feeds=feeds,
            number=page,
            has_more=has_more,
            folders=await run_in_threadpool(lookups.folders, now=now) if is_first else (),
            mailboxes=await run_in_threadpool(lookups.mailboxes, now=now) if is_first else (),
            error=error,
            done=done,
            url=url,
        )

    async def one(self, request: Request, operator: SignedIn) -> Response:
        """Show one feed; POST asks it now, or removes it."""
        number, done = number_of(request.path_params["id"]), ""
        try:
            if request.method == "POST":
                sent = await self._desk.guard.read(request)
                source, _ = await run_in_threadpool(self._app.lookups.feed, number, now=self._desk.clock())
                if text_of(sent, "do") == "remove":
                    await run_in_threadpool(self._app.sources.remove, source.added_url)
                    self._record(operator, "remove source", source.added_url)
                    return self._removed(operator, source.title or source.url)
                done = await self._ask(source.added_url)
                self._record(operator, "ask source", source.added_url)
            source, health = await run_in_threadpool(self._app.lookups.feed, number, now=self._desk.clock())
        except SourceError as error:
            raise HTTPException(404, str(error)) from error
        return self._show(
            "operator/source.html",
            form=self._desk.guard.open(request),
            operator=operator,
            times=times_of(self._desk),
            source=source,
            health=health,
            done=done,
        )

    async def _ask(self, url: str) -> str:
        """Ask a feed now, and say what came of it."""
        report = await self._app.sources.fetch(clock=self._desk.clock, urls=(url,))
        return _words(report.sources[0]) if report.sources else "Another process is asking it just now."

    def _removed(self, operator: SignedIn, title: str) -> Response:
        return self._show(
            "operator/done.html",
            operator=operator,
            title=f"{title} is removed",
            paragraphs=["It is not asked any more. Its documents stay."],
            back="/operator/sources",
            back_words="All sources",
        )

    def _record(self, operator: SignedIn, action: str, subject: str) -> None:
        self._app.audit.record(actor=operator.name, action=action, subject=subject, now=self._desk.clock())


def _words(report: SourceReport) -> str:
    """Say what came of asking a feed."""
    if report.outcome is PollOutcome.UNCHANGED:
        return "It says that nothing has changed."
    if report.outcome is not PollOutcome.FETCHED:
        return f"It could not be read: {report.problem}"
    new, refused = report.count(FileOutcome.NEW), report.count(FileOutcome.REFUSED)
    words = f"{plural(new, 'new document')}"
    return f"It brought {words}; {refused:,} refused." if refused else f"It brought {words}."
