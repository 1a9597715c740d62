"""A connection to the fault server within memory: turns of the event loop take the place of the network.

Far faster than sockets, and the same each time: what sequences of faults are tried by the hundred need.
"""

from __future__ import annotations

import asyncio
from typing import Any

from faults.server import EndedError, FaultServer, Session

#: As asyncio's own transports: writers are told to pause above, and to go on below.
HIGH_WATER, LOW_WATER = 64 * 1024, 16 * 1024


class Wire(asyncio.Transport):
    """The client's end of a connection to a server that has heard EHLO; takes groups if that is offered.

    Attributes:
        stuck_after: Octets that leave the client, and no more; None: as many as the server reads.
        written: What the client wrote, a write apiece.
    """

    def __init__(self, server: FaultServer, *, stuck_after: int | None = None) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.stuck_after = stuck_after
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._waiting = bytearray()
        self._left = 0
        self._is_paused = False
        reader = asyncio.StreamReader(limit=2**21)
        end = _ServersEnd(self)
        protocol = asyncio.StreamReaderProtocol(reader)
        protocol.connection_made(end)
        self._reader = reader
        self._session = Session(server, reader, asyncio.StreamWriter(end, protocol, reader, self._loop))
        self._session.in_groups = "PIPELINING" in server.extensions
        self._serving = self._loop.create_task(self._serve())
        self._end_heard = asyncio.Event()

    async def _serve(self) -> None:
        try:
            await self._session.run()
        except (EndedError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._loop.call_soon(self._hear_end)

    async def ended(self) -> None:
        """Wait until both ends have seen the end of the connection."""
        await self._serving
        await self._end_heard.wait()

    def hang_up(self) -> None:
        """End the connection as a server does that has waited long enough."""
        self._serving.cancel()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            self._waiting.clear()
            self._loop.call_soon(self._reader.feed_eof)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._closing
        self.written.append(bytes(data))
        self._waiting += data
        self._flow()
        if len(self._waiting) > HIGH_WATER and not self._is_paused:
            self._is_paused = True
            self._protocol.pause_writing()

    def _flow(self) -> None:
        """Let go of what the way takes."""
        size = len(self._waiting) if self.stuck_after is None else self.stuck_after - self._left
        gone = bytes(self._waiting[:size])
        del self._waiting[:size]
        self._left += len(gone)
        if gone:
            self._loop.call_soon(self._reader.feed_data, gone)
        if self._is_paused and len(self._waiting) <= LOW_WATER:
            self._is_paused = False
            self._protocol.resume_writing()

    def hear(self, octets: bytes) -> None:
        if not self._closing:
            self._loop.call_soon(self._hear, octets)

    def _hear(self, octets: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(octets)

    def _hear_end(self) -> None:
        self._end_heard.set()
        if not self._closing:
            self._closing = True
            self._protocol.eof_received()
            self._protocol.connection_lost(None)


class _ServersEnd(asyncio.Transport):
    """The server's end."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def is_closing(self) -> bool:
        return self._wire.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._wire.hear(bytes(data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return _Socket() if name == "socket" else default

    def pause_reading(self) -> None:
        """The server holds less than a test can write."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""


class _Socket:
    """Takes the order to end with a reset, which here is an end like another."""

    def setsockopt(self, *_: object) -> None:
        pass
