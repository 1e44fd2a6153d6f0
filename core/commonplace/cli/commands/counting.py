"""The commands that tell what there is, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import click

from commonplace.cli.options import Target, targeted
from commonplace.cli.output import Column, emit, emit_one
from commonplace.cli.store import asked

SCOPES: Sequence[Column] = (
    ("scope", lambda row: row["scope"] or "(root)"),
    ("records", lambda row: f"{row['records']:,}"),
    ("held back", lambda row: f"{row['held_back']:,}"),
    ("written", lambda row: row["written_at"][:16]),
    ("used", lambda row: (row["used_at"] or "never")[:16]),
)


@click.command("scopes")
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to skip.")
@targeted
def scopes_command(target: Target, limit: int, offset: int) -> None:
    """List the scopes that hold records, with their numbers.

    Each with its own, without those of scopes below it.
    """
    body = {"limit": limit, "offset": offset}
    found = asked(
        target, "scopes", body, lambda memory: [one.to_dict() for one in memory.scopes(**body)]
    )
    emit(target, found, SCOPES)


@click.command("stats")
@targeted
def stats_command(target: Target) -> None:
    """Count the records, by kind.

    Also those held back, those of which something was taken out, and the store's embedder.
    """
    emit_one(target, asked(target, "stats", {}, lambda memory: memory.stats().to_dict()))
