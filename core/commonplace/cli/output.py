"""What a command prints: a table on a terminal, JSON Lines in a pipe or with --json."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import click

from commonplace.cli.options import Target

Row: TypeAlias = Mapping[str, Any]
Column: TypeAlias = tuple[str, Callable[[Row], object]]

PATIENCE = 1.0
"""Seconds before a command on a terminal says what it waits for."""


def emit(target: Target, rows: Iterable[Row], columns: Sequence[Column]) -> None:
    """Print rows, each a JSON object: as a table of these columns where people look."""
    if shows_tables(target):
        table([name for name, _ in columns], [[cell(row) for _, cell in columns] for row in rows])
        return
    for row in rows:
        click.echo(_json(row))


def emit_one(target: Target, row: Row) -> None:
    """Print one object: its members below one another where people look."""
    if shows_tables(target):
        table(None, [[name, _written(part)] for name, part in row.items()])
    else:
        click.echo(_json(row))


def shows_tables(target: Target) -> bool:
    """Tell whether people look at what is printed."""
    return sys.stdout.isatty() and not target.as_json


def table(headings: Sequence[str] | None, cells: Sequence[Sequence[object]]) -> None:
    """Print a table as wide as the terminal; long texts run over several lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*(headings or ()), box=None, pad_edge=False, show_header=headings is not None)
    for column in shown.columns:
        column.overflow = "fold"
        column.no_wrap = column.header == "id"  # it is copied from here
    for row in cells:
        shown.add_row(*(Text(plain(str(cell)), overflow="fold") for cell in row))
    Console(file=sys.stdout, highlight=False).print(shown)


def plain(text: str) -> str:
    """Return a text in which nothing moves the cursor, hides, or turns the writing round."""
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode()
        for one in text
    )


def note(what: str) -> None:
    """Tell people something that is no result."""
    click.echo(f"commonplace: {plain(what)}", err=True)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on a terminal what is waited for, if it takes over a second."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Timer

    timer = Timer(PATIENCE, lambda: click.echo(f"{plain(what)} …", err=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _written(part: object) -> str:
    return part if isinstance(part, str) else _json(part)


RECORDS: Sequence[Column] = (
    ("kind", lambda row: row["kind"]),
    ("text", lambda row: row["text"]),
    ("since", lambda row: str(row.get("updated_at") or row["created_at"])[:10]),
    ("scope", lambda row: row["scope"]),
    ("id", lambda row: row["id"]),
)
