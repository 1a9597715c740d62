"""Hosts on one machine: network namespaces where they can be had, or else processes whose lines can be cut.

Each host reaches the database and the mail server over lines of its own, and is cut off from the database by
taking that line down: nobody is told, and nothing gets through any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: A namespace's name, and those of its lines, begin so.
_NAME = "nlbench"


class Lines:
    """Passes connections on to a server, in a thread; `cut` lets nothing more through."""

    def __init__(self, target: str | tuple[str, int], *, host: str = "127.0.0.1") -> None:
        """Listen on a port of an address.

        Args:
            target: A socket's path, or host and port.
            host: Where to listen.
        """
        self._target = target
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def cut(self) -> None:
        """Let nothing through until `mend`."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._open.set)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._serve, self._host, 0, limit=2**18)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await self._open.wait()
            if isinstance(self._target, str):
                away_reader, away = await asyncio.open_unix_connection(self._target, limit=2**18)
            else:
                away_reader, away = await asyncio.open_connection(*self._target, limit=2**18)
            await asyncio.gather(self._pass(reader, away), self._pass(away_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(2**18):
                await self._open.wait()
                writer.write(octets)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()


@dataclass(kw_only=True)
class Host:
    """A host: what is put before a command that runs there, and how it reaches the others."""

    command: tuple[str, ...]
    #: Lines to the database, and to the mail server.
    database: Lines
    mail: Lines
    #: The name under which the other end of each is reached there.
    database_host: str
    mail_host: str
    #: Of the line to the database, in a namespace; empty: there is no namespace.
    link: str = ""

    def cut_off(self) -> None:
        """Cut it off from the database."""
        if self.link:
            _ip("link", "set", self.link, "down")
        else:
            self.database.cut()

    def reconnect(self) -> None:
        """Let it reach the database again."""
        if self.link:
            _ip("link", "set", self.link, "up")
        else:
            self.database.mend()


def can_have_namespaces() -> bool:
    """Return whether this machine lets us make network namespaces with lines between them."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    try:
        with _namespace(0):
            return True
    except subprocess.CalledProcessError:
        return False


@contextlib.contextmanager
def hosts(count: int, *, database: str, mail_port: int, namespaces: bool) -> Iterator[list[Host]]:
    """Make hosts, and take them away again.

    Args:
        count: How many.
        database: Path of the database server's socket.
        mail_port: Of the mail server, on this machine.
        namespaces: Each in a network namespace of its own.
    """
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(count):
            name = stack.enter_context(_namespace(number)) if namespaces else ""
            ours, mail_ours = (_address(number, line, 1) if name else "127.0.0.1" for line in (0, 1))
            made.append(
                Host(
                    command=("ip", "netns", "exec", name) if name else (),
                    database=Lines(database, host=ours),
                    mail=Lines(("127.0.0.1", mail_port), host=mail_ours),
                    database_host=ours,
                    mail_host="sink" if name else "127.0.0.1",
                    link=f"{name}d" if name else "",
                )
            )
        yield made


@contextlib.contextmanager
def _namespace(number: int) -> Iterator[str]:
    """Make a namespace with two lines to this one: d, to the database, and m, to the mail server."""
    name = f"{_NAME}{number}"
    with contextlib.suppress(subprocess.CalledProcessError):
        _ip("netns", "del", name)
    files = Path("/etc/netns") / name
    _ip("netns", "add", name)
    try:
        for line, letter in enumerate("dm"):
            here, there = f"{name}{letter}", f"{name}{letter}1"
            _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
            _ip("addr", "add", f"{_address(number, line, 1)}/30", "dev", here)
            _ip("link", "set", here, "up")
            _ip("-n", name, "addr", "add", f"{_address(number, line, 2)}/30", "dev", there)
            _ip("-n", name, "link", "set", there, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        # There, this file is /etc/hosts (ip-netns(8)); mail to a name without a dot may go without TLS.
        files.mkdir(parents=True, exist_ok=True)
        (files / "hosts").write_text(f"127.0.0.1 localhost\n{_address(number, 1, 1)} sink\n")
        yield name
    finally:
        shutil.rmtree(files, ignore_errors=True)
        _ip("netns", "del", name)


def _address(number: int, line: int, end: int) -> str:
    return f"10.{213 + line}.{number}.{end}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
