"""One long run of messages, its sender killed at random again and again until it is through."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field

from crash.lab import Lab

#: Share of kills that come while a life still starts.
_EARLY = 0.1

#: A life starts, and a message and its reply take, about so long, in seconds.
_START_SECONDS, _MESSAGE_SECONDS = 0.1, 0.01


@dataclass(kw_only=True)
class Marathon:
    """What came of it.

    Attributes:
        readers: How many there are, each with one message to get.
        kills: How often the sender was killed.
        lost: Readers with neither the message nor a row that names them as uncertain.
        duplicates: Copies beyond the first.
        most_at_once: Duplicates of the kill that brought about the most.
        strange: Readers with more than one copy whose message was not between 354 and its commit at any kill.
        in_flight: Messages between DATA and the commit of their outcome, all kills together.
        changed_ids: Readers whose copies have different Message-IDs.
        held_with: Held for the operator, uncertain for the second time, and have it.
        held_without: The same, and do not have it.
        seconds: How long it took.
    """

    readers: int
    kills: int = 0
    lost: int = 0
    duplicates: int = 0
    most_at_once: int = 0
    strange: int = 0
    in_flight: int = 0
    changed_ids: int = 0
    held_with: int = 0
    held_without: int = 0
    seconds: float = 0.0
    _unsure: list[set[str]] = field(default_factory=list, repr=False)

    def is_kept(self, *, connections: int) -> bool:
        """Return whether the promise was kept by a sender with so many connections."""
        return not (self.lost or self.strange or self.changed_ids) and self.most_at_once <= connections

    def as_dict(self) -> dict[str, object]:
        """Return it as something that JSON can carry."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


def run(lab: Lab, *, readers: int, kills: int, seed: int) -> Marathon:
    """Send one edition to many readers, and kill the sender until it is through.

    Args:
        lab: Its mail server treats everybody alike.
        readers: How many.
        kills: Each kill comes after about so many messages that this number is reached.
        seed: For the moments of the kills.
    """
    started = time.monotonic()
    rng = random.Random(seed)
    marathon = Marathon(readers=readers)
    addresses = [f"r{number}@example.org" for number in range(readers)]
    lab.renew()
    lab.live(lab.order(readers=addresses, stages=("import", "ingest", "publish")))
    # A little more often, since the last lives have little left to send.
    stride = readers / (kills * 1.1)
    lives = 1
    while _kill_once(lab, marathon, rng, lives, stride):
        lives += 1
    lab.live(lab.order(lives=lives + 1, stages=("send",)))
    _reconcile(lab, marathon, addresses)
    marathon.seconds = time.monotonic() - started
    return marathon


def _kill_once(lab: Lab, marathon: Marathon, rng: random.Random, lives: int, stride: float) -> bool:
    """Let a life send some messages and kill it; return False if it was through before."""
    goal = len(lab.sink.book) + round(rng.uniform(0, 2) * stride)
    pid = lab.forks.begin(lab.order(lives=lives, stages=("send",)))
    if rng.random() < _EARLY:
        time.sleep(rng.random() * _START_SECONDS)
    else:
        while not lab.forks.has_ended() and not lab.sink.wait_for_copies(goal, timeout_seconds=0.05):
            pass
        time.sleep(rng.random() * _MESSAGE_SECONDS)
    if not lab.forks.has_ended():
        os.kill(pid, signal.SIGKILL)
    was_killed = not lab.forks.end()
    lab.wait_until_quiet()
    if was_killed:
        marathon.kills += 1
        marathon.in_flight += len(lab.sending())
        marathon._unsure.append({message.recipient for message in lab.sink.interrupted if message.taken})
        lab.sink.interrupted.clear()
    return was_killed


def _reconcile(lab: Lab, marathon: Marathon, addresses: list[str]) -> None:
    copies = lab.sink.copies()
    states = {row.address: row.state for row in lab.rows()}
    doubled = {address for address, count in copies.items() if count > 1}
    held = {address for address, state in states.items() if state == "uncertain"}
    ended_well = {address for address in addresses if states.get(address) == "accepted"}
    ids = {(copy.recipient, copy.message_id) for copy in lab.sink.book}
    marathon.lost = sum(
        not (copies[address] and address in ended_well) and address not in held for address in addresses
    )
    marathon.duplicates = sum(count - 1 for count in copies.values())
    marathon.most_at_once = max((len(unsure & doubled) for unsure in marathon._unsure), default=0)
    marathon.strange = len(doubled.difference(*marathon._unsure))
    marathon.changed_ids = len(ids) - len(copies)
    marathon.held_with = sum(bool(copies[address]) for address in held)
    marathon.held_without = len(held) - marathon.held_with
