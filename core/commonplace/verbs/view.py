"""What every verb stands on: one engine, seen from one scope."""

from __future__ import annotations

from collections.abc import Sequence

from commonplace.engine import Engine
from commonplace.scope import Scope, outermost


class View:
    """An engine seen from one scope, with further scopes that are only read."""

    def __init__(self, engine: Engine, scope: Scope, also: Sequence[Scope] = ()) -> None:
        """See `scope` for reading and writing, `also` for reading."""
        self._engine = engine
        self._scope = scope
        self._also = tuple(also)

    @property
    def _readable(self) -> list[Scope]:
        """Return the scopes read, the own one first, none within another."""
        return outermost([self._scope, *self._also])
