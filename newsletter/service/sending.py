"""What the service sends: all that is due, or batches that come out of the queue."""

import asyncio
import logging

from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliverReport, DeliveryRange
from newsletter.model.jobs import Rest

log = logging.getLogger(__name__)

#: How soon a batch is looked at again of which something is left without a reason, in seconds.
_LEFT_SECONDS = 5.0


class Sending:
    """Sends, and tells what came of it."""

    def __init__(self, app: App, *, clock: Clock, stopping: asyncio.Event) -> None:
        """Prepare; nothing is sent yet.

        Args:
            app: What sends.
            clock: Returns the time, UTC.
            stopping: Once set, what is in flight is finished, and nothing more begun.
        """
        self._app = app
        self._clock = clock
        self._stopping = stopping
        self._is_paused = False

    async def deliver(self) -> None:
        """Send all that is due."""
        self._tell(await self._app.deliver(clock=self._clock, stopping=self._stopping))

    async def send_batch(self, batch: DeliveryRange) -> Rest | None:
        """Send a batch; return what becomes of the rest, or None: nothing is left."""
        report = await self._app.batches.send(batch, clock=self._clock, stopping=self._stopping)
        self._tell(report)
        if not report.due:
            return None
        if self._stopping.is_set():
            return Rest(seconds=0.0)
        until = report.paused_until or report.rate_until
        seconds = _LEFT_SECONDS if until is None else max(0.0, (until - self._clock()).total_seconds())
        return Rest(seconds=seconds, was_in_vain=report.problem is not None and report.tried)

    def _tell(self, report: DeliverReport) -> None:
        for state, count in report.outcomes.items():
            log.info("%d %s", count, state.value)
        if report.problem is None:
            if self._is_paused:
                log.info("sending goes on")
            self._is_paused = False
            return
        if report.tried or not self._is_paused:
            until = report.paused_until or self._clock()
            log.error("%d messages wait until %s: %s", report.due, f"{until:%H:%M:%S} UTC", report.problem)
        self._is_paused = True
