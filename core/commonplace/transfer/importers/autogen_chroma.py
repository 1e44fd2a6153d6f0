"""Chroma directories that AutoGen has written: ChromaDBVectorMemory, and both Teachabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.transfer.importers.chroma_rows import DATABASE, any_row, records_of
from commonplace.transfer.importers.making import checked, fixed_id
from commonplace.transfer.importers.pickled import values_by_id
from commonplace.transfer.reading import Found, Skipped, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON, Record, Source

if TYPE_CHECKING:
    from commonplace.chroma.foreign import Row

_PAIRS = "uid_text_dict.pkl"
_MEMOS = "uid_memo_dict.pkl"
_TAUGHT = "memos"
_MIME_TYPES = "MemoryMimeType."


def fits(seen: Sample) -> bool:
    """Tell whether a Chroma directory is AutoGen's."""
    if seen.kind != "folder":
        return False
    if seen.has(_MEMOS) or seen.has(_PAIRS):
        return True
    return seen.has(DATABASE) and any_row(seen.path / DATABASE, _MIME_TYPES)


def read(path: Path, collections: Sequence[str] = ()) -> Iterator[Found | Skipped]:
    """Yield what a directory holds, which is not changed.

    Of Teachability it is each memo with what it answers; the directory is the one given as
    ``path_to_db_dir``, or, of autogen-ext, the one that holds ``uid_memo_dict.pkl``.
    """
    if (path / _MEMOS).is_file():
        yield from _memos(path / _MEMOS)
        return
    pairs = values_by_id(path / _PAIRS) if (path / _PAIRS).is_file() else {}
    for id, pair in pairs.items():
        texts = [str(text) for text in pair] if isinstance(pair, tuple) else []
        memo = _taught(str(id), "\n".join(texts), last_change(path / _PAIRS))
        yield checked(memo, f"{path / _PAIRS}, memo {id}")
    yield from records_of(path, collections, partial(_record, pairs))


def _record(pairs: Mapping[object, object], row: Row, at: datetime) -> Record | None:
    if row.collection == _TAUGHT:
        pair = pairs.get(row.id)
        # The pickle is written last and not under a lock: it can lack a memo, or have another.
        is_told = isinstance(pair, tuple) and pair[:1] == (row.document,)
        return None if is_told else _taught(f"{row.id} {row.document}", row.document, at)
    return Record(
        row.document,
        metadata={**row.elsewhere, **_metadata(row.metadata)},
        source=Source(framework="autogen"),
        id=fixed_id("autogen-chroma", *row.elsewhere.values(), row.collection, row.id),
        created_at=at,
    )


def _memos(path: Path) -> Iterator[Found | Skipped]:
    at = last_change(path)
    for id, memo in values_by_id(path).items():
        task, insight = getattr(memo, "task", None), getattr(memo, "insight", None)
        texts = [str(one) for one in (task, insight) if one]
        if task and insight and str(task) in str(insight):
            texts = [str(insight)]  # a demonstration, which tells its task itself
        yield checked(_taught(str(id), "\n".join(texts), at), f"{path}, memo {id}")


def _taught(id: str, text: str, at: datetime) -> Record:
    return Record(
        text,
        source=Source(framework="autogen", origin="user"),
        id=fixed_id("autogen-teachability", id),
        created_at=at,
    )


def _metadata(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return metadata without the name of a Python enumeration that AutoGen wrote into it."""
    kind = metadata.get("mime_type")
    is_name = isinstance(kind, str) and kind.startswith(_MIME_TYPES)
    return {key: value for key, value in metadata.items() if not (is_name and key == "mime_type")}
