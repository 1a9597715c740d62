"""A name server on this machine, over UDP and TCP, that says what a test tells it to say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from serving import Listener

#: Instead of records: the server refuses to look, or says nothing.
SERVFAIL, SILENT = "SERVFAIL", "SILENT"

#: By name and type ("example.org", "MX"): records as in a zone file.
Zone = Mapping[tuple[str, str], list[str]]


def txt(*values: str) -> list[str]:
    """TXT records, in strings of at most 255 octets."""
    return [" ".join(f'"{value[i : i + 255]}"' for i in range(0, len(value), 255)) for value in values]


class NameServer(asyncio.DatagramProtocol):
    """Serves a zone; an asynchronous context manager."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        #: Name and type of each question, in order.
        self.asked: list[tuple[str, str]] = []

    async def __aenter__(self) -> NameServer:
        self._tcp = Listener.of_streams(self._serve)
        self.port = self._tcp.port
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", self.port))
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        return self

    async def __aexit__(self, *reason: object) -> None:
        self._udp.close()
        await self._tcp.stop()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        response = self._answer(query)
        if response is None:
            return
        try:
            wire = response.to_wire(max_size=query.payload or 512)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            wire = short.to_wire()
        self._udp.sendto(wire, addr)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        response = self._answer(dns.message.from_wire(await reader.readexactly(size)))
        if response is not None:
            wire = response.to_wire()
            writer.write(len(wire).to_bytes(2) + wire)
            await writer.drain()

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype.name
        self.asked.append((name, kind))
        records = self.zone.get((name, kind), [])
        if records == [SILENT]:
            return None
        response = dns.message.make_response(query)
        if records == [SERVFAIL]:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response
