"""When a source is asked again; pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: No source is left alone for longer, whatever it says of its freshness, or however often it failed.
_LONGEST = timedelta(days=1)
#: Unless it says that it will not answer until then.
_LONGEST_RETRY = timedelta(days=7)
#: Longer by up to this share, so that sources that were added together are not asked together for ever.
_JITTER = 0.2
#: From when a failure is worth a word.
_FOR_LONG = timedelta(days=3)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often sources are asked."""

    every: timedelta

    def after_success(
        self, *, now: datetime, asked: timedelta | None, max_age: timedelta | None, chance: float
    ) -> datetime:
        """Return when a source is asked again that answered.

        Args:
            now: UTC.
            asked: How long the feed itself asks to be left alone.
            max_age: How long its answer stays fresh.
            chance: From 0 to 1, by chance.
        """
        wait = max(self.every, min(_LONGEST, max(asked or self.every, max_age or self.every)))
        return now + wait * (1 + _JITTER * chance)

    def after_failure(
        self, *, now: datetime, failures: int, retry_after: timedelta | None, chance: float
    ) -> datetime:
        """Return when a source is asked again that did not answer.

        Args:
            now: UTC.
            failures: In a row, this one included.
            retry_after: How long it asks to be left alone.
            chance: From 0 to 1, by chance.
        """
        back_off = max(self.every, min(_LONGEST, self.every * (1 << min(max(failures, 1) - 1, 10))))
        wait: timedelta = max(back_off, min(_LONGEST_RETRY, retry_after or back_off))
        return now + wait * (1 + _JITTER * chance)


def read_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """Read a Retry-After (RFC 9110, section 10.2.3): seconds, or a date."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return timedelta(seconds=int(value[:9]))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return max(until - now, timedelta())


def read_max_age(value: str) -> timedelta | None:
    """Read how long an answer stays fresh from a Cache-Control (RFC 9111, section 5.2.2.1)."""
    found = _MAX_AGE.search(value)
    return timedelta(seconds=int(found[1])) if found else None


def begins_to_fail_for_long(
    *, failing_since: datetime | None, checked_at: datetime | None, now: datetime
) -> bool:
    """Return whether a failure now is the first after so long that it is worth a word."""
    if failing_since is None or now - failing_since < _FOR_LONG:
        return False
    return checked_at is None or checked_at - failing_since < _FOR_LONG


def fails_for_long(*, failing_since: datetime | None, now: datetime) -> bool:
    """Return whether a source has failed for so long that it is worth a word."""
    return failing_since is not None and now - failing_since >= _FOR_LONG
