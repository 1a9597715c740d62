"""Exporting: the subscribers of a list as a CSV file that can be imported again."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TextIO

from newsletter.store.store import Store
from newsletter.subscribe.cells import guarded

_HEADER = (
    *("address", "name", "state", "since", "suppressed"),
    *("cadence", "paused until", "consent date", "consent source"),
)


def export_csv(store: Store, list_name: str, file: TextIO) -> int:
    """Write a list's subscribers as CSV, in flat memory, and return how many; see `csv_lines`."""
    count = -1
    for line in csv_lines(store, list_name):
        file.write(line)
        count += 1
    return count


def csv_lines(store: Store, list_name: str) -> Iterator[str]:
    """Yield a list's subscribers as CSV, a row at a time, the header first.

    A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which
    `import_csv` takes off again. Times are in UTC.
    """
    row = io.StringIO()
    writer = csv.writer(row)

    def line(cells: Sequence[str]) -> str:
        """Return one row."""
        writer.writerow(cells)
        written = row.getvalue()
        row.seek(0)
        row.truncate()
        return written

    yield line(_HEADER)
    for subscriber, consent_at, origin in store.subscribers.with_consent(list_name):
        yield line(
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


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""
