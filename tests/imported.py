"""What every importer keeps: a second run changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commonplace import Memory, Record
from commonplace.transfer import jsonl
from commonplace.transfer.importing import ImportReport


def everything(memory: Memory) -> list[Record]:
    """Return all that a memory's scope holds, oldest first."""
    found = jsonl.everything(memory)
    return sorted(found, key=lambda one: (one.created_at, one.id))


def import_twice(
    memory: Memory, format: str | None, path: Path
) -> tuple[list[Record], ImportReport]:
    """Import, import again, and return the records and the first report."""
    first = memory.import_(path, format=format)
    records = everything(memory)

    again = memory.import_(path, format=format)

    assert again.written == 0
    assert (again.read, again.skipped) == (first.read, first.skipped)
    assert again.unchanged == first.written + first.unchanged
    assert everything(memory) == records
    return records, first


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def write_lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path
