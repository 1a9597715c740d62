from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.dates import parse_date


def utc(day: int = 24, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, 2, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 February 2025", utc()),
        ("24th of February, 2025", utc()),
        ("February 24, 2025", utc()),
        ("Feb. 24, 2025", utc()),
        ("24 FEB 2025", utc()),
        ("Monday, 24 February 2025", utc()),
        ("Mon 24 Feb 2025", utc()),
        ("2025-02-24", utc()),
        ("2025/02/24", utc()),
        ("2025-02-24T14:05:30Z", utc(24, 14, 5, 30)),
        ("2025-02-24T14:05:30.123+02:00", utc(24, 12, 5, 30)),
        ("2025-02-24 00:30 +0100", utc(23, 23, 30)),
        ("February 24, 2025 14:05 UTC", utc(24, 14, 5)),
        ("24 Feb 2025 | 18:00 GMT", utc(24, 18)),
        ("Feb. 24, 2025, 2:05 p.m. EST", utc(24, 19, 5)),
        ("February 24, 2025 at 12 a.m.", utc(24, 0)),
        ("24 February 2025 12pm", utc(24, 12)),
        ("24. Februar 2025, 14.05 Uhr", utc(24, 14, 5)),
        ("24.02.2025 14:05 MEZ", utc(24, 13, 5)),
        ("24. 2. 2025", utc()),
        ("lundi 24 février 2025 à 14h05", utc(24, 14, 5)),
        ("24 de febrero de 2025", utc()),
        ("24 febbraio 2025", utc()),
        ("24 lutego 2025", utc()),
        ("24 февраля 2025", utc()),
        ("24 лютого 2025", utc()),
        ("2025年2月24日", utc()),
        ("24/02/2025", utc()),
        ("02/24/2025", utc()),
        ("02/02/2025", utc(2)),
        ("1er février 2025", utc(1)),
        ("31 December 2100", datetime(2100, 12, 31, tzinfo=UTC)),
    ],
)
def test_printed_dates_are_read(text: str, expected: datetime) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "03/04/2025",
        "3-4-2025",
        "24 Feb 25",
        "24 February",
        "30 February 2025",
        "31.02.2025",
        "2025-13-01",
        "24 February 9999",
        "24 February 1066",
        "1 January 2101",
        "24 Smarch 2025",
        "24 February 2025 25:00",
        "24 February 2025 13:00 pm",
        "24 February 2025 14:05 XYZ",
        "24 February 2025 14:05 +15:00",
        "24 February 2025 was a Monday",
        "They met on 24 February 2025",
        "2025",
        "1-800-555-2025",
        "²⁴ February 2025",
    ],
)
def test_what_is_no_date_or_two_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_an_unreadable_time_leaves_the_day_if_asked() -> None:
    assert parse_date("24 February 2025, 14:05 local time", day_suffices=True) == utc()
    assert parse_date("14:05 BST, 24 February 2025", day_suffices=True) == utc()
    assert parse_date("14:05 UTC, 24 February 2025") == utc(24, 14, 5)


@pytest.mark.parametrize(
    "rest", [", the report says", " 14 people", " was a Monday", " and 25 February", " AT SEA"]
)
def test_a_day_in_a_sentence_is_no_date(rest: str) -> None:
    assert parse_date(f"24 February 2025{rest}", day_suffices=True) is None


@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["%d %B %Y", "%B %d, %Y", "%Y-%m-%d", "%d.%m.%Y", "%A, %d %b %Y"]),
)
def test_every_day_is_read_back(day: date, form: str) -> None:
    assert parse_date(day.strftime(form)) == datetime(day.year, day.month, day.day, tzinfo=UTC)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_every_offset_is_taken_off(moment: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    expected = moment.replace(tzinfo=UTC, microsecond=0) - timedelta(minutes=minutes)
    assert parse_date(f"{moment:%Y-%m-%dT%H:%M:%S}{zone}") == expected


@given(st.text(max_size=120))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or (moment.tzinfo is UTC and 1899 <= moment.year <= 2101)
