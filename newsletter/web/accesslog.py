"""The access log: one line for each request, without anything that names a reader.

It is also where an unexpected error ends: whatever a visitor sent may stand in an error's text, so the log
gets the places in our code that it passed, and the visitor a page that says nothing.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

#: Asked every few seconds; news only while something is being looked for.
_PROBES = ("/healthz", "/readyz", "/metrics")


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A request and its answer, as far as they name nobody."""

    #: "OTHER" for what is no HTTP method.
    method: str
    #: The path as the routes have it, "/u/{token}"; "-" if there is no such route.
    route: str
    status: int
    seconds: float
    #: Of the answer's body, without its header.
    size: int


class AccessLog:
    """Logs each request once it is answered, and answers those that fail unexpectedly.

    Args:
        app: What answers.
        routes: Returns all routes; asked at each request, because some may be added.
        on_error: Makes the answer to a path at which an unexpected error happened.
        on_answer: Is told of each request, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Callable[[], Iterable[BaseRoute]],
        on_error: Callable[[str], Response],
        on_answer: Callable[[Answered], None] | None = None,
    ) -> None:
        self._app = app
        self._routes = routes
        self._on_error = on_error
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and log it."""
        begun = time.monotonic()
        status, size = 0, 0

        async def watched(message: Message) -> None:
            """Pass an answer on, and note its status and size."""
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the last place where it can become an answer
            _log_error(self._route(scope), error)
            if not status:
                await self._on_error(scope["path"])(scope, receive, watched)
        finally:
            self._tell(scope, status=status, size=size, seconds=time.monotonic() - begun)

    def _tell(self, scope: Scope, *, status: int, size: int, seconds: float) -> None:
        answered = Answered(
            method=scope["method"] if scope["method"] in _METHODS else "OTHER",
            route=self._route(scope),
            # Nobody was there to be answered.
            status=status or 499,
            seconds=seconds,
            size=size,
        )
        is_probe = answered.route.endswith(_PROBES) and status == 200
        log.log(
            logging.DEBUG if is_probe else logging.INFO,
            "%s %s %d %.0f ms %d bytes",
            *(answered.method, answered.route, answered.status, 1000 * seconds, size),
        )
        if self._on_answer is not None:
            self._on_answer(answered)

    def _route(self, scope: Scope) -> str:
        """Return the route that a request has come to, never its path."""
        found = scope.get("endpoint"), scope.get("path_params", {}).keys()
        for route in self._routes():
            if isinstance(route, Route) and (route.endpoint, route.param_convertors.keys()) == found:
                return route.path
        return "-"


def _log_error(route: str, error: BaseException) -> None:
    """Log an unexpected error by its type and the places that it passed; its text may hold what was sent."""
    places = "".join(traceback.format_tb(error.__traceback__))
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 5:
        causes.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    because = f" (because of {', '.join(causes)})" if causes else ""
    log.error("unexpected error at %s: %s%s\n%s", route, type(error).__name__, because, places)
