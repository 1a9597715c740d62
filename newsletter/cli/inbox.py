"""An SMTP server on this machine, whose readers' mail is kept as files: where the demo sends to."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

#: What a file may be called after a reader: anybody can sign up, with any address.
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_MOST_CHARACTERS = 40


class Inbox:
    """Keeps each mail as an .eml file.

    Attributes:
        received: The files, in the order in which the mails came.
        on_mail: Is called with each file, in the server's thread.
    """

    def __init__(self, folder: Path) -> None:
        """Keep mail in a folder that exists."""
        self.received: list[Path] = []
        self.on_mail: Callable[[Path], None] = lambda _: None
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name
        """Take a mail (aiosmtpd calls this)."""
        name = _NOT_IN_NAMES.sub("-", envelope.rcpt_tos[0].rpartition("@")[0])[:_MOST_CHARACTERS].strip("-")
        path = self._free_path(name or "reader")
        await asyncio.to_thread(path.write_bytes, envelope.original_content or b"")
        self.received.append(path)
        self.on_mail(path)
        return "250 2.0.0 received by the demo"

    def _free_path(self, name: str) -> Path:
        taken = len(list(self._folder.glob(f"{name}-*.eml")))
        return self._folder / f"{name}-{taken + 1}.eml"


@contextmanager
def receiving(inbox: Inbox) -> Iterator[int]:
    """Run the server on this machine alone; hands out its port."""
    controller = Controller(inbox, hostname="127.0.0.1", port=_free_port())
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
