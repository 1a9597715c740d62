"""Exporting: the subscribers of a list as a CSV file that can be imported again."""

import csv
from datetime import datetime
from typing import TextIO

from newsletter.store.store import Store
from newsletter.subscribe.cells import guarded

_HEADER = (
    *("address", "name", "state", "since", "suppressed"),
    *("cadence", "paused until", "consent date", "consent source"),
)


def export_csv(store: Store, list_name: str, file: TextIO) -> int:
    """Write a list's subscribers as CSV, in flat memory, and return how many.

    A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which
    `import_csv` takes off again. Times are in UTC.
    """
    writer = csv.writer(file)
    writer.writerow(_HEADER)
    count = 0
    for subscriber, consent_at, origin in store.subscribers.with_consent(list_name):
        writer.writerow(
            [
                guarded(subscriber.address.display),
                guarded(subscriber.name),
                subscriber.state.value,
                subscriber.since.isoformat(),
                subscriber.suppressed.value if subscriber.suppressed else "",
                subscriber.cadence.value,
                _moment(subscriber.paused_until),
                _moment(consent_at),
                guarded(origin),
            ]
        )
        count += 1
    return count


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""
