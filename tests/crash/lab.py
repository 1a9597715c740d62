"""Kill a life at a step, resume it, and hold what every reader got against what was promised."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crash.beds import Bed
from crash.forks import ForkServer
from crash.life import STAGES, Order, Story
from crash.returns import COMPLAINT, HARD, LEAVES, SOFT, Returns
from crash.sink import DROP_TAKEN, DROP_UNTAKEN, Sink
from sqlalchemy import text

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

#: How much later a life is resumed: longer than any lease.
LATER = timedelta(minutes=10)

#: Readers of a small audience; what the server does to some of them is in SCRIPT.
READERS = tuple(f"{name}@example.org" for name in ("ada", "bo", "chi", "dag", "eve", "fay"))
REFUSED = "dag@example.org"
#: The server itself makes the sender unsure of these two.
DROPPED = {"eve@example.org": False, "fay@example.org": True}
SCRIPT = {
    "chi@example.org": ("450 4.2.1 busy, try later",),
    REFUSED: ("550 5.1.1 no such mailbox",) * 9,
    "eve@example.org": (DROP_UNTAKEN,),
    "fay@example.org": (DROP_TAKEN,),
}
#: What comes back, some days later, from those who got it.
FATES = {
    "ada@example.org": COMPLAINT,
    "bo@example.org": HARD,
    "chi@example.org": LEAVES,
    "fay@example.org": SOFT,
}

#: A life in two parts.
BEFORE_SENDING, SENDING = STAGES[: STAGES.index("send")], STAGES[STAGES.index("send") :]

_DOCUMENTS = {
    "harbour.txt": "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n",
    "ferry.txt": "Ferry fares fall\n\nA crossing to the islands costs two crowns less from May.\n",
}

_SUPPRESSED = (
    "SELECT s.address, p.reason FROM suppressions p JOIN subscribers s ON s.address_hash = p.address_hash"
)
_SCORES = "SELECT s.address, b.score FROM bounce_scores b JOIN subscribers s ON s.id = b.subscriber_id"
_LEFT = (
    "SELECT s.address, u.state FROM subscriptions u JOIN subscribers s ON s.id = u.subscriber_id "
    "WHERE u.state <> 'confirmed'"
)


@dataclass(kw_only=True)
class Tally:
    """What came out, over any number of kills."""

    kills: int = 0
    #: Kills at each kind of step.
    kinds: Counter[str] = field(default_factory=Counter)
    #: Readers with neither the message nor a row that names them as uncertain.
    lost: int = 0
    #: Copies beyond the first that a kill brought about.
    duplicates: int = 0
    #: Messages between DATA and the commit of their outcome at a kill, all kills together.
    in_flight: int = 0
    #: Held for the operator because of a kill, with and without the message.
    held_with: int = 0
    held_without: int = 0
    #: Everything that broke the promise, in words.
    broken: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            kills=self.kills + other.kills,
            kinds=self.kinds + other.kinds,
            lost=self.lost + other.lost,
            duplicates=self.duplicates + other.duplicates,
            in_flight=self.in_flight + other.in_flight,
            held_with=self.held_with + other.held_with,
            held_without=self.held_without + other.held_without,
            broken=self.broken + other.broken,
        )

    def as_dict(self) -> dict[str, object]:
        """Return it as something that JSON can carry."""
        return vars(self) | {"kinds": dict(self.kinds)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one delivery stands in the store."""

    address: str
    state: str


