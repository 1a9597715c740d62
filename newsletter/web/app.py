"""The web application: routes by subject, and what all of them share."""

import logging
import signal
import socket
from collections.abc import Callable, Sequence
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.app import App
from newsletter.errors import SettingsError, StoreError
from newsletter.web import archive, feedback
from newsletter.web.pages import Pages
from newsletter.web.patience import ImpatientProtocol
from newsletter.web.site import site_of

log = logging.getLogger(__name__)

#: Connections served at once; more are told to come back later.
_CONNECTIONS = 200

#: How long requests that have begun are waited for when the server stops, in seconds.
_STOP_SECONDS = 20

Clock = Callable[[], datetime]


def make_web(app: App, *, clock: Clock) -> Starlette:
    """Return the application.

    Args:
        app: What it serves.
        clock: Returns the time, UTC.
    """
    site = site_of(app)
    pages = Pages(folders=app.template_folders, site=site)
    routes: Sequence[BaseRoute] = [
        Route("/healthz", _healthz, methods=["GET"]),
        *feedback.routes(app, clock=clock),
        *archive.routes(app, pages=pages, site=site, clock=clock),
    ]
    handlers = {HTTPException: _http_error, StoreError: _store_error, Exception: _unexpected}
    return Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]


def serve(app: App, *, host: str, port: int, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; requests that have begun are finished first.

    Args:
        app: What to serve.
        host: Address to listen on.
        port: 0 takes any that is free.
        clock: Returns the time, UTC.

    Raises:
        SettingsError: The port cannot be had.
        StoreError: The store cannot be opened.
    """
    _ = app.store
    with _listening(host, port) as listener:
        # uvicorn raises the signal again once it has stopped: the exit code would tell of a kill.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        place = listener.getsockname()
        log.info("listening on http://%s:%d", f"[{place[0]}]" if ":" in place[0] else place[0], place[1])
        uvicorn.Server(web_config(make_web(app, clock=clock))).run(sockets=[listener])
    log.info("stopped")


def web_config(web: Starlette) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        web,
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        raise SettingsError(f"PORT: cannot listen on {host}:{port}: {reason}") from error


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _http_error(_request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


async def _store_error(_request: Request, error: StoreError) -> Response:
    log.error("%s", error)
    return JSONResponse(
        {"error": "the store cannot be reached: try again later"},
        status_code=503,
        headers={"Retry-After": "60"},
    )


async def _unexpected(_request: Request, _error: Exception) -> Response:
    # Starlette raises it again after the answer, and uvicorn logs it.
    return JSONResponse({"error": "unexpected error"}, status_code=500)
