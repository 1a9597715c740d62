"""Templates are compiled once in a process of a test run: each app has an environment and code of its own.

What a template is made into hangs on its words and on how its environment is set up, and on nothing else.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from jinja2 import Environment

_compile = Environment.compile
_known: dict[object, CodeType] = {}


def share() -> None:
    """Let it be so for every environment from now on."""
    Environment.compile = _compile_once  # type: ignore[assignment, method-assign]


def _compile_once(
    its: Environment, source: Any, name: Any = None, filename: Any = None, *rest: bool, **options: bool
) -> Any:
    if not isinstance(source, str) or rest or options:
        return _compile(its, source, name, filename, *rest, **options)
    set_up = (its.autoescape, its.trim_blocks, its.lstrip_blocks, its.keep_trailing_newline)
    calls = (its.undefined, its.finalize)
    words = (frozenset(its.filters), frozenset(its.tests), frozenset(its.extensions))
    key = (source, name, filename, its.optimized, its.is_async, set_up, calls, words)
    if key not in _known:
        _known[key] = _compile(its, source, name, filename)
    return _known[key]
