"""Turn the findings of benchmarks into the page that shows the latest of each.

    python -m benchmarks tables FOLDER > docs/benchmarks.md

FOLDER holds the JSON files that benchmarks wrote (`--json FOLDER/NAME.json`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Findings

#: In which order they are shown; others follow by name.
_ORDER = ("sending", "latency", "preparation", "audience", "storing", "cluster", "thousand")

_HEAD = """# Benchmarks

What was measured last, and where. `python -m benchmarks NAME` measures again; [its
README](../benchmarks/README.md) says what each one is for. Within a table, contenders took turns on one
machine: read the ratios, not the seconds. This page is made by `python -m benchmarks tables FOLDER`.
"""


def page(found: Sequence[Findings]) -> str:
    """Return the page, as Markdown."""
    parts = [_HEAD]
    for findings in sorted(found, key=_place):
        parts.append(f"## {findings.benchmark.capitalize()}\n")
        parts.append(f"`{findings.command}`, {findings.at[:10]}, on {findings.machine}.\n")
        parts.append(findings.show())
    return "\n".join(parts)


def _place(findings: Findings) -> tuple[int, str]:
    known = findings.benchmark in _ORDER
    return (_ORDER.index(findings.benchmark) if known else len(_ORDER), findings.benchmark)


def main(arguments: list[str]) -> None:
    """Print the page."""
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    found = []
    for path in sorted(Path(arguments[0]).glob("*.json")):
        try:
            found.append(Findings.read(path))
        except ValueError as error:
            print(f"left out: {error}", file=sys.stderr)
    if not found:
        raise SystemExit(f"{arguments[0]} holds no findings: run a benchmark with --json first")
    print(page(found), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
