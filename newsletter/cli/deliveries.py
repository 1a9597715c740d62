"""`newsletter deliveries ...`."""

import click
from click.core import ParameterSource

from newsletter.cli.listings import json_option
from newsletter.cli.options import NUMBER, published_list_option
from newsletter.model.deliveries import DeliveryState, Resolution

_edition_option = click.option(
    "--edition", "number", type=NUMBER, required=True, metavar="N", help="Its number."
)
_reader_option = click.option("--reader", metavar="ADDRESS", help="Only this reader's.")


@click.group(invoke_without_command=True, epilog="Example: newsletter deliveries --edition 7 --state failed")
@click.option(
    "--edition",
    "number",
    type=NUMBER,
    metavar="N",
    help="The edition's number; the latest one when left out.",
)
@published_list_option
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in DeliveryState]),
    multiple=True,
    help="Only those in this state; may be given several times.",
)
@_reader_option
@click.option(
    "--limit",
    type=NUMBER,
    metavar="N",
    help="How many to show at most; 50 when left out, with --json all.",
)
@json_option
@click.pass_context
def deliveries(
    context: click.Context,
    *,
    number: int | None,
    list_name: str | None,
    states: tuple[str, ...],
    reader: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show who got an edition, who did not, and why; rule over what is still to be sent.

    With --reader alone: that reader's latest deliveries over all lists, and whether the address is
    suppressed. The commands below work while `newsletter run` or `send` is sending.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before_the_command(context)
        return
    from newsletter.cli import outbox

    if reader is not None and number is None and list_name is None and not states:
        outbox.show_reader(reader, limit=limit, as_json=as_json)
        return
    outbox.show_deliveries(
        list_name=list_name,
        number=number,
        states=[DeliveryState(state) for state in states],
        reader=reader,
        limit=limit,
        as_json=as_json,
    )


def _refuse_options_before_the_command(context: click.Context) -> None:
    """An option before the command would not reach it, and must not seem to."""
    for name in context.params:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"options come after the command: {context.invoked_subcommand} --edition ..."
            )


@deliveries.command(epilog="Example: newsletter deliveries retry --edition 7 --reader ada@example.org")
@_edition_option
@published_list_option
@click.option(
    "--state",
    "states",
    type=click.Choice([DeliveryState.FAILED.value, DeliveryState.DEFERRED.value]),
    multiple=True,
    default=[DeliveryState.FAILED.value],
    show_default=True,
    help="What to send again; may be given twice.",
)
@_reader_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def retry(
    *, number: int, list_name: str | None, states: tuple[str, ...], reader: str | None, yes: bool
) -> None:
    """Queue again what failed or is deferred, as if it had never been tried.

    Readers who left, and suppressed addresses, stay out.
    """
    from newsletter.cli import outbox

    chosen = [DeliveryState(state) for state in states]
    outbox.retry(list_name=list_name, number=number, states=chosen, reader=reader, yes=yes)


@deliveries.command(epilog="Example: newsletter deliveries resolve --edition 7 --resend --all")
@_edition_option
@published_list_option
@click.option("--arrived", is_flag=True, help="They have it: count it as accepted.")
@click.option("--resend", is_flag=True, help="Send it once more, with the same Message-ID.")
@click.option("--abandon", is_flag=True, help="They are not to get it: count it as failed.")
@_reader_option
@click.option("--all", "everybody", is_flag=True, help="All uncertain readers of the edition.")
def resolve(
    *,
    number: int,
    list_name: str | None,
    arrived: bool,
    resend: bool,
    abandon: bool,
    reader: str | None,
    everybody: bool,
) -> None:
    """Settle what is uncertain: the connection broke when only the server knew.

    Without any decision, shows who is uncertain. The mail server's log, searched for the reader's address,
    tells.
    """
    from newsletter.cli import outbox

    chosen = [
        resolution
        for resolution, is_chosen in (
            (Resolution.ARRIVED, arrived),
            (Resolution.RESEND, resend),
            (Resolution.ABANDON, abandon),
        )
        if is_chosen
    ]
    if len(chosen) > 1:
        raise click.UsageError("--arrived, --resend and --abandon exclude each other")
    if reader is not None and everybody:
        raise click.UsageError("--reader and --all exclude each other")
    if not chosen and (reader is not None or everybody):
        raise click.UsageError("say what became of them: --arrived, --resend or --abandon")
    if chosen and (reader is not None or everybody):
        outbox.resolve(list_name=list_name, number=number, resolution=chosen[0], reader=reader)
    else:
        outbox.show_uncertain(list_name=list_name, number=number, is_decided=bool(chosen))


@deliveries.command(epilog="Example: newsletter deliveries pause --edition 7")
@_edition_option
@published_list_option
def pause(*, number: int, list_name: str | None) -> None:
    """Stop an edition for now; what a server is being handed at this moment is finished."""
    from newsletter.cli import outbox

    outbox.pause(list_name=list_name, number=number)


@deliveries.command(epilog="Example: newsletter deliveries resume --edition 7")
@_edition_option
@published_list_option
def resume(*, number: int, list_name: str | None) -> None:
    """Let a paused edition go on, where it stopped."""
    from newsletter.cli import outbox

    outbox.resume(list_name=list_name, number=number)


@deliveries.command(epilog="Example: newsletter deliveries cancel --edition 7")
@_edition_option
@published_list_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def cancel(*, number: int, list_name: str | None, yes: bool) -> None:
    """End an edition: whoever does not have it yet will not get it. It cannot be undone."""
    from newsletter.cli import outbox

    outbox.cancel(list_name=list_name, number=number, yes=yes)
