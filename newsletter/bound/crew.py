"""Processes that send side by side: how they are started, and what each must know."""

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from newsletter.deliver import Crew
from newsletter.model.editions import MailingList
from newsletter.settings import Settings

#: The folder that the package is in, which an interpreter without our working directory might not find.
_FOLDER = Path(__file__).parents[2]

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from newsletter.bound.worker import main; main()"


def crew(values: Settings, lists: Sequence[MailingList]) -> Crew | None:
    """Return the processes that may send side by side on this machine; None: one process does it all."""
    if values.send_workers == 1:
        return None

    def luggage(place: int, count: int) -> bytes:
        """Return the settings, with a share of the connections: all together have no more than one would."""
        share, more = divmod(values.smtp_connections, count)
        own = values.model_copy(update={"smtp_connections": share + (place < more)})
        return pickle.dumps((own, tuple(lists)))

    return Crew(
        count=values.send_workers,
        command=(sys.executable, "-P", "-c", _PROGRAM, str(_FOLDER)),
        luggage=luggage,
    )