class Lab:
    """A fork server, a mail server and a database, and what is done with them.

    Args:
        bed: The database.
        forks: Where lives come from.
        sink: The mail server; its script is that of the small audience.
        folder: For documents.
        policy: What to do with uncertain deliveries: resend or hold.
        connections: How many the sender opens at once.
    """

    def __init__(
        self,
        bed: Bed,
        forks: ForkServer,
        sink: Sink,
        *,
        folder: Path,
        policy: str,
        connections: int = 2,
    ) -> None:
        self.bed, self.forks, self.sink = bed, forks, sink
        self.policy, self._connections = policy, connections
        #: Steps up to the publishing, where it need not be gone through before each later one; else 0.
        self._published = 0
        self._bring_back: Callable[[], None] | None = None
        self._returns = Returns(folder / "returns", FATES)
        self._documents = folder / "in"
        self._documents.mkdir(exist_ok=True)
        for name, words in _DOCUMENTS.items():
            (self._documents / name).write_text(words)

    def order(
        self,
        *,
        kill_at: int = 0,
        lives: int = 0,
        readers: Sequence[str] = READERS,
        stages: Sequence[str] = STAGES,
    ) -> Order:
        """Return the order of the life that comes after so many others."""
        return Order(
            settings={
                "database_url": self.bed.url,
                "folders": [str(self._documents)],
                "settle_seconds": 0,
                "list_name": "daily",
                "sender_address": "digest@news.example.org",
                "smtp_host": "127.0.0.1",
                "smtp_port": self.sink.port,
                "smtp_security": "none",
                "smtp_connections": self._connections,
                "smtp_timeout_seconds": 20.0,
                "uncertain_policy": self.policy,
                "public_url": "https://news.example.org",
                "secret_keys": ["a key of thirty-two characters, at least"],
                "bounce_address": "returns@news.example.org",
                "bounce_mailbox": str(self._returns.maildir),
            },
            readers=list(readers),
            stages=list(stages),
            now=(NOW + lives * LATER).isoformat(),
            kill_at=kill_at,
        )

    def renew(self, *, is_published: bool = False) -> None:
        """Begin with an empty book, and a store that is empty or has an edition."""
        bring_back = self._bring_back if is_published else None
        (bring_back or self.bed.renew)()
        self.sink.forget()
        self._returns.renew()
        self.sink.on_taken = self._returns.come_back

    def count_steps(self) -> int:
        """Return how many steps an undisturbed life takes, having checked that it keeps the promise."""
        self.renew()
        steps = self.live(self.order())["steps"]
        tally = Tally()
        self._reconcile(tally, unsure=set(), taken=set(), where="undisturbed")
        if tally.broken:
            raise AssertionError("\n".join(tally.broken))
        return self._count_in_parts() or steps

    def _count_in_parts(self) -> int:
        """Publish once for all, where that can be kept; return how many steps a life in two parts takes."""
        self.renew()
        published = self.live(self.order(stages=BEFORE_SENDING))["steps"]
        self._bring_back = self.bed.keep()
        if self._bring_back is None:
            return 0
        self._published = published
        return published + self.live(self.order(stages=SENDING))["steps"]

    def sweep(self, steps: Iterable[int]) -> Tally:
        """Kill a life at each of some steps, and resume each until nothing is due."""
        return sum((self.kill_at(step) for step in steps), Tally())

    def kill_at(self, step: int) -> Tally:
        """Kill a life at one step, resume it, and reconcile."""
        is_published = 0 < self._published < step
        self.renew(is_published=is_published)
        tally = Tally()
        order = (
            self.order(kill_at=step - self._published, stages=SENDING)
            if is_published
            else self.order(kill_at=step)
        )
        killed_at = self.live(order).get("killed_at")
        unsure: set[str] = set()
        taken: set[str] = set()
        if killed_at is not None:
            unsure = self.sending()
            taken = {message.recipient for message in self.sink.interrupted if message.taken} & unsure
            tally.kills, tally.kinds, tally.in_flight = 1, Counter([killed_at]), len(unsure)
            self.live(self.order(lives=1))
        self._reconcile(tally, unsure, taken, where=f"killed at step {step}, {killed_at}")
        return tally

    def live_beside(self, others: ForkServer) -> Tally:
        """Let two lives do everything at the same time, and reconcile; one may be told that it is second.

        Args:
            others: Where the other life comes from.
        """
        self.renew()
        both = (self.forks, others)
        for forks in both:
            forks.begin(self.order())
        for forks in both:
            try:
                forks.end()
            except RuntimeError as error:
                if "SenderBusyError" not in str(error):
                    raise
        self.wait_until_quiet()
        self.live(self.order(lives=1))
        tally = Tally()
        self._reconcile(tally, unsure=set(), taken=set(), where="two at once")
        return tally

    def live(self, order: Order) -> Story:
        """Let a life come to its end; return its story."""
        self.forks.begin(order)
        story = self.forks.end()
        self.wait_until_quiet()
        return story

    def wait_until_quiet(self) -> None:
        """Wait until nothing of a life that has ended is under way any more."""
        self.sink.wait_until_quiet()
        self.bed.wait_until_quiet()

    def sending(self) -> set[str]:
        """Return who was being sent to when the last life ended, as the store has it."""
        query = (
            "SELECT s.address FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id "
            "WHERE d.state = 'sending'"
        )
        return {address for (address,) in self._select(query)}

    def rows(self) -> list[Row]:
        """Return how every delivery stands."""
        query = (
            "SELECT s.address, d.state FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id "
            "ORDER BY d.id"
        )
        return [Row(address=address, state=state) for address, state in self._select(query)]

    def _select(self, query: str) -> list[tuple[Any, ...]]:
        with self.bed.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def _reconcile(self, tally: Tally, unsure: set[str], taken: set[str], where: str) -> None:
        """Hold the store against the book.

        Args:
            tally: Gets what is found.
            unsure: Who was being sent to at the kill, as the store had it.
            taken: Whose message the server had taken, and had heard nothing more of its sender.
            where: Where the kill was, in words.
        """
        broken = [*self._broken_once(), *self._broken_rows(tally, unsure, taken), *self._broken_returns()]
        tally.broken += [f"{self.bed.name}, {self.policy}, {where}: {words}" for words in broken]

    def _broken_once(self) -> Iterator[str]:
        """Yield what was done twice, or not at all, though no mail is involved."""
        for what, query, expected in (
            ("editions", "SELECT count(*) FROM editions", 1),
            ("documents", "SELECT count(*) FROM documents", len(_DOCUMENTS)),
            ("published runs", "SELECT count(*) FROM runs WHERE outcome = 'published'", 1),
            ("subscribers", "SELECT count(*) FROM subscribers", len(READERS)),
            ("deliveries", "SELECT count(*) FROM deliveries", len(READERS)),
        ):
            [(count,)] = self._select(query)
            if count != expected:
                yield f"{count} {what} instead of {expected}"

    def _broken_rows(self, tally: Tally, unsure: set[str], taken: set[str]) -> Iterator[str]:
        rows = {row.address: row.state for row in self.rows()}
        copies = self.sink.copies()
        ids = {(copy.recipient, copy.message_id) for copy in self.sink.book}
        for address in READERS:
            state, count = rows.get(address, "missing"), copies[address]
            resent = self.policy == "resend"
            # What the server itself does is no kill's fault: it takes a message and hangs up.
            own = int(DROPPED.get(address, False) and resent)
            most = 1 + max(own, int(resent and address in taken))
            tally.duplicates += max(0, count - 1 - own)
            if address == REFUSED:
                if (state, count) != ("failed", 0):
                    yield f"{address} is {state} with {count} copies, and was refused"
                continue
            if state == "uncertain":
                tally.held_with += bool(count) and address in unsure
                tally.held_without += not count and address in unsure
            if not count and state != "uncertain":
                tally.lost += 1
                yield f"{address} is lost: {state}"
            if count > most:
                yield f"{address} got {count} copies, {most} at most"
            if state not in {"accepted", "uncertain"}:
                yield f"{address} ended as {state}"
            if state == "uncertain" and address not in unsure and (resent or address not in DROPPED):
                yield f"{address} is uncertain, and was not being sent at the kill"
            if sum(recipient == address for recipient, _ in ids) > 1:
                yield f"the copies of {address} have different Message-IDs"

    def _broken_returns(self) -> Iterator[str]:
        """Yield what was wrongly made of the bounces, the complaint and the wish to leave."""
        if unread := self._returns.count("new"):
            yield f"{unread} messages that came back are unread"
        [(taken,)] = self._select("SELECT count(*) FROM feedback")
        if taken != self._returns.count("cur"):
            yield f"{taken} records of {self._returns.count('cur')} messages that came back"
        # Who is held without the message has nothing to send back.
        copies = self.sink.copies()
        fates = [(address, fate) for address, fate in FATES.items() if copies[address]]
        for what, query, expected in (
            (
                "suppressed",
                _SUPPRESSED,
                {REFUSED: "bounce"} | _told(fates, {HARD: "bounce", COMPLAINT: "complaint"}),
            ),
            # However many copies bounced, it was on one day.
            ("bounce scores", _SCORES, _told(fates, {SOFT: 1.0})),
            # Who complains does not want it any more either.
            (
                "no longer on the list",
                _LEFT,
                _told(fates, {COMPLAINT: "unsubscribed", LEAVES: "unsubscribed"}),
            ),
        ):
            found = dict(self._select(query))
            if found != expected:
                yield f"{what}: {found} instead of {expected}"


def _told(fates: list[tuple[str, str]], what: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each reader's fate makes of them, those of other fates left out."""
    return {address: what[fate] for address, fate in fates if fate in what}


def spread(steps: int, *, start: int, stride: int) -> Iterator[int]:
    """Yield every stride-th step from one on, counted from 1."""
    return itertools.islice(range(1, steps + 1), start, None, stride)
