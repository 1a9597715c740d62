"""What every test may use."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-sweep", action="store_true", help="also run the long sweeps")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-sweep"):
        return
    skip = pytest.mark.skip(reason="a long sweep: run with --run-sweep")
    for item in items:
        if "sweep" in item.keywords:
            item.add_marker(skip)
