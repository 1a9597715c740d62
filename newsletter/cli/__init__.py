"""The command line: a command for each verb, a file for each group of them.

What takes long to import is imported inside the commands: `newsletter --help` must be there at once.
"""

import click

from newsletter.cli.alerts import alerts
from newsletter.cli.backup import backup, restore
from newsletter.cli.bounces import bounces
from newsletter.cli.completion import completion
from newsletter.cli.deliveries import deliveries
from newsletter.cli.dkim import dkim
from newsletter.cli.doctor import doctor
from newsletter.cli.documents import ingest, summarize
from newsletter.cli.editions import preview, send
from newsletter.cli.explain import explain
from newsletter.cli.help import help_
from newsletter.cli.jobs import jobs
from newsletter.cli.moving import migrate_store
from newsletter.cli.operation import config, demo, run, status
from newsletter.cli.operators import operators
from newsletter.cli.proposals import editions
from newsletter.cli.sources import sources
from newsletter.cli.subscribers import subscribers
from newsletter.cli.web import web


def _paint(context: click.Context, option: click.Parameter, value: str) -> None:  # noqa: ARG001 - click's signature
    """Leave colours away where the environment asks for that, whatever the value (no-color.org)."""
    if value:
        context.color = False


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, or nothing to do; 1 failed, or not all of it is done; 2 the command line is "
    "wrong; 75 a mail server is to try again (`bounces read -`); 130 interrupted by Ctrl-C. Colours are for "
    "terminals, and NO_COLOR=1 turns them off.",
)
@click.version_option(package_name="newsletter", prog_name="newsletter")
@click.option("--colourless", envvar="NO_COLOR", default="", hidden=True, expose_value=False, callback=_paint)
def commands() -> None:
    """Turn new documents into a summarised news digest, and mail it to a list.

    Settings come from the environment, .env and newsletter.toml; `newsletter config` shows them.
    Try it without any: `newsletter demo`.
    """


for _command in (
    demo,
    ingest,
    sources,
    summarize,
    preview,
    explain,
    editions,
    send,
    run,
    status,
    jobs,
    alerts,
    config,
    doctor,
    subscribers,
    deliveries,
    bounces,
    dkim,
    web,
    operators,
    backup,
    restore,
    migrate_store,
    completion,
    help_,
):
    commands.add_command(_command)
