"""The web application: routes by subject, and what all of them share."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from newsletter.app import App
from newsletter.errors import LinkError, StoreError
from newsletter.model.clock import Clock
from newsletter.web import archive, feedback, health, operator, readers, style, subscribing
from newsletter.web.accesslog import AccessLog, Answered
from newsletter.web.answers import Answers, is_for_machines
from newsletter.web.desk import Desk
from newsletter.web.forms import FormGuard
from newsletter.web.limits import SignUpLimits
from newsletter.web.pages import Pages
from newsletter.web.security import KnownHosts, SecureHeaders
from newsletter.web.site import Site, site_of

log = logging.getLogger(__name__)


def make_web(
    app: App,
    *,
    clock: Clock,
    wake_letters: Callable[[], None] = lambda: None,
    stopping: asyncio.Event | None = None,
) -> Starlette:
    """Return the application.

    Readers' pages are served below the path of PUBLIC_URL, if one is set; what machines ask (webhook, probes)
    there and at the root.

    Args:
        app: What it serves.
        clock: Returns the time, UTC.
        wake_letters: Is called after each sign-up, in the event loop.
        stopping: Once set, answers that go on and on end; None: they end with their time.

    Raises:
        SettingsError: PUBLIC_URL is set, and a key is missing.
        LinkError: PUBLIC_URL cannot be the base of readers' links.
    """
    app.check_pages()
    site = site_of(app)
    pages = Pages(folders=app.template_folders, site=site) if site.url else None
    desk = _desk(app, pages, site, clock, wake_letters, stopping or asyncio.Event()) if pages else None
    answers = Answers(site=site, pages=pages)
    metrics, count = _watched(app, desk.limits if desk else None, clock)
    machines = [*health.routes(app), *feedback.routes(app, clock=clock), *metrics]
    routes = [*machines, *(below(site.base, machines) if site.base else ())]
    if desk is None:
        routes.append(Route("/", _no_pages, methods=["GET"]))
    else:
        routes += [*_front(site.base), *below(site.base, _page_routes(desk))]
    web = Starlette(
        routes=routes,
        middleware=_middleware(site, answers, routes=lambda: web.routes, on_answer=count),
        exception_handlers=_handlers(answers),
    )
    # A redirect would repeat a reader's own address, and the scheme that a proxy before us has ended.
    web.router.redirect_slashes = False
    web.state.trusted_proxies = app.settings.trusted_proxies
    return web


def _page_routes(desk: Desk) -> list[Route]:
    """Return the routes of readers' pages, without the base path."""
    return [
        *style.routes(desk.pages),
        *subscribing.routes(desk),
        *readers.routes(desk),
        *archive.routes(desk.app, pages=desk.pages, site=desk.site, clock=desk.clock),
        *operator.routes(desk),
    ]


def _desk(
    app: App,
    pages: Pages,
    site: Site,
    clock: Clock,
    wake_letters: Callable[[], None],
    stopping: asyncio.Event,
) -> Desk:
    settings = app.settings
    return Desk(
        app=app,
        pages=pages,
        site=site,
        guard=FormGuard(site=site, keys=settings.signing_keys, clock=clock),
        limits=SignUpLimits(
            per_address=settings.signups_per_hour, per_network=settings.network_signups_per_hour
        ),
        wake_letters=wake_letters,
        clock=clock,
        stopping=stopping,
    )


def below(base: str, routes: Iterable[Route]) -> list[Route]:
    """Return routes with a base path before theirs."""
    return [Route(f"{base}{route.path}", route.endpoint, methods=route.methods) for route in routes]


def _front(base: str) -> list[Route]:
    """Let the base address be written without the slash at its end."""
    if not base:
        return []

    async def front(_request: Request) -> Response:
        """Lead to the front page."""
        return RedirectResponse(f"{base}/", status_code=308)

    return [Route(base, front, methods=["GET"])]


def _watched(
    app: App, limits: SignUpLimits | None, clock: Clock
) -> tuple[list[Route], Callable[[Answered], None] | None]:
    """Return the route of the metrics and what counts requests; nothing without METRICS_KEY."""
    key = app.settings.metrics_key.get_secret_value()
    if not key:
        return [], None
    from newsletter.web.metrics import Metrics

    metrics = Metrics(app, key=key, limits=limits, clock=clock)
    return metrics.routes(), metrics.count


def _middleware(
    site: Site,
    answers: Answers,
    *,
    routes: Callable[[], Iterable[BaseRoute]],
    on_answer: Callable[[Answered], None] | None,
) -> list[Middleware]:
    """Return what stands around all routes, the outermost first."""

    def is_exempt(path: str) -> bool:
        """Tell whether a path may be asked for under any host name."""
        return not site.url or is_for_machines(path, base=site.base)

    async def misdirected(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that names a host which is not ours."""
        await answers.to(scope["path"], status=421)(scope, receive, send)

    def unexpected(path: str) -> Response:
        """Return the answer to a path at which an unexpected error happened."""
        try:
            return answers.to(path, status=500)
        except Exception:  # noqa: BLE001 - a template of the operator's own may be what is broken
            return PlainTextResponse("Something went wrong here. Try again later.", status_code=500)

    return [
        Middleware(SecureHeaders, https=site.is_https),
        Middleware(AccessLog, routes=routes, on_error=unexpected, on_answer=on_answer),
        Middleware(KnownHosts, hosts=site.hosts, exempt=is_exempt, refuse=misdirected),
    ]


def _handlers(answers: Answers) -> dict[Any, Any]:
    async def http_error(request: Request, error: HTTPException) -> Response:
        """Answer what a route refused, with its words."""
        return answers.to(
            request.scope["path"], status=error.status_code, words=error.detail, headers=error.headers
        )

    async def link_error(request: Request, error: LinkError) -> Response:
        """Answer a link that is not ours."""
        return answers.to(request.scope["path"], status=404, words=str(error))

    async def store_error(request: Request, error: StoreError) -> Response:
        """Log why the store does not answer, and ask the visitor to come back."""
        # A database quotes the values that it refuses, behind what it says.
        log.error("%s", str(error).partition(" DETAIL:")[0].partition("[SQL:")[0])
        return answers.to(
            request.scope["path"],
            status=503,
            words="the store cannot be reached: try again later",
            headers={"Retry-After": "60"},
        )

    return {HTTPException: http_error, LinkError: link_error, StoreError: store_error}


async def _no_pages(_request: Request) -> Response:
    return PlainTextResponse("No pages are served here: PUBLIC_URL is not set.\n", status_code=404)
