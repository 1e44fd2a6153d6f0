"""The commands about keys: those of a directory's server, and those that values are kept under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.options import Target, of_a_store, targeted
from commonplace.cli.output import Column, emit, shows_tables
from commonplace.cli.places import placed
from commonplace.cli.store import client_at, is_address, is_chroma, named, opened, resolved

if TYPE_CHECKING:
    from commonplace.service.keys import KeyRing

COLUMNS: Sequence[Column] = (
    ("id", lambda row: row["id"]),
    ("scope", lambda row: row["scope"] or "(root)"),
    ("made", lambda row: row["created_at"]),
    ("records", lambda row: row["max_records"] or "-"),
    ("bytes", lambda row: row["max_bytes"] or "-"),
    ("requests a minute", lambda row: row["requests_per_minute"] or "-"),
    ("origins", lambda row: ",".join(row["origins"]) or "-"),
)


@click.group("keys", invoke_without_command=True)
@targeted
@click.pass_context
def keys_command(ctx: click.Context, target: Target) -> None:
    """API keys of a directory's server, or the keys of values.

    Without a command it lists the keys that `get` finds in the memory of --dir and --scope.
    """
    if ctx.invoked_subcommand is not None:
        return
    if target.store is None:
        click.echo(ctx.get_help(), err=True)
        raise click.exceptions.Exit(2)
    with opened(target) as memory:
        found = memory.keys()
    emit(target, [{"key": key} for key in found], [("key", lambda row: row["key"])])


@keys_command.command("add")
@click.argument("words", metavar="[DIRECTORY] SCOPE", nargs=-1)
@click.option("--max-records", type=click.IntRange(1), help="Records that may be in the scope.")
@click.option("--max-bytes", type=click.IntRange(1), help="Bytes of text and metadata there.")
@click.option("--requests-per-minute", type=click.IntRange(1), help="Requests it may send.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Whose statements it may write: user, agent, tool, document, operator. Repeat it for "
    "several; without it, all but operator, whose statements are not screened for orders.",
)
@of_a_store
def add_key(
    target: Target,
    words: tuple[str, ...],
    *,
    max_records: int | None,
    max_bytes: int | None,
    requests_per_minute: int | None,
    origins: tuple[Any, ...],
) -> None:
    """Make a key for SCOPE and print it: it is shown only now.

    SCOPE such as user/alice is what it opens; "" is all. A server that runs admits it at once.
    """
    from commonplace.service.confined import CLAIMED
    from commonplace.values.scope import Scope

    target, [scope] = placed(target, words, ["SCOPE"])
    made = keys_of(target).add(
        Scope.parse(scope),
        max_records=max_records,
        max_bytes=max_bytes,
        requests_per_minute=requests_per_minute,
        origins=list(origins) or CLAIMED,
    )
    click.echo(made)


@keys_command.command("list")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@of_a_store
def list_keys(target: Target, words: tuple[str, ...]) -> None:
    """List the keys: id, scope, when each was made, its quotas and the origins it may claim."""
    target, _ = placed(target, words, [])
    listed = keys_of(target).listed()
    rows = [{name: part for name, part in asdict(key).items() if name != "hash"} for key in listed]
    if target.as_json or shows_tables(target):
        emit(target, rows, COLUMNS)
        return
    for row in rows:
        click.echo("\t".join(str(cell(row)) for _, cell in COLUMNS))


@keys_command.command("revoke")
@click.argument("words", metavar="[DIRECTORY] ID", nargs=-1)
@of_a_store
def revoke_key(target: Target, words: tuple[str, ...]) -> None:
    """End the key with this ID at once. `list` shows the IDs."""
    target, [id] = placed(target, words, ["ID"])
    keys_of(target).revoke(id)
    click.echo(f"revoked {id}")


def keys_of(target: Target) -> KeyRing:
    """Return the keys of the servers of a store."""
    place = named(target.store)
    if is_chroma(place):
        from commonplace.chroma.notes import Notes
        from commonplace.service.store_keys import KEYS, StoreKeys

        return StoreKeys(Notes(client_at(target), KEYS))
    if is_address(place):
        raise click.UsageError(f"Keys are kept where the server's store is, not at {place!r}.")
    from commonplace.service.keys import Keys

    return Keys(resolved(place))
