"""Options and kinds of values that several commands share."""

from typing import Any

import click
from click.types import IntParamType

#: What a column of the store can hold.
_MOST = 2**31 - 1


class _Number(IntParamType):
    """A number from 1 on, such as an edition's; that there is an end to them is no news for a help text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Read it, or say what is wrong with it."""
        number = int(super().convert(value, param, ctx))
        if not 1 <= number <= _MOST:
            self.fail(f"{number} is not in the range 1 to {_MOST}.", param, ctx)
        return number


NUMBER = _Number()


def _list_names(context: click.Context, option: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click's signature
    """Complete names of lists and of their weekly digests; none where the settings cannot be read."""
    from newsletter.app import App
    from newsletter.errors import NewsletterError

    try:
        series = App.load().series
    except NewsletterError:
        return []
    return [one.name for one in series if one.name.startswith(typed)]


list_option = click.option(
    "--list",
    "list_name",
    metavar="NAME",
    help="The list; needed if there are several.",
    shell_complete=_list_names,
)

#: The same, where what was published is looked at.
published_list_option = click.option(
    "--list",
    "list_name",
    metavar="NAME",
    help="The list; needed if there are several. It may be one that is no longer set.",
    shell_complete=_list_names,
)

#: For commands that send.
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes that send side by side, one for each core, instead of SEND_WORKERS.",
)
