"""What the operator's pages read of addresses and forms, and how they write times."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException

from newsletter.model.dates import date_words

#: An id, or a number of a page, as addresses spell it.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, kw_only=True)
class Times:
    """Writes moments for a page."""

    #: IANA name of the zone that they are shown in.
    time_zone: str
    #: UTC.
    now: datetime

    def words(self, moment: datetime) -> str:
        """Return a moment with its day, "3 March 2026, 07:30"; of today the hour alone."""
        zone = ZoneInfo(self.time_zone)
        there = moment.astimezone(zone)
        hour = f"{there:%H:%M}"
        if there.date() == self.now.astimezone(zone).date():
            return f"today, {hour}"
        return f"{date_words(there.date())}, {hour}"

    def iso(self, moment: datetime) -> str:
        """Return a moment as the attribute `datetime` has it."""
        return moment.isoformat(timespec="seconds")

    def day(self, day: date) -> str:
        """Return a day in words."""
        return date_words(day)


def number_in(text: str | None) -> int | None:
    """Read a number of an address or a form; None where there is none.

    Raises:
        HTTPException: 404 if it is something else.
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise HTTPException(404)
    return int(text)


def number_of(text: str) -> int:
    """Read a number that a path must have.

    Raises:
        HTTPException: 404 if it is something else.
    """
    found = number_in(text)
    if found is None:
        raise HTTPException(404)
    return found


def seconds_words(seconds: float) -> str:
    """Return a span of time in round words, "about 3 minutes"."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        count, unit = round(minutes), "minute"
    elif minutes < 48 * 60:
        count, unit = round(minutes / 60), "hour"
    else:
        count, unit = round(minutes / 60 / 24), "day"
    return f"about {count} {unit}{'' if count == 1 else 's'}"
