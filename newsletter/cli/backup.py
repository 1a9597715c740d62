"""`newsletter backup` and `newsletter restore`."""

from pathlib import Path

import click

from newsletter.model.backups import Held, RestoreReport

_FILE = click.Path(path_type=Path)


@click.command(epilog="Example: newsletter backup /var/backups/newsletter.db --force")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace a file of this name.")
def backup(file: Path, *, force: bool) -> None:
    """Copy the store into FILE, while everything goes on.

    The copy is one file, as of one moment, checked and on disk before it has its name. It holds addresses:
    only you may read it.
    """
    from newsletter.cli.common import opened, utc_now
    from newsletter.model.words import plural

    with opened() as app:
        report = app.backups.make(file, force=force, now=utc_now())
        beside = app.backups.kept_beside()
    held = report.contents
    click.echo(
        f"{report.file}: {report.size_bytes / 1e6:.1f} MB: {plural(held.editions, 'edition')}, "
        f"{plural(held.subscribers, 'subscriber')}, {plural(held.documents, 'document')}, "
        f"{plural(held.waiting, 'mail')} still to go out"
    )
    if beside:
        click.echo("Keep beside it, for it is not in it:")
        for what, why in beside:
            click.echo(f"  {what}: {why}")


@click.command(epilog="Example: newsletter restore /var/backups/newsletter.db")
@click.argument("file", type=_FILE, required=False)
@click.option("--force", is_flag=True, help="Also if the store is not empty; it is kept beside.")
@click.option(
    "--resume",
    "goes_on",
    is_flag=True,
    help="Go on as the backup stood; who was mailed since gets it twice.",
)
@click.option("--hold", is_flag=True, help="Without FILE, after pg_restore: only pause what was on its way.")
def restore(file: Path | None, *, force: bool, goes_on: bool, hold: bool) -> None:
    """Put the backup FILE in the store's place; the store that was there is kept beside it.

    Stop `newsletter run` and `newsletter web` first. Editions that were going out when the backup was made
    are paused, and slots that came since pass without one: who has what already only you can find out.
    """
    from newsletter.cli.common import actor, opened, utc_now

    if (file is None) is not hold or (hold and (force or goes_on)):
        raise click.UsageError("name a FILE; or, after pg_restore, --hold alone")
    with opened() as app:
        if file is None:
            _show_held(app.backups.hold(by=actor(), now=utc_now()), goes_on=False)
        else:
            _show(app.backups.restore(file, force=force, goes_on=goes_on, by=actor(), now=utc_now()))


def _show(report: RestoreReport) -> None:
    from newsletter.model.words import plural

    made = f" of {report.contents.made_at:%Y-%m-%d %H:%M} UTC" if report.contents.made_at else ""
    held = report.contents
    click.echo(
        f"{report.store} is the backup{made}: {plural(held.editions, 'edition')}, "
        f"{plural(held.subscribers, 'subscriber')}, {plural(held.documents, 'document')}"
    )
    if report.kept is not None:
        click.echo(f"The store that was there before: {report.kept}")
    click.echo("Readers who joined, left or complained since then are as they were: see to them first.")
    _show_held(report.held, goes_on=report.goes_on)


def _show_held(held: Held, *, goes_on: bool) -> None:
    from newsletter.model.words import plural

    for edition in held.editions:
        options = f"--list {edition.list_name} --edition {edition.number}"
        click.echo(
            f"No. {edition.number} of {edition.list_name}: {plural(edition.waiting, 'reader')} still waited; "
            + ("it goes on, and who has it since gets it twice" if goes_on else "it is paused")
        )
        if not goes_on:
            click.echo(f"  newsletter deliveries resume {options}: who has it since gets it twice")
            click.echo(f"  newsletter deliveries cancel {options}: who has it not yet never gets it")
    for list_name, slot_at in held.slots:
        what = "is answered now" if goes_on else "passes without an edition, which may have gone out"
        click.echo(f"{list_name}: the slot of {slot_at:%Y-%m-%d %H:%M} UTC {what}")
    if not goes_on and held.slots:
        click.echo("Its documents come in the next edition; to send them now: newsletter send")
