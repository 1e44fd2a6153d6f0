"""The commands that ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from commonplace.cli.options import Target, conditioned, targeted
from commonplace.cli.output import Column, Row, emit, emit_one, shows_tables, table
from commonplace.cli.store import asked

MATCHES: Sequence[Column] = (
    ("sure", lambda row: f"{row['confidence']:.2f}"),
    ("text", lambda row: row["record"]["text"]),
    ("kind", lambda row: row["record"]["kind"]),
    ("id", lambda row: row["record"]["id"]),
)
_SMALL = 0.0005


@click.command("recall")
@click.argument("query")
@click.option("--limit", type=click.IntRange(0), default=8, show_default=True)
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--timezone", help="Timezone of the days in QUERY, such as Europe/Prague.")
@click.option("--explain", is_flag=True, help="Say why, and what was left out.")
@conditioned
@targeted
def recall_command(target: Target, query: str, *, explain: bool, **conditions: Any) -> None:
    """Find the records that answer QUERY, best first.

    With --explain, one object: each arm's part of what was found, and what was left out and why.
    """
    body = {"query": query, **conditions}
    if explain:
        told = asked(target, "explain", body, lambda memory: memory.explain(**body).to_dict())
        if shows_tables(target):
            _tell(told)
        else:
            emit_one(target, told)
        return
    found = asked(
        target, "recall", body, lambda memory: [one.to_dict() for one in memory.recall(**body)]
    )
    emit(target, found, MATCHES)


@click.command("context")
@click.argument("query")
@click.option("--max-tokens", type=click.IntRange(0), default=400, show_default=True)
@click.option("--min-confidence", type=click.FloatRange(0, 1), help="Least confidence shown.")
@click.option("--timezone", help="Timezone of the days in QUERY, such as Europe/Prague.")
@targeted
def context_command(target: Target, query: str, **conditions: Any) -> None:
    """Print the block for a prompt about QUERY.

    Nothing if nothing is relevant, and nothing counts as used. With --json, an object with its
    lines, its tokens, and what it leaves out and why.
    """
    given = {name: value for name, value in conditions.items() if value is not None}
    body = {"query": query, **given}
    seen = asked(target, "preview", body, lambda memory: memory.preview(**body).to_dict())
    if target.as_json:
        emit_one(target, seen)
    elif seen["text"]:
        click.echo(seen["text"])


def _tell(told: Row) -> None:
    """Show an explanation to people."""
    found = [
        [f"{one['confidence']:.2f}", one["record"]["text"], _parts(one["parts"]), one["note"]]
        for one in told["found"]
    ]
    table(["sure", "text", "relevance", "note"], found)
    if told["left_out"]:
        click.echo("\nleft out")
        behind = [[one["reason"], one["record"]["text"], one["note"]] for one in told["left_out"]]
        table(["reason", "text", "note"], behind)
    counts = ", ".join(f"{count:,} {reason}" for reason, count in told["counts"].items())
    click.echo(f"\n{len(found):,} found; left out: {counts or 'nothing'}")


def _parts(parts: Mapping[str, float] | None) -> str:
    """Return what each arm adds, without those that add nothing."""
    told = {name: part for name, part in (parts or {}).items() if abs(part) > _SMALL}
    return "\n".join(f"{part:+.3f} {name.replace('_', ' ')}" for name, part in told.items())
