"""Processes that send side by side: how they are started, and what each must know."""

import pickle
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from newsletter import wiring
from newsletter.bound.outgoing import Outgoing
from newsletter.deliver.crew import Crew
from newsletter.model.editions import MailingList
from newsletter.settings import Settings

#: The folder that the package is in, which an interpreter without our working directory might not find.
_FOLDER = Path(__file__).parents[2]

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from newsletter.bound.worker import main; main()"


def crew(values: Settings, lists: Sequence[MailingList]) -> Crew | None:
    """Return the processes that may send side by side on this machine; None: one process does it all."""
    if values.send_workers == 1:
        return None

    place, outgoing = wiring.store_place(values), wiring.outgoing(values, lists)

    def luggage(number: int, count: int) -> bytes:
        """Return all that it needs, with a share of the connections: together they have what one would."""
        return pickle.dumps((place, _with_share(outgoing, number, count)))

    return Crew(
        count=values.send_workers,
        command=(sys.executable, "-P", "-c", _PROGRAM, str(_FOLDER)),
        luggage=luggage,
    )


def _with_share(outgoing: Outgoing, number: int, count: int) -> Outgoing:
    if outgoing.server is None:
        return outgoing
    share, more = divmod(outgoing.server.connections, count)
    return replace(outgoing, server=replace(outgoing.server, connections=share + (number < more)))
