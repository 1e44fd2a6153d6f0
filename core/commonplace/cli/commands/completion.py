"""The command that makes a shell complete the others."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print the script that completes commands in a shell.

    For bash: eval "$(commonplace completion bash)" in ~/.bashrc; for zsh the same in ~/.zshrc; for
    fish: commonplace completion fish > ~/.config/fish/completions/commonplace.fish
    """
    from commonplace.cli.app import COMPLETE, PROGRAM, app

    kind = get_completion_class(shell)
    assert kind is not None, "click knows these"
    click.echo(kind(app, {}, PROGRAM, COMPLETE).source())
