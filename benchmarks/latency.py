"""How much of a slow server's time is used: replies that take 20 and 100 ms, over 16 and 64 connections.

    python -m benchmarks latency [--delays 20 100] [--sessions 16 64] [--messages 200] [--rounds 3]
                                 [--json FILE]

With a reply to wait for between two messages, a connection can send one message a delay at most: the share
of connections / delay that is reached is shown. Greeting and goodbye are in it, some six delays in all: each
connection must send many messages.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Findings, Goal, Table, at_least, command, interleaved
from benchmarks.mail.contenders import Contender, Material, Run, make_material, ours, python_peer, run
from benchmarks.sink import Sink

_COLUMNS = (
    "delay", "connections", "connections / delay",
    "NORMAL, /s", "share", "FULL, /s", "share", "aiosmtplib, /s",
)  # fmt: skip
_DURABILITIES = ("NORMAL", "FULL")

#: What the issue asks for.
_SHARE = 0.8


def _measure(contenders: list[Contender], delay: float, rounds: int) -> list[list[Run]]:
    with Sink(delay_milliseconds=delay) as sink:

        def once(contender: Contender) -> Run:
            """Run one, and say so."""
            found = run(contender, sink)
            print(f"  {delay:g} ms, {contender.name}: {found.rate:,.0f}/s", flush=True)
            return found

        return interleaved(contenders, once, rounds=rounds)


def _material(folder: Path, *, sessions: int, messages: int) -> Material:
    """Publish for so many readers a connection."""
    folder.mkdir()
    return make_material(folder, readers=sessions * messages, sessions=sessions, peers=folder)


def _line(delay: float, sessions: int, rates: list[float]) -> tuple[tuple[str, ...], list[Goal]]:
    best = 1000 * sessions / delay
    *own, peer = rates
    shown = (cell for rate in own for cell in (f"{rate:,.0f}", f"{rate / best:.2f}"))
    what = f"{delay:g} ms, {sessions} connections: share of connections / delay"
    goals = [
        at_least(f"{name}, {what}", rate / best, _SHARE)
        for name, rate in zip(_DURABILITIES, own, strict=True)
    ]
    return (f"{delay:g} ms", str(sessions), f"{best:,.0f}", *shown, f"{peer:,.0f}"), goals


def main() -> None:
    """Measure, show the table, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--delays", nargs="+", type=float, default=[20, 100], metavar="MILLISECONDS")
    parser.add_argument("--sessions", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--messages", type=int, default=200, help="of each connection")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    lines = []
    with TemporaryDirectory() as name:
        for delay in options.delays:
            for sessions in options.sessions:
                folder = Path(name) / f"{delay:g}-{sessions}"
                material = _material(folder, sessions=sessions, messages=options.messages)
                contenders = [
                    *(ours(material, name=f"ours, {one}", sqlite_synchronous=one) for one in _DURABILITIES),
                    python_peer(
                        material,
                        "aiosmtplib",
                        name="aiosmtplib",
                        messages=max(sessions, material.bed.readers // 4),
                    ),
                ]
                runs = _measure(contenders, delay, options.rounds)
                rates = [median(one.rate for one in found) for found in runs]
                lines.append(_line(delay, sessions, rates))
    findings = Findings(
        benchmark="latency",
        command=command("latency"),
        tables=(Table(title="Slow replies", columns=_COLUMNS, rows=tuple(cells for cells, _ in lines)),),
        goals=tuple(goal for _, goals in lines for goal in goals),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
