"""`newsletter subscribers ...`."""

import codecs
import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from newsletter.cli.listings import json_option, write_rows
from newsletter.cli.options import list_option
from newsletter.model.subscribers import AddOutcome, AddReport, Cadence, Subscriber, SubscriptionState

#: A file from which on a bar is worth while.
_LONG_BYTES = 1_000_000

#: Refused rows shown before the rest is only counted.
_SHOWN = 20


@click.group()
def subscribers() -> None:
    """Add, import, list, remove, export and erase subscribers; lift suppressions."""


@subscribers.command(epilog="Example: newsletter subscribers add ada@example.org --name Ada")
@click.argument("addresses", nargs=-1, required=True)
@click.option("--name", default="", help="The reader's name.")
@list_option
def add(addresses: tuple[str, ...], *, name: str, list_name: str | None) -> None:
    """Put addresses on a list, as confirmed.

    An address that left, or is suppressed, stays off.
    """
    from newsletter.cli.common import note, opened, reader_words, utc_now

    refused = 0
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        for address in addresses:
            report = app.subscribers.add(mailing_list, address, name=name, now=utc_now())
            click.echo(_line(report), err=report.outcome is AddOutcome.REFUSED)
            if report.outcome is AddOutcome.ADDED:
                note(app, "add subscriber", reader_words(app, address), mailing_list.name)
            refused += report.outcome is AddOutcome.REFUSED
    if refused:
        sys.exit(1)


@subscribers.command("import", epilog="Example: newsletter subscribers import readers.csv --dry-run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write what became of each row to this CSV file.",
)
@click.option(
    "--source",
    default="",
    help="Where the consent comes from, unless a row says it; the file's name when left out.",
)
@list_option
def import_(
    file: Path, *, dry_run: bool, report_file: Path | None, source: str, list_name: str | None
) -> None:
    """Put the addresses of a CSV file on a list, as confirmed.

    The first row names the columns: address (or email), and name if there is one. Readers who left, and
    suppressed addresses, are never turned on again. A file of any size is read in flat memory.

    Consent is put on record: a column "consent source" (or source, origin) says where it comes from, and
    "consent date" (or date, confirmed at, optin time, subscribed at) when it was given: 2026-05-31 or
    2026-05-31T12:00:00Z, UTC where no zone is named. Also read, as `export` writes them: state, suppressed,
    cadence (each or weekly), paused until. A row whose cell cannot be read is refused, with the reason.
    """
    from newsletter.cli.common import note, opened, utc_now

    if report_file is not None and report_file.resolve() == file.resolve():
        raise click.BadParameter("it is the file that is read; name another", param_hint="--report")
    with opened() as app, file.open("rb") as content:
        mailing_list = app.mailing_list(list_name)
        reports = app.subscribers.import_csv(
            mailing_list,
            _lines_with_progress(content, file.stat().st_size),
            source=source or f"imported from {file.name}",
            now=utc_now(),
            dry_run=dry_run,
        )
        counts = _show_reports(reports, report_file)
        if counts[AddOutcome.ADDED] and not dry_run:
            note(app, "import subscribers", mailing_list.name, f"{counts[AddOutcome.ADDED]:,} added")
    verb = "would be added" if dry_run else "added"
    click.echo(
        f"{counts[AddOutcome.ADDED]:,} {verb}, {counts[AddOutcome.ALREADY_THERE]:,} already there, "
        f"{counts[AddOutcome.REFUSED]:,} refused."
    )


def _show_reports(reports: Iterator[AddReport], report_file: Path | None) -> Counter[AddOutcome]:
    counts: Counter[AddOutcome] = Counter()
    target = report_file.open("w", encoding="utf-8", newline="") if report_file else io.StringIO()
    with target:
        writer = csv.writer(target)
        writer.writerow(["line", "address", "outcome", "reason"])
        for report in reports:
            counts[report.outcome] += 1
            if report_file:
                writer.writerow([report.line, report.address, report.outcome.value, report.reason])
            if report.outcome is AddOutcome.REFUSED and counts[AddOutcome.REFUSED] <= _SHOWN:
                click.echo(_line(report), err=True)
    if counts[AddOutcome.REFUSED] > _SHOWN:
        hint = "" if report_file else " (--report FILE lists them all)"
        click.echo(f"… and {counts[AddOutcome.REFUSED] - _SHOWN:,} more refused{hint}", err=True)
    return counts


def _lines_with_progress(content: BinaryIO, size_bytes: int) -> Iterator[str]:
    """Yield a file's lines, with a progress bar on a terminal when the file is long."""
    from newsletter.cli.progress import progress

    with progress("importing", total=size_bytes, worth=_LONG_BYTES) as on_bytes:
        seen = 0
        for number, line in enumerate(_lines(content)):
            if number % 1000 == 0:
                on_bytes(content.tell() - seen)
                seen = content.tell()
            yield line


def _lines(content: BinaryIO) -> Iterator[str]:
    """Yield a file's lines: UTF-16 by its mark, else UTF-8, else what Windows writes in the West."""
    mark = content.read(2)
    content.seek(0)
    if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield from io.TextIOWrapper(content, encoding="utf-16", errors="replace", newline="")
        return
    for line in content:
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace")


