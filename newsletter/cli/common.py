"""What several commands share."""

import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from newsletter.app import App
from newsletter.errors import SettingsError

#: What the operator reads where there is no edition to show or to send.
NOTHING_NEW = "Nothing is new since the last edition. Documents are taken in by `newsletter ingest`."


def utc_now() -> datetime:
    """Return the time, UTC: faces alone look at the clock."""
    return datetime.now(UTC)


def actor() -> str:
    """Return who the audit log says has given a command: the system's name of the user."""
    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"user {user}"
    return f"{name} (command line)"


def note(app: App, action: str, subject: str, detail: str = "") -> None:
    """Write what a command has decided into the log, in the words of the operator's pages."""
    app.audit.record(actor=actor(), action=action, subject=subject, detail=detail, now=utc_now())


def reader_words(app: App, address: str) -> str:
    """Return what the log calls whoever has an address: no address outlives its reader's erasing there."""
    number = app.lookups.reader_of(address)
    return f"reader {number}" if number else "an address that nobody has"


@contextmanager
def opened(*, workers: int | None = None) -> Iterator[App]:
    """Read the settings, hand out the app, and close it.

    Args:
        workers: Instead of SEND_WORKERS; None: what is set.
    """
    app = App.load() if workers is None else App.load(send_workers=workers)
    for warning in app.warnings():
        click.echo(f"newsletter: {warning}", err=True)
    try:
        yield app
    finally:
        app.close()


def on_terminal() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def confirm(question: str, *, yes: bool, to_do: str) -> None:
    """Ask before something that cannot be undone, unless told not to.

    Args:
        question: What is asked on a terminal.
        yes: Do not ask.
        to_do: What `--yes` does where nobody can be asked, such as "cancel".

    Raises:
        SettingsError: Nobody can be asked.
    """
    if yes:
        return
    if not on_terminal():
        raise SettingsError(f"nobody can be asked here: add --yes to {to_do} without a question")
    click.confirm(question, abort=True)


def printable(text: str) -> str:
    """Return a text of others' making as one line that cannot command a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def local(moment: datetime, time_zone: str) -> str:
    """Return a moment in a time zone, an IANA name."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%a %d %b %Y %H:%M} {time_zone}"


def clip(text: str, width: int) -> str:
    """Cut a text to a width for a list on the terminal."""
    return text if len(text) <= width else text[: width - 1] + "…"
