from __future__ import annotations

from datetime import date

import pytest

from newsletter.model.dates import date_words, days_words, near_date_words


def test_dates_are_in_english_whatever_the_locale() -> None:
    assert date_words(date(2026, 11, 23), weekday=True) == "Monday 23 November 2026"
    assert date_words(date(2026, 3, 1)) == "1 March 2026"


def test_a_year_is_told_where_it_is_another() -> None:
    assert near_date_words(date(2026, 11, 24), seen_on=date(2026, 11, 26)) == "Tuesday 24 November"
    assert near_date_words(date(2026, 12, 31), seen_on=date(2027, 1, 2)) == "Thursday 31 December 2026"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 21), date(2026, 11, 23), "21–23 November"),
        (date(2026, 11, 29), date(2026, 12, 1), "29 November – 1 December"),
        (date(2026, 12, 30), date(2027, 1, 2), "30 December 2026 – 2 January 2027"),
        (date(2026, 1, 2), date(2027, 1, 2), "2 January 2026 – 2 January 2027"),
    ],
)
def test_what_both_ends_share_is_said_once(first: date, last: date, words: str) -> None:
    assert days_words(first, last) == words
