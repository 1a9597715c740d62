"""Probes: whether the process lives, and whether it can work."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.errors import StoreError

#: How long the store may take to answer, in seconds.
_STORE_SECONDS = 2.0


def routes(app: App) -> list[Route]:
    """Return the probes' routes: /healthz (the process lives) and /readyz (its store answers)."""
    store = _StoreProbe(app)

    async def readyz(_request: Request) -> Response:
        """Say whether the store answers, with status 200 or 503."""
        if await store.answers():
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "the store does not answer"}, status_code=503)

    return [
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class _StoreProbe:
    """Asks the store, one question at a time: one that is never answered holds one thread, not hundreds."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._asking: asyncio.Future[None] | None = None

    async def answers(self) -> bool:
        """Tell whether the store answers in time."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._app.apart(self._app.check_store))
            # Whoever asked may be gone by then; a failure that nobody takes would be reported as lost.
            self._asking.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        try:
            await asyncio.wait_for(asyncio.shield(self._asking), _STORE_SECONDS)
        except (StoreError, TimeoutError):
            return False
        return True
