"""`newsletter migrate-store`."""

import click

from newsletter.cli.listings import json_option, write_json

#: With fewer rows it is over before a bar could be read.
_WORTH_A_BAR = 20_000


@click.command(
    "migrate-store",
    epilog="Example: newsletter migrate-store newsletter.db postgresql://news@db.example.org/news",
)
@click.argument("sqlite")
@click.argument("postgres")
@json_option
def migrate_store(sqlite: str, postgres: str, *, as_json: bool) -> None:
    """Move the store from SQLITE, a file, to the empty database POSTGRES.

    Stop `newsletter run` and `newsletter web` first. Every table is copied, and then compared by the number
    of its rows and a checksum over all of them; it is all there, or nothing is. The file stays as it is.
    The new database's password may stand in PGPASSWORD or ~/.pgpass instead of the address.
    """
    from newsletter.cli.common import opened
    from newsletter.cli.progress import progress_of_parts
    from newsletter.model.words import plural

    with opened() as app, progress_of_parts("rows copied and compared", worth=_WORTH_A_BAR) as advance:
        report = app.backups.move(sqlite, postgres, on_rows=advance)
    if as_json:
        write_json(
            {
                "source": report.source,
                "target": report.target,
                "rows": report.rows,
                "tables": [
                    {"name": table.name, "rows": table.rows, "checksum": table.checksum}
                    for table in report.tables
                ],
            }
        )
        return
    for table in report.tables:
        click.echo(f"{table.name:<20} {table.rows:>12,}  {table.checksum}")
    click.echo(f"{plural(report.rows, 'row')} moved: both sides hold the same")
    click.echo(
        "Next, on every host: set DATABASE_URL to the new address, then newsletter doctor, newsletter run"
    )
    click.echo(
        f"{report.source} is as it was: keep it until the next backup, and start nothing from it again"
    )
