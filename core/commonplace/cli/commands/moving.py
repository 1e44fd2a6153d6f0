"""The commands that move records and stores between files and directories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from commonplace.cli.codes import NotFound
from commonplace.cli.options import Target, targeted
from commonplace.cli.output import emit_one, note, shows_tables, waiting
from commonplace.cli.places import placed, read_from, written_to
from commonplace.cli.store import directory_of, named, of_a_directory, opened, refuse_elsewhere

FORMATS = (
    "commonplace", "crewai-lancedb", "crewai-storage", "autogen-chroma", "langchain-chroma",
    "claude", "deepseek", "grok", "gemini", "google-ai-studio", "telegram", "whatsapp",
    "chatgpt", "letta", "llamaindex-chat", "librechat", "open-webui",
    "langchain-messages", "graphiti", "openai-threads", "openai-conversations",
    "langgraph-store", "chat-log", "mem0", "table",
)  # fmt: skip


@click.command(
    "import",
    epilog=f"The format is recognised unless it is named. Formats: {', '.join(FORMATS)}. "
    "docs/migration.md tells what is read of each.",
)
@click.argument("words", metavar="[FORMAT] FILE|- [DIRECTORY]", nargs=-1)
@click.option("--collection", "collections", multiple=True, help="tenant/database/name, of Chroma.")
@click.option("--column", "columns", multiple=True, help="A table's column, such as text=Body.")
@click.option("--dry-run", is_flag=True, help="Write nothing, and say what would be done.")
@targeted
def import_command(target: Target, words: tuple[str, ...], **choices: Any) -> None:
    """Bring records from FILE into a store; a second time changes nothing.

    FILE is a file or a folder. The store is made if it is not there and anything is written.
    """
    target, source = _source(target, words)
    pairs = dict(_pair(one) for one in choices.pop("columns"))
    format = source[0] if len(source) == 2 else None
    with read_from(source[-1]) as file:
        if not Path(file).expanduser().exists():
            raise NotFound(f"There is no file or folder {file!r}.")
        with opened(target, makes=True, keeps=not choices["dry_run"]) as memory:
            report = memory.import_(file, format=format, columns=pairs, **choices)
    if target.as_json:
        emit_one(target, report.to_dict())
    else:
        recognised = "" if format else f"{report.format}: "
        click.echo(f"{'would be: ' if choices['dry_run'] else ''}{recognised}{report}")
    for skipped in report.reasons:
        click.echo(f"  {skipped.where}: {skipped.reason}", err=True)
    for kept in report.notes:
        click.echo(f"  {kept.where}, kept but for this: {kept.what}", err=True)


def _source(target: Target, words: tuple[str, ...]) -> tuple[Target, list[str]]:
    """Return the target, and FILE with the FORMAT before it if there is one."""
    is_formatted = len(words) == 3 or (len(words) == 2 and words[0] in FORMATS and target.store)
    if is_formatted:
        return placed(target, words, ["FORMAT", "FILE"], last=True)
    return placed(target, words, ["FILE"], last=True)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign:
        raise click.UsageError(f"--column is field=column, such as text=Body, not {text!r}.")
    return field, column


@click.command("export")
@click.argument("words", metavar="[DIRECTORY] FILE|-", nargs=-1)
@targeted
def export_command(target: Target, words: tuple[str, ...]) -> None:
    """Write the records of a store to FILE, as JSON Lines."""
    target, [file] = placed(target, words, ["FILE"])
    with opened(target) as memory, written_to(file) as path:
        count = memory.export(path)
    _report(target, file, f"{count:,} records written to {file}", {"records": count, "file": file})


@click.command("backup")
@click.argument("words", metavar="[DIRECTORY] FILE|-", nargs=-1)
@of_a_directory
def backup_command(target: Target, words: tuple[str, ...]) -> None:
    """Write a store to FILE; its server may be running."""
    from commonplace.files.ownership import is_served

    target, [file] = placed(target, words, ["FILE"])
    directory = directory_of(target.store)
    with written_to(file) as written, waiting(f"writing {file}"):
        path = written.expanduser().resolve()
        if is_served(directory):
            _ask_for_backup(directory, path)
        else:
            from commonplace.chroma.backup import backup_directory

            backup_directory(directory, path)
    _report(target, file, f"written to {file}", {"file": file})


def _ask_for_backup(directory: Path, file: Path) -> None:
    from commonplace.client.connection import Connection
    from commonplace.client.joining import joined
    from commonplace.client.wire import ENGINE

    Connection(lambda: joined(directory, None)).call(f"{ENGINE}/backup", {"file": str(file)})


@click.command("restore")
@click.argument("words", metavar="FILE|- [DIRECTORY]", nargs=-1)
@of_a_directory
def restore_command(target: Target, words: tuple[str, ...]) -> None:
    """Put a backup back into DIRECTORY, which is new or empty."""
    from commonplace.chroma.backup import restore

    target, [file] = placed(target, words, ["FILE"], last=True)
    place = named(target.store)
    refuse_elsewhere(place)
    with read_from(file) as source, waiting(f"reading {file}"):
        path = Path(source).expanduser().resolve()
        if not path.exists():
            raise NotFound(f"There is no file {file!r}.")
        restore(path, Path(place).expanduser().resolve())
    _report(target, "", f"restored into {place}", {"directory": place})


def _report(target: Target, file: str, said: str, told: dict[str, Any]) -> None:
    """Say what was done: beside what went to standard output, as a note."""
    if file == "-":
        note(said)
    elif target.as_json and not shows_tables(target):
        emit_one(target, told)
    else:
        click.echo(said)
