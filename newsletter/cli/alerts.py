"""`newsletter alerts`: what is wrong, and whether the operator would hear of it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import click

from newsletter.cli.listings import json_option, write_json
from newsletter.cli.standing import alert_as_json
from newsletter.model.alerts import Alert, NoticeResult

#: Alerts that are shown of those that are over.
_SHOWN = 100


@click.group(invoke_without_command=True, epilog="Example: newsletter alerts --all")
@click.option("--all", "show_all", is_flag=True, help="Those that are over, too, the newest first.")
@json_option
@click.pass_context
def alerts(context: click.Context, *, show_all: bool, as_json: bool) -> None:
    """Show what is wrong at the moment, as `newsletter run` last found it.

    Each alert is told once, by mail and by webhook, and once more when it has been fine for ten minutes: see
    ALERT_ADDRESS and ALERT_WEBHOOK.
    """
    if context.invoked_subcommand is not None:
        return
    from newsletter.cli.common import opened, utc_now

    with opened() as app:
        found = app.alerts.latest(limit=_SHOWN) if show_all else app.alerts.open()
        zone = app.lists[0].time_zone
    if as_json:
        write_json([alert_as_json(alert) for alert in found])
    elif found:
        _show(found, zone, utc_now())
    else:
        click.echo("No alert was ever raised." if show_all else "Nothing is wrong.")


@alerts.command(epilog="Example: newsletter alerts test")
def test() -> None:
    """Send a test to everybody who is told of alerts; fails unless all of them take it."""
    from newsletter.cli.common import opened, utc_now

    with opened() as app:
        results = asyncio.run(app.alerts.test(clock=utc_now))
    if not results:
        click.echo(
            "newsletter: nobody is told of alerts: set ALERT_ADDRESS or ALERT_WEBHOOK, or give an admin an "
            "address (newsletter operators email); mail needs SMTP_HOST and SENDER_ADDRESS",
            err=True,
        )
    for result in results:
        _show_result(result)
    if not results or not all(result.is_told for result in results):
        raise SystemExit(1)


def _show_result(result: NoticeResult) -> None:
    from newsletter.cli.common import printable

    whom = f"{result.channel.value} {result.target}".rstrip()
    outcome = "told" if result.is_told else "not told"
    click.echo(f"{printable(whom)}: {outcome}: {printable(result.reply)}", err=not result.is_told)


def _show(found: Sequence[Alert], time_zone: str, now: datetime) -> None:
    from newsletter.cli.columns import Clockface
    from newsletter.cli.common import printable

    face = Clockface(time_zone=time_zone, now=now)
    for alert in found:
        times = f"since {face.show(alert.raised_at)}"
        if alert.cleared_at:
            times = f"{face.show(alert.raised_at)} to {face.show(alert.fine_since or alert.cleared_at)}, over"
        elif alert.fine_since:
            times += f", fine since {face.show(alert.fine_since)}"
        click.echo(click.style(f"{printable(alert.title)} ({times})", bold=alert.cleared_at is None))
        click.echo(f"  {printable(alert.condition.what)}")
        if alert.cleared_at is None:
            click.echo(f"  {printable(alert.condition.repair)}")
