"""What tests of a mail server in trouble share: a clock that is set by hand, an edition, turns of sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from newsletter.app import App
from newsletter.model.deliveries import DeliverReport

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
READERS = tuple(f"{name}@example.org" for name in ("ada", "bo", "chi", "dag", "eve", "fay"))
#: Within which what should not wait has to end; generous, as machines are slow at times.
MOMENT_SECONDS = 20.0

MakeApp = Callable[..., App]


class Clock:
    """Shows the time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


MakeApp = Callable[..., App]


def publish(app: App, readers: tuple[str, ...] = READERS, list_name: str | None = None) -> int:
    """Take in what is new, sign readers up, and publish; return the edition's id."""
    mailing_list = app.mailing_list(list_name)
    app.ingest(now=NOW)
    for address in readers:
        app.subscribers.add(mailing_list, address, now=NOW)
    edition = app.publish(mailing_list, now=NOW).edition
    assert edition is not None
    return edition.id


async def deliver(
    app: App,
    clock: Clock,
    stopping: asyncio.Event | None = None,
    *,
    force: bool = False,
    on_result: Callable[[], None] | None = None,
) -> DeliverReport:
    """Run one turn of sending, which must end within a moment."""
    async with asyncio.timeout(MOMENT_SECONDS):
        return await app.deliver(
            clock=clock, stopping=stopping or asyncio.Event(), force=force, on_result=on_result
        )


def counts(app: App, edition_id: int) -> dict[str, int]:
    """Return how many readers of an edition stand in each state, by its name."""
    return {state.value: count for state, count in app.store.deliveries.counts(edition_id).items()}