def _line(report: AddReport) -> str:
    place = f"line {report.line}: " if report.line else ""
    reason = f": {report.reason}" if report.reason else ""
    return f"{place}{report.address}: {report.outcome.value}{reason}"


@subscribers.command("list", epilog="Example: newsletter subscribers list --state unsubscribed")
@click.option(
    "--state",
    type=click.Choice([state.value for state in SubscriptionState]),
    help="Only those in this state.",
)
@list_option
@json_option
def list_(*, state: str | None, list_name: str | None, as_json: bool) -> None:
    """Show a list's subscribers, one in each line."""
    from newsletter.cli.common import opened, utc_now

    count, now = 0, utc_now()
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        found = app.subscribers.listed(mailing_list, SubscriptionState(state) if state else None)
        if as_json:
            write_rows({"list": mailing_list.name}, "subscribers", map(_as_json, found))
            return
        for subscriber in found:
            suppressed = f", suppressed ({subscriber.suppressed.value})" if subscriber.suppressed else ""
            name = f"  {subscriber.name}" if subscriber.name else ""
            since = f"since {subscriber.since:%Y-%m-%d}{_wishes(subscriber, now)}"
            click.echo(f"{subscriber.address.display}{name}  {subscriber.state.value}{suppressed} {since}")
            count += 1
    if not count:
        click.echo(f"Nobody is on {mailing_list.name} yet: newsletter subscribers add ADDRESS", err=True)


def _as_json(subscriber: Subscriber) -> dict[str, object]:
    return {
        "address": subscriber.address.display,
        "name": subscriber.name,
        "state": subscriber.state.value,
        "since": subscriber.since,
        "suppressed": subscriber.suppressed.value if subscriber.suppressed else None,
        "cadence": subscriber.cadence.value,
        "paused_until": subscriber.paused_until,
    }


def _wishes(subscriber: Subscriber, now: datetime) -> str:
    """Say how often a reader is mailed, where that is not each edition at once."""
    weekly = ", weekly" if subscriber.cadence is Cadence.WEEKLY else ""
    until = subscriber.paused_until
    return weekly + (f", paused until {until:%Y-%m-%d %H:%M} UTC" if until and until > now else "")


@subscribers.command(epilog="Example: newsletter subscribers remove ada@example.org")
@click.argument("address")
@click.option("--suppress", is_flag=True, help="Never mail this address again, on any list.")
@list_option
def remove(address: str, *, suppress: bool, list_name: str | None) -> None:
    """Take an address off a list; it gets nothing more from the next message on."""
    from newsletter.cli.common import note, opened, reader_words, utc_now

    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        click.echo(app.subscribers.remove(mailing_list, address, suppress=suppress, now=utc_now()))
        action = "suppress address" if suppress else "remove subscriber"
        note(app, action, reader_words(app, address), "" if suppress else mailing_list.name)


@subscribers.command(epilog="Example: newsletter subscribers lift ada@example.org")
@click.argument("address")
def lift(address: str) -> None:
    """Let a suppressed address be mailed again, on the lists that it is still on.

    Addresses are suppressed by bounces, by complaints, or by `remove --suppress`. It puts nobody on a list.
    """
    from newsletter.cli.common import note, opened, reader_words

    with opened() as app:
        click.echo(app.subscribers.lift(address))
        note(app, "lift suppression", reader_words(app, address))


@subscribers.command(epilog="Example: newsletter subscribers erase ada@example.org")
@click.argument("address")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def erase(address: str, *, yes: bool) -> None:
    """Forget an address for good, on all lists: its name, its subscriptions, what servers said about it.

    What stays names nobody: its deliveries are still counted, and a suppression is kept as a hash, so that
    the address is not mailed when somebody imports it again.
    """
    from newsletter.cli.common import confirm, note, opened, reader_words

    with opened() as app:
        reader = app.operator.reader(app.subscribers.address(address), limit=1)
        lists = " and ".join(reader.subscriptions) or "no list"
        question = f"Erase {reader.address.display} ({lists}) for good?"
        confirm(question, yes=yes, to_do="erase")
        who = reader_words(app, address)
        click.echo(app.subscribers.erase(address))
        note(app, "erase reader", who)


@subscribers.command(epilog="Example: newsletter subscribers export readers.csv")
@click.argument("file", required=False, type=click.Path(dir_okay=False, writable=True, path_type=Path))
@list_option
def export(file: Path | None, *, list_name: str | None) -> None:
    """Write a list's subscribers as CSV, to FILE or to standard output; `import` reads it all again."""
    from newsletter.cli.common import note, opened
    from newsletter.model.words import plural

    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        note(app, "export subscribers", mailing_list.name)
        if file is None:
            app.subscribers.export_csv(mailing_list, sys.stdout)
            return
        with file.open("w", encoding="utf-8", newline="") as target:
            count = app.subscribers.export_csv(mailing_list, target)
    click.echo(f"{plural(count, 'subscriber')} written to {file}.")
