"""IMAP servers on this machine, over TLS: a real one, and one that does what it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import trustme
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash
from serving import Listener

USER, PASSWORD = "bounces", 'p"ss wörd\\'

#: Instead of an answer: end the connection, or say nothing for ever.
DROP, STALL = b"drop", b"stall"


@dataclass
class Certificates:
    """An authority that the tests trust, and a server's certificate of it."""

    authority: trustme.CA = field(default_factory=trustme.CA)

    def server(self, host: str = "localhost") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@contextmanager
def _served(
    prepare: Callable[[], Coroutine[Any, Any, Callable[..., Coroutine[Any, Any, None]]]],
    context: ssl.SSLContext,
) -> Iterator[int]:
    """Serve connections in a thread of its own; yields the port."""
    port = 0
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def main() -> None:
        nonlocal port
        listener = Listener.of_streams(await prepare(), tls=context, limit=2**24)
        port = listener.port
        stopped = loop.create_future()
        loop.stopped = stopped  # type: ignore[attr-defined]
        ready.set()
        await stopped
        await listener.stop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run() -> None:
        loop.run_until_complete(main())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(20)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(lambda: loop.stopped.set_result(None))  # type: ignore[attr-defined]
        thread.join(20)


@contextmanager
def real_server(certificates: Certificates) -> Iterator[int]:
    """Run pymap with one user, `USER` with `PASSWORD`; yields its port."""

    async def prepare() -> Callable[..., Coroutine[Any, Any, None]]:
        options = Namespace(
            demo_data=False,
            demo_user=USER,
            demo_password=PASSWORD,
            host=None,
            port=0,
            cert=None,
            key=None,
            tls=False,
            debug=False,
            proxy_protocol=None,
            passlib_cfg=None,
        )
        # Its own hash takes half a second to check a password, on purpose.
        backend, config = await DictBackend.init(options, hash_context=BuiltinHash(rounds=1))
        config.apply_context()
        server = IMAPServer(backend.login, config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server(reader, writer, SocketInfoLocal(writer))

        return connected

    with _served(prepare, certificates.server()) as port:
        yield port


@dataclass
class Script:
    """What the scripted server answers, by a command's first words: lines without a tag, or DROP, STALL."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    commands: list[bytes] = field(default_factory=list)

    def answer(self, command: bytes) -> bytes:
        fits = [key for key in self.answers if command.upper().startswith(key)]
        return self.answers[max(fits, key=len)] if fits else b"OK done"


@contextmanager
def scripted_server(certificates: Certificates, script: Script, *, host: str = "localhost") -> Iterator[int]:
    """Run a server that answers by a script; yields its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(script.answers.get(b"GREETING", b"* OK ready") + b"\r\n")
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            script.commands.append(command)
            answer = script.answer(command)
            if answer == DROP:
                writer.transport.abort()
                return
            if answer == STALL:
                await asyncio.sleep(3600)
            *untagged, last = answer.split(b"\r\n")
            writer.write(b"".join(part + b"\r\n" for part in untagged) + tag + b" " + last + b"\r\n")
        writer.close()

    async def prepare() -> Callable[..., Coroutine[Any, Any, None]]:
        return connected

    with _served(prepare, certificates.server(host)) as port:
        yield port


def closed_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
