"""Gives a store the vectors of another embedder: beside the old ones, then in their place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from commonplace.chroma.directory import DirectoryStore
from commonplace.chroma.sealing import CHROMA
from commonplace.chroma.switching import discard, draft_of, settled, switch
from commonplace.embedding.adapters import CheckedEmbedder, as_embedder
from commonplace.embedding.entries import embedded
from commonplace.errors import EmbedderMismatchError, EmbeddingError, InvalidInputError
from commonplace.files.ownership import DirectoryLock
from commonplace.ports import Entry
from commonplace.values.records import Record
from commonplace.values.scope import Scope

AT_ONCE = 128
"""So many records are embedded together, and held in memory."""

_Key = tuple[Scope, str]


def reembed(
    directory: str | os.PathLike[str],
    embedder: object,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> int:
    """Embed every record of the store in `directory` with another embedder; return how many.

    `embedder` is what `commonplace.open` takes. Nobody may have the directory open. The old vectors
    stay in use until all new ones are there; if the process ends before, the next call goes on
    where it ended, and the store opens with its old embedder meanwhile. Once they are switched it
    opens with the new one. `progress` is called with how many records are done, and of how many.

    Raises:
        InvalidInputError: the directory has no store.
        StoreInUseError: it is open anywhere.
        EmbeddingError: the embedder failed; what is done stays done.
        StoreError: files cannot be read or written.
    """
    place = Path(directory)
    if not any((place / name).is_dir() for name in (CHROMA, draft_of(place).name)):
        raise InvalidInputError(f"There is no store in {str(place)!r}.")
    lock = DirectoryLock(place)
    try:
        settled(place)
        return _reembedded(place, embedder, progress)
    finally:
        lock.release()


def _reembedded(directory: Path, embedder: object, progress: Callable[[int, int], None]) -> int:
    model = as_embedder(embedder)
    with ExitStack() as closing:
        old = DirectoryStore(directory, None)
        closing.callback(old.close)
        if old.dimension is None or old.embedder == model.name:
            return 0
        new = _draft(draft_of(directory), model.name)
        closing.callback(new.close)
        total = sum(1 for _ in old.records(Scope()))
        done = 0
        for batch in _batches(old.entries(Scope())):
            _bring(new, [entry.record for entry in batch], model)
            done += len(batch)
            progress(done, total)
        _remove_others(new, {_key(record) for record in old.records(Scope())})
        old.flush()
        new.flush()  # its Chroma alone is put in the old one's place, and must lack nothing
    switch(directory)
    return done


def _draft(directory: Path, embedder: str) -> DirectoryStore:
    """Open the draft, or begin it anew if it is of another embedder."""
    try:
        return DirectoryStore(directory, embedder)
    except EmbedderMismatchError:
        discard(directory.parent)
        return DirectoryStore(directory, embedder)


def _bring(new: DirectoryStore, records: list[Record], model: CheckedEmbedder) -> None:
    """Embed the records that the draft does not have yet, or has as they were before."""
    there = {_key(entry.record): entry for entry in _found(new, records)}
    changed = [record for record in records if _record(there.get(_key(record))) != record]
    pairs = [(there.get(_key(entry.record)), entry) for entry in embedded(changed, model)]
    _check_dimension(new, [entry for _, entry in pairs[:1]], model)
    new.await_room()
    replaced = [(before, entry) for before, entry in pairs if before is not None]
    new.replace(replaced, [entry for before, entry in pairs if before is None])


def _check_dimension(new: DirectoryStore, first: list[Entry], model: CheckedEmbedder) -> None:
    for entry in first:
        given = entry.vectors.shape[-1]
        if new.dimension not in {None, given}:
            raise EmbeddingError(
                f"The embedder {model.name!r} gave vectors of dimension {given}, and of dimension "
                f"{new.dimension} before. Those stay; call again when it gives such again."
            )


def _found(new: DirectoryStore, records: list[Record]) -> list[Entry]:
    return [] if new.dimension is None else new.find(Scope(), [record.id for record in records])


def _record(entry: Entry | None) -> Record | None:
    return None if entry is None else entry.record


def _remove_others(new: DirectoryStore, wanted: set[_Key]) -> None:
    """Remove what the store has forgotten since the draft was begun."""
    gone = (entry for entry in new.entries(Scope()) if _key(entry.record) not in wanted)
    for batch in list(_batches(gone)):
        new.remove(batch)


def _key(record: Record) -> _Key:
    return record.scope, record.id


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    remaining = iter(entries)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch
