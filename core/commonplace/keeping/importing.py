"""Writing records from elsewhere: in batches, and as often as one likes with the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from commonplace.errors import InvalidInputError
from commonplace.keeping import jsonl
from commonplace.keeping.importers import (
    autogen_chroma,
    chat_log,
    chatgpt_export,
    crewai_lancedb,
    langchain_chroma,
    langgraph_store,
    mem0,
    openai_conversations,
    openai_threads,
)
from commonplace.keeping.reading import Skipped
from commonplace.records import Record
from commonplace.scope import Scope
from commonplace.uses import carried

if TYPE_CHECKING:
    from commonplace.verbs.view import View

Reader: TypeAlias = Callable[[Path], Iterator[Record | Skipped]]

BATCH = 100
MOST_REASONS = 100

READERS: dict[str, Reader] = {
    "autogen-chroma": autogen_chroma.read,
    "chat-log": chat_log.read,
    "chatgpt": chatgpt_export.read,
    "crewai-lancedb": crewai_lancedb.read,
    "langchain-chroma": langchain_chroma.read,
    "langgraph-store": langgraph_store.read,
    "mem0": mem0.read,
    "openai-conversations": openai_conversations.read,
    "openai-threads": openai_threads.read,
}
FORMATS = (jsonl.FORMAT, *READERS)

_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: numbers of items, and why some were skipped.

    `read` items were found; of these `written` are new or changed, `unchanged` were stored
    already, and `skipped` are not records. `reasons` has the first 100 of those.
    """

    read: int
    written: int
    unchanged: int
    skipped: int
    reasons: tuple[Skipped, ...]


def import_file(memory: View, format: str, path: Path) -> ImportReport:
    """Import a file or folder of one of the FORMATS into the memory's scope.

    Its records keep their ids, or have ids that follow from where they stand: importing again
    changes nothing, and continues an import that was broken off. What is unchanged is not
    embedded again. A progress bar is shown on a terminal. Raises InvalidInputError naming file
    and line for a file that cannot be read on; what stands before it has been imported.
    """
    if format == jsonl.FORMAT:
        # As they are: what Commonplace exported went through its rules before.
        return _imported(memory, jsonl.read(path), allowed=_itself, compared=_itself)
    if format not in READERS:
        raise InvalidInputError(f"format {format!r} is unknown: give one of {', '.join(FORMATS)}.")
    return _imported(memory, READERS[format](path), allowed=memory._allowed, compared=_told)


def _imported(
    memory: View,
    items: Iterable[Record | Skipped],
    *,
    allowed: Callable[[Record], Record],
    compared: Callable[[Record], Record],
) -> ImportReport:
    from tqdm import tqdm

    tally, at = _Tally(), memory._engine.clock()
    shown = tqdm(items, unit=" items", disable=None)  # on a terminal only
    kept = (_kept(item, memory.path, at, allowed) for item in shown)
    for batch in _batches(kept, tally):
        scopes = list(dict.fromkeys(one.scope for one in batch))
        stored = memory._engine.held(scopes, [one.id for one in batch])
        fresh = _changed(batch, stored, compared)
        memory._engine.write(fresh)
        tally.written += len(fresh)
        tally.unchanged += len(batch) - len(fresh)
    return ImportReport(
        read=tally.written + tally.unchanged + tally.skipped,
        written=tally.written,
        unchanged=tally.unchanged,
        skipped=tally.skipped,
        reasons=tuple(tally.reasons),
    )


def _kept(
    item: Record | Skipped, scope: Scope, at: datetime, allowed: Callable[[Record], Record]
) -> Record | Skipped:
    """Return a record as it may be kept, below `scope`; or why it is not."""
    if isinstance(item, Skipped):
        return item
    if item.is_expired(at):
        return Skipped(f"the record {item.id}", "its time is over")
    try:
        return allowed(replace(item, scope=Scope(scope.names + item.scope.names)))
    except InvalidInputError as error:
        return Skipped(f"the record {item.id}", str(error))


@dataclass(slots=True)
class _Tally:
    written: int = 0
    unchanged: int = 0
    skipped: int = 0
    reasons: list[Skipped] = field(default_factory=list)

    def skip(self, one: Skipped) -> None:
        self.skipped += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(one)


def _batches(items: Iterable[Record | Skipped], tally: _Tally) -> Iterator[list[Record]]:
    """Yield the records in batches; the last one also when reading on fails."""
    batch: list[Record] = []
    try:
        for item in items:
            if isinstance(item, Skipped):
                tally.skip(item)
                continue
            batch.append(item)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except InvalidInputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _changed(
    records: Iterable[Record], stored: Iterable[Record], compared: Callable[[Record], Record]
) -> list[Record]:
    """Return the records that are not stored like this, the first of those that are alike."""
    known = {(one.scope, one.id): one for one in stored}
    fresh: dict[tuple[Scope, str], Record] = {}
    for one in records:
        place = one.scope, one.id
        old = known.get(place)
        if old is None or compared(carried(old, one)) != compared(old):
            known[place] = fresh[place] = one
    return list(fresh.values())


def _itself(record: Record) -> Record:
    return record


def _told(record: Record) -> Record:
    """Return what a foreign file says of a record, without what writing it adds.

    The time as well, since not every format has one.
    """
    return replace(
        record, created_at=_EPOCH, updated_at=None, trust=None, mentions=1, quarantine=None
    )
