"""The commands that care for a store: erasing, sweeping, its audit log, damage."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonplace.cli.options import Target, agreed, is_given, targeted
from commonplace.cli.output import Column, emit_one, shows_tables, table, waiting
from commonplace.cli.places import placed
from commonplace.cli.store import directory_of, of_a_directory, opened

if TYPE_CHECKING:
    from commonplace.embedding.adapters import CheckedEmbedder

ENTRIES: Sequence[Column] = (
    ("at", lambda row: row["at"][:19]),
    ("action", lambda row: row["action"]),
    ("scope", lambda row: row["scope"][:8]),
    ("counts", lambda row: json.dumps(row.get("counts") or {})),
    ("reason", lambda row: row.get("reason") or row.get("note") or ""),
)


@click.command("erase")
@click.argument("words", metavar="[DIRECTORY] [SCOPE]", nargs=-1)
@click.option("--reason", required=True, help="Kept in the audit log as it is.")
@click.option("--backup", "backups", multiple=True, help="A backup from which it is erased too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@targeted
def erase_command(
    target: Target, words: tuple[str, ...], *, reason: str, backups: tuple[str, ...], yes: bool
) -> None:
    """Erase SCOPE down to the bytes, and print the receipt.

    SCOPE may be given by --scope as well; "" is all. Asks first on a terminal.
    """
    is_named = not words or is_given("scope")
    if len(words) == 1 and not is_named and Path(words[0]).is_dir():
        raise click.UsageError(f'Erase what of {words[0]}? Give SCOPE as well; "" is all.')
    target, scope = placed(target, words, [] if is_named else ["SCOPE"])
    if not words and not target.scope:
        raise click.UsageError('Erase what? Give SCOPE, such as user/alice; "" is all.')
    target = target._replace(scope=scope[0]) if scope else target
    with opened(target, embeds=False) as memory:
        said = f"Erase all of {target.scope or 'the store'}? It cannot be undone."
        agreed(said, yes=yes or not sys.stdin.isatty())
        with waiting("erasing"):
            receipt = memory.erase(reason=reason, backups=backups)
    click.echo(json.dumps(receipt.to_dict(), indent=1))
    if not receipt.records:
        click.echo(f"commonplace: there was no record in {target.scope or 'the store'!r}", err=True)


@click.command("sweep")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@targeted
def sweep_command(target: Target, words: tuple[str, ...]) -> None:
    """Remove what is expired."""
    target, _ = placed(target, words, [])
    with opened(target, embeds=False) as memory:
        removed = memory.sweep()
    if target.as_json:
        emit_one(target, {"removed": removed})
    else:
        click.echo(f"{removed:,} records removed")


@click.command("audit")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@targeted
def audit_command(target: Target, words: tuple[str, ...]) -> None:
    """Print the audit log, what is unfinished, and whether it was changed.

    Ends with 1 if it was.
    """
    from commonplace.keeping.audit_chain import to_line

    target, _ = placed(target, words, [])
    with opened(target, embeds=False) as memory:
        lines = [to_line(entry).decode() for entry in memory.audit()]
        changed = [] if memory.path.names else memory.verify_audit()
        unfinished = memory.unfinished()
    if shows_tables(target):
        rows = map(json.loads, lines)
        table([name for name, _ in ENTRIES], [[cell(row) for _, cell in ENTRIES] for row in rows])
    else:
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
    for entry in unfinished:
        said = " ".join(filter(None, [entry.action, entry.note]))
        click.echo(f"unfinished: entry {entry.number}, {said} (scope {entry.scope})", err=True)
    for finding in changed:
        click.echo(finding, err=True)
    if changed:
        raise click.exceptions.Exit(1)


@click.command("doctor")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@click.option("--repair", is_flag=True, help="Rebuild what can be rebuilt.")
@click.option(
    "--embedder",
    metavar="MODULE:NAME",
    help="The store's embedder, to compute vectors that are lost.",
)
@of_a_directory
def doctor_command(
    target: Target, words: tuple[str, ...], *, repair: bool, embedder: str | None
) -> None:
    """Look for damage in a directory that nobody has open.

    Ends with 1 if there is any.
    """
    target, _ = placed(target, words, [])
    path = directory_of(target.store)
    from commonplace.chroma import repair as repairing

    with waiting(f"reading {path}"):
        model = _model_of(path, embedder) if repair else None
        report = repairing.repair(path, model) if repair else repairing.examine(path)
    for finding in report.repaired:
        click.echo(f"repaired: {finding.what}")
    for finding in report.findings:
        click.echo(f"found: {finding.what}")
    click.echo(f"{report.records:,} records; {'sound' if report.is_sound else 'damaged'}")
    if not report.is_sound:
        raise click.exceptions.Exit(1)


def _model_of(path: Path, named: str | None) -> CheckedEmbedder | None:
    """Return the embedder that is named, or the default one if the store was built with it."""
    from commonplace.chroma.repair import embedder_name
    from commonplace.embedding import MiniLM, as_embedder
    from commonplace.errors import InvalidInputError

    if named is None:
        default = as_embedder(MiniLM())
        return default if embedder_name(path) == default.name else None
    module, _, name = named.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidInputError(
            f"There is no embedder {named!r} ({error}). Name one as module:name, such as "
            "my_models:embed; the folder of the module must be on PYTHONPATH."
        ) from error
    return as_embedder(found() if isinstance(found, type) else found)


@click.command("download-model")
def download_model_command() -> None:
    """Download the weights of the default embedder, about 80 MB."""
    from commonplace.embedding import weights

    click.echo(f"{weights.MODEL_NAME} is in {weights.download()}")
