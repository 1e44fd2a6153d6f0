"""What a model may write: as an agent, and over nobody who is trusted more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from commonplace.errors import InvalidInputError
from commonplace.mcp.results import Remembered, Said, Value
from commonplace.values.records import JSON, Origin, Record, Source, now
from commonplace.values.rendering import visible
from commonplace.writing.trust import trust_of, trusted

if TYPE_CHECKING:
    from commonplace.memory import Memory

_KEYS_SHOWN = 50
_ECHOED_CHARACTERS = 500
MAX_VALUE_TOKENS = 8_000


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
    """Return a record that was kept, the beginning of its text, and what became of that."""
    from commonplace.writing.screening import outcome

    known = f"known already, said {record.mentions} times" if record.mentions > 1 else ""
    notes = [outcome(Record(given), record), known]
    return Remembered(
        id=record.id,
        text=visible(record.text)[:_ECHOED_CHARACTERS],
        note="; ".join(filter(None, notes)) or None,
    )


def set_value(memory: Memory, key: str, value: JSON) -> Value:
    """Keep a value that `get_value` can return. Raises InvalidInputError."""
    kept = _bounded(Value(found=True, value=value, keys=[]), key)
    memory.set(key, value)
    return kept


def as_value(memory: Memory, key: str) -> Value:
    """Return the value of a key, or the keys that there are.

    Raises InvalidInputError for one that would fill a prompt.
    """
    missing: list[JSON] = []
    value = memory.get(key, missing)
    if value is missing:
        return Value(found=False, value=None, keys=memory.keys()[:_KEYS_SHOWN])
    return _bounded(Value(found=True, value=value, keys=[]), key)


def _bounded(value: Value, key: str) -> Value:
    if (tokens := value.tokens()) > MAX_VALUE_TOKENS:
        raise InvalidInputError(
            f"The value of {key!r:.80} has about {tokens:,} tokens, and this tool takes and "
            f"returns {MAX_VALUE_TOKENS:,}. Keep what is large in a file, and its name here."
        )
    return value
