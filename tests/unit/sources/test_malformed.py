"""Hundreds of generated files: every one is accounted for, whatever is in it."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "malformed.py"


@pytest.fixture(scope="module")
def malformed() -> ModuleType:
    spec = importlib.util.spec_from_file_location("malformed", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["malformed"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("count", [62, pytest.param(930, marks=pytest.mark.sweep)])
def test_every_file_is_accounted_for(malformed: ModuleType, tmp_path: Path, count: int) -> None:
    expected, growing = malformed.make(tmp_path, count, seed=count)
    first = list(malformed.scan(tmp_path, {}, growing))
    assert malformed.surprises(first, expected) == []
    assert len(first) == len(expected) == count

    second = list(malformed.scan(tmp_path, malformed.remember(first), growing))
    ends = Counter(malformed.end_of(file) for file in second)
    assert ends["unchanged"] == sum(malformed.end_of(file) == "read" for file in first)
    assert "read" not in ends
    assert len(second) == count
