"""Whoever looks for a benchmark finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main, names

README = Path(__file__).parents[3] / "benchmarks" / "README.md"


def test_the_readme_tells_of_every_benchmark() -> None:
    text = README.read_text("utf-8")
    assert [name for name in names() if f"`{name}`" not in text] == []


def test_parts_of_benchmarks_are_none() -> None:
    assert "sending" in names()
    assert {"figures", "measured", "invented"}.isdisjoint(names())


def test_a_wrong_name_is_told_the_right_ones() -> None:
    with pytest.raises(SystemExit, match="sending"):
        main(["sendign"])
