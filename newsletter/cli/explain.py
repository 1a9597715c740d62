"""`newsletter explain`."""

import click

from newsletter.cli.listings import json_option
from newsletter.cli.options import NUMBER, list_option


@click.command(epilog="Example: newsletter explain --edition 7 bridge")
@click.argument("story", required=False)
@list_option
@click.option(
    "--edition",
    "number",
    type=NUMBER,
    metavar="N",
    help="A published edition; the one that would be sent now when left out.",
)
@click.option("--features", is_flag=True, help="Of each sentence, every feature that its score is made of.")
@click.option("--all", "show_all", is_flag=True, help="Every sentence that was looked at, not only the best.")
@json_option
def explain(
    story: str | None,
    *,
    list_name: str | None,
    number: int | None,
    features: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    """Say why an edition is as it is, or one STORY of it.

    STORY is its number, or words of its headline. Without it: every story of the edition, what it weighs and
    why it stands where it stands, and what was left out. With it: why its documents are one story, which
    sentences were looked at, and why these were chosen.
    """
    from newsletter.cli import reasons

    if story is None:
        reasons.show_edition(list_name=list_name, number=number, as_json=as_json)
        return
    reasons.show_story(
        story,
        list_name=list_name,
        number=number,
        shown=reasons.Shown(features=features, every_sentence=show_all),
        as_json=as_json,
    )
