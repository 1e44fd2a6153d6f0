"""The commands that give a memory to MCP hosts."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonplace.cli.codes import NotFound
from commonplace.cli.options import Target, of_a_model, options
from commonplace.cli.places import placed
from commonplace.cli.store import API_KEY, is_address, named, resolved, scoped
from commonplace.errors import CommonplaceError

if TYPE_CHECKING:
    from commonplace.memory import Memory


_of_a_memory = options(
    click.argument("words", metavar="[DIRECTORY]", nargs=-1),
    click.option(
        "--dir",
        "--server",
        "store",
        envvar="COMMONPLACE_DIR",
        metavar="DIR|URL",
        help="The same, or the address of a server. [COMMONPLACE_DIR]",
    ),
    click.option(
        "--scope",
        envvar="COMMONPLACE_SCOPE",
        default="",
        metavar="PATH",
        help="Whose memory, such as user/alice; of a server, that of the key by default. "
        "[COMMONPLACE_SCOPE]",
    ),
    of_a_model,
)


class _ServingUnlessNamed(click.Group):
    """Commands of which the first is meant when none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = not args or args[0] in {*self.commands, "-h", "--help"}
        return super().parse_args(ctx, args if is_named else ["serve", *args])


@click.group("mcp", cls=_ServingUnlessNamed)
def mcp_command() -> None:
    """Serve a memory to an MCP host, or add it to a host's configuration.

    It is served by: commonplace mcp DIRECTORY --scope user/alice. A directory named "install" is
    ./install.
    """


@mcp_command.command("serve")
@_of_a_memory
@click.option("--agent", metavar="NAME", help="The host's name, in the source of its records.")
def serve_command(
    words: tuple[str, ...],
    *,
    store: str | None,
    scope: str,
    model: str | None,
    agent: str | None,
) -> None:
    """Serve the memory of --scope over standard input and output.

    DIRECTORY is made at the first call if it is not there; a server's address will do as well.
    """
    place = _whole(words, store, scope)
    if find_spec("mcp") is None:
        raise CommonplaceError(
            "this command needs 'mcp'. Install it with: pip install \"commonplace-memory[mcp]\""
        )
    from commonplace.mcp.stdio import serve

    verbose = click.get_current_context().find_root().params.get("verbose", 0)
    serve(lambda: _opened(place, scope, model), agent, verbose=verbose)


@mcp_command.command("install")
@click.argument("host")
@_of_a_memory
@click.option("--name", default="commonplace", show_default=True, help="What the host calls it.")
@click.option("--file", type=click.Path(path_type=Path), help="Another than the host's usual one.")
@click.option("--write", is_flag=True, help="Write the entry into the file.")
def install_command(
    host: str,
    words: tuple[str, ...],
    *,
    store: str | None,
    scope: str,
    model: str | None,
    name: str,
    file: Path | None,
    write: bool,
) -> None:
    """Print the entry for the configuration of HOST; with --write, add it there.

    HOST is claude-desktop, claude-code, cursor or vscode.
    """
    from commonplace.mcp.entries import write_entry
    from commonplace.mcp.hosts import HOSTS, entry

    if host not in HOSTS:
        raise NotFound(f"No host is called {host!r}: give one of {', '.join(HOSTS)}.")
    place, known = _whole(words, store, scope), HOSTS[host]
    path = known.file() if file is None else file
    made = entry(known, host, place, scope, model, _key(place, writes=write))
    if not write:
        click.echo(json.dumps({known.section: {name: made}}, indent=2))
        click.echo(f"It goes into {path}; --write adds it. {known.after}", err=True)
        return
    former = write_entry(path, known.section, name, made)
    click.echo(f"{name!r} is in {path}. {known.after}", err=True)
    if former is not None:
        click.echo(f"What the file said before is in {former}.", err=True)


def _whole(words: tuple[str, ...], store: str | None, scope: str) -> str:
    """Return the store's name as it can be found from any folder; whose memory it is, is said."""
    from commonplace.values.scope import Scope

    target, _ = placed(Target(store, scope, as_json=False), words, [])
    place, is_root = named(target.store), not Scope.parse(scope).names
    if is_address(place):
        return place
    if is_root:
        raise click.UsageError(
            "Say whose memory it is, such as --scope user/alice: the host sees that and what lies "
            "below it, and nothing else."
        )
    return str(resolved(place))


def _key(place: str, *, writes: bool) -> str | None:
    """Return the key for a configuration; what is only printed does not show it."""
    if not is_address(place):
        return None
    if not writes:
        return "KEY"
    key = os.environ.get(API_KEY)
    if not key:
        raise click.UsageError(f"Put the server's key into the variable {API_KEY}.")
    return key


def _opened(place: str, scope: str, model: str | None) -> Memory:
    from commonplace.opening.open import open

    if is_address(place):
        return scoped(open(place, api_key=os.environ.get(API_KEY), embedder=model), scope)
    return scoped(open(place, shared=True, embedder=model), scope)
