"""One record: what it says, where it came from, what it was before, and what is near it."""

from __future__ import annotations

from typing import Any

from commonplace.adapters import by_vector
from commonplace.errors import InvalidInputError, RecordNotFoundError
from commonplace.inspector.asked import Asked, within
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import card, crumbs
from commonplace.memory import Memory
from commonplace.ports import Entry
from commonplace.recall.filters import Selection
from commonplace.values.records import Record

_NEIGHBOURS = 6


def show(asked: Asked) -> Page:
    """Show one record whole."""
    entry = found(asked)
    record, reveal = entry.record, asked.text("reveal")
    memory = within(asked.whole, record.scope)
    past = [one for one in memory.history(record.id) if one.id != record.id]
    values = {
        "scope": str(record.scope),
        "crumbs": crumbs(asked.whole.path, record.scope),
        "record": card(record, whole=True, reveal=reveal),
        "history": [card(one, whole=True, reveal=reveal) for one in reversed(past)],
        "neighbours": _near(memory, entry),
        "parents": [_parent(asked.whole, id) for id in record.derived_from],
    }
    return Page("record.html", values)


def found(asked: Asked) -> Entry:
    """Return the record asked for, with its vectors. Raises RecordNotFoundError.

    With a scope it is of exactly that one: below it another record may have the same id, as the
    values with one key do.
    """
    id, scope = asked.text("id"), asked.scope
    entries = by_vector.entries(asked.memory, [id])
    exactly = (
        [one for one in entries if one.record.scope == scope] if asked.text("scope") else entries
    )
    if not exactly:
        raise RecordNotFoundError(
            f"No record with id {id!r:.80} in exactly the scope {str(scope)!r}."
        )
    return exactly[0]


def changeable(asked: Asked) -> Record:
    """Return the record asked for, if a verb can change it and no other.

    Raises RecordNotFoundError, InvalidInputError.
    """
    record = found(asked).record
    if record.version_of is not None:
        raise InvalidInputError(f"{record.id!r} is a past version, which nobody changes any more.")
    memory = within(asked.whole, record.scope)
    if record.kind != "value" and len(by_vector.entries(memory, [record.id])) > 1:
        raise InvalidInputError(
            f"A scope below {str(record.scope)!r} has a record with the id {record.id!r} as well, "
            "so that this one cannot be changed alone."
        )
    return record


def _near(memory: Memory, entry: Entry) -> list[dict[str, Any]]:
    """Return what is most like a record, of its own scope, with the cosines."""
    if not len(entry.vectors):
        return []
    near = by_vector.nearest(memory, entry.vectors[0].tolist(), Selection(), _NEIGHBOURS + 1)
    others = [pair for pair in near if pair[0].record.id != entry.record.id]
    return [{**card(one.record), "cosine": cosine} for one, cosine in others[:_NEIGHBOURS]]


def _parent(whole: Memory, id: str) -> dict[str, Any]:
    """Return what a record was made from; only its id, if it is gone or not to be seen."""
    try:
        return card(whole.record(id))
    except RecordNotFoundError:
        return {"id": id, "scope": None}
