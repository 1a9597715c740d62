"""A web server on this machine that misbehaves in every way that one can, a path for each."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    #: Of the address that was connected to.
    address: str


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Sent instead of the body.
    stream: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None
    #: Leave Content-Length out.
    unsized: bool = False


Answering = Callable[[Asked], Reply | Awaitable[Reply]]


@dataclass
class FeedServer:
    """Answers by path; what is not set is not found."""

    port: int = 0
    scheme: str = "http"
    replies: dict[str, Reply | Answering] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    #: Most requests that were answered at one time.
    most_at_once: int = 0
    _now: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._now -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:]) if n}
        asked = Asked(head[0].split(" ")[1], headers, writer.get_extra_info("sockname")[0])
        self.asked.append(asked)
        reply = self.replies.get(asked.path.partition("?")[0], Reply(status=404))
        if callable(reply):
            made = reply(asked)
            reply = await made if isinstance(made, Awaitable) else made
        lines = [f"HTTP/1.1 {reply.status} -", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if not (reply.unsized or reply.stream) and "Content-Length" not in reply.headers:
            lines.append(f"Content-Length: {len(reply.body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if reply.stream:
            await reply.stream(writer)
        else:
            writer.write(reply.body)
        await writer.drain()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[FeedServer]:
    """Serve on all loopback addresses of one port."""
    server = FeedServer(scheme="https" if tls else "http")
    # An exception of a connection that the client dropped is nobody's fault.
    listener = await asyncio.start_server(server.answer, "0.0.0.0", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def packed(body: bytes, **headers: str) -> Reply:
    return Reply(body=gzip.compress(body), headers={"Content-Encoding": "gzip", **headers})


def bomb(megabytes: int) -> bytes:
    """A thousandth of what it unpacks to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    million = bytes(1_000_000)
    return b"".join(packer.compress(million) for _ in range(megabytes)) + packer.flush()


async def endless(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"<item>more</item>" * 4_000)
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)
