"""What `newsletter bounces` does; imported only when it runs."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from newsletter.app import App
from newsletter.cli.common import opened, utc_now
from newsletter.cli.listings import write_json
from newsletter.errors import SettingsError, StoreError
from newsletter.model.feedback import FeedbackAction, FeedbackOutcome, FeedbackReport
from newsletter.model.words import plural

#: What a program in a mail server's pipe exits with, so that the server tries again (sysexits.h).
_TRY_AGAIN = os.EX_TEMPFAIL

#: What is read of a message, in bytes: reports stand before the mail that they cite.
_MOST_BYTES = 5_000_000
_CHUNK_BYTES = 65536


def read_mailboxes() -> None:
    """Take in what is unread in the mailboxes of the settings.

    Raises:
        SettingsError: There are none.
    """
    with opened() as app:
        if not app.feedback.has_mailboxes:
            raise SettingsError(
                "no mailbox is set: BOUNCE_MAILBOX=/path/to/Maildir (or an mbox file), or BOUNCE_IMAP_HOST "
                "with BOUNCE_IMAP_USERNAME and BOUNCE_IMAP_PASSWORD; for files: newsletter bounces read FILE"
            )
        report = app.feedback.take_in(now=utc_now(), on_outcome=_show)
    _show_report(report)


def read_files(files: Sequence[Path]) -> None:
    """Take in messages, mbox files and Maildirs that are named."""
    if Path("-") in files:
        raise click.UsageError("- stands for one message on standard input: name it alone")
    try:
        with opened() as app:
            report = app.feedback.take_in(paths=files, now=utc_now(), on_outcome=_show)
    except StoreError as error:
        _fail(error)
    _show_report(report)


def read_pipe(*, recipient: str, verbose: bool) -> None:
    """Take in one message from standard input, for a mail server.

    Junk is taken like anything else: a bounce of a bounce would be a loop.

    Args:
        recipient: The address that it was sent to; empty: its header tells.
        verbose: Say what became of it though nobody looks on. Exim sends what a pipe prints, warnings too, to
            the sender of the message.
    """
    tells = verbose or sys.stdout.isatty()
    try:
        content = _piped()
        with opened() if tells else closing(App.load()) as app:
            outcome = app.feedback.take_message(content, recipient=recipient, now=utc_now())
        if tells:
            click.echo(_line(outcome))
    except Exception as error:  # noqa: BLE001 - whatever it is, the mail server must keep the message
        _fail(error)


def show_log(*, limit: int, as_json: bool) -> None:
    """Print what was taken in last, the newest first."""
    with opened() as app:
        records = app.feedback.log(limit=limit)
    if as_json:
        write_json([{"received_at": record.received_at} | asdict(record.outcome) for record in records])
        return
    for record in records:
        when = record.received_at.astimezone()
        click.echo(f"{when:%Y-%m-%d %H:%M}  {_line(record.outcome)}")
    if not records:
        click.echo("Nothing has been taken in yet.")


def _piped() -> bytes:
    """Read the message; what is beyond its bound is dropped, so that the server can finish writing."""
    content = sys.stdin.buffer.read(_MOST_BYTES)
    while sys.stdin.buffer.read(_CHUNK_BYTES):
        pass
    return content


def _fail(error: Exception) -> None:
    for line in str(error).splitlines():
        click.echo(f"newsletter: {line}", err=True)
    sys.exit(_TRY_AGAIN)


def _show(outcome: FeedbackOutcome) -> None:
    if outcome.action is not FeedbackAction.REPEATED:
        click.echo(_line(outcome))


def _line(outcome: FeedbackOutcome) -> str:
    """Return what became of a message: "suppressed   ada@example.org: hard bounce (5.1.1 unknown)"."""
    about = f"{outcome.address}: " if outcome.address else ""
    why = f" ({outcome.reason})" if outcome.reason else ""
    return f"{outcome.action.value:<20} {about}{outcome.kind.value}{why}"


def _show_report(report: FeedbackReport) -> None:
    counts = [(action, report.count(action)) for action in FeedbackAction]
    parts = ", ".join(f"{count:,} {action.value}" for action, count in counts if count)
    click.echo(f"{plural(len(report.outcomes), 'message')}{': ' if parts else ''}{parts}.")
    for problem in report.problems:
        click.echo(f"newsletter: {problem}", err=True)
    if report.problems:
        sys.exit(1)
