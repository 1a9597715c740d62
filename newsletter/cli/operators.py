"""`newsletter operators ...`."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import click

from newsletter.cli.listings import json_option, write_json
from newsletter.model.operators import Operator, Role, SecondFactor

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def operators() -> None:
    """Say who may sign in to the operator's pages: add, list, change, unlock and remove operators.

    The pages are served by `newsletter web` and `newsletter run`, at PUBLIC_URL/operator, once there is an
    operator. The first one is an admin.
    """


@operators.command(epilog="Example: newsletter operators add ada --email ada@example.org")
@click.argument("name")
@click.option(
    "--role",
    type=_ROLES,
    help="editor: content and deliveries; admin: subscribers and operators, too. "
    "Left out: admin for the first, else editor.",
)
@click.option("--email", "address", default="", metavar="ADDRESS", help="Where warnings go.")
def add(name: str, *, role: str | None, address: str) -> None:
    """Add an operator; the password is asked for, or read from standard input."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        app.operators.accounts.check_name(name)
        password = _new_password()
        made = app.operators.accounts.add(
            name, password, role=Role(role) if role else None, address=address, by=actor(), now=utc_now()
        )
        url = app.settings.public_url.rstrip("/")
    click.echo(f"{made.name} is added, as {made.role.value}.")
    if url:
        click.echo(f"Sign in at {url}/operator")
    else:
        click.echo("The pages are served once PUBLIC_URL is set.")
    click.echo(f"A second factor is set up there, or by: newsletter operators second-factor {made.name}")


@operators.command("list", epilog="Example: newsletter operators list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """List the operators."""
    from newsletter.cli.common import opened, utc_now

    now = utc_now()
    with opened() as app:
        found = app.operators.all(now=now)
        zone = app.lists[0].time_zone
    if as_json:
        write_json([asdict(one) for one in found])
    elif not found:
        click.echo("There is no operator yet: newsletter operators add NAME", err=True)
    else:
        _show(found, zone, now)


def _show(found: Sequence[Operator], time_zone: str, now: datetime) -> None:
    from newsletter.cli.columns import Clockface, terminal_width, write_columns

    face = Clockface(time_zone=time_zone, now=now)
    rows = [
        (
            one.name,
            one.role.value,
            "on" if one.has_second_factor else "off",
            face.show(one.signed_in_at) if one.signed_in_at else "never",
            f"{one.sessions}" if one.sessions else "",
            face.show(one.locked_until) if one.locked_until else "",
            one.address,
        )
        for one in found
    ]
    titles = ("name", "role", "second factor", "signed in", "sessions", "locked until", "address")
    write_columns(titles, rows, width=terminal_width() if sys.stdout.isatty() else None)


@operators.command(epilog="Example: newsletter operators remove ada")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove(name: str, *, yes: bool) -> None:
    """Remove an operator; all sessions end. The log keeps the name."""
    from newsletter.cli.common import actor, confirm, opened, utc_now

    with opened() as app:
        found = app.operators.accounts.find(name, now=utc_now())
        confirm(f"Remove {found.name}?", yes=yes, to_do="remove")
        app.operators.accounts.remove(found.name, by=actor(), now=utc_now())
        is_last = not app.operators.any()
    click.echo(f"{found.name} is removed.")
    if is_last:
        click.echo("That was the last operator: the operator's pages are off.")


@operators.command(epilog="Example: newsletter operators password ada")
@click.argument("name")
def password(name: str) -> None:
    """Set a password, asked for or read from standard input; all sessions end."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        found = app.operators.accounts.find(name, now=utc_now())
        app.operators.accounts.set_password(found.name, _new_password(), by=actor(), now=utc_now())
    click.echo(f"The password of {found.name} is changed; all sessions have ended.")


@operators.command(epilog="Example: newsletter operators role ada admin")
@click.argument("name")
@click.argument("role", type=_ROLES)
def role(name: str, role: str) -> None:
    """Make an operator editor or admin; all sessions end."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        app.operators.accounts.set_role(name, Role(role), by=actor(), now=utc_now())
    click.echo(f"{name} is {role}; all sessions have ended.")


@operators.command(epilog="Example: newsletter operators email ada ada@example.org")
@click.argument("name")
@click.argument("address", required=False, default="")
def email(name: str, address: str) -> None:
    """Set where an operator's warnings go; without ADDRESS, nowhere."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        app.operators.accounts.set_address(name, address, by=actor(), now=utc_now())
    click.echo(f"Warnings for {name} go to {address}." if address else f"No warnings go to {name}.")


@operators.command(epilog="Example: newsletter operators unlock ada")
@click.argument("name")
def unlock(name: str) -> None:
    """Let an operator sign in at once who is locked after wrong tries."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        app.operators.accounts.unlock(name, by=actor(), now=utc_now())
    click.echo(f"{name} can sign in at once.")


@operators.command("sign-out", epilog="Example: newsletter operators sign-out ada")
@click.argument("name")
def sign_out(name: str) -> None:
    """End all sessions of an operator."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        app.operators.accounts.end_sessions(name, by=actor(), now=utc_now())
    click.echo(f"{name} is signed out everywhere.")


@operators.command("second-factor", epilog="Example: newsletter operators second-factor ada")
@click.argument("name")
@click.option("--off", is_flag=True, help="Switch it off, as when the telephone is lost.")
def second_factor(name: str, *, off: bool) -> None:
    """Set up a second factor: show it, and switch it on once a code of it is typed."""
    from newsletter.cli.common import actor, opened, utc_now

    with opened() as app:
        accounts = app.operators.accounts
        if off:
            accounts.drop_second_factor(name, by=actor(), now=utc_now())
            click.echo(f"The second factor of {name} is off.")
            return
        _show_factor(accounts.begin_second_factor(name, now=utc_now()))
        code = _line("Six digits that the app shows")
        codes = accounts.confirm_second_factor(name, code, by=actor(), now=utc_now())
    click.echo(f"The second factor of {name} is on. Recovery codes, each good once, not shown again:\n")
    for one in codes:
        click.echo(f"  {one}")


def _show_factor(factor: SecondFactor) -> None:
    from newsletter.cli.common import on_terminal
    from newsletter.cli.qr import lines_of

    if on_terminal():
        click.echo("Scan this with an authenticator app:\n")
        for line in lines_of(factor.squares):
            # White on black, whatever the colours of the terminal.
            click.echo(click.style(line, fg="bright_white", bg="black"))
    click.echo(f"\n{factor.address}\n\nOr type the key: {factor.secret}\n")


def _new_password() -> str:
    from newsletter.cli.common import on_terminal

    if on_terminal():
        return str(click.prompt("New password", hide_input=True, confirmation_prompt="Once more"))
    return _line("New password")


def _line(question: str) -> str:
    """Ask for a line on a terminal, or read one from standard input.

    Raises:
        OperatorError: There is none.
    """
    from newsletter.cli.common import on_terminal
    from newsletter.errors import OperatorError

    if on_terminal():
        return str(click.prompt(question))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise OperatorError("standard input is empty: pipe it in, or use a terminal")
    return line
