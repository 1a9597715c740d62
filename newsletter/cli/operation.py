"""`newsletter run`, `status`, `config` and `demo`."""

from collections.abc import Sequence
from pathlib import Path

import click

from newsletter.cli.jobs import Kinds
from newsletter.cli.listings import json_option, write_json
from newsletter.cli.options import workers_option
from newsletter.model.editions import MailingList
from newsletter.model.jobs import JobKind


@click.command(epilog="Example: newsletter run --no-web")
@click.option("--no-web", is_flag=True, help="Leave the web pages to a `newsletter web` of its own.")
@click.option(
    "--queues",
    "kinds",
    type=Kinds(),
    default=tuple(JobKind),
    show_default=False,
    help=f"Only so much of the work, as --queues deliver on a host that only sends: {', '.join(JobKind)}.",
)
@click.option("--until-closed", is_flag=True, hidden=True, help="Stop when standard input ends, too.")
@workers_option
def run(*, no_web: bool, kinds: tuple[JobKind, ...], until_closed: bool, workers: int | None) -> None:
    """Run the service: ingest, publish on schedule, deliver, serve the web pages; until SIGTERM.

    On PostgreSQL, run it on as many hosts as you like: they share the work, and every slot is published once.
    Folders and mailboxes must be reached from each host that ingests, publishes or takes in what came back.
    """
    if workers is not None and workers > 1 and JobKind.DELIVER not in kinds:
        raise click.UsageError("--workers is for what sends: add deliver to --queues, or leave it out")
    from newsletter import service
    from newsletter.cli import logs
    from newsletter.cli.common import opened, utc_now

    with opened(workers=workers) as app:
        settings = app.settings
        logs.configure(level=settings.log_level, form=settings.log_format, secrets=app.secrets())
        service.run(app, clock=utc_now, with_web=not no_web, kinds=kinds, until_closed=until_closed)


@click.command(epilog="Example: newsletter status")
@json_option
def status(*, as_json: bool) -> None:
    """Show what is new, the last and next editions, deliveries by state, and what was refused."""
    from newsletter.cli.common import opened, utc_now
    from newsletter.cli.report import show_status
    from newsletter.cli.standing import status_as_json

    with opened() as app:
        now = utc_now()
        status, waiting = app.status(now=now), app.proposals.waiting(now=now)
        alerts = app.alerts.open()
        if as_json:
            write_json(status_as_json(status, waiting, alerts))
        else:
            show_status(status, waiting=waiting, alerts=alerts, now=now)


@click.command(epilog="Example: newsletter config --all")
@click.option("--all", "show_all", is_flag=True, help="Explain every setting, too.")
@json_option
def config(*, show_all: bool, as_json: bool) -> None:
    """Show the settings in force, secrets masked."""
    from newsletter.cli.common import opened

    with opened() as app:
        if as_json:
            write_json(_config_as_json(app.config(), app.lists))
            return
        for key, value, description in app.config():
            if show_all:
                click.echo(f"# {description}")
            click.echo(f"{key}={value}")
            if show_all:
                click.echo()
        for mailing_list in app.lists:
            when = f"{mailing_list.schedule} ({mailing_list.time_zone})"
            click.echo(f"# list {mailing_list.name}: “{mailing_list.title}”, {when}")


def _config_as_json(
    settings: Sequence[tuple[str, str, str]], lists: Sequence[MailingList]
) -> dict[str, object]:
    return {
        "settings": [
            {"key": key, "value": value, "description": description} for key, value, description in settings
        ],
        "lists": [
            {"list": one.name, "title": one.title, "schedule": one.schedule, "time_zone": one.time_zone}
            for one in lists
        ],
    }


@click.command(epilog="Example: newsletter demo --serve")
@click.option("--open", "open_browser", is_flag=True, help="Show the received mail in a browser.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("newsletter-demo"),
    show_default=True,
    help="Where the demo keeps its store and the mail that it received.",
)
@click.option("--reset", is_flag=True, help="Forget earlier demos in that folder first.")
@click.option("--serve", is_flag=True, help="Serve the pages that the mails link to, until Ctrl-C.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port of these pages on this machine, which the links of the mails name.",
)
def demo(*, open_browser: bool, folder: Path, reset: bool, serve: bool, port: int) -> None:
    """Show the whole of it with sample documents: no settings, no network.

    Ingests the sample documents, signs up three readers, sends an edition through an SMTP server on this
    machine, and shows what the readers received.
    """
    from newsletter.cli.demo import run_demo

    run_demo(folder, open_browser=open_browser, reset=reset, serve=serve, port=port)
