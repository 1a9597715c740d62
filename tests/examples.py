"""How much a plain run tries of what a sweep tries in full."""

from __future__ import annotations

from hypothesis import settings

#: Examples of a property, unless its test says otherwise.
IN_PLAIN, IN_SWEEP = 25, 100


def examples(count: int) -> int:
    """Return how many examples are to be tried of a property that a sweep tries so many of."""
    return count * settings.default.max_examples // IN_SWEEP


def spread_out(every: int) -> int:
    """Return every how manieth case is to be tried where a sweep tries every so manieth one."""
    return every if settings.default.max_examples == IN_SWEEP else 2 * every
