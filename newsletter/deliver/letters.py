"""Letters: what answers sign-ups goes out one by one, each at most once.

They share the account with editions, and its breaker and rates, but not the sender lock: whoever signs up
does not wait for an edition to be over.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from newsletter.deliver.letterdesk import LetterDesk
from newsletter.deliver.rates import rates_of
from newsletter.deliveries.breaker import holds
from newsletter.deliveries.retry import decide_retry
from newsletter.deliveries.transport import Connection
from newsletter.errors import NewsletterError, SenderRefusedError, TransportError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import RetryPolicy, SendOutcome, SendResult
from newsletter.model.feedback import BounceKind
from newsletter.model.readers import Letter, LettersReport, LetterState
from newsletter.store.accounts import Spending
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: Letters looked up at a time.
_BATCH = 50

#: Waits between attempts; whoever signs up is waiting. Fifteen attempts take about a day.
_RETRY = RetryPolicy(delays_seconds=(60, 300, 1800, 7200))
_MOST_ATTEMPTS = 15

#: What an attempt ends in, where it is not put off.
_STATES = {
    SendOutcome.ACCEPTED: LetterState.SENT,
    SendOutcome.FAILED: LetterState.FAILED,
    SendOutcome.UNCERTAIN: LetterState.UNCERTAIN,
}


async def send_letters(
    store: Store, desk: LetterDesk, *, clock: Clock, stopping: asyncio.Event
) -> LettersReport:
    """Send the letters that are due, over one connection, and return when none is.

    A letter is recorded as being sent, durably, before DATA, and from then on not sent again unless the
    server said that it did not take it. What is refused for now is tried again for about a day. A letter
    that is refused suppresses nobody; where there is no such mailbox, its address gets no other one for some
    days.

    Args:
        store: Where the letters are.
        desk: How they are written and go out.
        clock: Returns the time, UTC.
        stopping: Once set, nothing more is begun; the letter in flight is finished.

    Raises:
        StoreError: State cannot be written any more; sending stopped at once.
    """
    breakers = await store.in_time(store.accounts.breakers)
    breaker = breakers.get(desk.bag.account)
    if breaker is not None and holds(breaker, now=clock()):
        due = await store.in_time(store.letters.due_count, now=clock())
        return LettersReport(due=due, problem=breaker.reason if due else None)
    return await _Round(store, desk, clock, stopping).run()


class _Round:
    """One turn of sending letters."""

    def __init__(self, store: Store, desk: LetterDesk, clock: Clock, stopping: asyncio.Event) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock
        self._stopping = stopping
        bag = replace(desk.bag, shared=desk.bag.shared or store.is_shared)
        self._rates = rates_of(store, bag, clock, of_letters=True)
        # What is shared is counted before it is handed over.
        counts_here = bag.rates and not bag.shared
        self._spending = (
            Spending(account=bag.account, limits=bag.rates, of_letters=True) if counts_here else None
        )
        self._connection: Connection | None = None
        #: Whether the letter in hand may be with the server.
        self._begun = False
        self._outcomes: Counter[LetterState] = Counter()
        self._problem: str | None = None

    async def run(self) -> LettersReport:
        """Send what is due until nothing is, the server is in trouble, or it is to stop."""
        try:
            while not self._stopping.is_set() and self._problem is None:
                letters = await self._store.in_time(self._store.letters.due, limit=_BATCH, now=self._clock())
                if not letters:
                    break
                await self._send_all(letters)
        finally:
            await self._hang_up()
            await self._rates.close()
        due = await self._store.in_time(self._store.letters.due_count, now=self._clock())
        return LettersReport(outcomes=dict(self._outcomes), due=due, problem=self._problem)

    async def _send_all(self, letters: Sequence[Letter]) -> None:
        """Send some letters; once the server is in trouble, the rest waits with the one that met it."""
        for place, letter in enumerate(letters):
            if self._stopping.is_set() or self._problem is not None:
                return
            if await self._rates.turn(1) is not None:
                self._problem = "SMTP_RATES lets no more out for now"
                return
            taken = self._rates.take(self._clock())
            try:
                await self._unless_stopped(letter)
            except TransportError as error:
                log.warning("letter %d is not taken: %s", letter.id, error)
                await self._hang_up()
                is_of_one = isinstance(error, SenderRefusedError) or error.of_recipient
                for waiting in letters[place : place + 1] if is_of_one else letters[place:]:
                    await self._put_off(waiting, str(error), begun=False)
                self._problem = None if is_of_one else str(error)
            finally:
                if not self._begun:
                    self._rates.give_back(taken)

    async def _unless_stopped(self, letter: Letter) -> None:
        """Send a letter; give up at once if told to stop while no server has anything of it."""
        self._begun = False
        sending = asyncio.ensure_future(self._send(letter))
        told = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((sending, told), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and not self._begun:
                sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
        finally:
            told.cancel()
            # Should we be cancelled ourselves, nobody waits for it any more.
            sending.cancel()

    async def _send(self, letter: Letter) -> None:
        """Send one letter, and record how that ended."""
        try:
            message = self._desk.write(letter, now=self._clock())
        except NewsletterError as error:
            # Whoever broke a template has a day to mend it.
            log.warning("letter %d cannot be written: %s", letter.id, error)
            await self._put_off(letter, f"not written: {error}", begun=False)
            return

        async def before_content() -> bool:
            """Put on record that the letter is being sent; False: it must not be, any more."""
            # Set before the store is asked: what may be on record as being sent is not cut off.
            self._begun = True
            if self._stopping.is_set():
                return False
            return await self._store.in_time(
                self._store.letters.begin, letter, spending=self._spending, now=self._clock()
            )

        if self._connection is None:
            self._connection = await self._desk.bag.transport.connect()
        result = await self._connection.send(message, before_content=before_content)
        await self._record(letter, result)
        if not result.reusable:
            await self._hang_up()
        if result.backs_off:
            self._problem = f"the server asks to be left alone for a while ({result.reply})"

    async def _record(self, letter: Letter, result: SendResult) -> None:
        if result.outcome is SendOutcome.WITHDRAWN:
            return
        reply = str(result.reply)
        if result.outcome is SendOutcome.DEFERRED:
            await self._put_off(letter, reply, begun=self._begun)
            return
        state = LetterState.BOUNCED if result.bounce is BounceKind.HARD else _STATES[result.outcome]
        await self._end(letter, state, reply, begun=self._begun)

    async def _put_off(self, letter: Letter, reply: str, *, begun: bool) -> None:
        """Let a letter wait for its next attempt, or give it up."""
        until = next_attempt(letter, now=self._clock())
        if until is None:
            await self._end(letter, LetterState.FAILED, f"given up: {reply}", begun=begun)
            return
        put_off = self._store.letters.put_off
        if await self._store.in_time(put_off, letter, until, begun=begun, reply=reply):
            self._outcomes[LetterState.DUE] += 1

    async def _end(self, letter: Letter, state: LetterState, reply: str, *, begun: bool) -> None:
        """Record how a letter ended; its address is in no log."""
        record = self._store.letters.record
        if await self._store.in_time(record, letter, state, begun=begun, reply=reply):
            self._outcomes[state] += 1
            log.log(
                logging.DEBUG if state is LetterState.SENT else logging.WARNING,
                "letter %d: %s",
                letter.id,
                state.value,
            )

    async def _hang_up(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


def next_attempt(letter: Letter, *, now: datetime) -> datetime | None:
    """Decide when a letter that was not taken is tried again, UTC; None: it is given up.

    Attempts are counted, not hours: a service that was off for a day has all of them before it still.
    """
    attempts = letter.attempts + 1
    if attempts >= _MOST_ATTEMPTS:
        return None
    decision = decide_retry(_RETRY, delivery_id=letter.id, attempts=attempts, waits_since=now, now=now)
    return decision.next_attempt_at
