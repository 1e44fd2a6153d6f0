"""A memory where LangChain expects a key-value store, such as for a docstore or a cache."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from langchain_core.stores import BaseStore

from commonplace import Memory, Source
from commonplace.adapters.items import Item, Items
from commonplace.adapting import checked_memory
from commonplace.values.records import JSON

V = TypeVar("V")

_SOURCE = Source(framework="langchain")


class _KeyValues(BaseStore[str, V], Generic[V]):
    """Values under keys in exactly one scope: those that `Memory.get` returns."""

    def __init__(self, memory: Memory) -> None:
        """Keep values in the scope of `memory`. Raises InvalidInputError for what is none."""
        self._items = Items(checked_memory(memory))

    def mget(self, keys: Sequence[str]) -> list[V | None]:
        found = [self._items.get((), key) for key in keys]
        return [None if one is None else self._read(one.metadata["value"]) for one in found]

    def mset(self, key_value_pairs: Sequence[tuple[str, V]]) -> None:
        pairs = dict(key_value_pairs)
        items = [Item((), key, self._written(value)) for key, value in pairs.items()]
        if items:
            self._items.put(items, _SOURCE)

    def mdelete(self, keys: Sequence[str]) -> None:
        self._items.discard(((), key) for key in keys)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        for record in self._items.all(()):
            key = str(record.key)
            if not self._items.below(record) and key.startswith(prefix or ""):
                yield key

    def _written(self, value: V) -> JSON:
        raise NotImplementedError

    def _read(self, kept: JSON) -> V:
        raise NotImplementedError


class MemoryKeyValueStore(_KeyValues[Any]):
    """A `BaseStore` of langchain-core for JSON values, in a memory's own scope.

    A value is found by its key alone; ``memory.get(key)`` returns it too.

    Args:
        memory: The memory to store in.

    Raises:
        InvalidInputError: A value of `mset` is not JSON. Nothing of the call was stored.

    >>> store = MemoryKeyValueStore(memory)
    >>> store.mset([("tea", {"milk": True})])
    >>> store.mget(["tea", "coffee"]), memory.get("tea")
    ([{'milk': True}, None], {'milk': True})
    """

    def _written(self, value: Any) -> JSON:
        return value

    def _read(self, kept: JSON) -> Any:
        return kept


class MemoryByteStore(_KeyValues[bytes]):
    r"""A `BaseStore` of langchain-core for bytes, such as `CacheBackedEmbeddings` takes.

    >>> store = MemoryByteStore(memory.scope("cache"))
    >>> store.mset([("vector", b"\x00\x01")])
    >>> store.mget(["vector"]), list(store.yield_keys(prefix="vec"))
    ([b'\x00\x01'], ['vector'])
    """

    def _written(self, value: bytes) -> JSON:
        return {"base64": b64encode(value).decode("ascii")}

    def _read(self, kept: JSON) -> bytes:
        return b64decode(kept["base64"])
