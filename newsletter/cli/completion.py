"""`newsletter completion`: what makes a shell complete our commands and options."""

import click

#: Where each shell looks, without being told, for what belongs to a command.
_PLACES = {
    "bash": "~/.local/share/bash-completion/completions/newsletter",
    "zsh": "_newsletter in a folder of $fpath, such as /usr/local/share/zsh/site-functions",
    "fish": "~/.config/fish/completions/newsletter.fish",
}


@click.command(epilog="Example: newsletter completion fish > ~/.config/fish/completions/newsletter.fish")
@click.argument("shell", type=click.Choice(list(_PLACES)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a SHELL complete commands and options at the Tab key.

    Its first line says where the script goes; a new shell knows it. Make it again after an upgrade.
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    kind = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}[shell]
    script = kind(context.find_root().command, {}, "newsletter", "_NEWSLETTER_COMPLETE").source().strip()
    mark, *rest = script.splitlines()
    place = f"# Goes to: {_PLACES[shell]}"
    # zsh reads what a file completes from its very first line.
    lines = [mark, place, *rest] if mark.startswith("#compdef") else [place, mark, *rest]
    click.echo("\n".join(lines))
