"""One clock for all hosts: that of the database which they share."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.model.clock import Clock, steady_seconds
from newsletter.store.database import Database

log = logging.getLogger(__name__)

#: How long what was measured is good for, in seconds.
_GOOD_SECONDS = 60.0

#: From how many seconds on the difference of a host's clock is told of.
_TOLD_SECONDS = 2.0


class AgreedClock:
    """The database's clock, as a host knows it: leases and rates compare what several hosts wrote.

    It is asked now and then, and goes on by a clock of the host that nobody sets: one that is put right in
    the middle of an edition would end leases of senders that live. What is left of a difference is half the
    time that the database takes to answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Measure once.

        Args:
            database: On PostgreSQL.
            clock: The host's, which is only compared; returns the time, UTC.

        Raises:
            StoreError: It does not answer.
        """
        self._database = database
        self._measuring = threading.Lock()
        #: What the database's clock showed, and what the steady one did at that.
        self._known = self._measure()
        self._asked_at = steady_seconds()
        seconds = (clock() - self()).total_seconds()
        if abs(seconds) >= _TOLD_SECONDS:
            log.warning("this host's clock is %+.0f seconds off the database's: set it by NTP", seconds)

    def __call__(self) -> datetime:
        """Return the time, UTC; it is measured anew beside, so that nobody waits for it."""
        now = steady_seconds()
        if now - self._asked_at > _GOOD_SECONDS and self._measuring.acquire(blocking=False):
            threading.Thread(target=self._measure_beside, name="clock", daemon=True).start()
        told, at = self._known
        return told + timedelta(seconds=now - at)

    def _measure_beside(self) -> None:
        try:
            self._known = self._measure()
        except StoreError as error:
            log.debug("the database's clock cannot be seen: %s", error)
        finally:
            self._asked_at = steady_seconds()
            self._measuring.release()

    def _measure(self) -> tuple[datetime, float]:
        with self._database.reading() as connection:
            # The first statement also begins the transaction.
            connection.scalar(text("SELECT 1"))
            asked_at = steady_seconds()
            told: datetime = connection.scalars(text("SELECT clock_timestamp()")).one()
            answered_at = steady_seconds()
        return told.astimezone(UTC), (asked_at + answered_at) / 2
