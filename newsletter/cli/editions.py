"""`newsletter preview` and `newsletter send`."""

from collections.abc import Mapping
from pathlib import Path

import click

from newsletter.cli.options import NUMBER, list_option, workers_option


@click.command(epilog="Example: newsletter preview --at '2026-11-24 07:00' --open")
@list_option
@click.option(
    "--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML here."
)
@click.option("--open", "open_browser", is_flag=True, help="Show the HTML in a browser.")
@click.option("--text", "only_text", is_flag=True, help="Print the text part alone, as a reader gets it.")
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="As it would be then: '2026-11-24 07:00' in the list's time zone, or with a zone of its own. "
    "Of the documents that there are now, and not what is proposed.",
)
@click.option(
    "--diff", "number", type=NUMBER, metavar="N", help="Print how it differs from edition N instead."
)
def preview(
    *,
    list_name: str | None,
    html_file: Path | None,
    open_browser: bool,
    only_text: bool,
    moment: str | None,
    number: int | None,
) -> None:
    """Show the edition that would be sent now; nothing is written to the store.

    That is the proposed one, if there is one (`newsletter editions show`). What is new must have been taken
    in: `newsletter ingest`.
    """
    from newsletter.cli import previewing

    due = previewing.Wanted(list_name=list_name, moment=moment)
    if number is not None:
        previewing.show_differences(due, number=number)
        return
    previewing.show(due, html_file=html_file, open_browser=open_browser, only_text=only_text)


@click.command(epilog="Example: newsletter send --to ada@example.org")
@list_option
@click.option(
    "--to", "address", metavar="ADDRESS", help="Send a test copy there; nothing counts as published."
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and to how many; write nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--ingest", "ingest_first", is_flag=True, help="Take in what is new in the folders first.")
@click.option(
    "--waiting",
    is_flag=True,
    help="Send only what still waits of editions already published, of all lists unless --list is given; "
    "publish nothing.",
)
@workers_option
def send(
    *,
    list_name: str | None,
    address: str | None,
    dry_run: bool,
    yes: bool,
    ingest_first: bool,
    waiting: bool,
    workers: int | None,
) -> None:
    """Publish what is new, and send it to every subscriber.

    What an earlier run left unsent goes out as well; with --waiting, only that. Run again after a crash, it
    continues where it stopped and mails nobody twice.
    """
    from newsletter.cli import sending

    if waiting:
        _refuse_beside_waiting({"--to": address is not None, "--dry-run": dry_run, "--ingest": ingest_first})
        sending.send_waiting(list_name=list_name, workers=workers)
    elif dry_run:
        sending.say_what_would_be_sent(list_name=list_name)
    elif address is not None:
        sending.send_test_copy(list_name=list_name, address=address, ingest_first=ingest_first)
    else:
        sending.send_edition(list_name=list_name, yes=yes, ingest_first=ingest_first, workers=workers)


def _refuse_beside_waiting(options: Mapping[str, bool]) -> None:
    for name, is_given in options.items():
        if is_given:
            raise click.UsageError(f"--waiting and {name} exclude each other: nothing new is published")
