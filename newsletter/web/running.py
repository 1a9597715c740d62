"""`newsletter web`: the pages alone, until a signal; sign-ups are answered here, too."""

import asyncio
import logging
import signal
import socket
from contextlib import closing

from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.web.parts import parts_of, run_together
from newsletter.web.server import listen

log = logging.getLogger(__name__)


def run(app: App, *, host: str, port: int, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; requests that have begun are finished first.

    Args:
        app: What to serve.
        host: Address to listen on.
        port: 0 takes any that is free.
        clock: Returns the time, UTC.

    Raises:
        SettingsError: The port cannot be had, or a key is missing.
        LinkError: PUBLIC_URL cannot be the base of readers' links.
        StoreError: The store cannot be opened.
    """
    # What goes out from here counts for rates and waits that other hosts look at.
    agreed = app.agreed_clock(clock)
    with closing(listen(host, port)) as listener:
        asyncio.run(_run_until_signal(app, listener, agreed))
    log.info("stopped")


async def _run_until_signal(app: App, listener: socket.socket, clock: Clock) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    parts = parts_of(app, listener=listener, clock=clock, stopping=stopping)
    await run_together(*parts, stopping=stopping)
