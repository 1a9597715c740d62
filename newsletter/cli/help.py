"""`newsletter help`: every command's help, for a terminal and as the pages of docs/commands.md."""

import click


@click.command("help", epilog="Example: newsletter help deliveries retry")
@click.argument("command", nargs=-1)
@click.option("--markdown", is_flag=True, help="All commands in one page, as docs/commands.md has them.")
@click.pass_context
def help_(context: click.Context, *, command: tuple[str, ...], markdown: bool) -> None:
    """Explain a COMMAND, such as `deliveries retry`, or list all of them."""
    root = context.find_root()
    if markdown:
        from newsletter.cli.manual import manual

        click.echo(manual(root.command), nl=False)
        return
    click.echo(_context_of(root, command).get_help())


def _context_of(root: click.Context, path: tuple[str, ...]) -> click.Context:
    """Return the context in which a command would run.

    Raises:
        click.UsageError: There is no such command.
    """
    found = root
    for name in path:
        group = found.command
        command = group.get_command(found, name) if isinstance(group, click.Group) else None
        if command is None:
            raise click.UsageError(f"there is no command {' '.join(path)!r}", found)
        found = click.Context(command, info_name=name, parent=found)
    return found
