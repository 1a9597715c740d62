"""What an engine is: it is woken, and sees that the work is done by somebody."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from newsletter.errors import NewsletterError, SenderBusyError
from newsletter.model.deliveries import DeliveryRange
from newsletter.model.jobs import JobKind, Rest

log = logging.getLogger(__name__)

#: Does what is due of one kind.
Verb = Callable[[], Awaitable[None]]

#: Sends some deliveries. Returns what becomes of the rest; None: nothing is left.
SendBatch = Callable[[DeliveryRange], Awaitable[Rest | None]]


@dataclass(frozen=True, kw_only=True)
class Works:
    """What is done when somebody comes to it."""

    #: Each does all that is due.
    verbs: Mapping[JobKind, Verb]
    send_batch: SendBatch


class Engine(Protocol):
    """Carries out work.

    Attributes:
        kinds: What is done here.
    """

    kinds: frozenset[JobKind]

    async def run(self, works: Works, *, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, and what is in hand is done or given back.

        What goes wrong is told; the next wake-up tries again.
        """
        ...

    def wake(self, kind: JobKind, *, tick: int | None = None) -> None:
        """Let something be done soon; how often it was asked for meanwhile does not matter.

        Args:
            kind: What; nothing happens if it is not done here.
            tick: Number of the turn of the clock that it is asked for at: on many machines, those who ask at
                the same turn ask once. None: it is asked for apart from any clock.
        """
        ...


async def attempt(what: str, verb: Verb) -> bool:
    """Do something, and tell if it fails; return whether it was done."""
    try:
        await verb()
    except SenderBusyError as error:
        log.info("%s", error)
    except NewsletterError as error:
        log.error("%s", error)  # noqa: TRY400 - an expected error needs no traceback
    except Exception:
        log.exception("%s: unexpected error; it is tried again", what)
    else:
        return True
    return False
