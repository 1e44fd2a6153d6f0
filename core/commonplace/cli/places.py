"""The directory of a store as an argument before or after others, or by --dir."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from commonplace.cli.options import Target, is_given


def placed(
    target: Target, words: Sequence[str], others: Sequence[str], *, last: bool = False
) -> tuple[Target, list[str]]:
    """Return the target with the directory that `words` name, and the words of `others`.

    The directory stands first, or last, and may be left out where --dir or COMMONPLACE_DIR is set.
    """
    given = list(words)
    if len(given) == len(others):
        return target, given
    needed = " ".join([*others, "[DIRECTORY]"] if last else ["[DIRECTORY]", *others])
    if len(given) != len(others) + 1:
        raise click.UsageError(f"Give {needed}, not {len(given)} arguments.")
    for option, name in (("store", "--dir"), ("chroma", "--chroma")):
        if is_given(option):
            raise click.UsageError(f"Give {needed}: the store stands there and in {name}.")
    return target._replace(store=given.pop(-1 if last else 0)), given


@contextmanager
def read_from(file: str) -> Iterator[str]:
    """Give the name of a file; for `-` one that has what came from standard input."""
    if file != "-":
        yield file
        return
    from shutil import copyfileobj

    from commonplace.files.passing import passing_folder

    with passing_folder() as folder:
        path = folder / "standard-input"
        with path.open("wb") as copy:
            copyfileobj(sys.stdin.buffer, copy)
        yield str(path)


@contextmanager
def written_to(file: str) -> Iterator[Path]:
    """Give a file to write; what is written for `-` goes to standard output."""
    if file != "-":
        yield Path(file)
        return
    from shutil import copyfileobj

    from commonplace.files.passing import passing_folder

    with passing_folder() as folder:
        path = folder / "standard-output"
        yield path
        with path.open("rb") as copy:
            copyfileobj(copy, sys.stdout.buffer)
