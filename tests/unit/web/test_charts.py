"""Numbers as paths and as words."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.lookups import DayCounts
from newsletter.web.calendar import in_a_row
from newsletter.web.charts import (
    HEIGHT,
    WIDTH,
    bar_chart,
    bars_path,
    line_chart,
    line_path,
    nice_ceiling,
    number,
)

_VALUES = st.lists(st.floats(0, 1e9), max_size=60)
_DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def labels(values: list[float]) -> list[str]:
    return [f"No. {n}" for n in range(1, len(values) + 1)]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


@given(_VALUES)
def test_a_line_stays_in_its_drawing_and_follows_its_values(values: list[float]) -> None:
    chart = line_chart("Readers", labels(values), values)
    drawn = points(chart.path)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    if len(values) > 1:
        assert len(drawn) == len(values)
        for (value, (_, y)), (other, (_, y2)) in zip(
            zip(values, drawn, strict=True), zip(values[1:], drawn[1:], strict=True), strict=False
        ):
            assert (y2 - y) * (other - value) <= 0


@given(_VALUES)
def test_every_value_but_nothing_has_a_bar_from_the_ground_up(values: list[float]) -> None:
    chart = bar_chart("Left", labels(values), values)
    bars = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)h([\d.]+)V([\d.]+)z", chart.path)
    assert "".join(f"M{a} {b}V{c}h{d}V{e}z" for a, b, c, d, e in bars) == chart.path
    assert len(bars) == sum(value > 0 for value in values)
    right = 0.0
    for left, ground, top, width, again in bars:
        assert ground == again
        assert 0 <= float(top) <= float(ground) <= HEIGHT
        assert right <= float(left) + 0.2
        right = float(left) + float(width)
    assert right <= WIDTH


@given(st.floats(0, 1e12))
def test_a_scale_ends_at_a_round_number_not_far_above(value: float) -> None:
    top = nice_ceiling(value)
    assert value <= top
    assert top <= max(1, 2.5 * value)


def test_nothing_is_shown_as_nothing() -> None:
    assert line_path([], 0, 1) == bars_path([], 1) == ""
    assert bar_chart("Left", ["a", "b"], [0, 0]).words == "None."
    assert line_chart("Readers", [], []).words == "There is nothing to show yet."


def test_words_say_what_can_be_seen() -> None:
    chart = line_chart("Readers", ["No. 1", "No. 2", "No. 3"], [11_610, 12_500, 12_480])
    assert chart.words == "12,480 (No. 3) at last; highest 12,500 (No. 2), lowest 11,610 (No. 1)."
    assert (chart.bottom, chart.top) == ("11,600", "12,600")
    bars = bar_chart("Left", ["Monday", "Tuesday"], [2, 5])
    assert bars.words == "7 in all, at most 5 (Tuesday)."
    assert (bars.bottom, bars.top) == ("0", "5")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12480, "12,480"), (99.3, "99.3"), (100.0, "100"), (0.004, "0")]
)
def test_numbers_are_written_as_people_read_them(value: float, text: str) -> None:
    assert number(value) == text


@given(st.lists(st.tuples(_DAYS, st.integers(1, 9)), max_size=20), _DAYS, st.integers(0, 400))
def test_no_day_in_between_is_missing_and_nothing_is_lost(
    found: list[tuple[date, int]], first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    given_days = [DayCounts(day=day, counts={"left": count}) for day, count in found]
    row = in_a_row(given_days, first=first, last=last)
    step = timedelta(days=1 if length < 100 else 7)
    assert [one.day for one in row] == [row[0].day + n * step for n in range(len(row))]
    assert row[0].day <= first
    assert row[-1].day <= last < row[-1].day + step
    assert sum(one.counts.get("left", 0) for one in row) == sum(
        count for day, count in found if row[0].day <= day <= last
    )
