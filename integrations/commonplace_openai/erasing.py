"""What a provider keeps of a scope, deleted there when the scope is erased here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from commonplace import Memory, Record, Source
from commonplace.adapting import checked_memory
from commonplace.recall.filters import Selection
from commonplace.values.records import KEPT_APART
from commonplace_openai.requests import Kept

_KIND, _ID = "openai:kind", "openai:id"
_STEP = "delete OpenAI "
_RESOURCES: dict[str, Callable[[Any], Any]] = {
    "response": lambda client: client.responses,
    "conversation": lambda client: client.conversations,
    "completion": lambda client: client.chat.completions,
    "file": lambda client: client.files,
    "vector_store": lambda client: client.vector_stores,
}
_GONE = 404
_MOST_GROUPS = 90


class Deletion:
    """A function of `erase(also=...)`; its name in receipt and audit log tells what it deletes."""

    def __init__(self, client: Any, kind: str, ids: Sequence[str]) -> None:
        """Delete by `client` what is of this `kind` and has these `ids`."""
        self.__qualname__ = f"{_STEP}{kind} {' '.join(ids)}"
        self._client = client
        self._kind = kind
        self._ids = ids

    def __call__(self, _: object) -> None:
        """Delete it; what is gone already is deleted."""
        for id in self._ids:
            _delete(self._client, self._kind, id)


def deletions(
    client: Any, memory: Memory, *, files: Sequence[str] = (), vector_stores: Sequence[str] = ()
) -> list[Deletion]:
    """Return the steps that delete a scope at OpenAI, for ``memory.erase(also=...)``.

    They delete the responses, conversations and stored completions that a `MemoryClient` of this
    memory received, and those that an earlier erasure left unfinished. There are at most 95
    steps. What is gone at OpenAI already counts as deleted.

    Args:
        client: An ``openai.OpenAI()``, not the asynchronous one.
        memory: The memory whose scope is erased.
        files: Ids of files to delete too. Only you know that nobody else uses them.
        vector_stores: Ids of vector stores to delete too.

    Raises:
        InvalidInputError: `memory` is no Memory.

    >>> deletions(None, memory.scope("user", "alice"))
    []
    """
    scope = checked_memory(memory).path
    kept = memory._engine.select([scope], Selection(state="quarantined"), 0, None)
    ids = [
        *((str(one.metadata[_KIND]), str(one.metadata[_ID])) for one in kept if _is_id(one)),
        *_unfinished(memory),
        *(("file", id) for id in files),
        *(("vector_store", id) for id in vector_stores),
    ]
    by_kind: dict[str, list[str]] = {}
    for kind, id in dict.fromkeys(ids):
        by_kind.setdefault(kind, []).append(id)
    size = -(-len(ids) // _MOST_GROUPS)
    return [
        Deletion(client, kind, of_kind[start : start + size])
        for kind, of_kind in by_kind.items()
        for start in range(0, len(of_kind), size)
    ]


def kept_there(kept: Kept, source: Source) -> Record:
    """Return the record that tells that a provider keeps something; it is not recalled."""
    kind, id = kept
    return Record(
        f"{kind} {id}",
        kind="event",
        id=str(uuid5(NAMESPACE_OID, f"openai {kind} {id}")),
        source=source,
        metadata={_KIND: kind, _ID: id},
        quarantine=KEPT_APART,
    )


def _is_id(record: Record) -> bool:
    return record.quarantine == KEPT_APART and record.metadata.get(_KIND) in _RESOURCES


def _unfinished(memory: Memory) -> Iterable[Kept]:
    for entry in memory.unfinished():
        name = (entry.note or "").rpartition(": ")[0].removeprefix("also ")
        if name.startswith(_STEP):
            kind, *ids = name.removeprefix(_STEP).split(" ")
            yield from ((kind, id) for id in ids)


def _delete(client: Any, kind: str, id: str) -> None:
    try:
        _RESOURCES[kind](client).delete(id)
    except Exception as error:
        if getattr(error, "status_code", None) != _GONE:
            raise
