"""A web application served over real HTTP, in a thread."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from newsletter.web.server import web_config


class _Started(uvicorn.Server):
    """A server that tells when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


@contextmanager
def served(web: Starlette) -> Iterator[int]:
    """Serve an application; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Started(web_config(web))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert server.is_up.wait(20)
        try:
            yield listener.getsockname()[1]
        finally:
            # Also after a test that failed: the thread would keep the process from ending.
            server.should_exit = True
            thread.join(20)


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    #: By their names in lower case.
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request to this machine, over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=response.read())
    finally:
        connection.close()


def send_raw(port: int, content: bytes, *, is_all: bool = False) -> bytes:
    """Send bytes as they are, and return what comes back until the connection ends.

    Args:
        port: On this machine.
        content: What to send.
        is_all: End our direction; the server then waits for no more, and drops what it has not answered yet.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(content)
        if is_all:
            line.shutdown(socket.SHUT_WR)
        received = b""
        while more := line.recv(65536):
            received += more
        return received


class Browser:
    """Asks an application without a connection between, and keeps its cookies."""

    def __init__(self, web: Starlette, url: str) -> None:
        self._web = web
        self._url = url
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, options))

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._web, client=("192.0.2.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url=self._url, cookies=self.cookies) as client:
            answer = await client.request(method, path, **options)
            self.cookies = client.cookies
            return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)
