"""What several commands share."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from newsletter.app import App


def utc_now() -> datetime:
    """Return the time, UTC: faces alone look at the clock."""
    return datetime.now(UTC)


@contextmanager
def opened() -> Iterator[App]:
    """Read the settings, hand out the app, and close it."""
    app = App.load()
    for warning in app.warnings():
        click.echo(f"newsletter: {warning}", err=True)
    try:
        yield app
    finally:
        app.close()


def on_terminal() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: "1 reader", "1,204 readers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clip(text: str, width: int) -> str:
    """Cut a text to a width for a list on the terminal."""
    return text if len(text) <= width else text[: width - 1] + "…"
