"""Serving the web application: the socket, uvicorn, and how both end."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from newsletter.errors import SettingsError
from newsletter.web.patience import ImpatientProtocol

log = logging.getLogger(__name__)

#: Connections served at once; more are told to come back later.
_CONNECTIONS = 200

#: How long requests that have begun are waited for when the server stops, in seconds.
_STOP_SECONDS = 20


def listen(host: str, port: int) -> socket.socket:
    """Take the place where requests will arrive; whoever does it closes it.

    Args:
        host: Address to listen on.
        port: 0 takes any that is free.

    Raises:
        SettingsError: It cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        raise SettingsError(f"PORT: cannot listen on {host}:{port}: {reason}") from error


async def serve(web: Starlette, listener: socket.socket, *, stopping: asyncio.Event) -> None:
    """Serve until `stopping` is set; requests that have begun are finished first."""
    server = _Server(web_config(web))
    place = listener.getsockname()
    log.info("listening on http://%s:%d", f"[{place[0]}]" if ":" in place[0] else place[0], place[1])
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait((serving, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    server.should_exit = True
    await serving


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


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
