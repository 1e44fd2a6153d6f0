"""The verbs for exact values: a key names one JSON value of one scope."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from uuid import NAMESPACE_OID, uuid5

from commonplace.engine.view import View
from commonplace.recall.filters import Selection
from commonplace.values.json_values import checked_json
from commonplace.values.records import JSON, Record
from commonplace.values.scope import Scope
from commonplace.values.validation import checked_key, checked_time
from commonplace.writing.versions import held_at


class Values(View):
    """Set and get exact values."""

    def set(self, key: str, value: JSON) -> None:
        """Keep `value` under `key` in exactly this scope. A former value goes to the history.

        The value can also be recalled by its meaning, as a record of kind ``value``.

        Args:
            key: A name of 1 to 1,000 characters.
            value: Any JSON value. `get` returns it with the same types.

        Raises:
            InvalidInputError: The value is not JSON, or the key holds a secret and screening is
                on.

        >>> alice = memory.scope("user", "alice")
        >>> alice.set("timezone", "US/Pacific")
        >>> alice.get("timezone")
        'US/Pacific'
        """
        checked_key(key)
        kept = checked_json(value, "value")
        record = Record(
            f"{key}: {kept if isinstance(kept, str) else json.dumps(kept, ensure_ascii=False)}",
            kind="value",
            key=key,
            id=value_id(key),
            metadata={"value": kept},
            scope=self._scope,
            created_at=self._engine.clock(),
        )
        self._engine.write([self._allowed(record)])

    def get(self, key: str, default: JSON = None, *, as_of: datetime | None = None) -> JSON:
        """Return the value kept under `key`, or `default` if there is none.

        This memory's own scope is asked first, then the scopes it includes, in their order.

        Args:
            key: The name given to `set`.
            default: What to return if there is no value.
            as_of: Return the value that was kept at this moment; a datetime with a timezone.

        Raises:
            InvalidInputError: The key or the time cannot be used.

        >>> memory.get("missing", "nothing")
        'nothing'
        """
        checked_key(key)
        for scope in [self._scope, *self._also]:
            record = self._version(scope, key, as_of)
            # What a server's client sent as a whole record may have the id of a value.
            if record is not None and record.kind == "value":
                return checked_json(record.metadata["value"], "value")
        return default

    def _version(self, scope: Scope, key: str, as_of: datetime | None) -> Record | None:
        present = self._engine.exact(scope, value_id(key))
        if as_of is None:
            return present
        moment = checked_time(as_of, "as_of")
        past = self._engine.versions([scope], value_id(key))
        versions = [one for one in [*past, present] if one and held_at(one, moment)]
        return next((one for one in versions if one.scope == scope), None)

    def keys(self) -> list[str]:
        """Return the keys that `get` finds, sorted.

        >>> alice = memory.scope("user", "alice")
        >>> alice.set("timezone", "US/Pacific")
        >>> alice.keys()
        ['timezone']
        """
        scopes = {self._scope, *self._also}
        values = self._engine.select(self._readable, Selection(("value",)), 0, None)
        return sorted({str(record.key) for record in values if record.scope in scopes})

    def delete(self, key: str) -> bool:
        """Remove the value under `key` from this scope; return whether there was one.

        Args:
            key: The name given to `set`.

        Raises:
            InvalidInputError: The key cannot be used.

        >>> memory.set("timezone", "US/Pacific")
        >>> memory.delete("timezone"), memory.delete("timezone")
        (True, False)
        """
        checked_key(key)
        record = self._engine.exact(self._scope, value_id(key))
        return record is not None and self._engine.discard([record]) == 1


@lru_cache(maxsize=4_096)  # a graph asks for the same keys at every step
def value_id(key: str) -> str:
    """Return the id that the record of a key's value has in its scope."""
    return str(uuid5(NAMESPACE_OID, key))
