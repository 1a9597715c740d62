"""The commands as one page of Markdown; imported only when it is asked for."""

import inspect
from collections.abc import Iterator

import click

_HEAD = """# Commands

Made from the commands' own help by `newsletter help --markdown`. `newsletter help COMMAND` shows one on a
terminal; how programs read what is printed is in [operating.md](operating.md#for-scripts).
"""


def manual(root: click.Command) -> str:
    """Return a page with every command: how it is called, what it does, its options, an example."""
    return _HEAD + "".join(_sections(click.Context(root, info_name="newsletter", max_content_width=100)))


def _sections(context: click.Context) -> Iterator[str]:
    yield _section(context)
    command = context.command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _sections(click.Context(command.commands[name], info_name=name, parent=context))


def _section(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}", _code(usage), inspect.cleandoc(command.help or "")]
    options = "\n".join(_options(context))
    if options:
        parts.append(options)
    if command.epilog:
        parts.append(_epilog(command.epilog))
    return "".join(f"\n{part}\n" for part in parts)


def _options(context: click.Context) -> Iterator[str]:
    for option in context.command.get_params(context):
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record is not None and "--help" not in option.opts:
            names, words = record
            yield f"- `{names}`: {' '.join(words.split())}"


def _epilog(text: str) -> str:
    """Return an example as code, and anything else as it is."""
    example = text.removeprefix("Example: ")
    return f"For example:\n\n{_code(example)}" if example != text else text


def _code(line: str) -> str:
    return f"```sh\n{line}\n```"
