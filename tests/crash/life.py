"""One life of the service in a process of its own, which may end by SIGKILL at any of its steps.

The steps are seen from outside: SQLAlchemy's commits and the calls of mail sockets are wrapped here, and the
product knows nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

from choosing import choose
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from newsletter.app import App
from newsletter.model.proposals import ProposalState
from newsletter.model.subscribers import Cadence

#: Turns of sending after which a life is stuck: the last retry comes long before.
_MOST_TURNS = 60

#: Which part of a life it is; a life takes them in this order.
STAGES = ("import", "ingest", "publish", "send", "bounces")


class Order(TypedDict):
    """What a life is to do; it travels as JSON."""

    settings: dict[str, Any]
    readers: list[str]
    stages: list[str]
    #: ISO 8601, UTC.
    now: str
    #: Step at which it ends itself, counted from 1; 0: never.
    kill_at: int


class Story(TypedDict, total=False):
    """What came of a life, as far as it could tell."""

    steps: int
    #: How many steps of each kind were taken.
    kinds: dict[str, int]
    #: The step at which it ended itself.
    killed_at: str
    #: What went wrong, as a traceback.
    error: str


class Steps:
    """Counts steps, and ends the process at one of them."""

    def __init__(self, kill_at: int, last_words: Callable[[str], None]) -> None:
        self.kinds: Counter[str] = Counter()
        self._kill_at = kill_at
        self._last_words = last_words
        self._lock = threading.Lock()

    def take(self, kind: str) -> None:
        with self._lock:
            self.kinds[kind] += 1
            if self.kinds.total() == self._kill_at:
                self._last_words(kind)
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, kind: str, call: Callable[..., Any], *arguments: Any) -> Any:
        self.take(f"before {kind}")
        result = call(*arguments)
        self.take(f"after {kind}")
        return result

    def watch(self) -> None:
        """Wrap what is a step: commits that write, mail sockets, and files that get their name."""
        self._watch_commits()
        for name, kind in (
            ("connect", "connect"),
            ("send", "write"),
            ("sendmsg", "write"),
            ("recv", "read"),
            ("recv_into", "read"),
        ):
            self._watch_socket(name, kind)

        rename = os.rename

        def watched(*arguments: Any) -> None:
            self.around("rename", rename, *arguments)

        os.rename = watched  # type: ignore[assignment]

    def _watch_commits(self) -> None:
        writes = threading.local()

        def note(connection: Connection) -> None:
            writes.now = not connection.get_execution_options().get("only_reads")

        event.listen(Engine, "commit", note)
        commit = DefaultDialect.do_commit

        def watched(dialect: DefaultDialect, connection: Any) -> None:
            if getattr(writes, "now", False):
                self.around("commit", commit, dialect, connection)
            else:
                commit(dialect, connection)

        DefaultDialect.do_commit = watched  # type: ignore[method-assign]

    def _watch_socket(self, name: str, kind: str) -> None:
        call = getattr(socket.socket, name)

        def watched(its_socket: socket.socket, *arguments: Any) -> Any:
            # asyncio wakes itself over a socket pair of another family.
            if its_socket.family != socket.AF_INET:
                return call(its_socket, *arguments)
            return self.around(kind, call, its_socket, *arguments)

        setattr(socket.socket, name, watched)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def live(order: Order) -> None:
    """Go through every stage, then send until nobody waits any more."""
    app = App.isolated(**order["settings"])
    clock = Clock(datetime.fromisoformat(order["now"]))
    try:
        for stage in order["stages"]:
            _STAGES[stage](app, order, clock)
    finally:
        app.close()


def _import(app: App, order: Order, clock: Clock) -> None:
    lines = ["address,cadence" if "," in order["readers"][0] else "address", *order["readers"]]
    list(app.subscribers.import_csv(app.mailing_list(None), lines, source="readers.csv", now=clock()))


def _ingest(app: App, order: Order, clock: Clock) -> None:
    app.ingest(now=clock())


def _publish(app: App, order: Order, clock: Clock) -> None:
    app.publish(app.mailing_list(None), now=clock())


def _send(app: App, order: Order, clock: Clock) -> None:
    for _ in range(_MOST_TURNS):
        report = asyncio.run(app.deliver(clock=clock, stopping=asyncio.Event()))
        if report.problem:
            raise RuntimeError(report.problem)
        if report.next_due is None:
            return
        clock.now = max(clock.now, report.next_due)
    raise RuntimeError(f"after {_MOST_TURNS} turns somebody still waits")


def _take_in(app: App, order: Order, clock: Clock) -> None:
    report = app.feedback.take_in(now=clock())
    if report.problems:
        raise RuntimeError("\n".join(report.problems))


def _switch(app: App, order: Order, clock: Clock) -> None:
    """Put the first reader on weekly, and bring in what is told next."""
    choose(app.store, order["readers"][0].partition(",")[0], cadence=Cadence.WEEKLY)
    path = Path(order["settings"]["folders"][0]) / "ferry.txt"
    path.write_text("Ferry fares fall\n\nA crossing to the islands costs two crowns less from May.\n")


def _publish_digest(app: App, order: Order, clock: Clock) -> None:
    app.publish(app.mailing_list("daily.weekly"), now=clock())


def _propose(app: App, order: Order, clock: Clock) -> None:
    app.slots_due(app.mailing_list(None), now=clock())
    app.publish_due(app.mailing_list(None), now=clock())


def _review(app: App, order: Order, clock: Clock) -> None:
    """Drop the second story of what is proposed, and approve the rest, as far as that is not done."""
    proposal = app.proposals.of("daily")
    if proposal is not None and not proposal.dropped:
        proposal = app.proposals.drop_story(proposal.id, 2, by="ada", now=clock())
    if proposal is not None and proposal.state is not ProposalState.APPROVED:
        app.proposals.approve(proposal.id, by="ada", now=clock())


def _come_to_slot(app: App, order: Order, clock: Clock) -> None:
    clock.now += timedelta(hours=1)
    app.publish_due(app.mailing_list(None), now=clock())


_STAGES: dict[str, Callable[[App, Order, Clock], None]] = {
    "import": _import,
    "ingest": _ingest,
    "publish": _publish,
    "switch": _switch,
    "digest": _publish_digest,
    "propose": _propose,
    "review": _review,
    "slot": _come_to_slot,
    "send": _send,
    "bounces": _take_in,
}
