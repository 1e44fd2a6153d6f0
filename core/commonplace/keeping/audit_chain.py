"""What an audit log says and how it proves it: entries, each sealed together with the one before.

Pure. A seal is an HMAC-SHA256 under the log's key: who has the log and not the key can change
nothing in it unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from commonplace.values.records import Source
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time

DAMAGED = "audit damaged"
_FIELDS = ("number", "at", "action", "scope", "source", "counts", "reason", "note", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done, without content.

    `scope` refers to the scope without naming it; `source` is who did it; `counts` has numbers
    by name; `reason` is what the operator gave as such, `note` what went wrong, such as the name
    of an error. `hash` seals the entry, and through `previous` all before it.
    """

    number: int
    at: datetime
    action: str
    scope: str
    source: Source = field(default_factory=Source)
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    note: str | None = None
    previous: str
    hash: str = ""


def reference(key: bytes, scope: Scope) -> str:
    """Return how a log under this key refers to a scope: a pseudonym of 32 hexadecimal digits."""
    return _seal(key, f"scope {scope}")[:32]


def first_previous(key: bytes) -> str:
    """Return what the first entry of a log names as the hash of the one before."""
    return _seal(key, "begin")


def sealed(key: bytes, entry: AuditEntry) -> AuditEntry:
    """Return the entry with its hash."""
    return replace(entry, hash=_seal(key, f"entry {_json(_fields(entry))}"))


def following(key: bytes, draft: AuditEntry, number: int, previous: str) -> AuditEntry:
    """Return an entry as it stands in the log behind the entry of that number and hash."""
    return sealed(key, replace(draft, number=number + 1, previous=previous))


def head(key: bytes, count: int, last: str) -> bytes:
    """Return what is kept apart from the log, so that it is seen when its end is cut off."""
    return _json({"count": count, "seal": _seal(key, f"head {count} {last}")}).encode()


def count_of(written_head: bytes) -> int | None:
    """Return the number of entries that a head speaks of, or None if it cannot be read."""
    try:
        count = json.loads(written_head)["count"]
    except (ValueError, LookupError, TypeError):
        return None
    return count if type(count) is int else None


def to_line(entry: AuditEntry) -> bytes:
    """Return the entry as it is written, without the end of the line."""
    return _json({**_fields(entry), "hash": entry.hash}).encode()


def from_line(line: bytes) -> AuditEntry:
    """Read an entry. Raises ValueError for what `to_line` does not write."""
    try:
        fields = json.loads(line)
        at = parsed_time(fields.pop("at"))
        entry = AuditEntry(at=at, source=Source(**fields.pop("source")), **fields)
        is_canonical = to_line(entry) == line
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not an entry") from error
    if not is_canonical:
        raise ValueError("not written as entries are")
    return entry


def findings(key: bytes, lines: Sequence[bytes], written_head: bytes | None) -> Iterator[str]:
    """Tell what is wrong with a log, one sentence each; nothing if it is as it was written."""
    previous = first_previous(key)
    for number, line in enumerate(lines, start=1):
        try:
            entry = from_line(line)
        except ValueError:
            yield f"Entry {number} cannot be read."
            previous = ""
            continue
        yield from _findings_of(key, entry, number, previous)
        previous = entry.hash
    if written_head != head(key, len(lines), previous):
        count = count_of(written_head or b"")
        recorded = "cannot be read" if count is None else f"speaks of {count}"
        yield f"The log has {len(lines)} entries, and its head {recorded}, or has another seal."


def _findings_of(key: bytes, entry: AuditEntry, number: int, previous: str) -> Iterator[str]:
    if entry.number != number:
        yield f"Entry {number} has the number {entry.number}."
    if entry.previous != previous:
        yield f"Entry {number} does not follow the one before it."
    if sealed(key, entry).hash != entry.hash:
        yield f"Entry {number} was changed: its hash does not fit."
    if entry.action == DAMAGED:
        yield f"Entry {number} records that the log before it was found damaged."


def _fields(entry: AuditEntry) -> dict[str, Any]:
    fields = {name: getattr(entry, name) for name in _FIELDS}
    source = entry.source
    who = {"framework": source.framework, "agent": source.agent, "origin": source.origin}
    return {
        **fields,
        "at": entry.at.isoformat(),
        "source": {name: value for name, value in who.items() if value},
        "counts": dict(entry.counts),
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _seal(key: bytes, content: str) -> str:
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()
