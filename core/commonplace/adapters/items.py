"""Exact JSON values under keys, as the stores of frameworks keep them.

An item is what `Memory.set` keeps, with more to say about it: under which text it is found, when
it ends, and when it was made. `memory.scope(*names).get(key)` returns its value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from commonplace.adapters.by_vector import own
from commonplace.memory import Memory
from commonplace.recall.filters import Metadata, Selection
from commonplace.values.json_values import checked_json
from commonplace.values.records import JSON, Match, Record, Source
from commonplace.values.scope import Scope
from commonplace.values.validation import checked_record, expiry
from commonplace.verbs.values import value_id
from commonplace.writing.messages import whole_characters
from commonplace.writing.screening import screened
from commonplace.writing.trust import trusted

_INDEXED = "commonplace:indexed"
"""In the metadata of a value: false where its content is not what it is found by."""

_logger = logging.getLogger("commonplace")


@dataclass(frozen=True, slots=True)
class Item:
    """A value to be kept under a key in the scope `names` below the memory's.

    `text` is what it is found by; without one it is listed, and never found by its content. `ttl`
    is how long it lives, and again after each use that is counted.
    """

    names: tuple[str, ...]
    key: str
    value: JSON
    text: str | None = None
    ttl: timedelta | None = None


class Items:
    """The items of one memory: what lies in its scope and below.

    >>> items = Items(memory.scope("graph"))
    >>> items.put([Item(("prefs", "ann"), "tea", {"milk": True}, "takes milk")], Source())
    >>> items.get(("prefs", "ann"), "tea").metadata["value"]
    {'milk': True}
    >>> [match.record.key for match in items.search((), "milk", None, 1)]
    ['tea']
    """

    def __init__(self, memory: Memory) -> None:
        """Keep items in the scope of `memory`; what it includes is left alone."""
        self._memory = own(memory)
        self._engine = self._memory._engine

    def get(self, names: tuple[str, ...], key: str) -> Record | None:
        """Return the item as a record, or None if there is none."""
        record = self._engine.exact(self._scope(names), value_id(key))
        return record if record is not None and record.kind == "value" else None

    def put(self, items: Sequence[Item], source: Source) -> None:
        """Keep all of these, each in the place of the one with its scope and key, or none.

        Values are kept exactly; what screening redacts is taken out of the text alone. A text
        that gives orders to a model is not kept as one: its item is listed, and not found.
        """
        new = [self._checked(item, source) for item in items]
        old = self._before(new)
        at = self._engine.clock()
        self._engine.write(
            [
                replace(one, created_at=old[one.scope, one.id].created_at, updated_at=at)
                if (one.scope, one.id) in old
                else one
                for one in new
            ]
        )

    def discard(self, places: Iterable[tuple[tuple[str, ...], str]]) -> None:
        """Remove the items at these places, as far as they are there."""
        found = (self.get(*place) for place in places)
        if gone := [record for record in found if record is not None]:
            self._engine.discard(gone)

    def all(
        self, names: tuple[str, ...], where: Metadata | None = None, limit: int | None = None
    ) -> list[Record]:
        """Return the items at or below a scope for which `where` holds, last changed first."""
        return self._engine.latest([self._scope(names)], Selection(("value",), where), limit)

    def search(
        self, names: tuple[str, ...], query: str, where: Metadata | None, limit: int
    ) -> list[Match]:
        """Return those of them that have a text, the best for `query` first, at most `limit`."""
        found_by_text: Metadata = {_INDEXED: {"$ne": False}}
        meant = found_by_text if where is None else {"$and": [found_by_text, dict(where)]}
        selection = Selection(("value",), meant)
        text = whole_characters(query)
        return self._engine.rank([self._scope(names)], text, selection, limit) if limit else []

    def used(self, records: Iterable[Record]) -> None:
        """Count a use of each of those that live on by it."""
        if living := [record for record in records if record.ttl_on_use is not None]:
            self._memory._shown(living)

    def below(self, record: Record) -> tuple[str, ...]:
        """Return the names of a record's scope below the memory's."""
        return record.scope.names[len(self._memory.path.names) :]

    def _scope(self, names: tuple[str, ...]) -> Scope:
        return _below(self._memory.path, names)

    def _before(self, new: Sequence[Record]) -> dict[tuple[Scope, str], Record]:
        """Return what is live at the places of these records."""
        ids: dict[Scope, list[str]] = {}
        for one in new:
            ids.setdefault(one.scope, []).append(one.id)
        at = self._engine.clock()
        found = [one for scope, named in ids.items() for one in self._engine.held([scope], named)]
        return {(one.scope, one.id): one for one in found if not one.is_expired(at)}

    def _checked(self, item: Item, source: Source) -> Record:
        at = self._engine.clock()
        value = checked_json(item.value, "value")
        text = whole_characters(item.text or "")
        is_indexed = bool(text.strip())
        record = Record(
            text if is_indexed else item.key,
            kind="value",
            key=item.key,
            id=value_id(item.key),
            source=source,
            scope=self._scope(item.names),
            metadata={"value": value} if is_indexed else {"value": value, _INDEXED: False},
            created_at=at,
            expires_at=None if item.ttl is None else expiry(item.ttl, None, at),
            ttl_on_use=item.ttl,
        )
        return self._screened(checked_record(record))

    def _screened(self, record: Record) -> Record:
        bare = replace(record, kind="fact", key=None, metadata={})
        seen = screened(bare, self._engine.screening)
        if seen.quarantine is None:
            return replace(record, text=seen.text, trust=trusted(record))
        _logger.warning(
            "The item %r in %r is kept, and not found by its content: %s",
            record.key,
            str(record.scope),
            seen.quarantine,
        )
        unfound = {**record.metadata, _INDEXED: False}
        return replace(record, text="An item that is held back.", metadata=unfound, trust=0.0)


# A store is asked for items of few scopes, one by one.
@lru_cache(maxsize=1_024)
def _below(scope: Scope, names: tuple[str, ...]) -> Scope:
    return Scope(scope.names + names)


def is_found_by_text(record: Record) -> bool:
    """Tell whether an item is found by its content."""
    return record.metadata.get(_INDEXED) is not False
