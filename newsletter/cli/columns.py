"""Columns that fit a terminal, and times that are short in them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from rich.cells import cell_len, set_cell_size

#: Characters in a line where the output is no terminal.
_WIDTH_ELSEWHERE = 200

#: Characters that the last column has even on a narrow terminal.
_LEAST_LAST = 12

_GAP = "  "


@dataclass(frozen=True, kw_only=True)
class Clockface:
    """Shows moments of a list as shortly as can be understood."""

    #: IANA name.
    time_zone: str
    #: UTC.
    now: datetime

    def show(self, moment: datetime) -> str:
        """Return the hour; before it the weekday if it is another day, or the date if that is a week away."""
        zone = ZoneInfo(self.time_zone)
        there, here = moment.astimezone(zone), self.now.astimezone(zone)
        days = abs((there.date() - here.date()).days)
        if days == 0:
            return f"{there:%H:%M}"
        if days < 7:
            return f"{there:%a %H:%M}"
        return f"{there:%Y-%m-%d}"


def terminal_width() -> int:
    """Return how many characters a line may have."""
    return shutil.get_terminal_size(fallback=(_WIDTH_ELSEWHERE, 24)).columns


def write_columns(titles: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None) -> None:
    """Print a table; columns that are empty all the way down are left out.

    Args:
        titles: One for each column.
        rows: Cells without control characters.
        width: Characters in a line, for which the first and the last column are cut; None: nothing is cut.
    """
    used = [i for i in range(len(titles)) if any(row[i] for row in rows)]
    table = [[titles[i] for i in used], *([row[i] for i in used] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    if width is not None:
        _fit(widths, width)
    for number, cells in enumerate(table):
        line = _GAP.join(_cell(cell, size) for cell, size in zip(cells, widths, strict=True)).rstrip()
        click.echo(click.style(line, dim=True) if number == 0 else line)


def _fit(widths: list[int], width: int) -> None:
    """Shorten the first and the last column until a line fits, the first to a third of it at least."""
    room = width - sum(widths[1:-1]) - len(_GAP) * (len(widths) - 1)
    third = width // 3
    widths[0] = min(widths[0], max(third, room - min(widths[-1], third)))
    widths[-1] = min(widths[-1], max(_LEAST_LAST, room - widths[0]))


def _cell(text: str, size: int) -> str:
    if cell_len(text) <= size:
        return set_cell_size(text, size)
    return set_cell_size(text, size - 1) + "…"
