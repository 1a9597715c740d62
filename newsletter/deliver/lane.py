"""A lane: one worker's way to the server, and how it goes from one message to the next."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from newsletter.deliver.findings import Findings
from newsletter.deliver.ledger import Ledger
from newsletter.deliver.postbag import Writer
from newsletter.deliver.presence import Presence
from newsletter.deliver.queue import Queue
from newsletter.deliveries.transport import Connection, Onward
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Delivery, DeliveryMark, Reply
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
        record: Callable[[Delivery, DeliveryMark], None],
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
            record: Sees that a result is made durable, and counted then.
        """
        self._queue = queue
        self._findings = findings
        self._ledger = ledger
        self._presence = presence
        self._desk = desk
        self._clock = clock
        self._ending = ending
        self._record = record

    def look_ahead(self, lane: Lane) -> None:
        """See what goes out behind the delivery in hand over its connection, if that is known at once."""
        if lane.in_hand is None or lane.connection is None or not lane.connection.announces:
            return
        lane.ahead = self._queue.take_behind(lane.in_hand)
        if lane.ahead is not None:
            # What is wrong with it is met in its turn.
            with suppress(Exception):
                lane.message_ahead = self._desk.write_at_once(lane.ahead, now=self._clock())

    def taken(self, lane: Lane, reply: Reply, onward: Onward) -> bool:
        """Record that the delivery in hand was accepted, and begin the one ahead; see `Taken`."""
        if lane.in_hand is None or lane.ahead is None or self._ending.is_set() or self._ledger.is_broken:
            return False
        mark = self._findings.take_in_acceptance(lane.in_hand, reply)
        if mark is None:
            return False
        self._record(lane.in_hand, mark)
        self._ledger.begin_then(lane.ahead.id, partial(self._follow, lane, onward))
        return True

    def _follow(self, lane: Lane, onward: Onward, is_begun: bool) -> None:  # noqa: FBT001
        """Send what was ahead, or leave it out."""
        accepted, following = lane.in_hand, lane.step()
        if accepted is None or following is None:
            onward.withdraw()
            return
        self._queue.done(accepted, behind=following)
        if not is_begun or self._ending.is_set() or not self._presence.holds:
            onward.withdraw()
            return
        self._queue.begun(following)
        self.look_ahead(lane)
        onward.go_on(lane.message_ahead)
