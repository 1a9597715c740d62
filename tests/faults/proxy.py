"""A TCP proxy between a client and any server, that breaks the line at a chosen octet."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from enum import StrEnum

from serving import Listener


class Break(StrEnum):
    """What becomes of the line."""

    #: Both sides are told that it is closed.
    CLOSE = "close"
    #: Both sides are told that it was reset.
    RESET = "reset"
    #: Nobody is told anything, and nothing more gets through.
    STALL = "stall"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Where the line breaks, and how."""

    how: Break
    #: Octets from the client that get through; None: all.
    from_client: int | None = None
    #: Octets from the server that get through; None: all.
    from_server: int | None = None


class FaultProxy:
    """Passes every connection on to a server on this machine; use it as an asynchronous context.

    Attributes:
        passed: Octets that got through on all connections: the client's, and the server's.
    """

    def __init__(self, target_port: int, cut: Cut | None = None) -> None:
        self.target_port = target_port
        self.cut = cut
        self.port = 0
        self.passed = [0, 0]

    async def __aenter__(self) -> FaultProxy:
        self._listener = Listener.of_streams(self._serve)
        self.port = self._listener.port
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listener.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        away_reader, away = await asyncio.open_connection("127.0.0.1", self.target_port)
        limits = (self.cut.from_client, self.cut.from_server) if self.cut else (None, None)
        pumps = [
            asyncio.create_task(self._pump(reader, away, 0, limits[0])),
            asyncio.create_task(self._pump(away_reader, writer, 1, limits[1])),
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if any(pump.result() for pump in done):
                await self._break(writer, away)
        finally:
            # First, since being stopped may cut short whatever is awaited here.
            for end in (writer, away):
                end.transport.abort()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: int, limit: int | None
    ) -> bool:
        """Pass octets on; return whether the line is to break."""
        with contextlib.suppress(OSError):
            while limit is None or limit > 0:
                octets = await reader.read(65536 if limit is None else limit)
                if not octets:
                    return False
                writer.write(octets)
                await writer.drain()
                self.passed[way] += len(octets)
                limit = None if limit is None else limit - len(octets)
            return True
        return False

    async def _break(self, *ends: asyncio.StreamWriter) -> None:
        assert self.cut is not None
        if self.cut.how is Break.STALL:
            await asyncio.Event().wait()
        if self.cut.how is Break.RESET:
            for end in ends:
                sock = end.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
