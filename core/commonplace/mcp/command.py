"""``commonplace mcp``: serve a memory to one host, and add it to a host's configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from commonplace.errors import AccessDeniedError, CommonplaceError, InvalidInputError

if TYPE_CHECKING:
    from commonplace.memory import Memory

API_KEY = "COMMONPLACE_API_KEY"


class _ServingUnlessNamed(TyperGroup):
    """Commands of which the first is meant when none is named."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # as Typer passes it
        named = args and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named or not args else ["serve", *args])


app = typer.Typer(cls=_ServingUnlessNamed, no_args_is_help=True)

Store = Annotated[
    str, typer.Argument(metavar="DIRECTORY", help="The directory, or a server's http(s) address.")
]
OfScope = Annotated[
    str | None,
    typer.Option(
        "--scope",
        envvar="COMMONPLACE_SCOPE",
        help="Whose memory it is, such as user/alice; for a server, the key's own if left out.",
    ),
]
Agent = Annotated[str | None, typer.Option(help="The host's name in the source of its records.")]


@app.command("serve", hidden=True)
def serve(store: Store, scope: OfScope = None, agent: Agent = None) -> None:
    """Serve the memory of --scope to an MCP host over stdin and stdout."""
    where = _checked(store, scope)
    _needs_package()
    from commonplace.mcp import stdio

    stdio.serve(lambda: _opened(where, scope, os.environ.get(API_KEY)), agent)


@app.command()
def install(
    host: Annotated[str, typer.Argument(help="claude-desktop, claude-code, cursor or vscode.")],
    store: Store,
    scope: OfScope = None,
    name: Annotated[str, typer.Option(help="What the host calls it.")] = "commonplace",
    file: Annotated[
        Path | None, typer.Option(help="Another configuration than the host's usual one.")
    ] = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Write it into the file.")] = False,
) -> None:
    """Print what HOST's configuration says of the memory; with --write, add it there."""
    from commonplace.mcp.entries import write_entry
    from commonplace.mcp.hosts import HOSTS, entry

    if host not in HOSTS:
        raise InvalidInputError(f"No host is called {host!r}: give one of {', '.join(HOSTS)}.")
    known = HOSTS[host]
    target = known.file() if file is None else file
    made = entry(known, host, _checked(store, scope), scope, _key(store, writes=write))
    if not write:
        typer.echo(json.dumps({known.section: {name: made}}, indent=2))
        typer.echo(f"It goes into {target}; --write adds it. {known.after}", err=True)
        return
    former = write_entry(target, known.section, name, made)
    typer.echo(f"{name} is in {target}. {known.after}")
    if former is not None:
        typer.echo(f"What the file said before is in {former}.")


def _is_address(store: str) -> bool:
    return store.startswith(("http://", "https://"))


def _checked(store: str, scope: str | None) -> str:
    """Return the store as it can be found from any folder. Raises InvalidInputError."""
    from commonplace.scope import Scope

    if scope is not None:
        Scope.parse(scope)
    if _is_address(store):
        return store
    if not scope:
        raise InvalidInputError(
            "Say whose memory it is, such as --scope user/alice: a host sees that and what lies "
            "below it, and nothing else."
        )
    return str(Path(store).expanduser().resolve())


def _key(store: str, *, writes: bool) -> str | None:
    """Return the key for a configuration, which shows it; printed, only that there is one."""
    if not _is_address(store):
        return None
    key = os.environ.get(API_KEY)
    if not writes:
        return "KEY"
    if key is None:
        raise InvalidInputError(f"Put the server's key into the variable {API_KEY}.")
    return key


def _opened(store: str, scope: str | None, key: str | None) -> Memory:
    import commonplace

    if not _is_address(store):
        return commonplace.open(store, shared=True).scope(scope or "")
    return _within(commonplace.open(store, api_key=key), scope)


def _within(memory: Memory, scope: str | None) -> Memory:
    """Return the memory of a scope that is written from the root, as the server writes it."""
    from commonplace.scope import Scope

    asked = memory.path if scope is None else Scope.parse(scope)
    if asked == memory.path:
        return memory
    if not memory.path.contains(asked):
        memory.close()
        raise AccessDeniedError(
            f"The key is for the scope {str(memory.path)!r}, which does not contain {str(asked)!r}."
        )
    return memory.scope(asked.names[len(memory.path.names) :])


def _needs_package() -> None:
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise CommonplaceError(
            "This command needs 'mcp'. Install it with: pip install \"commonplace-memory[mcp]\""
        )
