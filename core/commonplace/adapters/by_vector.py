"""What an adapter needs where a framework brings vectors, ids and paths of its own.

Functions of a memory and not its verbs: an agent's author has texts and needs none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from commonplace.engine.port import Engine
from commonplace.memory import Memory
from commonplace.ports import Entry, Vectors
from commonplace.recall.filters import Selection
from commonplace.values.characters import mended
from commonplace.values.records import Record

_dimensions: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()


def own(memory: Memory) -> Memory:
    """Return the memory without what it includes: all that can be changed through it.

    >>> desk = memory.scope("desk").including(memory.scope("handbook"))
    >>> _ = memory.scope("handbook").remember("Refunds take five days")
    >>> desk.count(), own(desk).count()
    (1, 0)
    """
    return Memory(memory._lease, memory._scope)


def embedded(memory: Memory, texts: Sequence[str]) -> Vectors:
    """Embed texts as the store's records are: float32, shape (len(texts), dimension).

    A long text has the vector of its beginning. Raises EmbeddingError.

    >>> embedded(memory, ["Likes tea", "Lives in Oslo"]).shape
    (2, 256)
    """
    return memory._engine.embed([mended(text) for text in texts])


def dimension(memory: Memory) -> int:
    """Return how many numbers a vector of the store's embedder has. Raises EmbeddingError.

    >>> dimension(memory)
    256
    """
    engine = memory._engine
    if engine not in _dimensions:
        _dimensions[engine] = embedded(memory, ["dimension"]).shape[1]
    return _dimensions[engine]


def stated(memory: Memory, records: Sequence[Record]) -> list[Record]:
    """Remember records as `remember` does a text: one that its scope states already reinforces it.

    Returns what is stored for each. Raises as `remember_many` does.

    >>> tea = memory.remember("Likes tea")
    >>> stated(memory, [Record("Likes tea")])[0].id == tea.id
    True
    """
    given = [memory._allowed(memory._placed(one)) for one in records]
    return memory._engine.write(given, [one.id for one in given]) if given else []


def nearest(
    memory: Memory, vector: Sequence[float], selection: Selection, limit: int
) -> list[tuple[Entry, float]]:
    """Return the selected entries most like `vector`, best first, with their cosines in 0..1.

    `vector` has the dimension of the store's embedder. Raises StoreError, MemoryClosedError.

    >>> tea = memory.remember("Likes tea")
    >>> [(entry, cosine)] = nearest(memory, embedded(memory, ["tea"])[0], Selection(), 1)
    >>> entry.record == tea, cosine > 0.5
    (True, True)
    """
    given = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(given))
    unit = given / length if length else given
    return memory._engine.nearest(memory._readable, unit, selection, limit)


def entries(memory: Memory, ids: Sequence[str]) -> list[Entry]:
    """Return the records with these ids and their vectors, in no particular order.

    Raises RecordNotFoundError if one of the ids is unknown here.

    >>> entries(memory, [memory.remember("Likes tea").id])[0].vectors.shape
    (1, 256)
    """
    return memory._engine.entries(memory._readable, ids) if ids else []


def discard(memory: Memory, records: Sequence[Record]) -> int:
    """Remove exactly these records, by scope and id, and return how many were there.

    Records outside the memory's own scope are left alone, and so are equal ids of other scopes.

    >>> tea = memory.remember("Likes tea")
    >>> discard(memory, [tea]), discard(memory, [tea])
    (1, 0)
    """
    return memory._engine.discard([one for one in records if memory._scope.contains(one.scope)])


def present(memory: Memory, ids: Sequence[str]) -> list[Record]:
    """Return the records with these ids that can be recalled, in the order asked.

    Ids that are unknown here are left out.

    >>> tea = memory.remember("Likes tea")
    >>> [record.text for record in present(memory, ["unknown", tea.id])]
    ['Likes tea']
    """
    at = memory._engine.clock()
    found = memory._engine.held(memory._readable, list(dict.fromkeys(ids))) if ids else []
    by_id = {one.id: one for one in found if one.is_current and not one.is_expired(at)}
    return [by_id[id] for id in ids if id in by_id]
