"""Listings for programs: one JSON document on standard output, times in UTC, keys that stay.

A listing is an array of objects, or an object where something stands above its rows. What is unknown is null.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document, for programs; times in UTC."
)


def write_json(value: object) -> None:
    """Print a value as JSON: moments in UTC by ISO 8601, paths as text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def write_rows(head: Mapping[str, object], name: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Print an object whose last key has many rows, one in each line, in flat memory.

    Args:
        head: What stands above them.
        name: The key of the rows.
        rows: They are taken one by one.
    """
    top = json.dumps(head, ensure_ascii=False, default=_plain)[:-1]
    click.echo(f'{top}, "{name}": [', nl=False)
    separator = "\n"
    for row in rows:
        click.echo(separator + json.dumps(row, ensure_ascii=False, default=_plain), nl=False)
        separator = ",\n"
    click.echo("\n]}")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a listing")
