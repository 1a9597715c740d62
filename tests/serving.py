"""Test servers that can be stopped for certain: no connection outlives them, however late it was accepted.

`asyncio.start_server` hands a connection over some turns of the loop after it was accepted. One that arrives
as the server is stopped is then served by a loop that is going away, and its socket is closed by nobody.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


class Listener:
    """Accepts connections on this machine, each served by a task of its own."""

    def __init__(self, connected: Callable[[socket.socket], Awaitable[Any]], *, port: int = 0) -> None:
        self._connected = connected
        self._socket = socket.create_server(("127.0.0.1", port), backlog=100)
        self._socket.setblocking(False)
        # Fixed: some systems let it grow to what no test would fill with a message that nobody reads.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**18)
        self.port: int = self._socket.getsockname()[1]
        self.tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        #: Our own connections, which are only to be accepted.
        self._knocks: dict[Any, asyncio.Event] = {}
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    @classmethod
    def of_streams(
        cls, serve: Serve, *, port: int = 0, tls: ssl.SSLContext | None = None, limit: int = 2**16
    ) -> Listener:
        """Serve each connection by a reader and a writer, as `asyncio.start_server` does."""

        async def connected(sock: socket.socket) -> None:
            loop = asyncio.get_running_loop()
            streams: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = loop.create_future()
            protocol = asyncio.StreamReaderProtocol(
                asyncio.StreamReader(limit=limit, loop=loop),
                lambda *ends: streams.set_result(ends),
                loop=loop,
            )
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=tls)
            try:
                await serve(*await streams)
            finally:
                # TLS may have been put on top since; whatever is underneath, this ends it.
                transport.abort()

        return cls(connected, port=port)

    @classmethod
    def of_protocols(cls, make: Callable[[], asyncio.Protocol], *, port: int = 0) -> Listener:
        """Serve each connection by a protocol, as `loop.create_server` does."""

        async def connected(sock: socket.socket) -> None:
            loop = asyncio.get_running_loop()
            protocol, ended = make(), asyncio.Event()
            lost = protocol.connection_lost

            def connection_lost(error: Exception | None) -> None:
                ended.set()
                lost(error)

            protocol.connection_lost = connection_lost  # type: ignore[method-assign]
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock)
            try:
                await ended.wait()
            finally:
                transport.abort()

        return cls(connected, port=port)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            sock, peer = await loop.sock_accept(self._socket)
            if peer in self._knocks:
                sock.close()
                self._knocks.pop(peer).set()
                if self._stopping:
                    return
                continue
            task = loop.create_task(self._serve(sock))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _serve(self, sock: socket.socket) -> None:
        try:
            await self._connected(sock)
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    async def catch_up(self) -> None:
        """Wait until everybody who has connected before this call is being served."""
        with socket.socket() as knock:
            knock.bind(("127.0.0.1", 0))
            answered = self._knocks[knock.getsockname()] = asyncio.Event()
            knock.connect(("127.0.0.1", self.port))
            await answered.wait()

    async def stop(self) -> None:
        """Accept nothing more, and end what was accepted."""
        if self._stopping:
            return
        self._stopping = True
        # Cancelled in the wrong turn, accepting would lose the socket that it just got.
        await self.catch_up()
        await self._accepting
        self._socket.close()
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A transport that was aborted lets go of its socket in the loop's next turn.
        await asyncio.sleep(0)
