"""What a model may write: as an agent, and over nobody who is trusted more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from commonplace.errors import InvalidInputError
from commonplace.mcp.results import Remembered, Said, Value
from commonplace.recall.rendering import visible
from commonplace.records import Origin, Record, Source, now
from commonplace.writing.trust import trust_of, trusted

if TYPE_CHECKING:
    from commonplace.memory import Memory

_KEYS_SHOWN = 50
_MISSING = "commonplace:no value of this key"


def corrected(memory: Memory, id: str, text: str, origin: Origin) -> Record:
    """Let a record say something else, which its history keeps.

    Raises InvalidInputError for one that is trusted more than `origin`: it would lend its trust
    to a statement that is not its author's.
    """
    old = memory.record(id)
    if trusted(old) > trust_of(origin):
        raise InvalidInputError(
            f"The record {id!r} was said by {old.source.origin!r}, who is trusted more than "
            f"{origin!r}. Remember the new statement without `replaces`: what was said later "
            "is preferred."
        )
    return memory.update(id, text=text)


def relayed(messages: Sequence[Said], source: Source) -> list[Record]:
    """Return messages as records: what a model says that its user said is trusted as the model."""
    from commonplace.writing.messages import told_messages

    told = told_messages([one.model_dump() for one in messages], source, now())
    return [replace(one.record, trust=trust_of("agent")) for one in told]


def as_remembered(given: str, record: Record) -> Remembered:
    """Return a record that was kept, and what became of the text on the way."""
    from commonplace.writing.screening import outcome

    known = f"known already, said {record.mentions} times" if record.mentions > 1 else ""
    notes = [outcome(Record(given), record), known]
    return Remembered(
        id=record.id,
        text=visible(record.text),
        note="; ".join(filter(None, notes)) or None,
    )


def as_value(memory: Memory, key: str) -> Value:
    """Return the value of a key, or the keys that there are."""
    value = memory.get(key, _MISSING)
    if value == _MISSING:
        return Value(found=False, value=None, keys=memory.keys()[:_KEYS_SHOWN])
    return Value(found=True, value=value, keys=[])
