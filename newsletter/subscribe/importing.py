"""Importing: the rows of a CSV file become subscribers, each with where and when consent came from."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from newsletter.errors import AddressError, SubscriberError
from newsletter.model.subscribers import AddOutcome, AddReport
from newsletter.store.adding import Candidate
from newsletter.store.store import Store
from newsletter.subscribe.addresses import parse_address
from newsletter.subscribe.cells import (
    read_cadence,
    read_consent_date,
    read_pause,
    read_state,
    unguarded,
)

#: Rows decided and written together: flat memory at any size of file.
_BATCH = 500

_MAX_NAME_CHARACTERS, _MAX_ORIGIN_CHARACTERS = 200, 300

#: Header names by what they mean, in lower case; the first that is there counts.
_ADDRESS_COLUMNS = ("address", "email", "e-mail", "email address", "mail", "e-mail address")
_NAME_COLUMNS = ("name", "full name", "display name")
_NAME_PARTS = ("first name", "firstname", "given name", "last name", "lastname", "surname", "family name")
_OTHER_COLUMNS = {
    "origin": ("consent source", "source", "origin", "signup source", "sign-up source", "optin source"),
    "date": (
        *("consent date", "date", "confirmed at", "confirm time", "optin time", "opt-in time"),
        *("subscribed at", "signup date", "since"),
    ),
    "state": ("state", "status"),
    "suppressed": ("suppressed",),
    "cadence": ("cadence",),
    "pause": ("paused until",),
}


def import_csv(
    store: Store,
    list_name: str,
    lines: Iterable[str],
    *,
    source: str,
    now: datetime,
    dry_run: bool = False,
    offers_weekly: bool = True,
) -> Iterator[AddReport]:
    """Put the addresses of a CSV file on a list, confirmed; yields one report for each row, in order.

    The first row names the columns ("address" or "email", and "name" if there is one); without such a row the
    first column is the address and the second the name. Commas, semicolons and tabs part columns. Where a
    column says when or from where consent came, that goes on record. Readers who left, suppressed addresses,
    and rows of which the file itself says so, are refused.

    Args:
        store: Where subscribers are.
        list_name: The list.
        lines: Lines of the file; read once, in flat memory.
        source: Where the consent comes from, unless a row says it.
        now: UTC.
        dry_run: Report what would be done, and write nothing.
        offers_weekly: Whether the list has a mail for readers who want one a week.

    Raises:
        SubscriberError: No column can be taken for the address.
    """
    if not dry_run:
        store.editions.know_list(list_name, now=now)
    rows = _read_rows(lines)
    seen: set[int] = set()
    batches = Batches(store, list_name, source=source, now=now, dry_run=dry_run, offers_weekly=offers_weekly)
    while batch := list(islice(rows, _BATCH)):
        reports = batches.add(batch)
        yield from _without_repeats(reports, seen) if dry_run else reports


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of an import, as read."""

    #: In the file, counted from 1; 0 when not from a file.
    line: int
    text: str
    name: str = ""
    #: What the other columns hold, by what they mean; see `_OTHER_COLUMNS`.
    more: tuple[tuple[str, str], ...] = ()
    #: Why the row cannot be read; empty if it can.
    problem: str = ""


