"""The commands about records: listing, showing, changing and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.options import (
    KINDS,
    JsonText,
    Target,
    Time,
    agreed,
    conditioned,
    given,
    targeted,
)
from commonplace.cli.output import RECORDS, emit, emit_one
from commonplace.cli.store import asked, opened

if TYPE_CHECKING:
    from commonplace.memory import Memory

NEVER = "never"
_PAGE = 1_000


@click.command("list")
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to skip.")
@conditioned
@targeted
def list_command(target: Target, **body: Any) -> None:
    """List records, newest first.

    What is held back is listed by `quarantine list`.
    """
    found = asked(
        target, "records", body, lambda memory: [one.to_dict() for one in memory.records(**body)]
    )
    emit(target, found, RECORDS)


@click.command("show")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@targeted
def show_command(target: Target, ids: tuple[str, ...]) -> None:
    """Show records with all that is known of them."""
    with opened(target) as memory:
        found = [memory.record(id) for id in ids]
    for record in found:
        emit_one(target, record.to_dict())


@click.command("history")
@click.argument("id")
@targeted
def history_command(target: Target, id: str) -> None:
    """Show the versions of a record, the oldest first."""
    found = asked(
        target, "history", {"id": id}, lambda memory: [one.to_dict() for one in memory.history(id)]
    )
    emit(target, found, RECORDS)


@click.command("update")
@click.argument("id")
@click.option("--text", help="What it says now; - is standard input.")
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--importance", type=click.FloatRange(0, 1))
@click.option("--metadata", type=JsonText(), help="In the place of the former metadata.")
@click.option("--expires-at", help="A time such as 2026-11-28, or never.")
@targeted
def update_command(target: Target, id: str, **changes: Any) -> None:
    """Change a record.

    What is not given stays. The former version is in `history`.
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    if not wanted:
        raise click.UsageError("Change what? Give --text, --kind, --importance or another.")
    if "text" in wanted:
        wanted["text"] = given(wanted["text"])
    if end := wanted.get("expires_at"):
        wanted["expires_at"] = None if end == NEVER else Time().convert(end, None, None)
    with opened(target) as memory:
        emit(target, [memory.update(id, **wanted).to_dict()], RECORDS)


@click.command("forget")
@click.argument("ids", metavar="[ID…]", nargs=-1)
@click.option("--kind", type=click.Choice(KINDS), help="Every record of this kind.")
@click.option("--where", type=JsonText(), help='Every record for which it holds: {"topic": "x"}.')
@click.option("--yes", is_flag=True, help="Do not ask.")
@targeted
def forget_command(
    target: Target, ids: tuple[str, ...], *, kind: Any, where: Any, yes: bool
) -> None:
    """Remove records, with their past versions.

    By their ids, all or none; or with --kind and --where, which ask first how many that is.
    """
    is_selected = kind is not None or where is not None
    if bool(ids) == is_selected:
        raise click.UsageError("Forget what? Give either ids, or --kind or --where.")
    with opened(target) as memory:
        if is_selected:
            ids = _selected(memory, kind=kind, where=where)
            agreed(f"Forget {len(ids):,} records of {target.scope or 'all scopes'}?", yes=yes)
        removed = memory.forget(*ids)
    emit(target, [{"forgotten": removed}], [("forgotten", lambda row: row["forgotten"])])


def _selected(memory: Memory, **conditions: Any) -> tuple[str, ...]:
    count = memory.count(**conditions)
    return tuple(
        record.id
        for offset in range(0, count, _PAGE)
        for record in memory.records(limit=_PAGE, offset=offset, **conditions)
    )
