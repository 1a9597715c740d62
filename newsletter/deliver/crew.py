"""A crew: processes that send side by side on one machine, and what they and their parent tell each other.

A parent writes to its worker what it is to do and then nothing more: the end of that pipe, which also comes
when the parent dies, is the word to stop. A worker writes words of the kinds below, the last one `Ended`.
"""

import asyncio
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.model.deliveries import Breaker, DeliveryState

#: Octets of the number that says how long a word is.
_LENGTH = 4


@dataclass(frozen=True, kw_only=True)
class Crew:
    """How worker processes are started."""

    #: How many there are to be.
    count: int
    #: Starts one.
    command: tuple[str, ...]
    #: Returns what the n-th of so many must know of the install, from 0; it alone reads it.
    luggage: Callable[[int, int], bytes]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a turn of sending begins with, the same for all who take part in it."""

    #: Only this list's editions; None: all.
    list_name: str | None
    #: What is kept of editions whose sender was refused before, by id.
    troubles: Mapping[int, Breaker]
    #: Until when editions are to be left alone, UTC, by id.
    set_aside: Mapping[int, datetime]
    #: The server was in trouble: what it refuses is put off until it has accepted something.
    is_trial: bool


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one worker is to do."""

    #: Name to claim under.
    sender: str
    #: The time as the parent has it, UTC.
    now: datetime
    terms: Terms
    #: What less is worth than this is not logged.
    log_level: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """What more attempts ended in that were recorded."""

    outcomes: Mapping[DeliveryState, int]


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A line for the log."""

    logger: str
    level: int
    line: str


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a worker's turn ended."""

    #: What is wrong with the server; empty if nothing is.
    problem: str = ""
    permanent: bool = False
    #: Why editions are set aside whose sender was refused, by id.
    troubles: Mapping[int, Breaker] = field(default_factory=dict)
    #: Editions of which a server took something.
    accepted_editions: frozenset[int] = frozenset()
    #: When the rate lets the next one out, if that ended the turn; UTC.
    rate_until: datetime | None = None
    #: Why another sender had stopped, and this one with it.
    halted: Breaker | None = None
    #: What is wrong with the store; empty if nothing is.
    store_failure: str = ""


Word = Results | Logged | Ended


def framed(content: bytes) -> bytes:
    """Return something as it goes through a pipe, its length before it."""
    return len(content).to_bytes(_LENGTH) + content


def said(word: Word | Order) -> bytes:
    """Return a word, or an order, as it goes through a pipe."""
    return framed(pickle.dumps(word))


async def heard(pipe: asyncio.StreamReader) -> Word | None:
    """Return the next word of a worker; None once it is gone."""
    try:
        length = int.from_bytes(await pipe.readexactly(_LENGTH))
        word: Word = pickle.loads(await pipe.readexactly(length))  # noqa: S301 - of our own process
    except asyncio.IncompleteReadError:
        return None
    return word


def taken(order: bytes) -> Order:
    """Return the order that a parent gave."""
    given: Order = pickle.loads(order)  # noqa: S301 - of the process that started us
    return given


def read_whole(file: int) -> bytes:
    """Read one frame from a pipe, and nothing behind it.

    Raises:
        EOFError: The other end is gone.
    """
    return _read(file, int.from_bytes(_read(file, _LENGTH)))


def _read(file: int, size: int) -> bytes:
    content = b""
    while len(content) < size:
        chunk = os.read(file, size - len(content))
        if not chunk:
            raise EOFError
        content += chunk
    return content
