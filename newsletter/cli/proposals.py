"""`newsletter editions ...`: what is to go out, and what the operator decides about it."""

from collections.abc import Callable
from typing import Any

import click

from newsletter.cli.listings import json_option
from newsletter.cli.options import NUMBER, list_option

_Command = Callable[..., Any]

_seen_option = click.option(
    "--seen",
    "version",
    type=NUMBER,
    metavar="N",
    help="Only if this is still its version, as `editions show` named it.",
)


def _about_one(command: _Command) -> _Command:
    """Add the options of a decision about a list's proposed edition."""
    return list_option(_seen_option(command))


@click.group()
def editions() -> None:
    """See the next edition before it goes out, and decide about it.

    With APPROVAL=required or checked, the edition is proposed REVIEW_MINUTES before its slot, and kept as it
    is: what you approve is what is sent. What came later is for the next edition, or for `editions renew`.
    What nobody has approved within GRACE_HOURS is skipped, and its documents come in the next edition.
    """


@editions.command("list", epilog="Example: newsletter editions list --json")
@list_option
@click.option(
    "--limit", type=NUMBER, metavar="N", default=5, show_default=True, help="Past editions of each list."
)
@json_option
def list_(*, list_name: str | None, limit: int, as_json: bool) -> None:
    """Show what is proposed, what will become of it, and the latest editions."""
    from newsletter.cli import reviewing

    reviewing.show_all(list_name=list_name, limit=limit, as_json=as_json)


@editions.command(epilog="Example: newsletter editions show --list daily")
@list_option
@json_option
def show(*, list_name: str | None, as_json: bool) -> None:
    """Show the proposed edition: its stories, what to look at, and until when it can be approved."""
    from newsletter.cli import reviewing

    reviewing.show_one(list_name=list_name, as_json=as_json)


@editions.command(epilog="Example: newsletter editions propose")
@list_option
def propose(*, list_name: str | None) -> None:
    """Propose the edition of the next slot now, whatever APPROVAL says.

    Where APPROVAL is automatic it goes out at its slot unless you hold it.
    """
    from newsletter.cli import reviewing

    reviewing.propose(list_name=list_name)


@editions.command(epilog="Example: newsletter editions approve --seen 1")
@_about_one
def approve(*, list_name: str | None, version: int | None) -> None:
    """Let it go out: at its slot, or at once if that has come."""
    from newsletter.cli import reviewing

    reviewing.approve(list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions hold")
@_about_one
def hold(*, list_name: str | None, version: int | None) -> None:
    """Keep it back until it is approved; takes an approval back."""
    from newsletter.cli import reviewing

    reviewing.hold(list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions skip")
@_about_one
def skip(*, list_name: str | None, version: int | None) -> None:
    """Let this slot pass without it; its documents come in the next edition."""
    from newsletter.cli import reviewing

    reviewing.skip(list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions drop 3")
@click.argument("story", type=NUMBER)
@_about_one
def drop(story: int, *, list_name: str | None, version: int | None) -> None:
    """Take a STORY, by its number, out of it; it is never told.

    An approval before it does not count any more: what was changed is to be approved anew.
    """
    from newsletter.cli import reviewing

    reviewing.drop(story, list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions move 3 --to 1")
@click.argument("story", type=NUMBER)
@click.option("--to", type=NUMBER, required=True, metavar="N", help="The number that it is to have.")
@_about_one
def move(story: int, *, to: int, list_name: str | None, version: int | None) -> None:
    """Give a STORY another place; summaries stay as they are.

    Stories move among stories and lines among lines, each inside its section; the first place stands above
    all sections.
    """
    from newsletter.cli import reviewing

    reviewing.move(story, to=to, list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions headline 1 'Bridge closed for six weeks'")
@click.argument("story", type=NUMBER)
@click.argument("headline")
@_about_one
def headline(story: int, headline: str, *, list_name: str | None, version: int | None) -> None:
    """Put your own HEADLINE over a STORY; `newsletter explain` says that it is yours."""
    from newsletter.cli import reviewing

    reviewing.retitle(story, headline, list_name=list_name, version=version)


@editions.command(epilog="Example: newsletter editions renew")
@click.option("--with-dropped", is_flag=True, help="Bring back what you have dropped.")
@_about_one
def renew(*, with_dropped: bool, list_name: str | None, version: int | None) -> None:
    """Make it anew of all that is new now: your order and headlines are gone, and it waits for approval."""
    from newsletter.cli import reviewing

    reviewing.renew(with_dropped=with_dropped, list_name=list_name, version=version)
