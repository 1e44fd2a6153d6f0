"""The verbs that write records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict

from commonplace.engine.view import View
from commonplace.errors import InvalidInputError
from commonplace.recall.filters import Selection
from commonplace.values.newer_typing import Unpack
from commonplace.values.records import JSON, KEPT_APART, Kind, Record, Source
from commonplace.values.scope import Scope
from commonplace.values.validation import checked_record, expiry, on_use
from commonplace.verbs.telemetry import told


class RecordChanges(TypedDict, total=False):
    """What `update` can change of a record."""

    text: str
    kind: Kind
    importance: float
    metadata: Mapping[str, JSON]
    expires_at: datetime | None
    derived_from: tuple[str, ...]


class Remembering(View):
    """Remember, change and forget records."""

    @told
    def remember(
        self,
        text: str,
        *,
        kind: Kind = "fact",
        importance: float = 0.5,
        metadata: Mapping[str, JSON] | None = None,
        source: Source | None = None,
        ttl: timedelta | str | None = None,
        expires_at: datetime | None = None,
        refresh_on_use: bool = False,
    ) -> Record:
        """Store one text in this scope and return its record; durable on return.

        A fact, preference or instruction that this scope holds already, the same words but for
        case, articles and punctuation, is not stored twice: the record that states it is
        reinforced and returned, its `mentions` counted.

        `importance` is in 0..1. `ttl` is a timedelta or text such as ``"90d"`` (units s, m, h, d,
        w), `expires_at` a datetime with a timezone; give at most one of them. With
        `refresh_on_use` each use (see `used`) lets it live for another `ttl` from then. Raises
        InvalidInputError for what cannot be kept (an empty text, one over 100,000 characters,
        metadata that is not JSON), EmbeddingError, StoreError, MemoryClosedError.

        >>> alice = memory.scope("user", "alice")
        >>> alice.remember("Prefers concise answers", kind="preference").kind
        'preference'
        """
        at = self._engine.clock()
        record = Record(
            text,
            kind=kind,
            importance=importance,
            metadata={} if metadata is None else metadata,
            source=Source() if source is None else source,
            scope=self._scope,
            created_at=at,
            expires_at=expiry(ttl, expires_at, at),
            ttl_on_use=on_use(ttl, refresh_on_use),
        )
        return self._engine.write([self._allowed(record)], [record.id])[0]

    @told
    def remember_many(self, items: Iterable[str | Record]) -> list[Record]:
        """Store texts or records in one embedding batch and return the records, in order.

        A text is a fact, and reinforces one that is known, as in `remember`. A Record keeps what
        it says of itself, its id and times included; one whose id is stored in the same scope
        already takes that record's place, so a repeated call stores nothing twice. Its scope must
        be the root, which stands for this memory's, or lie within this memory's. Raises as
        `remember` does; then nothing of the batch was stored, unless the store itself failed on
        the way.

        >>> alice = memory.scope("user", "alice")
        >>> [one.text for one in alice.remember_many(["Likes tea", Record("Lives in Oslo")])]
        ['Likes tea', 'Lives in Oslo']
        """
        if isinstance(items, (str, Record)):
            raise InvalidInputError("remember_many takes a list: use remember for a single item.")
        given = list(items)
        records = [self._allowed(self._placed(item)) for item in given]
        said = [
            record.id for record, item in zip(records, given, strict=True) if isinstance(item, str)
        ]
        return self._engine.write(records, said) if records else []

    @told
    def update(self, id: str, **changes: Unpack[RecordChanges]) -> Record:
        """Change a record of this scope and return it as it is now.

        What is not given stays; `metadata` replaces the former metadata as a whole;
        ``expires_at=None`` lifts the expiry; an end that is set is not moved by use any more.
        Raises RecordNotFoundError, InvalidInputError.

        >>> alice = memory.scope("user", "alice")
        >>> tea = alice.remember("Likes tea")
        >>> alice.update(tea.id, text="Likes green tea").text
        'Likes green tea'
        """
        if unknown := changes.keys() - RecordChanges.__annotations__.keys():
            raise InvalidInputError(
                f"update cannot change {min(unknown)!r}: "
                f"give any of {', '.join(RecordChanges.__annotations__)}."
            )
        while True:
            old = self._engine.find([self._scope], [id])[0]
            new = self._with(changes, old)
            if self._engine.swap(old, new):  # else another was faster
                return new

    def history(self, id: str) -> list[Record]:
        """Return the versions of a record, the oldest first: the past ones, then the present one.

        Past versions have `valid_from` and `valid_until`. Raises RecordNotFoundError.

        >>> alice = memory.scope("user", "alice")
        >>> home = alice.remember("Lives in Oslo")
        >>> _ = alice.update(home.id, text="Lives in Rome")
        >>> [version.text for version in alice.history(home.id)]
        ['Lives in Oslo', 'Lives in Rome']
        """
        found = self._engine.find(self._readable, [id])
        past = self._engine.versions(self._readable, id)
        return past + [record for record in found if record not in past]

    @told
    def used(self, *ids: str) -> None:
        """Count that records of this scope helped, as `context` does for those that it shows.

        Of records that answer alike, what was used more and lately is found first; one kept with
        `refresh_on_use` lives on. `uses` and `used_at` are written for many records at once: with
        a write a minute later, or else with a use ten minutes later, and at `close`. Raises
        RecordNotFoundError if one of the ids is unknown here; then none is counted.

        >>> alice = memory.scope("user", "alice")
        >>> alice.used(alice.remember("Likes tea").id)
        """
        if ids:
            self._engine.used(self._engine.find([self._scope], ids))

    @told
    def forget(self, *ids: str) -> int:
        """Remove records of this scope by id, with their past versions; return how many.

        Raises RecordNotFoundError if one of the ids is unknown here; then none is removed.

        >>> alice = memory.scope("user", "alice")
        >>> alice.forget(alice.remember("Likes tea").id)
        1
        """
        return self._engine.remove(self._scope, ids) if ids else 0

    def quarantined(self) -> list[Record]:
        """Return the records that are held back, newest first; each says why in `quarantine`.

        >>> memory.quarantined()
        []
        """
        held = self._engine.select(self._readable, Selection(state="quarantined"), 0, None)
        return [record for record in held if record.quarantine != KEPT_APART]

    @told
    def release(self, *ids: str) -> list[Record]:
        """Let records that were held back be recalled, and return them.

        Raises RecordNotFoundError if one of the ids is unknown here; then none is released.

        >>> memory.release()
        []
        """
        held = self._engine.find([self._scope], ids) if ids else []
        for record in held:
            self._engine.swap(record, replace(record, quarantine=None))
        return [replace(record, quarantine=None) for record in held]

    @told
    def sweep(self) -> int:
        """Remove what is expired in this scope and return how many records that was.

        What is expired is never returned, swept or not: this frees its room.

        >>> memory.sweep()
        0
        """
        return self._engine.sweep(self._scope)

    def _with(self, changes: RecordChanges, old: Record) -> Record:
        ttl = None if "expires_at" in changes else old.ttl_on_use
        changed = replace(old, updated_at=self._engine.clock(), ttl_on_use=ttl, **changes)
        new = checked_record(changed)
        says_the_same = (new.text, new.metadata, new.kind) == (old.text, old.metadata, old.kind)
        # What was released once is not held back again for a change of its importance.
        return new if says_the_same else self._allowed(replace(new, quarantine=None))

    def _placed(self, item: str | Record) -> Record:
        if isinstance(item, str):
            return Record(item, scope=self._scope, created_at=self._engine.clock())
        if not isinstance(item, Record):
            raise InvalidInputError(f"remember_many takes texts and Records, not {item!r}.")
        if item.scope == Scope():
            return replace(item, scope=self._scope)
        if not self._scope.contains(item.scope):
            raise InvalidInputError(
                f"The record {item.id!r} is of the scope {str(item.scope)!r}, which is not within "
                f"{str(self._scope)!r}. To copy it here, replace its scope by Scope()."
            )
        return item
