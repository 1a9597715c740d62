"""Findings: what a turn of sending learns from servers' answers, about readers and about the servers."""

from collections.abc import Mapping
from datetime import datetime

from newsletter.deliver.postbag import Postbag
from newsletter.deliveries.breaker import trip
from newsletter.deliveries.retry import decide_retry
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import (
    Breaker,
    Delivery,
    DeliveryMark,
    DeliveryState,
    SendOutcome,
    SendPhase,
    SendResult,
)
from newsletter.model.feedback import BounceKind

#: Readers refused for good in a row, with none accepted since, after which the fault is surely ours.
_MOST_REFUSED_IN_A_ROW = 10

#: From the third in a row on, a refusal counts against its reader only once somebody has been accepted.
_SUSPICIOUS_ROW = 3


class Findings:
    """What is known so far in one turn; decides what follows from each answer, and asks nobody.

    Attributes:
        problem: What is wrong with the server; None if nothing is.
        troubles: Why editions are set aside whose sender was refused, by id.
        accepted_editions: Those of which a server took something.
        unproven: What refusals in a suspicious row say about mailboxes, by delivery.
    """

    def __init__(
        self,
        bag: Postbag,
        clock: Clock,
        *,
        troubles: Mapping[int, Breaker],
        set_aside: dict[int, datetime],
        is_trial: bool,
    ) -> None:
        """Begin with what was known before.

        Args:
            bag: How deliveries go out.
            clock: Returns the time, UTC.
            troubles: What is kept of editions whose sender was refused before, by id.
            set_aside: Until when editions are to be left alone, UTC, by id; grows.
            is_trial: The server was in trouble: what it refuses is put off until it has accepted something.
        """
        self._bag = bag
        self._clock = clock
        self._troubles_before = troubles
        self._set_aside = set_aside
        self._is_trial = is_trial
        self._refused_in_a_row = 0
        self._last_refusal = ""
        self.problem: TransportError | None = None
        self.troubles: dict[int, Breaker] = {}
        self.accepted_editions: set[int] = set()
        self.unproven: dict[int, BounceKind] = {}

    @property
    def all_are_refused(self) -> bool:
        """Whether so many readers were refused one after the other that the fault is surely ours."""
        return self._refused_in_a_row >= _MOST_REFUSED_IN_A_ROW

    @property
    def refused_in_a_row(self) -> int:
        """How many readers were refused one after the other, as far as that is suspicious."""
        return self._refused_in_a_row if self._refused_in_a_row >= _SUSPICIOUS_ROW else 0

    def hear_of_refusals(self, beside: int) -> None:
        """Count what other senders were refused in a row, if we are, too."""
        if 0 < self.refused_in_a_row < _MOST_REFUSED_IN_A_ROW <= self.refused_in_a_row + beside:
            self._refused_in_a_row = _MOST_REFUSED_IN_A_ROW - 1
            self.count_refusal(self._last_refusal)

    def take_in(self, delivery: Delivery, result: SendResult) -> DeliveryMark:
        """Learn from an attempt's result; return the step that follows from it."""
        if result.backs_off:
            self.problem = TransportError(f"the server asks to be left alone for a while ({result.reply})")
        if result.outcome is SendOutcome.ACCEPTED:
            self._accept(delivery)
        elif _is_refusal(result):
            self.count_refusal(str(result.reply))
        return self._mark(delivery, result)

    def take_in_acceptance(self, delivery: Delivery) -> bool:
        """The same for a message that was accepted; False, and nothing learnt, if there is more to it."""
        if self.unproven or self.problem is not None:
            return False
        is_news = delivery.edition_id not in self.accepted_editions or self._refused_in_a_row > 0
        if is_news or self._is_trial or self.troubles:
            self._accept(delivery)
        return True

    def _accept(self, delivery: Delivery) -> None:
        self._refused_in_a_row, self._is_trial = 0, False
        self.accepted_editions.add(delivery.edition_id)
        self.troubles.pop(delivery.edition_id, None)

    def count_refusal(self, reply: str) -> None:
        """Count a reader who was refused for good."""
        self._refused_in_a_row += 1
        self._last_refusal = reply
        if self.all_are_refused:
            self.problem = TransportError(
                f"one reader after the other is refused, the last with “{reply}”: see what is wrong, then "
                "`newsletter deliveries retry` sends to them again",
                permanent=True,
            )

    def set_edition_aside(self, edition_id: int, error: SenderRefusedError) -> None:
        """Leave an edition alone for a while: another list may have a sender that is taken."""
        now = self._clock()
        if now < self._set_aside.get(edition_id, now):
            return
        before = self.troubles.get(edition_id) or self._troubles_before.get(edition_id)
        trouble = trip(before, reason=str(error), permanent=error.permanent, now=now)
        self.troubles[edition_id] = trouble
        self._set_aside[edition_id] = trouble.open_until

    def put_off(self, delivery: Delivery, error: TransportError) -> DeliveryMark | None:
        """Put off a reader at whose name the trouble began, if it was so; no attempt is used up.

        Servers quote what others said of a recipient. At the head of the queue, one such reader would keep
        everybody else waiting, each time anew.
        """
        return self._deferral(delivery, str(error), attempted=False) if error.of_recipient else None

    def _mark(self, delivery: Delivery, result: SendResult) -> DeliveryMark:
        reply = str(result.reply)
        if result.outcome is SendOutcome.DEFERRED:
            return self._deferral(delivery, reply, attempted=not result.backs_off)
        if _is_refusal(result) and (self._is_trial or self.all_are_refused):
            # It says more about the server, or about us, than about its reader.
            return self._deferral(delivery, reply, attempted=False)
        bounce = result.bounce
        if bounce is not BounceKind.NONE and self._refused_in_a_row >= _SUSPICIOUS_ROW:
            self.unproven[delivery.id], bounce = bounce, BounceKind.NONE
        state = DeliveryState(result.outcome.value)
        return DeliveryMark(delivery_id=delivery.id, state=state, reply=reply, bounce=bounce)

    def _deferral(self, delivery: Delivery, reply: str, *, attempted: bool) -> DeliveryMark:
        """Put a delivery off, or give it up if it has waited too long."""
        now = self._clock()
        is_first = attempted and delivery.attempts == 0
        decision = decide_retry(
            self._bag.retry,
            delivery_id=delivery.id,
            attempts=delivery.attempts + 1,
            waits_since=now if is_first else delivery.queued_at,
            now=now,
        )
        if decision.next_attempt_at is None:
            return DeliveryMark(
                delivery_id=delivery.id, state=DeliveryState.FAILED, reply=f"given up: {reply}"
            )
        return DeliveryMark(
            delivery_id=delivery.id,
            state=DeliveryState.DEFERRED,
            reply=reply,
            next_attempt_at=decision.next_attempt_at,
            attempted=attempted,
        )


def _is_refusal(result: SendResult) -> bool:
    """Return whether a reader is refused for good, by the server or by what it said it would take."""
    if result.reply.code >= 500:
        return result.outcome is not SendOutcome.ACCEPTED
    return result.outcome is SendOutcome.FAILED and result.reply.phase is SendPhase.MAIL
