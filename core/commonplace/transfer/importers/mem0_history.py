"""What mem0's memories said before: the rows of its history, in SQLite or as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, reading, tables_of
from commonplace.transfer.importers.making import checked_all, fixed_id, name, time
from commonplace.transfer.reading import Found, Skipped, last_change
from commonplace.values.records import JSON, Origin, Record, Source
from commonplace.values.scope import Scope

ORIGINS: dict[object, Origin] = {"user": "user", "assistant": "agent"}
_COLUMNS = ("memory_id", "old_memory", "new_memory", "event")
_NOT_NAMED = "mem0's history does not name its user: it is in the scope that was imported into"
_MESSAGES = "a message that mem0 kept for its next extraction, and no memory"


class Change(NamedTuple):
    """A row of a history, where it stands, and when what holds it was last written."""

    row: Mapping[str, Any]
    where: str
    at: datetime

    @property
    def memory(self) -> str:
        """The id of the memory that was changed."""
        return str(self.row.get("memory_id"))

    @property
    def moment(self) -> datetime:
        """When it was changed."""
        told = time(self.row.get("updated_at")) or time(self.row.get("created_at"))
        return told or self.at


Item: TypeAlias = Found | Skipped | Change


def is_history(names: frozenset[str]) -> bool:
    """Tell whether a database of these tables and columns is such a history."""
    return names.issuperset(f"history.{column}" for column in _COLUMNS)


def is_history_file(path: Path) -> bool:
    """Tell whether a file is the database of such a history."""
    return path.is_file() and is_database(path) and is_history(tables_of(path))


def is_change(value: JSON) -> bool:
    """Tell whether an object is a row of a history."""
    return isinstance(value, dict) and "event" in value and value.keys() >= {*_COLUMNS}


def changes_in(path: Path) -> Iterator[Item]:
    """Yield the rows of a history's database, those of one memory together."""
    at = last_change(path)
    try:
        with reading(path) as theirs:
            theirs.database.row_factory = sqlite3.Row
            theirs.database.text_factory = lambda text: text.decode(errors="replace")
            for number, row in enumerate(
                theirs.rows("SELECT * FROM history ORDER BY memory_id, rowid"), 1
            ):
                yield Change(dict(row), f"{path}, history {number}", at)
            if "messages" in tables_of(path):
                for number, _ in enumerate(theirs.rows("SELECT 1 FROM messages"), 1):
                    yield Skipped(f"{path}, message {number}", _MESSAGES)
    except sqlite3.Error as error:
        raise InvalidInputError(
            f"{str(path)!r} cannot be read as mem0's history ({error})."
        ) from error


def with_versions(items: Iterable[Item], owners: Mapping[str, Scope]) -> Iterator[Found | Skipped]:
    """Yield items as they are, and in place of rows of a history what memories said.

    What a memory says now is taken from the history unless `owners`, the scopes of memories that
    were imported themselves, has it.
    """
    for memory, group in groupby(items, key=lambda one: isinstance(one, Change) and one.memory):
        if memory is False:
            yield from (one for one in group if not isinstance(one, Change))
        else:
            changes = [one for one in group if isinstance(one, Change)]
            yield from _versions(sorted(changes, key=lambda one: one.moment), owners)


def _versions(changes: list[Change], owners: Mapping[str, Scope]) -> Iterator[Found | Skipped]:
    """Yield what a memory said, row by row; nothing of one that was deleted last."""
    if changes[-1].row.get("event") == "DELETE" or changes[-1].row.get("is_deleted"):
        yield from (Skipped(one.where, "of a memory that was deleted in mem0") for one in changes)
        return
    begun = time(changes[0].row.get("created_at")) or changes[0].moment
    for one, following in pairwise([*changes, None]):
        assert one is not None  # only the last is
        yield _said(one, following, begun, owners)


def _said(
    one: Change, following: Change | None, begun: datetime, owners: Mapping[str, Scope]
) -> Found | Skipped:
    text = one.row.get("new_memory")
    if not isinstance(text, str) or not text.strip():
        return Skipped(one.where, f"a change that says nothing: {str(one.row.get('event'))[:40]!r}")
    if following is None and one.memory in owners:
        return Skipped(one.where, "the memory itself says it")
    return checked_all(
        [_record(one, text, following, begun, owners)],
        one.where,
        () if _owner(one, owners) else (_NOT_NAMED,),
    )


def _record(
    one: Change, text: str, following: Change | None, begun: datetime, owners: Mapping[str, Scope]
) -> Record:
    own = str(one.row.get("id") or one.moment.isoformat())
    said_by = one.row.get("role")
    return Record(
        text,
        source=Source(
            framework="mem0",
            agent=name(one.row.get("actor_id") or said_by),
            origin=ORIGINS.get(said_by) if isinstance(said_by, str) else None,
        ),
        scope=_owner(one, owners) or Scope(),
        id=one.memory if following is None else fixed_id("mem0", one.memory, own),
        created_at=begun,
        updated_at=one.moment if one.moment != begun else None,
        version_of=one.memory if following else None,
        valid_until=following.moment if following else None,
    )


def _owner(one: Change, owners: Mapping[str, Scope]) -> Scope | None:
    return owners.get(one.memory) or user_scope(one.row)


def user_scope(value: Mapping[str, Any]) -> Scope | None:
    """Return the scope of the user whom a value names, or of the agent; None if of neither."""
    for kind in ("user", "agent"):
        if named := name(value.get(f"{kind}_id")):
            return Scope((kind, named))
    return None
