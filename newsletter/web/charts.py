"""Charts: numbers become the paths of an inline SVG, and words that say the same; pure.

Every chart shows one row of numbers, so that none needs colours to be told from another. Its words stand
beside it as text, because text in an SVG that fits a telephone is too small to read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Size of every drawing, in its own units; it is stretched to the width that there is.
WIDTH, HEIGHT = 600, 150

#: Room for the half of a line that lies outside.
_MARGIN = 4

#: Share of a bar's room that it fills.
_BAR = 0.75

#: A line begins at nothing, unless all of it lies in the upper part of that.
_LEAST_SHARE = 0.6


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One row of numbers as a drawing and in words."""

    #: What is shown; the drawing's name for a screen reader.
    title: str
    #: What can be seen in it, as one or two sentences.
    words: str
    #: Path data (SVG 2 section 9.3); of bars they are closed shapes.
    path: str
    is_line: bool
    #: Values at the top and at the bottom of the drawing, as text.
    top: str
    bottom: str
    #: Labels of the first and the last number.
    first: str
    last: str


def line_chart(title: str, labels: Sequence[str], values: Sequence[float], *, unit: str = "") -> Chart:
    """Return a line through values, the oldest first.

    Args:
        title: What is shown.
        labels: What each value belongs to, such as a day.
        values: As many as labels.
        unit: Written behind each number, such as "%".
    """
    low, high = _scale(values)
    return _chart(title, labels, values, unit, low, high, is_line=True, path=line_path(values, low, high))


def bar_chart(title: str, labels: Sequence[str], values: Sequence[float], *, unit: str = "") -> Chart:
    """Return a bar for each value, the oldest first; as `line_chart`, from nothing up."""
    high = nice_ceiling(max(values, default=0))
    return _chart(title, labels, values, unit, 0, high, is_line=False, path=bars_path(values, high))


def line_path(values: Sequence[float], low: float, high: float) -> str:
    """Return the path of a line; a single value becomes a line across the drawing."""
    if not values:
        return ""
    heights = [_height(value, low, high) for value in values]
    if len(values) == 1:
        heights *= 2
    step = (WIDTH - 2 * _MARGIN) / (len(heights) - 1)
    return "M" + "L".join(f"{_n(_MARGIN + i * step)} {_n(y)}" for i, y in enumerate(heights))


def bars_path(values: Sequence[float], high: float) -> str:
    """Return the path of bars; a value of nothing has none."""
    room = WIDTH / max(len(values), 1)
    width = _n(room * _BAR)
    shapes = []
    for i, value in enumerate(values):
        if value > 0:
            y = _height(value, 0, high)
            left = _n(i * room + room * (1 - _BAR) / 2)
            shapes.append(f"M{left} {_n(HEIGHT - _MARGIN)}V{_n(y)}h{width}V{_n(HEIGHT - _MARGIN)}z")
    return "".join(shapes)


def nice_ceiling(value: float) -> float:
    """Return the least of 1, 2, 2.5, 5, 10, 20 ... that is not below a value; 1 for nothing."""
    if value <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 2.5, 5, 10, 20) if power * step >= value)


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Return what the bottom and the top of a line's drawing stand for."""
    lowest, highest = min(values, default=0), max(values, default=0)
    if lowest < highest * _LEAST_SHARE or highest <= 1:
        return 0, nice_ceiling(highest)
    step = nice_ceiling(max(highest - lowest, highest / 100)) / 5
    return math.floor(lowest / step) * step, math.ceil(highest / step) * step or step


def _height(value: float, low: float, high: float) -> float:
    """Return how far from the top a value lies."""
    share = (value - low) / (high - low) if high > low else 0.5
    return _MARGIN + (HEIGHT - 2 * _MARGIN) * (1 - min(1, max(0, share)))


def _chart(
    title: str,
    labels: Sequence[str],
    values: Sequence[float],
    unit: str,
    low: float,
    high: float,
    *,
    is_line: bool,
    path: str,
) -> Chart:
    return Chart(
        title=title,
        words=_words(labels, values, unit, is_line=is_line),
        path=path,
        is_line=is_line,
        top=number(high) + unit,
        bottom=number(low) + unit,
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )


def _words(labels: Sequence[str], values: Sequence[float], unit: str, *, is_line: bool) -> str:
    """Say what can be seen: of a line its ends and extremes, of bars their sum and the highest."""
    if not values:
        return "There is nothing to show yet."
    highest = max(range(len(values)), key=lambda i: values[i])
    peak = f"{number(values[highest])}{unit} ({labels[highest]})"
    if not is_line:
        total = sum(values)
        return f"{number(total)}{unit} in all, at most {peak}." if total else "None."
    lowest = min(range(len(values)), key=lambda i: values[i])
    trough = f"{number(values[lowest])}{unit} ({labels[lowest]})"
    now = f"{number(values[-1])}{unit} ({labels[-1]})"
    return f"{now} at last; highest {peak}, lowest {trough}."


def number(value: float) -> str:
    """Return a number as people read it: "12,480", "99.3"."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if value != int(value) else f"{int(value):,}"
    return text or "0"


def _n(value: float) -> str:
    """Return a coordinate, shortly."""
    return f"{value:.1f}".removesuffix(".0")
