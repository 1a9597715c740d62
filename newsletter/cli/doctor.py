"""`newsletter doctor`."""

import click

from newsletter.cli.listings import json_option


@click.command(epilog="Example: newsletter doctor --only dns")
@json_option
@click.option("--no-network", is_flag=True, help="Ask nobody: settings, store, folders and templates only.")
@click.option("--list", "list_name", metavar="NAME", help="Look at the sender of one list only.")
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    help="One check or group: settings, store, folders, mail, smtp, imap, web, dns, dns.spf; repeatable.",
)
def doctor(*, as_json: bool, no_network: bool, list_name: str | None, only: tuple[str, ...]) -> None:
    """Look the install over before it sends: settings, store, mail server, pages, DNS.

    Each line says what was found and, unless it is ok, what to do. Nothing is changed and nobody is mailed.
    The exit code is 1 if anything failed; warnings leave it 0.
    """
    from newsletter.cli.findings import examine

    examine(as_json=as_json, network=not no_network, list_name=list_name, only=only)
