"""`newsletter bounces`: what came back by mail."""

from pathlib import Path

import click

from newsletter.cli.listings import json_option
from newsletter.cli.options import NUMBER


@click.group(invoke_without_command=True, epilog="Example: newsletter bounces")
@click.pass_context
def bounces(context: click.Context) -> None:
    """Take in bounces, complaints and unsubscribe mails.

    Without a command it reads BOUNCE_MAILBOX and the mailbox at BOUNCE_IMAP_HOST. Nobody is ever answered.
    """
    if context.invoked_subcommand is None:
        from newsletter.cli.intake import read_mailboxes

        read_mailboxes()


@bounces.command(epilog="Example: newsletter bounces read returned.mbox")
@click.option("--recipient", default="", help="Address the message was sent to, where no header tells.")
@click.option("--verbose", "-v", is_flag=True, help="Say what became of the message from a pipe, too.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
def read(*, files: tuple[Path, ...], recipient: str, verbose: bool) -> None:
    """Take in FILES: messages, mbox files or Maildirs; `-` is one message on standard input.

    For a mail server's pipe: `|newsletter bounces read -`. It exits with 75, "try again later", whenever a
    message could not be recorded, and with 0 for any message that was, whatever it is; then it prints
    nothing unless on a terminal, since some servers send to the sender what a pipe prints.
    """
    from newsletter.cli import intake

    if files == (Path("-"),):
        intake.read_pipe(recipient=recipient, verbose=verbose)
    else:
        intake.read_files(files)


@bounces.command(epilog="Example: newsletter bounces log --last 100")
@click.option("--last", "limit", default=20, show_default=True, type=NUMBER, help="How many.")
@json_option
def log(*, limit: int, as_json: bool) -> None:
    """List what was taken in last."""
    from newsletter.cli.intake import show_log

    show_log(limit=limit, as_json=as_json)
