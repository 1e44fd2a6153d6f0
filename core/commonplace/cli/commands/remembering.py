"""The commands that write what was said: a text, or a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.codes import SCREENED
from commonplace.cli.options import (
    KINDS,
    JsonText,
    Target,
    Time,
    given,
    source_of,
    sourced,
    targeted,
)
from commonplace.cli.output import RECORDS, emit
from commonplace.cli.store import opened

if TYPE_CHECKING:
    from commonplace.values.records import Record


@click.command("remember")
@click.argument("text", metavar="TEXT|-")
@click.option("--kind", type=click.Choice(KINDS), default="fact", show_default=True)
@click.option("--importance", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--metadata", type=JsonText(), default="{}", help='Such as {"topic": "food"}.')
@click.option("--ttl", help="How long it lives: 90d, with the units s, m, h, d, w.")
@click.option("--expires-at", type=Time(), help="When its time is over.")
@click.option("--lines", is_flag=True, help="Each line is a text of its own.")
@sourced
@targeted
def remember_command(target: Target, text: str, *, lines: bool, **said: Any) -> None:
    """Keep TEXT, or what comes from standard input.

    The store is made if it is not there. What is said already is not kept twice. Ends with 5 if a
    text is refused, or is held back until it is released.
    """
    source = source_of(said)
    texts = [line for line in given(text).splitlines() if line.strip()] if lines else [given(text)]
    with opened(target, makes=True) as memory:
        _shown(target, [memory.remember(one, source=source, **said) for one in texts])


@click.command("observe")
@click.argument("file", metavar="FILE|-", type=click.Path(dir_okay=False, allow_dash=True))
@sourced
@targeted
def observe_command(target: Target, file: str, **said: Any) -> None:
    """Keep the messages of a conversation.

    FILE has them as a JSON list or as JSON Lines, each with `role` and `content`. Those that were
    observed before are not kept again. Prints the records that are new.
    """
    messages = _messages(given("-") if file == "-" else _read(file))
    with opened(target, makes=True) as memory:
        _shown(target, memory.observe(messages, source=source_of(said)))


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise click.UsageError(f"{file!r} cannot be read ({error}).") from error


def _messages(text: str) -> list[Any]:
    """Return the messages of a file."""
    try:
        whole = json.loads(text)
    except ValueError:
        return [_message(number, line) for number, line in enumerate(text.splitlines(), 1) if line]
    return whole if isinstance(whole, list) else [whole]


def _message(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise click.UsageError(f"Line {number} is no JSON ({error}).") from error


def _shown(target: Target, records: Iterable[Record]) -> None:
    """Print what was kept; what the screening made of it is logged."""
    kept = list(records)
    emit(target, [record.to_dict() for record in kept], RECORDS)
    if any(record.quarantine is not None for record in kept):
        raise click.exceptions.Exit(SCREENED)
