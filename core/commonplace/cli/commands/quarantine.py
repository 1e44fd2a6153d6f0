"""The commands about what is held back."""

from __future__ import annotations

from collections.abc import Sequence

import click

from commonplace.cli.options import Target, targeted
from commonplace.cli.output import RECORDS, Column, emit
from commonplace.cli.store import opened

HELD: Sequence[Column] = (
    ("why", lambda row: row["quarantine"]),
    ("text", lambda row: row["text"]),
    ("scope", lambda row: row["scope"]),
    ("id", lambda row: row["id"]),
)


@click.group("quarantine")
def quarantine_command() -> None:
    """Records that are held back.

    They give orders to a model, or the policy says so, and are not recalled until released.
    """


@quarantine_command.command("list")
@targeted
def list_held(target: Target) -> None:
    """List the records that are held back, newest first, and why."""
    with opened(target) as memory:
        emit(target, [record.to_dict() for record in memory.quarantined()], HELD)


@quarantine_command.command("release")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@targeted
def release(target: Target, ids: tuple[str, ...]) -> None:
    """Let records be recalled, all or none, and print them."""
    with opened(target) as memory:
        emit(target, [record.to_dict() for record in memory.release(*ids)], RECORDS)
