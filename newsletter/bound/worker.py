"""What a worker process does from its start to its end; nothing but `newsletter.bound.crew` starts one."""

import logging
import os
import pickle
import sys

from newsletter.bound.loops import run_in_loop
from newsletter.deliver.crew import Ended, Order, read_whole, taken
from newsletter.deliver.worker import Mouth, work
from newsletter.errors import StoreError
from newsletter.store.store import Store


def main() -> None:
    """Do the part of a turn of sending that comes in through standard input."""
    # What a library prints must not get between the words.
    mouth = Mouth(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    ear = sys.stdin.fileno()
    try:
        luggage, order = read_whole(ear), taken(read_whole(ear))
    except EOFError:
        # The parent died before it had told us anything.
        return
    _log_to(mouth, order)
    try:
        _work(luggage, order, ear, mouth)
    except StoreError as error:
        mouth.say(Ended(store_failure=str(error)))


def _work(luggage: bytes, order: Order, ear: int, mouth: Mouth) -> None:
    place, outgoing = pickle.loads(luggage)  # noqa: S301 - of the process that started us
    store: Store = place.open()
    try:
        run_in_loop(work(store, outgoing.postbag(), order, ear=ear, mouth=mouth))
    finally:
        store.close()


def _log_to(mouth: Mouth, order: Order) -> None:
    logger = logging.getLogger("newsletter")
    logger.handlers = [mouth]
    logger.setLevel(order.log_level)
    logger.propagate = False
