"""One clock for all hosts: that of the database which they share."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.store.database import Database

log = logging.getLogger(__name__)

#: How long what was measured is good for, in seconds.
_GOOD_SECONDS = 60.0

#: From how many seconds on the difference of a host's clock is told of.
_TOLD_SECONDS = 2.0


class AgreedClock:
    """A host's clock, put right by the database's: leases and rates compare what several hosts wrote.

    What is left is half the time that the database takes to answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Measure once.

        Args:
            database: On PostgreSQL.
            clock: The host's; returns the time, UTC.

        Raises:
            StoreError: It does not answer.
        """
        self._database = database
        self._clock = clock
        self._ahead = timedelta()
        self._measured_at = time.monotonic()
        self._measuring = threading.Lock()
        self._measure()
        if abs(self._ahead) >= timedelta(seconds=_TOLD_SECONDS):
            seconds = -self._ahead.total_seconds()
            log.warning("this host's clock is %+.0f seconds off the database's: set it by NTP", seconds)

    def __call__(self) -> datetime:
        """Return the time, UTC; it is measured anew beside, so that nobody waits for it."""
        is_old = time.monotonic() - self._measured_at > _GOOD_SECONDS
        if is_old and self._measuring.acquire(blocking=False):
            threading.Thread(target=self._measure_beside, name="clock", daemon=True).start()
        return self._clock() + self._ahead

    def _measure_beside(self) -> None:
        try:
            self._measure()
        except StoreError as error:
            log.debug("the database's clock cannot be seen: %s", error)
        finally:
            self._measured_at = time.monotonic()
            self._measuring.release()

    def _measure(self) -> None:
        with self._database.reading() as connection:
            # The first statement also begins the transaction.
            connection.scalar(text("SELECT 1"))
            asked_at = self._clock()
            told: datetime = connection.scalars(text("SELECT clock_timestamp()")).one()
            answered_at = self._clock()
        self._ahead = told.astimezone(UTC) - (asked_at + (answered_at - asked_at) / 2)
