"""What runs beside each other in one process: the web server, and what answers sign-ups."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from functools import partial

from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.web.letters import correspondent_of

#: Ends once the event that all parts know is set.
Part = Callable[[], Coroutine[None, None, None]]


def parts_of(
    app: App, *, listener: socket.socket | None, clock: Clock, stopping: asyncio.Event
) -> list[Part]:
    """Return what answers sign-ups, if anybody can sign up, and the web server, if there is one.

    Args:
        app: What is served.
        listener: Where requests arrive; None: the web is served elsewhere.
        clock: Returns the time, UTC.
        stopping: Once set, each of them ends.

    Raises:
        SettingsError: A key is missing.
        LinkError: PUBLIC_URL cannot be the base of readers' links.
    """
    parts: list[Part] = []
    correspondent = correspondent_of(app, clock=clock, stopping=stopping)
    if correspondent is not None:
        parts.append(correspondent.serve)
    if listener is not None:
        # Starlette and uvicorn take long to import, and --no-web needs neither.
        from newsletter.web.app import make_web
        from newsletter.web.server import serve

        wake = correspondent.wake if correspondent else lambda: None
        web = make_web(app, clock=clock, wake_letters=wake, stopping=stopping)
        parts.append(partial(serve, web, listener, stopping=stopping))
    return parts


async def run_together(*parts: Part, stopping: asyncio.Event) -> None:
    """Run parts until `stopping` is set; one that fails stops the others, which end cleanly.

    Raises:
        Exception: What the first part that failed raised.
    """
    running = [asyncio.create_task(part()) for part in parts]
    try:
        await asyncio.gather(*running)
    finally:
        stopping.set()
        await asyncio.gather(*running, return_exceptions=True)
