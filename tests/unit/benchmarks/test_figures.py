"""Figures of benchmarks: numbers, goals, turns, and the page that is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import tables
from benchmarks.figures import Findings, Goal, Table, at_least, at_most, interleaved, number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0321, "0.032"),
        (1, "1.00"),
        (1.114, "1.11"),
        (22.84, "22.8"),
        (999.6, "1,000"),
        (15874.2, "15,874"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("goal", "is_reached"),
    [
        (at_least("rate", 1.0, 1.0), True),
        (at_least("rate", 0.999, 1.0), False),
        (at_most("CPU", 2.0, 2.0), True),
        (at_most("CPU", 2.001, 2.0), False),
    ],
)
def test_a_goal_is_reached_at_its_figure(goal: Goal, is_reached: bool) -> None:
    assert goal.is_reached is is_reached


def test_contenders_take_turns_and_the_first_is_not_always_first() -> None:
    order: list[str] = []

    def measure(name: str) -> str:
        order.append(name)
        return name.upper()

    assert interleaved(["a", "b", "c"], measure, rounds=3) == [["A"] * 3, ["B"] * 3, ["C"] * 3]
    assert order == ["a", "b", "c", "c", "b", "a", "a", "b", "c"]


def findings(name: str = "sending") -> Findings:
    return Findings(
        benchmark=name,
        command=f"python -m benchmarks {name}",
        tables=(Table(title="Plain", columns=("sender", "rate"), rows=(("ours", "10"),)),),
        goals=(at_least("rate", 2.0, 1.0),),
        notes=("Django was left out.",),
    )


def test_findings_are_read_as_they_were_written(tmp_path: Path) -> None:
    findings().write(tmp_path / "sending.json")
    assert Findings.read(tmp_path / "sending.json") == findings_at(tmp_path)


def findings_at(folder: Path) -> Findings:
    kept = json.loads((folder / "sending.json").read_text())
    made = findings()
    return Findings(
        benchmark=made.benchmark,
        command=made.command,
        tables=made.tables,
        goals=made.goals,
        notes=made.notes,
        at=kept["at"],
        machine=kept["machine"],
    )


def test_the_page_shows_each_and_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings("zoo").write(tmp_path / "a.json")
    findings().write(tmp_path / "b.json")
    (tmp_path / "other.json").write_text("[]")
    tables.main([str(tmp_path)])
    page, complaint = capsys.readouterr()
    assert page.index("## Sending") < page.index("## Zoo")
    assert "| ours | 10 |" in page
    assert "| rate | 2.00x | >= 1.00x | yes |" in page
    assert "- Django was left out." in page
    assert "other.json holds no findings" in complaint


def test_a_folder_without_findings_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no findings"):
        tables.main([str(tmp_path)])
