"""A worker: a process that does its part of a turn, and tells its parent how it goes."""

import asyncio
import logging
import os
import signal
import threading
from collections import Counter
from datetime import datetime, timedelta

from newsletter.deliver.crew import Ended, Logged, Order, Results, Word, said
from newsletter.deliver.postbag import Postbag
from newsletter.deliver.sending import Sending
from newsletter.errors import StoreError
from newsletter.model.clock import Clock, steady_seconds
from newsletter.model.deliveries import DeliveryState
from newsletter.store.store import Store

#: How often results are told, in seconds.
_TOLD_SECONDS = 0.1


class Mouth(logging.Handler):
    """Says words to the parent: those of the log, too."""

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file
        self._turn = threading.Lock()
        self._told: Counter[DeliveryState] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a line on to the parent's log."""
        self.say(Logged(logger=record.name, level=record.levelno, line=self.format(record)))

    def say(self, word: Word) -> None:
        """Say a word; a parent that is gone hears nothing, and our part is finished all the same."""
        content = said(word)
        with self._turn:
            while content:
                try:
                    content = content[os.write(self._file, content) :]
                except BrokenPipeError:
                    return

    def tell_results(self, outcomes: Counter[DeliveryState]) -> None:
        """Say what more attempts have ended in; `outcomes` is what all have."""
        more = outcomes - self._told
        if more:
            self._told = Counter(outcomes)
            self.say(Results(outcomes=dict(more)))


async def work(store: Store, bag: Postbag, order: Order, *, ear: int, mouth: Mouth) -> None:
    """Do a part of a turn of sending.

    Args:
        store: Where the deliveries are.
        bag: How they go out; its connections are ours alone.
        order: What is to be done.
        ear: The pipe from the parent; its end is the word to stop.
        mouth: Tells the parent.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(ear, _listen, loop, ear, stopping)
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    sending = Sending(
        store,
        bag,
        order.terms,
        clock=_clock(order.now),
        stopping=stopping,
        on_result=lambda: None,
        name=order.sender,
    )
    telling = asyncio.create_task(_keep_telling(mouth, sending))
    failure = ""
    try:
        await sending.run()
    except StoreError as error:
        failure = str(error)
    finally:
        telling.cancel()
    mouth.tell_results(sending.outcomes)
    mouth.say(_ended(sending, failure))


def _ended(sending: Sending, failure: str) -> Ended:
    found = sending.findings
    return Ended(
        problem=str(found.problem or ""),
        permanent=bool(found.problem and found.problem.permanent),
        troubles=found.troubles,
        accepted_editions=frozenset(found.accepted_editions),
        rate_until=sending.rate_until,
        halted=sending.halted,
        store_failure=failure,
    )


def _listen(loop: asyncio.AbstractEventLoop, ear: int, stopping: asyncio.Event) -> None:
    if not os.read(ear, 1):
        loop.remove_reader(ear)
        stopping.set()


def _clock(start: datetime) -> Clock:
    """Return a clock that goes on from the parent's time, also while the machine sleeps."""
    began = steady_seconds()
    return lambda: start + timedelta(seconds=steady_seconds() - began)


async def _keep_telling(mouth: Mouth, sending: Sending) -> None:
    while True:
        await asyncio.sleep(_TOLD_SECONDS)
        mouth.tell_results(sending.outcomes)
