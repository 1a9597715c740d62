"""Subscribe: who is put on a list, taken off it, imported and exported."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TextIO

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import AddressError, SubscriberError
from newsletter.model.subscribers import (
    AddOutcome,
    AddReport,
    Address,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate

#: Rows decided and written together: flat memory at any size of file.
_BATCH = 500

#: Octets before the at sign (RFC 5321 section 4.5.3.1.1); email-validator leaves longer ones through.
_MAX_LOCAL_OCTETS = 64

_MAX_NAME_CHARACTERS = 200

#: Header names that mean the address, and the name, in lower case.
_ADDRESS_COLUMNS = ("address", "email", "e-mail", "email address", "mail", "e-mail address")
_NAME_COLUMNS = ("name", "full name", "display name")
_NAME_PARTS = ("first name", "firstname", "given name", "last name", "lastname", "surname", "family name")

#: A cell that begins with one of these is taken for a formula by spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def parse_address(text: str) -> Address:
    """Read a mail address; the domain may be international.

    No look-up is made: whether the domain takes mail shows when mail is sent.

    Raises:
        AddressError: It is not a usable address, with the reason.
    """
    trimmed = text.strip()
    try:
        valid = validate_email(trimmed, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(trimmed, _lower_first(str(error))) from error
    if len(valid.local_part.encode("utf-8")) > _MAX_LOCAL_OCTETS:
        raise AddressError(trimmed, f"the part before the @ is longer than {_MAX_LOCAL_OCTETS} octets")
    if "=?" in valid.local_part:
        # RFC 2047 section 5 forbids it; mail programs would decode it, line ends and all.
        raise AddressError(trimmed, "the part before the @ looks like an encoded word")
    domain = valid.ascii_domain.lower()
    display = f"{valid.local_part}@{valid.domain.lower()}"
    return Address(display=display, key=f"{valid.local_part.casefold()}@{domain}")


def add(store: Store, list_name: str, text: str, *, name: str = "", source: str, now: datetime) -> AddReport:
    """Put one address on a list, confirmed.

    Args:
        store: Where subscribers are.
        list_name: The list.
        text: The address as typed.
        name: The reader's name, or empty.
        source: Where the consent comes from.
        now: UTC.
    """
    store.editions.know_list(list_name, now=now)
    row = _Row(line=0, text=text, name=name)
    return _add_batch(store, list_name, [row], source=source, now=now, dry_run=False)[0]


def import_csv(
    store: Store,
    list_name: str,
    lines: Iterable[str],
    *,
    source: str,
    now: datetime,
    dry_run: bool = False,
) -> Iterator[AddReport]:
    """Put the addresses of a CSV file on a list, confirmed; yields one report for each row, in order.

    The first row names the columns ("address" or "email", and "name" if there is one); without such a row the
    first column is the address and the second the name. Commas, semicolons and tabs part columns. Readers who
    left, and suppressed addresses, are refused.

    Args:
        store: Where subscribers are.
        list_name: The list.
        lines: Lines of the file; read once, in flat memory.
        source: Where the consent comes from.
        now: UTC.
        dry_run: Report what would be done, and write nothing.

    Raises:
        SubscriberError: No column can be taken for the address.
    """
    if not dry_run:
        store.editions.know_list(list_name, now=now)
    rows = _read_rows(lines)
    seen: set[int] = set()
    while batch := list(islice(rows, _BATCH)):
        reports = _add_batch(store, list_name, batch, source=source, now=now, dry_run=dry_run)
        yield from _without_repeats(reports, seen) if dry_run else reports


def remove(store: Store, list_name: str, text: str, *, suppress: bool = False, now: datetime) -> str:
    """Take an address off a list, and return what was done as one line.

    Args:
        store: Where subscribers are.
        list_name: The list.
        text: The address.
        suppress: Never mail it again on any list.
        now: UTC.

    Raises:
        AddressError: It is not an address.
        SubscriberError: Nobody on the list has it, and it is not to be suppressed.
    """
    address = parse_address(text)
    before = store.subscribers.unsubscribe(list_name, address, now=now)
    if suppress:
        store.subscribers.suppress(address, SuppressionReason.OPERATOR, now=now)
        return f"{address.display} will never be mailed again, on any list"
    if before is None:
        raise SubscriberError(f"{address.display} is not on the list {list_name}")
    if before is SubscriptionState.UNSUBSCRIBED:
        return f"{address.display} had left {list_name} already"
    return f"{address.display} has left {list_name}"


def lift(store: Store, text: str) -> str:
    """Let a suppressed address be mailed again, and return what that means as one line.

    Args:
        store: Where subscribers are.
        text: The address.

    Raises:
        AddressError: It is not an address.
        SubscriberError: It is not suppressed.
    """
    address = parse_address(text)
    reason = store.subscribers.suppression(address)
    if reason is None or not store.subscribers.lift_suppression(address):
        raise SubscriberError(f"{address.display} is not suppressed")
    lists = store.subscribers.subscriptions(address)
    confirmed = [name for name, state in lists.items() if state is SubscriptionState.CONFIRMED]
    if confirmed:
        outlook = f"it gets the next edition of {' and '.join(confirmed)}"
    else:
        left = "it has left its lists, and only the reader may sign up again" if lists else "it is on no list"
        outlook = f"but {left}: nothing is sent to it"
    return f"{address.display} is no longer suppressed (it was: {reason.value}); {outlook}"


def erase(store: Store, text: str) -> str:
    """Forget an address on all lists, and return what stays of it as one line.

    Args:
        store: Where subscribers are.
        text: The address.

    Raises:
        AddressError: It is not an address.
        SubscriberError: Nobody has it.
    """
    address = parse_address(text)
    reason = store.subscribers.suppression(address)
    if not store.subscribers.erase(address):
        hashed = f"; its suppression ({reason.value}) is a hash only" if reason else ""
        raise SubscriberError(f"nobody has the address {address.display}: there is nothing to erase{hashed}")
    done = f"{address.display} is erased from all lists; its deliveries still count, under no name"
    if reason is None:
        return f"{done}. To keep it from being imported again: newsletter subscribers remove --suppress"
    return f"{done}; its suppression ({reason.value}) stays as a hash, and it cannot be imported again"


def export_csv(store: Store, list_name: str, file: TextIO) -> int:
    """Write a list's subscribers as CSV, in flat memory, and return how many.

    A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which
    `import_csv` takes off again.
    """
    writer = csv.writer(file)
    writer.writerow(["address", "name", "state", "since", "suppressed"])
    count = 0
    for subscriber in store.subscribers.listed(list_name):
        writer.writerow(
            [
                _guard(subscriber.address.display),
                _guard(subscriber.name),
                subscriber.state.value,
                subscriber.since.isoformat(),
                subscriber.suppressed.value if subscriber.suppressed else "",
            ]
        )
        count += 1
    return count


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One row of an import, as read."""

    line: int
    text: str
    name: str = ""
    #: Why the row cannot be read; empty if it can.
    problem: str = ""


