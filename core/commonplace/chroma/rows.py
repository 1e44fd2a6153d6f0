"""How an entry is written in Chroma: one row for each window of its text. Pure.

The row of window 0 carries the text and the record; the rows of further windows carry their
vector alone. `within` is what a read filters by: it lists the record's scope and those that
contain it, the root aside, then a mark of what it states, and one of the record it is a past
version of. `used` tells how often a record was used, if it was: apart from `record`, so that it can
be written without what others may change meanwhile. Each key costs a read time, so there are few.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from commonplace.ports import Entry, Vectors
from commonplace.values.record_json import from_json, to_json
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import living_on
from commonplace.writing.repetition import statement
from commonplace.writing.wording import rough, roughs

Metadata: TypeAlias = Mapping[str, Any]

_USE = ("uses", "used_at")


@dataclass(slots=True)
class Rows:
    """Parallel columns, as Chroma takes them."""

    ids: list[str] = field(default_factory=list)
    embeddings: list[Vectors] = field(default_factory=list)
    documents: list[str | None] = field(default_factory=list)
    metadatas: list[dict[str, Any]] = field(default_factory=list)

    @property
    def payload(self) -> int:
        """About how many bytes the rows hold."""
        texts = sum(len(document or "") for document in self.documents)
        said = sum(len(metadata.get("record", "")) for metadata in self.metadatas)
        vectors = sum(4 * len(one) for one in self.embeddings)
        return vectors + 2 * (texts + said) + 500 * len(self.ids)

    def append(
        self, id: str, embedding: Vectors, document: str | None, metadata: dict[str, Any]
    ) -> None:
        """Add one row."""
        self.ids.append(id)
        self.embeddings.append(embedding)
        self.documents.append(document)
        self.metadatas.append(metadata)

    def slices(self, size: int) -> Iterator[Rows]:
        """Yield the rows in parts of at most `size`."""
        for start in range(0, len(self.ids), size):
            part = slice(start, start + size)
            yield Rows(
                self.ids[part],
                self.embeddings[part],
                self.documents[part],
                self.metadatas[part],
            )


def written_scope(scope: Scope) -> str:
    """Return how `within` names a scope; never empty."""
    return f"/{scope}"


def statement_mark(scope: Scope, statement: str) -> str:
    """Return how `within` tells what a record of exactly this scope states, roughly.

    Several statements have one mark: what has it is to be compared.
    """
    return "=" + _digest(f"{scope}\x1f{rough(statement)}")


def statement_marks(scope: Scope, statement: str) -> set[str]:
    """Return the marks by which what states this is looked for, those of former releases too."""
    return {"=" + _digest(f"{scope}\x1f{one}") for one in roughs(statement)}


def version_mark(id: str) -> str:
    """Return how `within` tells of which record another is a past version."""
    return f"@{_digest(id)}"


def lies_within(metadata: Metadata, scope: Scope) -> bool:
    """Tell whether a row belongs to `scope`."""
    return not scope.names or written_scope(scope) in metadata["within"]


def row_id(record: Record, window: int) -> str:
    """Return the id of a row: equal ids in different scopes never meet."""
    return row_id_of(record.scope, record.id, window)


def row_id_of(scope: Scope, id: str, window: int) -> str:
    """Return the id of a row of the record with this scope and id."""
    return _digest(f"{scope}\x1f{id}\x1f{window}")  # a written scope holds no \x1f


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def row_ids(entry: Entry) -> list[str]:
    """Return the ids of all rows of an entry."""
    return [row_id(entry.record, window) for window in range(len(entry.vectors))]


def to_rows(entries: Iterable[Entry]) -> Rows:
    """Write entries as rows."""
    rows = Rows()
    for entry in entries:
        rows.ids += row_ids(entry)
        rows.embeddings += list(entry.vectors)
        rows.documents += [entry.record.text] + [None] * (len(entry.vectors) - 1)
        rows.metadatas += list(_metadatas(entry))
    return rows


def _metadatas(entry: Entry) -> Iterator[dict[str, Any]]:
    record = entry.record
    lengths = range(1, len(record.scope.names) + 1) or [0]  # Chroma refuses an empty list
    within = [written_scope(record.scope.first(length)) for length in lengths]
    place = {"within": within, "id": record.id}
    written, used = written_record(entry)
    marked = [*within, *_marks(record)]
    yield {**place, "within": marked, "record": written, "used": used}
    for window in range(1, len(entry.vectors)):
        yield {**place, "window": window}


def _marks(record: Record) -> Iterator[str]:
    if said := statement(record):
        yield statement_mark(record.scope, said)
    if record.version_of is not None:
        yield version_mark(record.version_of)


def written_record(entry: Entry) -> tuple[str, str | None]:
    """Return what a first row says of its record, and of its uses."""
    fields = to_json(entry.record)
    used = _written_use(fields)
    for name in ("text", "id", *_USE):  # the row has them
        fields.pop(name, None)
    return _dumped({**fields, "windows": len(entry.vectors)}), used


def written_use(record: Record) -> str | None:
    """Return how a row tells of the uses of its record; None takes away what it said."""
    return _written_use(to_json(record))


def _written_use(fields: Mapping[str, Any]) -> str | None:
    used = {name: fields[name] for name in _USE if name in fields}
    return _dumped(used) if used else None


def _dumped(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def payload(entry: Entry) -> int:
    """Return about how many bytes the rows of an entry hold."""
    record = entry.record
    characters = len(record.text) + len(str(record.metadata))
    return entry.vectors.nbytes + 2 * characters + 500 * len(entry.vectors)


def is_first(metadata: Metadata) -> bool:
    """Tell whether a row carries a record, and not only a further window's vector."""
    return "record" in metadata


