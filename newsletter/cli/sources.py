"""`newsletter sources`: feeds that documents are fetched from."""

import asyncio
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from newsletter.cli.listings import json_option, write_json
from newsletter.errors import NewsletterError
from newsletter.model.documents import FileOutcome
from newsletter.model.sources import FetchReport, PollOutcome, Source, SourceReport
from newsletter.model.words import plural

#: Headlines shown of each source.
_SHOWN = 5


@click.group()
def sources() -> None:
    """Add, list, check and remove the feeds that documents are fetched from."""


@sources.command(epilog="Example: newsletter sources add https://news.example.org/feed.xml")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--pages", is_flag=True, help="Where the feed has but summaries, fetch the articles' pages.")
def add(urls: tuple[str, ...], *, pages: bool) -> None:
    """Add feeds: RSS, Atom or JSON Feed, or web pages that name one.

    Each is asked once, and what it has is shown.
    """
    from newsletter.cli.common import note, opened, utc_now

    failed = False
    with opened() as app:
        for url in urls:
            try:
                report = asyncio.run(app.sources.add(url, is_fetching_pages=pages, clock=utc_now))
                note(app, "add source", report.source.added_url)
                _show_report(report, app.sources.find(report.source.added_url))
            except NewsletterError as error:
                failed = True
                click.echo(f"newsletter: {error}", err=True)
    if failed:
        sys.exit(1)


@sources.command("list", epilog="Example: newsletter sources list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """List the sources and how they do."""
    from newsletter.cli.columns import Clockface, terminal_width, write_columns
    from newsletter.cli.common import opened, printable, utc_now

    with opened() as app:
        found = app.sources.all()
        face = Clockface(time_zone=app.lists[0].time_zone, now=utc_now())
    if as_json:
        write_json([asdict(source) for source in found])
        return
    if not found:
        click.echo("There is no source; `newsletter sources add URL` adds a feed.")
        return

    def when(moment: datetime | None) -> str:
        return face.show(moment) if moment else ""

    write_columns(
        ("SOURCE", "LAST SUCCESS", "FAILING SINCE", "NEXT", "PROBLEM"),
        [
            (
                printable(source.url),
                when(source.succeeded_at),
                when(source.failing_since),
                "never" if source.ended_at else when(source.next_at),
                printable(source.problem),
            )
            for source in found
        ],
        width=terminal_width(),
    )


@sources.command(epilog="Example: newsletter sources check https://news.example.org/feed.xml")
@click.argument("url", required=False)
def check(*, url: str | None) -> None:
    """Ask a source, or all of them, now."""
    from newsletter.cli.common import opened
    from newsletter.cli.fetching import fetch_with_progress

    with opened() as app:
        report = fetch_with_progress(app, urls=(url,) if url else ())
        for one in report.sources:
            _show_report(one, one.source)
    if not report.sources:
        click.echo("There is no source; `newsletter sources add URL` adds a feed.")
    if any(one.problem for one in report.sources):
        sys.exit(1)


@sources.command(epilog="Example: newsletter sources remove https://news.example.org/feed.xml")
@click.argument("url")
def remove(url: str) -> None:
    """Ask a source no more; its documents stay."""
    from newsletter.cli.common import note, opened, printable

    with opened() as app:
        source = app.sources.remove(url)
        note(app, "remove source", source.added_url)
    click.echo(f"Removed: {printable(source.url)}. Its documents stay.")


@sources.command("import", epilog="Example: newsletter sources import feeds.opml")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Add the feeds of an OPML file, as other feed readers export it."""
    from newsletter.cli.common import note, opened, utc_now

    with opened() as app:
        added, known, problems = app.sources.import_opml(file, now=utc_now())
        if added:
            note(app, "import sources", file.name, f"{plural(len(added), 'source')} added")
    for problem in problems:
        click.echo(f"newsletter: left out: {problem}", err=True)
    click.echo(f"{plural(len(added), 'source')} added, {known} there already, {len(problems)} left out.")
    if added:
        click.echo("`newsletter ingest` fetches them.")


@sources.command(epilog="Example: newsletter sources export > feeds.opml")
def export() -> None:
    """Print the sources as OPML."""
    from newsletter.cli.common import opened

    with opened() as app:
        click.echo(app.sources.export_opml(), nl=False)


def _show_report(report: SourceReport, source: Source) -> None:
    from newsletter.cli.common import clip, printable

    title = printable(source.title or report.source.url)
    click.echo(f"{click.style(title, bold=True)} ({printable(source.url)}): {_words(report)}")
    fresh = [item for item in report.items if item.outcome in {FileOutcome.NEW, FileOutcome.CHANGED}]
    for item in fresh[:_SHOWN]:
        click.echo(f"  - {clip(printable(item.headline), 90)}")
    if len(fresh) > _SHOWN:
        click.echo(f"    … and {len(fresh) - _SHOWN} more")


def _words(report: SourceReport) -> str:
    from newsletter.cli.common import printable

    if report.problem:
        return f"{report.outcome.value}: {printable(report.problem)}"
    counts = [(report.count(outcome), outcome.value) for outcome in FileOutcome]
    words = ", ".join(f"{count} {word}" for count, word in counts if count)
    return words or ("nothing new" if report.outcome is PollOutcome.FETCHED else report.outcome.value)


def show_fetched(report: FetchReport) -> None:
    """Print what came of sources that were asked, those with nothing new left out."""
    for one in report.sources:
        if one.items or one.problem:
            _show_report(one, one.source)
