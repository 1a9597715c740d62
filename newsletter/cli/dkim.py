"""`newsletter dkim ...`."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from newsletter.cli.listings import json_option, write_json
from newsletter.model.keys import KeyType, PublishedKey

_TYPES = {kind.value: (kind,) for kind in KeyType} | {"both": tuple(KeyType)}

_REMINDER = """
Mailbox providers ask for two more TXT records: SPF at the domain that bounces go to, naming your mail server,
and DMARC, at least _dmarc.{domain} with v=DMARC1; p=none"""


@click.group()
def dkim() -> None:
    """Make the keys that sign messages, and show what the DNS must say about them."""


@dkim.command(epilog="Example: newsletter dkim generate --selector autumn")
@click.option(
    "--type",
    "kind",
    type=click.Choice(list(_TYPES)),
    default="both",
    show_default=True,
    help="RSA (2048 bits) is known everywhere; Ed25519 is short and goes beside it.",
)
@click.option(
    "--selector", metavar="NAME", help="The key's name in the DNS; one with today's date if left out."
)
@click.option("--domain", metavar="NAME", help="Whose mail it signs; that of SENDER_ADDRESS if left out.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dkim"),
    show_default=True,
    help="Where the private keys go; a file is never overwritten.",
)
def generate(*, kind: str, selector: str | None, domain: str | None, folder: Path) -> None:
    """Make keys, and say what to put into the DNS and into .env."""
    from newsletter.cli.common import opened, utc_now

    with opened() as app:
        own = app.keys.domains()
        keys = app.keys.generate(
            folder,
            domains=_known([domain] if domain else own),
            selector=selector or f"s{utc_now():%Y%m%d}",
            key_types=_TYPES[kind],
        )
        replacing = bool(app.settings.dkim_keys)
    files = list(dict.fromkeys(key.file for key in keys))
    for file in files:
        click.echo(f"written: {file.path} (private: show it to nobody)")
    click.echo("\n1. Publish in the DNS (many web forms want the name without the domain):")
    _show(keys)
    click.echo("\n2. When the DNS has it, put into .env:\n")
    click.echo("DKIM_KEYS=" + shlex.quote(",".join(map(str, files))))
    if domain and own != [keys[0].domain]:
        click.echo(f"DKIM_DOMAIN={keys[0].domain}")
    if replacing:
        click.echo(
            "\nLeave the old records in the DNS for a week: mail on its way bears the old keys' signatures."
        )
    click.echo(_REMINDER.format(domain=keys[0].domain))


@dkim.command(epilog="Example: newsletter dkim show")
@json_option
def show(*, as_json: bool) -> None:
    """Show the DNS records of the keys in use, to compare with what the DNS says."""
    from newsletter.cli.common import opened

    with opened() as app:
        keys: Sequence[PublishedKey] = ()
        if app.settings.dkim_keys:
            _known(app.keys.domains())
            keys = app.keys.published()
    if as_json:
        write_json([_as_json(key) for key in keys])
    elif keys:
        _show(keys)
    else:
        click.echo("DKIM_KEYS is not set, so messages are not signed here: newsletter dkim generate")


def _as_json(key: PublishedKey) -> dict[str, object]:
    return {
        "domain": key.domain,
        "selector": key.file.selector,
        "type": key.key_type.value,
        "file": key.file.path,
        "name": key.record.name,
        "value": key.record.value,
    }


def _known(domains: Sequence[str]) -> Sequence[str]:
    if not domains:
        raise click.UsageError("the domain is not known: set SENDER_ADDRESS, or DKIM_DOMAIN")
    return domains


def _show(keys: Sequence[PublishedKey]) -> None:
    for key in keys:
        kind = "RSA" if key.key_type is KeyType.RSA else "Ed25519"
        click.echo(f"\n{key.domain}, {kind}: {key.file.path}\n")
        click.echo(f"  name:  {key.record.name}")
        click.echo("  type:  TXT")
        click.echo(f"  value: {key.record.value}")
        click.echo("\n  as a line of a zone file:\n")
        click.echo(key.record.zone_line)
