"""Long work runs in uvloop's event loop where it is installed, and in asyncio's elsewhere."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from newsletter.bound.loops import run_in_loop


class OtherLoop(asyncio.SelectorEventLoop):
    pass


async def which() -> type:
    return type(asyncio.get_running_loop())


def test_an_installed_loop_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("uvloop")
    other.new_event_loop = OtherLoop  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uvloop", other)
    assert run_in_loop(which()) is OtherLoop


def test_without_it_asyncios_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run_in_loop(which()) is asyncio.SelectorEventLoop