def to_record(document: str, metadata: Metadata) -> Record:
    """Read the record of a first row."""
    return _record(document, metadata, json.loads(metadata["record"]))


def to_records(documents: Sequence[str], metadatas: Sequence[Metadata]) -> list[tuple[Record, int]]:
    """Read the records of first rows, each with the number of its windows."""
    written = ",".join(metadata["record"] for metadata in metadatas)  # parsed faster as one
    each = zip(documents, metadatas, json.loads(f"[{written}]"), strict=True)
    return [
        (_record(document, metadata, fields), fields["windows"])
        for document, metadata, fields in each
    ]


def expected_ids(document: str, metadata: Metadata) -> list[str]:
    """Return the ids of all rows that a first row's record has."""
    fields = json.loads(metadata["record"])
    record = _record(document, metadata, fields)
    return [row_id(record, window) for window in range(fields["windows"])]


class Unread:
    """Rows that are read but not yet taken as entries: a record's rows may come in any order."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._records: dict[str, tuple[Record, int]] = {}
        self._vectors: dict[str, Vectors] = {}

    def add_records(
        self, ids: Sequence[str], documents: Sequence[str | None], metadatas: Sequence[Metadata]
    ) -> None:
        """Add what rows say; those of further windows say nothing."""
        rows = [row for row in zip(ids, documents, metadatas, strict=True) if is_first(row[2])]
        texts = [document or "" for _, document, _ in rows]
        records = to_records(texts, [metadata for _, _, metadata in rows])
        self._records.update(zip([id for id, _, _ in rows], records, strict=True))

    def add_vectors(self, ids: Sequence[str], embeddings: npt.ArrayLike) -> None:
        """Add the vectors of rows."""
        if ids:
            self._vectors.update(zip(ids, np.asarray(embeddings, np.float32)[:, None], strict=True))

    def take(self) -> Iterator[Entry]:
        """Yield the entries of which every row is there. Left over windows are never asked for.

        The others wait for rows that may still be added, and are `incomplete` if none are.
        """
        waiting, self._records = self._records, {}
        for id, (record, windows) in waiting.items():
            ids = [id] if windows == 1 else [row_id(record, window) for window in range(windows)]
            if all(map(self._vectors.__contains__, ids)):
                vectors = [self._vectors.pop(one) for one in ids]
                yield Entry(record, vectors[0] if windows == 1 else np.concatenate(vectors))
            else:
                self._records[id] = record, windows

    def incomplete(self) -> list[Record]:
        """Return the records of which rows with vectors are missing."""
        return [record for record, _ in self._records.values()]


def _record(document: str, metadata: Metadata, fields: dict[str, Any]) -> Record:
    fields["text"], fields["id"] = document, metadata["id"]
    used = metadata.get("used")
    return from_json(fields) if used is None else living_on(from_json(fields | json.loads(used)))
