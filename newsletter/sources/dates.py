"""Dates as newspapers print them; whatever could mean two days means none."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

#: Of each month in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Polish,
#: Czech, Russian and Ukrainian, in the case that dates take.
_MONTH_NAMES = (
    "january jan januar jänner janvier janv enero gennaio gen janeiro januari stycznia ledna января січня",
    "february feb februar février févr febrero febbraio fevereiro februari lutego února февраля лютого",
    "march mar märz mrz mars marzo março maart marts marca března марта березня",
    "april apr avril avr abril aprile kwietnia dubna апреля квітня",
    "may mai mayo mag maggio maio mei maj maja května мая травня",
    "june jun juni juin junio giugno giu junho czerwca června июня червня",
    "july jul juli juillet juil julio luglio lug julho lipca července июля липня",
    "august aug août aout agosto ago augustus augusti sierpnia srpna августа серпня",
    "september sept sep septembre septiembre settembre set setembro września září сентября вересня",
    "october oct oktober okt octobre octubre ottobre ott outubro października října октября жовтня",
    "november nov novembre noviembre novembro listopada listopadu ноября листопада",
    "december dec dezember dez décembre diciembre dic dicembre dezembro grudnia prosince декабря грудня",
)
_MONTHS: Mapping[str, int] = MappingProxyType(
    {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
)
#: Hours from UTC. Names that stand for several zones are left out.
_ZONES: Mapping[str, int] = MappingProxyType(
    {"z": 0, "utc": 0, "gmt": 0, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3}
    | {"msk": 3, "jst": 9, "kst": 9, "est": -5, "edt": -4, "cdt": -5, "mdt": -6, "pst": -8, "pdt": -7}
)
_FIRST_YEAR = 1900
_LAST_YEAR = 2100
#: No printed date is longer, in characters.
_LONGEST = 100

_DAY = r"(?P<day>\d{1,2})"
_NAME = r"(?P<month_name>[^\W\d_]{3,12})"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th|er|\.)? ?(?:(?:of|de) )?{_NAME}\.?,? (?:de )?(?P<year>\d{{4}})(?!\d)",
        rf"(?<!\w){_NAME}\.? {_DAY}(?:st|nd|rd|th)?,? (?P<year>\d{{4}})(?!\d)",
        # Where dots are written the day comes first (DIN 5008, GOST R 7.0.97).
        r"(?<!\d)(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})(?!\d)",
    )
)
_TIME = re.compile(
    r"(?<![\d:])(?P<hour>\d{1,2})(?:(?:[:.h]|h )(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
    r" ?(?P<half>[ap]\.?m\.?(?!\w))?(?: ?(?:Uhr|hrs|h)(?!\w))?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"(?:(?:UTC|GMT)? ?(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})|\(?(?P<name>[A-Z]{1,4})\)?)(?!\w)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,;|T–—-]*(?:(?:at|um|à|a las|alle|kl\.?|o)\s+)?", re.IGNORECASE)
#: What may follow a day without making it part of a sentence: a time, and where its clock stands.
_CLOCK = re.compile(
    r"\(?(?:\d{1,2}(?:[:.h]\d{2}(?::\d{2})?)? ?(?:[ap]\.?m\.?)?"
    r" ?(?:Uhr|hrs|h|[A-Z]{1,5}|local time|Ortszeit|heure locale|hora local)?(?: ?[+-]\d{1,2}:?\d{0,2})?)?\)?"
)
_CLOCK_FIRST = re.compile(
    r"(?P<clock>\d{1,2}[:.]\d{2}(?: ?[ap]\.?m\.?)?(?: [A-Z]{1,5})?)(?:,| on|,? (?=\d)) ?(?P<day>.{6,40})"
)
_WEEKDAY = re.compile(r"[^\W\d_]{2,12}(?:-feira|tag)?\.?,? ?(?:den |the |le |el )?", re.IGNORECASE)


def parse_date(text: str, *, day_suffices: bool = False) -> datetime | None:
    """Read a text that is a date, with or without weekday, time and zone.

    Args:
        text: For instance "24 February 2025", "2025-02-24T14:05Z" or "Monday, Feb. 24, 2025 2:05 p.m. EST".
        day_suffices: Return the day where what follows it is a time that cannot be read.

    Returns:
        The instant in UTC: midnight without a time, and a time without a zone read as UTC. None if the text
        is anything else, could mean two days (03/04/2025), or lies outside the years 1900 to 2100.
    """
    text = text.strip(" .,;|")
    if not 6 <= len(text) <= _LONGEST:
        return None
    if clock_first := _CLOCK_FIRST.fullmatch(text):
        text = f"{clock_first['day']} {clock_first['clock']}"
    for pattern in _DATES:
        match = pattern.search(text)
        day = _day(match) if match else None
        if match and day and _is_lead(text[: match.start()]):
            rest = text[match.end() :]
            suffices = day_suffices and _CLOCK.fullmatch(rest[_end_of(_BETWEEN, rest) :])
            return _at_time(day, rest) or (day if suffices else None)
    return None


def _is_lead(text: str) -> bool:
    return not text.strip() or bool(_WEEKDAY.fullmatch(text))


def _day(match: re.Match[str]) -> datetime | None:
    part = match.groupdict()
    year = int(part["year"])
    if part.get("first"):
        first, second = int(part["first"]), int(part["second"])
        if first <= 12 and second <= 12 and first != second:
            return None
        day, month = (second, first) if second > 12 else (first, second)
    else:
        day = int(part["day"])
        month = _MONTHS.get(part["month_name"].lower(), 0) if part.get("month_name") else int(part["month"])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _at_time(day: datetime, rest: str) -> datetime | None:
    rest = rest[_end_of(_BETWEEN, rest) :]
    if not rest:
        return day
    match = _TIME.match(rest)
    if not match or not (match["minute"] or match["half"]):
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    offset = _offset(rest[match.end() :].strip(" ,"))
    if offset is None:
        return None
    local = day.replace(hour=hour, minute=minute, second=min(second, 59), tzinfo=timezone(offset))
    return local.astimezone(UTC)


def _end_of(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _offset(text: str) -> timedelta | None:
    if not text:
        return timedelta(0)
    match = _ZONE.fullmatch(text)
    if not match:
        return None
    if match["name"]:
        hours = _ZONES.get(match["name"].lower())
        return None if hours is None else timedelta(hours=hours)
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if match["sign"] == "-" else offset
