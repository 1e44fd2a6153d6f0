"""Changing a record, forgetting it, and erasing a scope: each asked first, then done and told."""

from __future__ import annotations

from typing import Any

from commonplace.adapters import by_vector
from commonplace.errors import InvalidInputError
from commonplace.inspector.asked import Asked, within
from commonplace.inspector.pages import Page, Went
from commonplace.inspector.screens.proving import entry_of
from commonplace.inspector.screens.record import changeable, found
from commonplace.inspector.shown import EVERYTHING, card, crumbs
from commonplace.values.records import KINDS, Record, Source

# The audit log says by what a scope was erased; whose key it was may not be the operator's.
_SOURCE = Source(framework="inspector")


def ask_edit(asked: Asked) -> Page:
    """Show the form of a record: all of it, since who changes it has to see it."""
    record = changeable(asked)
    values = {
        "scope": str(record.scope),
        "crumbs": crumbs(asked.whole.path, record.scope),
        "kinds": [kind for kind in KINDS if kind != "value"],
        "record": card(record, whole=True, reveal=EVERYTHING),
        "value": record.metadata.get("value"),
    }
    return Page("edit.html", values)


def edit(asked: Asked) -> Went:
    """Change a record; a value is set."""
    record = changeable(asked)
    memory = within(asked.whole, record.scope)
    if record.kind == "value":
        if not asked.text("value"):
            raise InvalidInputError("value is empty: write null to keep nothing under the key.")
        memory.set(str(record.key), asked.value("value"))
    else:
        memory.update(record.id, **_changes(asked, record))
    return Went("record", {"scope": str(record.scope), "id": record.id, "done": "changed"})


def ask_forget(asked: Asked) -> Page:
    """Show what is about to be forgotten."""
    record = found(asked).record
    values = {
        "scope": str(record.scope),
        "crumbs": crumbs(asked.whole.path, record.scope),
        "record": card(record, whole=True),
        "versions": len(within(asked.whole, record.scope).history(record.id)),
    }
    return Page("forget.html", values)


def forget(asked: Asked) -> Page:
    """Forget one record, of exactly its scope, and show what the audit log says of it."""
    record = found(asked).record
    memory = within(asked.whole, record.scope)
    removed = by_vector.discard(memory, [record])
    entries = [one for one in memory.audit() if one.action == "forget"]
    values = {
        "scope": str(record.scope),
        "crumbs": crumbs(asked.whole.path, record.scope),
        "removed": removed,
        "id": record.id,
        "entry": entry_of(entries[-1]) if entries else None,
    }
    return Page("forgotten.html", values)


def ask_erase(asked: Asked) -> Page:
    """Say what erasing a scope would remove."""
    stats = asked.memory.stats()
    values = {
        "scope": str(asked.scope),
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "records": stats.records,
        "held_back": stats.held_back,
        "kinds": dict(stats.kinds),
    }
    return Page("erase.html", values)


def erase(asked: Asked) -> Went:
    """Erase a scope whose name was written out. Raises InvalidInputError if it was not."""
    memory, written = asked.memory, str(asked.scope)
    if asked.text("confirm") != (written or "all scopes"):
        raise InvalidInputError(
            f"To erase, write the scope as it is, {written or 'all scopes'!r}. Nothing was erased."
        )
    receipt = memory.erase(reason=asked.text("reason"), source=_SOURCE)
    asked.kept.receive(receipt)
    return Went("receipt", {"hash": receipt.audit_hash})


def _changes(asked: Asked, record: Record) -> Any:
    """Return what a form changes of a record."""
    given: dict[str, Any] = {
        "text": _text(asked, record),
        "kind": asked.text("kind") or record.kind,
        "importance": asked.share("importance", record.importance),
        "metadata": asked.value("metadata") or {},
    }
    if "expires_at" in asked.fields:
        given["expires_at"] = asked.time("expires_at")
    return {name: new for name, new in given.items() if new != getattr(record, name)}


def _text(asked: Asked, record: Record) -> str:
    """Return the text of a form: the record's own if only the ends of its lines differ."""
    given = asked.fields.get("text", record.text)
    is_same = given == record.text.replace("\r\n", "\n").replace("\r", "\n")
    return record.text if is_same else given
