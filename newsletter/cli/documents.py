"""`newsletter ingest` and `newsletter summarize`."""

import sys
import textwrap
from pathlib import Path

import click

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import FileOutcome, FileReport, IngestReport, ParsedDocument, ParsedItem
from newsletter.model.stories import Summary
from newsletter.model.words import plural

#: Files listed of each outcome before the rest is only counted.
_LISTED = 20


@click.command(epilog="Example: newsletter ingest --folder incoming --verbose")
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Look into this folder instead of those of FOLDERS; may be given several times.",
)
@click.option("--no-fetch", is_flag=True, help="Leave the sources of `newsletter sources` alone.")
@click.option("--verbose", "-v", is_flag=True, help="List every file, the unchanged ones too.")
def ingest(folders: tuple[Path, ...], *, no_fetch: bool, verbose: bool) -> None:
    """Take in what is new in the folders, the mailboxes, and the sources that are due.

    Text, Markdown, web pages, mails, PDF, JSON and feeds are read; what a file is, is told from its content.
    The first line of a text is its headline. Doing it again takes in nothing twice.
    """
    from newsletter.cli.common import opened, utc_now
    from newsletter.cli.fetching import fetch_with_progress
    from newsletter.cli.progress import progress
    from newsletter.cli.sources import show_fetched

    with opened() as app:
        with progress("files looked at") as on_file:
            report = app.ingest(now=utc_now(), folders=folders, on_file=lambda _: on_file())
        if not folders:
            report = report.and_also(app.mail.receive(now=utc_now(), force=True))
        if not (no_fetch or folders):
            show_fetched(fetch_with_progress(app))
    show_ingest(report, verbose=verbose)
    if report.problems:
        sys.exit(1)


def show_ingest(report: IngestReport, *, verbose: bool = False) -> None:
    """Print what an ingest run did."""
    for outcome in (FileOutcome.NEW, FileOutcome.CHANGED):
        _list(report, outcome, verbose=verbose)
    if verbose:
        for outcome in (FileOutcome.OPENED, FileOutcome.KNOWN, FileOutcome.UNCHANGED):
            _list(report, outcome, verbose=True)
    _list(report, FileOutcome.WAITING, verbose=verbose)
    _list(report, FileOutcome.REFUSED, verbose=verbose)
    for problem in report.problems:
        click.echo(f"newsletter: {problem}", err=True)
    if not report.files:
        click.echo("No file was found.")
        return
    counts = [(report.count(outcome), outcome.value) for outcome in FileOutcome]
    click.echo(", ".join(f"{count} {word}" for count, word in counts if count) + ".")
    if report.forgotten:
        click.echo(f"{plural(report.forgotten, 'text')} no longer kept (KEEP_TEXT_DAYS).")


def _list(report: IngestReport, outcome: FileOutcome, *, verbose: bool) -> None:
    files = report.having(outcome)
    listed = files if verbose else files[:_LISTED]
    for file in listed:
        click.echo(f"  {outcome.value:<10} {file.path}{_more(file)}")
    if len(files) > len(listed):
        click.echo(f"  … and {len(files) - len(listed)} more {outcome.value} (--verbose lists them)")


def _more(file: FileReport) -> str:
    if file.refusal is not None:
        return f": {_reason(file)}"
    return f": {file.headline}" if file.headline else ""


def _reason(refused: FileReport | ParsedItem) -> str:
    words = refused.refusal.value if refused.refusal else ""
    return words + (f" ({refused.detail})" if refused.detail else "")


@click.command(epilog="Example: newsletter summarize article.txt --sentences 2 --trace")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--summarizer", "-s", metavar="NAME", help="Which one; the setting SUMMARIZER when left out.")
@click.option(
    "--sentences", "-n", default=3, show_default=True, type=click.IntRange(1, 50), help="How many at most."
)
@click.option("--language", metavar="CODE", help="Two letters; told from the text when left out.")
@click.option("--trace", is_flag=True, help="Show where each sentence stands: its character offsets.")
def summarize(
    files: tuple[Path, ...], *, summarizer: str | None, sentences: int, language: str | None, trace: bool
) -> None:
    """Summarise documents, each by sentences taken from it; nothing is stored.

    The summarizers: editor, lead, luhn, lexrank, textrank, lsa, kl, sumbasic, reduction or edmundson.
    """
    from newsletter.cli.common import opened

    refused = 0
    shown = 0
    with opened() as app:
        for path in files:
            try:
                summaries = app.summarize(
                    path, summarizer=summarizer, sentence_count=sentences, language=language
                )
            except DocumentRefusedError as error:
                click.echo(f"newsletter: {path}: {error}", err=True)
                refused += 1
                continue
            for item, summary in summaries:
                if item.document is None or summary is None:
                    click.echo(f"newsletter: {path}, {item.key}: {_reason(item)}", err=True)
                    refused += 1
                    continue
                if shown:
                    click.echo()
                _show_summary(item.document, summary, trace=trace)
                shown += 1
    if refused:
        sys.exit(1)


def _show_summary(document: ParsedDocument, summary: Summary, *, trace: bool) -> None:
    click.echo(click.style(document.headline, bold=True))
    origin = document.origin if document.origin != document.source else None
    credit = ", citing ".join(name for name in (document.source, origin) if name)
    if credit:
        click.echo(credit)
    click.echo()
    if trace:
        for sentence in summary.sentences:
            click.echo(f"[{sentence.span.start}:{sentence.span.end}] {sentence.text}")
    else:
        click.echo(textwrap.fill(summary.text, 78, break_on_hyphens=False))
