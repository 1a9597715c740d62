"""The command line: a command for each verb, a file for each group of them.

What takes long to import is imported inside the commands: `newsletter --help` must be there at once.
"""

import click

from newsletter.cli.bounces import bounces
from newsletter.cli.deliveries import deliveries
from newsletter.cli.dkim import dkim
from newsletter.cli.documents import ingest, summarize
from newsletter.cli.editions import preview, send
from newsletter.cli.explain import explain
from newsletter.cli.operation import config, demo, run, status
from newsletter.cli.operators import operators
from newsletter.cli.proposals import editions
from newsletter.cli.sources import sources
from newsletter.cli.subscribers import subscribers
from newsletter.cli.web import web


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="newsletter", prog_name="newsletter")
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
    config,
    subscribers,
    deliveries,
    bounces,
    dkim,
    web,
    operators,
):
    commands.add_command(_command)
