"""A lane: one worker's way to the server, and how it goes from one message to the next."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from newsletter.deliver.findings import Findings
from newsletter.deliver.ledger import Ledger, Stride
from newsletter.deliver.postbag import Writer
from newsletter.deliver.presence import Presence
from newsletter.deliver.queue import Queue
from newsletter.deliveries.transport import Connection, Onward
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Delivery
from newsletter.model.messages import Message


@dataclass
class Lane:
    """One worker's way to the server: what is in hand, and what goes out behind it."""

    connection: Connection | None = None
    in_hand: Delivery | None = None
    #: The message in hand, if it was written ahead.
    message: Message | None = None
    ahead: Delivery | None = None
    message_ahead: Message | None = None
    #: The connection while it waits for a step to be durable, and what the server said to the last message.
    onward: Onward | None = None
    words: str = ""
    #: Is told of that step.
    then: Callable[[bool, bool], None] | None = None

    def step(self) -> Delivery | None:
        """Take in hand what was ahead, if anything was."""
        self.in_hand, self.ahead = self.ahead, None
        self.message, self.message_ahead = self.message_ahead, None
        return self.in_hand

    def drop_ahead(self) -> None:
        """Forget what was ahead."""
        self.ahead = self.message_ahead = None


class Pace:
    """Goes from message to message as long as the server accepts them, without a word to the lane's worker.

    To wake a worker at each reply, and again when its step is durable, takes longer than the message itself.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        findings: Findings,
        ledger: Ledger,
        presence: Presence,
        desk: Writer,
        clock: Clock,
        ending: asyncio.Event,
        count: Callable[[Delivery, str], None],
    ) -> None:
        """Prepare.

        Args:
            queue: Has what goes out behind a delivery.
            findings: Learns of what is accepted.
            ledger: Makes steps durable.
            presence: Tells whether what we claimed is still ours.
            desk: Writes messages.
            clock: Returns the time, UTC.
            ending: Once set, nothing more is begun.
            count: Is told of each delivery whose acceptance is durable, and of the server's words.
        """
        self._queue = queue
        self._findings = findings
        self._ledger = ledger
        self._presence = presence
        self._desk = desk
        self._clock = clock
        self._count = count
        self._is_ending = ending.is_set

    def look_ahead(self, lane: Lane) -> None:
        """See what goes out behind the delivery in hand over its connection, if that is known at once."""
        if lane.in_hand is None or lane.connection is None or not lane.connection.announces:
            return
        ahead = lane.ahead = self._queue.take_behind(lane.in_hand)
        if ahead is not None:
            try:
                lane.message_ahead = self._desk.write_at_once(ahead, now=self._clock())
            except Exception:  # noqa: BLE001 - what is wrong with it is met in its turn
                lane.message_ahead = None

    def taken(self, lane: Lane, words: str, onward: Onward) -> bool:
        """Record that the delivery in hand was accepted, and begin the one ahead; see `Taken`."""
        accepted, following = lane.in_hand, lane.ahead
        if accepted is None or following is None or self._is_ending() or self._ledger.is_broken:
            return False
        if not self._findings.take_in_acceptance(accepted):
            return False
        lane.onward, lane.words = onward, words
        if lane.then is None:
            lane.then = partial(self._follow, lane)
        self._ledger.go_on(Stride(accepted.id, words, following.id, lane.then))
        return True

    def _follow(self, lane: Lane, is_ours: bool, is_begun: bool) -> None:  # noqa: FBT001
        """Count what was accepted, and send what was ahead, or leave it out."""
        onward, accepted, following = lane.onward, lane.in_hand, lane.step()
        assert onward is not None  # noqa: S101 - it waits for this
        if is_ours and accepted is not None:
            self._count(accepted, lane.words)
        if accepted is None or following is None:
            onward.withdraw()
            return
        self._queue.done(accepted, behind=following)
        if not is_begun or self._is_ending() or not self._presence.holds:
            onward.withdraw()
            return
        self._queue.begun(following)
        self.look_ahead(lane)
        onward.go_on(lane.message_ahead)
