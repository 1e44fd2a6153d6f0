"""A memory where LangGraph expects a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from anyio import to_thread
from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)

from commonplace import InvalidInputError, Match, Memory, Record, Source
from commonplace.adapters.items import Item as Kept
from commonplace.adapters.items import Items, is_found_by_text
from commonplace.adapting import checked_memory
from commonplace.values.json_values import checked_json
from commonplace.values.validation import checked_limit
from commonplace_langchain.namespaces import named
from commonplace_langchain.store_filters import condition
from commonplace_langchain.store_texts import text_of

_SOURCE = Source(framework="langgraph")

Place: TypeAlias = tuple[tuple[str, ...], str]
_Item = TypeVar("_Item", Item, SearchItem)


class MemoryStore(BaseStore):
    """A LangGraph `BaseStore` on a memory, for ``create_agent(store=...)`` and any graph.

    A namespace is a scope below the memory's. Whoever holds the store reaches all of its
    namespaces. An item is an exact value: ``memory.scope("prefs", "ann").get("tea")`` returns
    what ``put(("prefs", "ann"), "tea", ...)`` stored. It works from any thread and event loop,
    with and without ``await``.

    Args:
        memory: The memory to store in.
        fields: The paths of a value whose texts a search reads; ``["$"]`` is the whole value. A
            put with ``index=[...]`` names others, one with ``index=False`` none.
        ttl: LangGraph's configuration of expiry. An expired item is never returned.

    >>> store = MemoryStore(memory.scope("graph"))
    >>> store.put(("prefs", "ann"), "tea", {"text": "Takes milk in her tea"})
    >>> store.get(("prefs", "ann"), "tea").value
    {'text': 'Takes milk in her tea'}
    >>> [item.key for item in store.search(("prefs",), query="milk?")]
    ['tea']
    """

    supports_ttl = True

    def __init__(
        self, memory: Memory, *, fields: Sequence[str] = ("$",), ttl: TTLConfig | None = None
    ) -> None:
        """Store in the scope of `memory`, which stays open until its opener closes it.

        Raises InvalidInputError for what is no memory.
        """
        self._items = Items(checked_memory(memory))
        self._memory = memory
        self._fields = list(fields)
        self.ttl_config = ttl

    @property
    def memory(self) -> Memory:
        """The memory that it stores in."""
        return self._memory

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do all of these: the reads see what was there before the writes, of which all happen.

        Of several puts to one place the last one counts. Raises InvalidInputError, then nothing
        was written.
        """
        asked = list(ops)
        puts, gone = self._writes(asked)
        results = [self._read(op) for op in asked]
        if puts:
            self._items.put(puts, _SOURCE)
        self._items.discard(gone)
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        return await to_thread.run_sync(self.batch, list(ops))

    def sweep_ttl(self) -> int:
        """Remove what is expired, which is never returned, for good; return how much it was."""
        return self._memory.sweep()

    def _writes(self, ops: Sequence[Op]) -> tuple[list[Kept], list[Place]]:
        """Return the items to keep, and the places to empty."""
        last = {(tuple(op.namespace), str(op.key)): op for op in ops if isinstance(op, PutOp)}
        puts = [self._kept(place, op) for place, op in last.items() if op.value is not None]
        return puts, [place for place, op in last.items() if op.value is None]

    def _kept(self, place: Place, op: PutOp) -> Kept:
        names, key = place
        value = checked_json(dict(op.value or {}), "value")
        fields = self._fields if op.index is None else op.index
        text = text_of(value, fields) if fields else None
        return Kept(names, key, value, text, None if op.ttl is None else _minutes(op.ttl))

    def _read(self, op: Op) -> Result:
        if isinstance(op, GetOp):
            return self._got(op)
        if isinstance(op, SearchOp):
            return self._searched(op)
        if isinstance(op, ListNamespacesOp):
            return self._listed(op)
        if isinstance(op, PutOp):
            return None
        raise InvalidInputError(f"{op!r:.80} is no operation on a store.")

    def _got(self, op: GetOp) -> Item | None:
        record = self._items.get(tuple(op.namespace), str(op.key))
        if record is None:
            return None
        if op.refresh_ttl:
            self._items.used([record])
        return self._item(Item, record)

    def _searched(self, op: SearchOp) -> list[SearchItem]:
        limit, offset = checked_limit(op.limit), checked_limit(op.offset, "offset")
        names, where = tuple(op.namespace_prefix), condition(op.filter)
        if op.query and op.query.strip():
            found = self._found(names, op.query, where, limit + offset)
        else:
            found = [(one, None) for one in self._items.all(names, where, limit + offset)]
        page = found[offset : offset + limit]
        if op.refresh_ttl:
            self._items.used(record for record, _ in page)
        return [self._item(SearchItem, record, score=score) for record, score in page]

    def _found(
        self, names: tuple[str, ...], query: str, where: dict[str, Any] | None, limit: int
    ) -> list[tuple[Record, float | None]]:
        """Return the best for a query, and after them what is not found by its content."""
        matches: list[Match] = self._items.search(names, query, where, limit)
        found: list[tuple[Record, float | None]] = [(one.record, one.confidence) for one in matches]
        if len(found) < limit:
            unfound = (one for one in self._items.all(names, where) if not is_found_by_text(one))
            found += [(one, None) for one in unfound]
        return found

    def _listed(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        limit, offset = checked_limit(op.limit), checked_limit(op.offset, "offset")
        spaces = {self._items.below(record) for record in self._items.all(())}
        return named(spaces, op.match_conditions or (), op.max_depth)[offset : offset + limit]

    def _item(self, kind: type[_Item], record: Record, **more: Any) -> _Item:
        value = checked_json(record.metadata["value"], "value")  # a copy: it is the caller's
        return kind(
            # What `Memory.set` keeps need be no object.
            value=value if isinstance(value, dict) else {"value": value},
            key=str(record.key),
            namespace=self._items.below(record),
            created_at=record.created_at,
            updated_at=record.valid_from,
            **more,
        )


def _minutes(ttl: float) -> timedelta:
    try:
        return timedelta(minutes=ttl)
    except (OverflowError, TypeError, ValueError) as error:
        raise InvalidInputError(f"ttl is a number of minutes, not {ttl!r}.") from error
