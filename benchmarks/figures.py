"""What a benchmark found: tables and goals, printed as Markdown and kept as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

_DIGITS = 3

_Kind = TypeVar("_Kind")
_Found = TypeVar("_Found")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under headings."""

    title: str
    #: The first one is over what each row is about.
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A figure and what it should be."""

    what: str
    figure: str
    goal: str
    is_reached: bool


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that one run of a benchmark found."""

    benchmark: str
    #: How it was called.
    command: str
    tables: tuple[Table, ...]
    goals: tuple[Goal, ...] = ()
    #: What was not measured, and why; and what else is to be known.
    notes: tuple[str, ...] = ()
    #: ISO 8601, UTC.
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    machine: str = field(default_factory=lambda: this_machine())  # noqa: PLW0108 - it is defined below

    def show(self) -> str:
        """Return the whole as Markdown."""
        parts = [f"### {table.title}\n\n{_markdown(table)}" for table in self.tables]
        if self.goals:
            rows = tuple(
                (goal.what, goal.figure, goal.goal, "yes" if goal.is_reached else "NO") for goal in self.goals
            )
            columns = ("goal", "measured", "at least or at most", "reached")
            parts.append(f"### Goals\n\n{_markdown(Table(title='', columns=columns, rows=rows))}")
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts) + "\n"

    def write(self, path: Path | None) -> None:
        """Write it as JSON, if there is a path."""
        if path is not None:
            path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Findings:
        """Read what `write` wrote.

        Raises:
            ValueError: It is the JSON of something else.
        """
        try:
            found = json.loads(path.read_text())
            tables = [
                Table(title=one["title"], columns=tuple(one["columns"]), rows=tuple(map(tuple, one["rows"])))
                for one in found.pop("tables")
            ]
            goals = tuple(Goal(**one) for one in found.pop("goals"))
            notes = tuple(found.pop("notes"))
            return cls(tables=tuple(tables), goals=goals, notes=notes, **found)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{path} holds no findings of a benchmark") from error


def at_least(what: str, ratio: float, goal: float, *, unit: str = "x") -> Goal:
    """Return a goal that a figure reaches from below."""
    return Goal(
        what=what, figure=number(ratio) + unit, goal=f">= {number(goal)}{unit}", is_reached=ratio >= goal
    )


def at_most(what: str, figure: float, goal: float, *, unit: str = "x") -> Goal:
    """Return a goal that a figure must not exceed."""
    return Goal(
        what=what, figure=number(figure) + unit, goal=f"<= {number(goal)}{unit}", is_reached=figure <= goal
    )


def number(value: float) -> str:
    """Return a number with so many digits as mean something."""
    if value == 0:
        return "0"
    places = _DIGITS - len(str(int(abs(value)))) if abs(value) >= 1 else _DIGITS
    return f"{value:,.{max(0, places)}f}"


def interleaved(
    contenders: Sequence[_Kind], measure: Callable[[_Kind], _Found], *, rounds: int
) -> list[list[_Found]]:
    """Measure each contender once a round, so that a busy minute meets all of them.

    Every second round goes backwards: who comes first is not always the same.

    Returns:
        For each contender, in their order, what its rounds found.
    """
    found: list[list[_Found]] = [[] for _ in contenders]
    for turn in range(rounds):
        order = range(len(contenders))
        for place in order if turn % 2 == 0 else reversed(order):
            found[place].append(measure(contenders[place]))
    return found


def this_machine() -> str:
    """Return what the figures depend on: processor, memory, system, and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {ssl.OPENSSL_VERSION}"
    )


def command(name: str) -> str:
    """Return how a benchmark was called."""
    return " ".join(["python -m benchmarks", name, *sys.argv[1:]])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _markdown(table: Table) -> str:
    rule = ("---", *["---:"] * (len(table.columns) - 1)) if len(table.columns) > 1 else ("---",)
    lines = [table.columns, rule, *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
