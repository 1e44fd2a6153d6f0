"""The command that shows a store in a browser."""

from __future__ import annotations

import os

import click

from commonplace.cli.options import Target, targeted
from commonplace.cli.places import placed
from commonplace.cli.store import directory_of, is_elsewhere, named, opened
from commonplace.values.scope import Scope


@click.command("ui")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8711,
    show_default=True,
    help="Port of this machine to listen on; 0 takes a free one.",
)
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@targeted
def ui_command(target: Target, words: tuple[str, ...], *, port: int, opens: bool) -> None:
    """Show a store in a browser.

    The pages show what it holds and why it answers as it does. The printed address has a key that
    is valid for this run. Ctrl-C ends it.
    """
    from commonplace.service.own_inspector import show, show_directory

    def ready(address: str) -> None:
        click.echo(address)
        if opens:
            click.launch(address)

    target, _ = placed(target, words, [])
    if is_elsewhere(named(target.store)):
        with opened(target) as memory:
            show(memory, port, ready)
        return
    os.umask(0o077)  # what is remembered is this user's, the new files included
    show_directory(directory_of(target.store), Scope.parse(target.scope), port, ready)
