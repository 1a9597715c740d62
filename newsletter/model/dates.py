"""Dates as English readers write them; unlike strftime, the same in every locale."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def local_day(moment: datetime, time_zone: str) -> date:
    """Return the day that a moment falls on in a time zone (IANA name)."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def date_words(day: date, *, weekday: bool = False) -> str:
    """Return a date with its year, "3 March 2026", or "Tuesday 3 March 2026"."""
    words = f"{_day_words(day)} {day.year}"
    return f"{_WEEKDAYS[day.weekday()]} {words}" if weekday else words


def near_date_words(day: date, *, seen_on: date) -> str:
    """Return a date with its weekday, "Tuesday 24 November", and with its year if that is another."""
    words = date_words(day, weekday=True)
    return words.removesuffix(f" {day.year}") if day.year == seen_on.year else words


def days_words(first: date, last: date) -> str:
    """Return a row of days, "21–23 November"; what both ends share is said once, a shared year not at all."""
    if first.year != last.year:
        return f"{date_words(first)} – {date_words(last)}"
    if first.month != last.month:
        return f"{_day_words(first)} – {_day_words(last)}"
    return f"{first.day}–{_day_words(last)}"


def _day_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"