class Batches:
    """Puts rows on a list, a few hundred at a time."""

    def __init__(
        self,
        store: Store,
        list_name: str,
        *,
        source: str,
        now: datetime,
        dry_run: bool = False,
        offers_weekly: bool = True,
    ) -> None:
        """See `import_csv`; the list must be known to the store, unless nothing is to be written."""
        self._store = store
        self._list_name = list_name
        self._source = source
        self._now = now
        self._dry_run = dry_run
        self._offers_weekly = offers_weekly

    def add(self, rows: Sequence[Row]) -> list[AddReport]:
        """Decide and write some rows together; returns a report for each, in order."""
        reports: list[AddReport] = []
        wanted: dict[str, Candidate] = {}
        places: dict[str, int] = {}
        for row in rows:
            try:
                candidate = self._candidate(row)
            except AddressError as error:
                reports.append(_refused(row, error.reason))
            except SubscriberError as error:
                reports.append(_refused(row, str(error)))
            else:
                if candidate.address.key not in wanted:
                    wanted[candidate.address.key] = candidate
                    places[candidate.address.key] = len(reports)
                shown = candidate.address.display
                reports.append(AddReport(line=row.line, address=shown, outcome=AddOutcome.ALREADY_THERE))
        answers = self._store.subscribers.add(
            self._list_name,
            list(wanted.values()),
            source=self._source,
            now=self._now,
            dry_run=self._dry_run,
        )
        for key, (outcome, reason) in zip(wanted, answers, strict=True):
            reports[places[key]] = replace(reports[places[key]], outcome=outcome, reason=reason)
        return reports

    def _candidate(self, row: Row) -> Candidate:
        if row.problem:
            raise AddressError(row.text, row.problem)
        if not row.text:
            raise AddressError(row.text, "the address is empty")
        address = parse_address(row.text)
        more = dict(row.more)
        read_state(more.get("state", ""), more.get("suppressed", ""))
        return Candidate(
            address=address,
            name=_one_line(row.name, _MAX_NAME_CHARACTERS),
            cadence=read_cadence(more.get("cadence", ""), offers_weekly=self._offers_weekly),
            paused_until=read_pause(more.get("pause", ""), now=self._now),
            consent_at=read_consent_date(more.get("date", ""), now=self._now),
            origin=_one_line(more.get("origin", ""), _MAX_ORIGIN_CHARACTERS),
        )


def _refused(row: Row, reason: str) -> AddReport:
    return AddReport(line=row.line, address=row.text, outcome=AddOutcome.REFUSED, reason=reason)


def _read_rows(lines: Iterable[str]) -> Iterator[Row]:
    source = iter(lines)
    first = next(source, "").lstrip("\ufeff")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_chain(first, source), delimiter=delimiter)
    columns = _Columns(address=0, names=(1,))
    is_first = True
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line=reader.line_num, text="", problem=f"not readable as CSV: {error}")
            continue
        if len(cells) < 2 and not any(cell.strip() for cell in cells):
            continue
        if is_first:
            is_first = False
            named = _columns(cells)
            if named is not None:
                columns = named
                continue
        names = (_cell(cells, column) for column in columns.names)
        yield Row(
            line=reader.line_num,
            text=_cell(cells, columns.address),
            name=" ".join(filter(None, names)),
            more=tuple((meaning, _cell(cells, column)) for meaning, column in columns.others),
        )


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where the address, the parts of the name, and what else is read stand in a row."""

    address: int
    names: tuple[int, ...]
    others: tuple[tuple[str, int], ...] = ()


def _columns(cells: Sequence[str]) -> _Columns | None:
    """Return what stands where by a header row, or None if the row is no header.

    Raises:
        SubscriberError: It is a header, but no column is the address.
    """
    names = [" ".join(cell.replace("_", " ").casefold().split()) for cell in cells]
    if any("@" in name for name in names):
        return None
    address = _place(names, _ADDRESS_COLUMNS)
    if address is None:
        raise SubscriberError(
            f"no column is named address or email; the first row is: {', '.join(cells)[:200]}"
        )
    whole = _place(names, _NAME_COLUMNS)
    parts = tuple(names.index(name) for name in _NAME_PARTS if name in names)
    others = ((meaning, _place(names, known)) for meaning, known in _OTHER_COLUMNS.items())
    return _Columns(
        address=address,
        names=parts if whole is None else (whole,),
        others=tuple((meaning, place) for meaning, place in others if place is not None),
    )


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cell(cells: Sequence[str], column: int) -> str:
    return unguarded(cells[column].strip()) if column < len(cells) else ""


def _one_line(text: str, most: int) -> str:
    printable = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:most]


def _without_repeats(reports: Iterable[AddReport], seen: set[int]) -> Iterator[AddReport]:
    """In a dry run the store does not learn: count an address that comes again as already there."""
    for report in reports:
        key = hash(report.address.casefold())
        if report.outcome is AddOutcome.ADDED and key in seen:
            yield replace(report, outcome=AddOutcome.ALREADY_THERE)
        else:
            seen.add(key)
            yield report