def _read_rows(lines: Iterable[str]) -> Iterator[_Row]:
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
            yield _Row(line=reader.line_num, text="", problem=f"not readable as CSV: {error}")
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
        yield _Row(
            line=reader.line_num, text=_cell(cells, columns.address), name=" ".join(filter(None, names))
        )


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where the address and the parts of the name stand in a row."""

    address: int
    names: tuple[int, ...]


def _columns(cells: Sequence[str]) -> _Columns | None:
    """Return the places of address and name in a header row, or None if the row is no header.

    Raises:
        SubscriberError: It is a header, but no column is the address.
    """
    names = [cell.strip().casefold() for cell in cells]
    if any("@" in name for name in names):
        return None
    address = next((names.index(name) for name in _ADDRESS_COLUMNS if name in names), None)
    if address is None:
        raise SubscriberError(
            f"no column is named address or email; the first row is: {', '.join(cells)[:200]}"
        )
    whole = next(((names.index(name),) for name in _NAME_COLUMNS if name in names), None)
    parts = tuple(names.index(name) for name in _NAME_PARTS if name in names)
    return _Columns(address=address, names=whole or parts)


def _cell(cells: Sequence[str], column: int) -> str:
    value = cells[column].strip() if column < len(cells) else ""
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA_STARTS) else value


def _guard(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _add_batch(
    store: Store, list_name: str, rows: Sequence[_Row], *, source: str, now: datetime, dry_run: bool
) -> list[AddReport]:
    reports: list[AddReport] = []
    wanted: dict[str, Candidate] = {}
    places: dict[str, int] = {}
    for row in rows:
        report = AddReport(line=row.line, address=row.text, outcome=AddOutcome.ALREADY_THERE)
        try:
            candidate = _candidate(row)
        except AddressError as error:
            report = replace(report, outcome=AddOutcome.REFUSED, reason=error.reason)
        else:
            report = replace(report, address=candidate.address.display)
            if candidate.address.key not in wanted:
                wanted[candidate.address.key] = candidate
                places[candidate.address.key] = len(reports)
        reports.append(report)
    answers = store.subscribers.add(list_name, list(wanted.values()), source=source, now=now, dry_run=dry_run)
    for key, (outcome, reason) in zip(wanted, answers, strict=True):
        reports[places[key]] = replace(reports[places[key]], outcome=outcome, reason=reason)
    return reports


def _candidate(row: _Row) -> Candidate:
    if row.problem:
        raise AddressError(row.text, row.problem)
    if not row.text:
        raise AddressError(row.text, "the address is empty")
    printable = "".join(char if char.isprintable() else " " for char in row.name)
    return Candidate(address=parse_address(row.text), name=" ".join(printable.split())[:_MAX_NAME_CHARACTERS])


def _without_repeats(reports: Iterable[AddReport], seen: set[int]) -> Iterator[AddReport]:
    """In a dry run the store does not learn: count an address that comes again as already there."""
    for report in reports:
        key = hash(report.address.casefold())
        if report.outcome is AddOutcome.ADDED and key in seen:
            yield replace(report, outcome=AddOutcome.ALREADY_THERE)
        else:
            seen.add(key)
            yield report


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
