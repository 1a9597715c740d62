"""What the store costs a sender: claiming a delivery, beginning it, and writing down its result.

    python -m benchmarks storing [--readers 1000000] [--groups 1 16 100] [--messages 20000] [--rounds 3]
                                 [--move] [--json FILE]

Nothing is sent: groups of deliveries are claimed, begun and accepted as a sender does it, the results of one
with the beginnings of the next. SQLite (synchronous NORMAL and FULL) and PostgreSQL take turns. CPU is this
process's own: on SQLite all that there is, on PostgreSQL the client's.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlalchemy import create_engine, text

from benchmarks import postgres
from benchmarks.figures import Findings, Goal, Table, at_most, command, interleaved, number
from benchmarks.mail import bed
from newsletter.model.deliveries import UncertainPolicy
from newsletter.move import move
from newsletter.store.atonce import OccupiedError
from newsletter.store.store import Store

_Result = TypeVar("_Result")

#: Deliveries claimed at a time, as a multiple of a group.
_CLAIMED = 10
_REPLY = "content: 250 2.0.0 Ok: queued as 4F3C1A2B7D"

#: Microseconds of CPU for each message, in groups of 16 and more.
_GOALS = {"SQLite NORMAL": 10.0, "PostgreSQL": 40.0}
_CLAIM_GOAL_MILLISECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Side:
    """A store, and how big the groups are that are written to it."""

    name: str
    url: str
    synchronous: str
    group: int


@dataclass(kw_only=True)
class Cost:
    """What some messages took."""

    messages: int = 0
    claim_cpu: float = 0.0
    write_cpu: float = 0.0
    seconds: float = 0.0
    #: Milliseconds of each claim of 100.
    claims: list[float] = field(default_factory=list)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(side: Side, *, messages: int) -> Cost:
    """Claim, begin and accept so many messages."""
    store = Store.open(side.url, synchronous=side.synchronous)
    with contextlib.closing(store):
        return _work(store, side.group, messages, bed.now())


def _work(store: Store, group: int, messages: int, now: datetime) -> Cost:
    cost, held, sent = Cost(), [], []
    began = time.monotonic()
    while cost.messages < messages:
        if len(held) < group:
            before = _cpu()
            held += _claimed(store, limit=_CLAIMED * group, now=now)
            cost.claim_cpu += _cpu() - before
            if len(held) < group:
                raise SystemExit("all of the outbox is used up: more --readers, or fewer --messages")
        begin, held = held[:group], held[group:]
        advance = partial(
            store.deliveries.advance,
            begin=begin,
            marks=[],
            accepted=[(delivery_id, _REPLY) for delivery_id in sent],
            sender="me",
            policy=UncertainPolicy.RESEND,
            now=now,
        )
        before = _cpu()
        _soon(store, advance)
        cost.write_cpu += _cpu() - before
        sent, cost.messages = begin, cost.messages + group
    cost.seconds = time.monotonic() - began
    for _ in range(20):
        began = time.monotonic()
        _claimed(store, limit=100, now=now)
        cost.claims.append(1000 * (time.monotonic() - began))
    store.deliveries.release(sender="me", now=now + timedelta(seconds=1))
    return cost


def _claimed(store: Store, *, limit: int, now: datetime) -> list[int]:
    claim = partial(store.deliveries.claim, sender="me", limit=limit, now=now)
    return [delivery.id for delivery in _soon(store, claim)]


def _soon(store: Store, call: Callable[[], _Result]) -> _Result:
    """Do what `Store.soon` does, without an event loop."""
    try:
        return store._database.do_at_once(call)  # noqa: SLF001 - as the sender does
    except OccupiedError:
        return call()


def moved(source: str, target: str) -> tuple[int, float, float]:
    """Move the store of SQLite to an empty PostgreSQL; return rows, seconds and seconds of CPU."""
    began, before = time.monotonic(), _cpu()
    report = move(source, target, on_rows=lambda *_: None)
    return report.rows, time.monotonic() - began, _cpu() - before


@contextlib.contextmanager
def filled(readers: int) -> Iterator[tuple[str, str | None]]:
    """Publish an edition for so many readers on each database; hand out their addresses, or None."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with postgres.server(folder / "server") as server:
            urls = []
            for kind, url in (("sqlite", f"sqlite:///{folder / 'sqlite.db'}"), ("postgres", server)):
                urls.append(url)
                if url is not None:
                    (folder / kind).mkdir()
                    with contextlib.closing(bed.fill(folder / kind, readers=readers, url=url).app()) as app:
                        bed.publish(app, at=bed.now())
                        app.store.deliveries.lease(sender="me", now=bed.now())
            yield urls[0], urls[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks storing", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 16, 100])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--move", action="store_true", help="also move the store, as newsletter migrate-store"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    with filled(options.readers) as (sqlite, server):
        stores = [("SQLite NORMAL", sqlite, "NORMAL"), ("SQLite FULL", sqlite, "FULL")]
        if server is not None:
            stores.append(("PostgreSQL", server, "FULL"))
        sides = [
            Side(name=name, url=url, synchronous=synchronous, group=group)
            for name, url, synchronous in stores
            for group in options.groups
        ]
        # So that none uses up the outbox, a small group writes fewer.
        costs = interleaved(
            sides,
            lambda side: measure(side, messages=min(options.messages, 500 * side.group)),
            rounds=options.rounds,
        )
        tables, goals = _table(sides, costs)
        found = [tables]
        if options.move and server is not None:
            found.append(_moving(sqlite, server))
    findings = Findings(
        benchmark="storing", command=command("storing"), tables=tuple(found), goals=tuple(goals)
    )
    print(findings.show())
    findings.write(options.json)


def _table(sides: list[Side], costs: list[list[Cost]]) -> tuple[Table, list[Goal]]:
    rows, goals = [], []
    for side, rounds in zip(sides, costs, strict=True):
        claim = statistics.median(1e6 * cost.claim_cpu / cost.messages for cost in rounds)
        write = statistics.median(1e6 * cost.write_cpu / cost.messages for cost in rounds)
        wall = statistics.median(1e6 * cost.seconds / cost.messages for cost in rounds)
        slowest = statistics.median(statistics.median(cost.claims) for cost in rounds)
        figures = (claim, write, claim + write, wall)
        rows.append((f"{side.name}, {side.group}", *map(number, figures), f"{slowest:.2f}"))
        if side.group >= 16 and (goal := _GOALS.get(side.name)) is not None:
            goals.append(at_most(f"{side.name}, groups of {side.group}", claim + write, goal, unit=" us"))
        if side.name == "SQLite NORMAL" and side.group == max(one.group for one in sides):
            goals.append(at_most("a claim of 100 on SQLite", slowest, _CLAIM_GOAL_MILLISECONDS, unit=" ms"))
    columns = ("store, size of a group", "claim", "begin and result", "both", "wall", "claim of 100, ms")
    title = "CPU for each message, microseconds"
    return Table(title=title, columns=columns, rows=tuple(rows)), goals


def _moving(sqlite: str, server: str) -> Table:
    with create_engine(server.replace("postgresql:", "postgresql+psycopg:", 1)).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CREATE DATABASE moved"))
    rows, seconds, cpu = moved(sqlite, server.replace("/postgres?", "/moved?"))
    columns = ("rows", "seconds", "CPU of the command, s", "rows a second")
    row = (f"{rows:,}", number(seconds), number(cpu), number(rows / seconds))
    return Table(title="newsletter migrate-store", columns=columns, rows=(row,))


if __name__ == "__main__":
    main()
