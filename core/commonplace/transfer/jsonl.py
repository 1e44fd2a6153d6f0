"""Exported files: JSON Lines, a header and then one record on each line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from commonplace.errors import InvalidInputError
from commonplace.transfer.import_log import LOG
from commonplace.transfer.reading import MAX_ITEM_BYTES, Found, Lines, opened
from commonplace.values.record_json import from_json, to_json
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.validation import checked_record

if TYPE_CHECKING:
    from commonplace.engine.view import View

FORMAT = "commonplace"
VERSION = 1
_NEEDED = ("text", "id", "created_at")
_RECORDS_PER_READ = 100
_ROOM = 10**15  # more records than there are: the header keeps the place for their number


def export(memory: View, path: Path) -> int:
    """Write all records of the memory's scope to `path` and return how many there are.

    Scopes are written as they lie below the memory's. The file is the user's alone, and is there
    whole or not at all. Raises InvalidInputError if it cannot be written.
    """
    engine, scope = memory._engine, memory.path
    header = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": engine.clock().isoformat(),
        "scope": str(scope),
        "embedder": engine.embedder_name,
    }
    with _written_beside(path) as file:
        below = (replace(one, scope=_below(scope, one.scope)) for one in everything(memory))
        return _write(file, header, below)


def everything(memory: View) -> Iterator[Record]:
    """Yield every record of the memory's scope: past versions and those held back as well.

    What is expired is left out, and so is the log of imports, which is no record. Only names are
    read in one go; what is written meanwhile may be missing.
    """
    names = sorted(memory._engine.identities(memory.path))
    for start in range(0, len(names), _RECORDS_PER_READ):
        part = set(names[start : start + _RECORDS_PER_READ])
        scopes = sorted({scope for scope, _ in part})
        for one in memory._engine.held(scopes, [id for _, id in part]):
            if (one.scope, one.id) in part and one.version_of != LOG:
                part.remove((one.scope, one.id))  # a scope within another gives it twice
                yield one


def items(path: Path) -> Iterator[Found]:
    """Yield the records of an exported file as items to import."""
    for record in read(path):
        yield Found((record,), f"{path}, {record.id}")


def read(path: Path) -> Iterator[Record]:
    """Yield the records of an exported file.

    Raises InvalidInputError with the line for what is not one, and at the end if some are missing.
    """
    with opened(path) as file:
        lines = Lines(file, str(path))
        expected = _number_of_records(lines)
        count = 0
        while line := _whole_line(lines):
            yield _record(line, lines)
            count += 1
        if count != expected:
            raise lines.error(
                f"the file ends after {count:,} of {expected:,} records. It was cut off: "
                "export it again. What it holds was imported."
            )


def why_none(path: Path) -> str:
    """Return why a file is not one that was exported; "" if it may be one."""
    try:
        with opened(path) as file:
            _number_of_records(Lines(file, str(path)))
    except InvalidInputError as error:
        return str(error)
    return ""


def _write(file: BinaryIO, header: dict[str, Any], records: Iterator[Record]) -> int:
    first = _line({**header, "records": _ROOM})
    file.write(first)
    count = 0
    for record in records:
        file.write(_line(to_json(record)))
        count += 1
    file.seek(0)
    file.write(_line({**header, "records": count})[:-1].ljust(len(first) - 1))
    return count


def _line(value: dict[str, Any]) -> bytes:
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.encode() + b"\n"


@contextmanager
def _written_beside(path: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes the place of `path` at the end, if nothing goes wrong."""
    try:
        file = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115  # it is closed below
        try:
            with file:
                yield cast("BinaryIO", file)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
    except OSError as error:
        raise InvalidInputError(
            f"The export could not be written to {str(path)!r} ({error}). "
            "Give the name of a file in a folder that this process may write."
        ) from error


def _below(scope: Scope, other: Scope) -> Scope:
    return Scope(other.names[len(scope.names) :])


def _whole_line(lines: Lines) -> bytes:
    lines.settle()
    return lines.read(MAX_ITEM_BYTES + 1)


def _number_of_records(lines: Lines) -> int:
    header = _object(_whole_line(lines), lines)
    version, records = header.get("version"), header.get("records")
    if header.get("format") != FORMAT or type(version) is not int or type(records) is not int:
        raise lines.error("this is not the header of a file that Commonplace exported.")
    if version > VERSION:
        raise lines.error(
            f"the file has version {version}; this release reads up to {VERSION}. "
            "Upgrade with: pip install --upgrade commonplace-memory"
        )
    return records


def _record(line: bytes, lines: Lines) -> Record:
    written = _object(line, lines)
    if missing := [name for name in _NEEDED if name not in written]:
        raise lines.error(f"this is not a record: it has no {missing[0]!r}.")
    try:
        return checked_record(from_json(written))
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise lines.error(f"this is not a record ({error})") from error


def _object(line: bytes, lines: Lines) -> dict[str, Any]:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise lines.error(f"this is not a JSON object in UTF-8 ({error}).") from error
    if not isinstance(value, dict):
        raise lines.error(f"this is not a JSON object: {str(value)[:80]!r}")
    return value
