"""Runs the command quickly: what it imports is imported once, then each command is a fork of this process.

An order comes as a line of JSON over a socket, with the command's standard streams beside it. It is answered
by two lines: the process id at once, and the exit code when the process has ended.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypedDict

import statements
import templatecode

import newsletter.bound
import newsletter.cli
import newsletter.store
from newsletter.__main__ import main as command
from newsletter.app import App


class Order(TypedDict):
    """A command as the operating system would be asked to start it."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]


def _warm_up() -> None:
    """Import what commands import when they run, and make an edition once, which reads the rest."""
    for package in (newsletter.cli, newsletter.bound, newsletter.store):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    import_module("newsletter.deliveries.bounces")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.txt").write_text("Ferry runs again\n\nThe ferry to Port Aldis runs again.\n")
        app = App.isolated(
            database_url=f"sqlite:///{folder / 'store.db'}",
            folders=[name],
            settle_seconds=0,
            sender_address="digest@news.example.org",
        )
        now = datetime(2026, 11, 23, 6, tzinfo=UTC)
        app.ingest(now=now)
        assert app.draft(app.mailing_list(None), now=now)
        app.close()
    # What is there already is not looked at again in each command, which would copy its pages.
    gc.collect()
    gc.freeze()


def _become(order: Order, streams: Sequence[int]) -> None:
    """Make this process what the operating system would have started."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["newsletter", *order["arguments"]]


def _exit_code_of(work: Callable[[], object]) -> int:
    """Do what the interpreter does with a program's main function."""
    try:
        work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as the interpreter does, but leave its memory to the system: to tidy it up takes most of a command.

    What a program says while it is taken down is seen where commands are really started.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120
    os._exit(code & 0xFF)


def main() -> None:
    """Serve orders until there are no more."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    statements.share()
    templatecode.share()
    _warm_up()
    channel.sendall(b"ready\n")
    while True:
        line, streams, _, _ = socket.recv_fds(channel, 2**16, 3)
        if not line:
            return
        while not line.endswith(b"\n"):
            line += channel.recv(2**16)
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(json.loads(line), streams)
            _end(_exit_code_of(command))
        for stream in streams:
            os.close(stream)
        channel.sendall(b"%d\n" % pid)
        channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
