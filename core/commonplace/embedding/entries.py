"""Records with the vectors under which they are found."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain, islice

import numpy as np

from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.ports import Entry
from commonplace.values.records import Record


def embedded(records: Collection[Record], embedder: CheckedEmbedder) -> list[Entry]:
    """Embed records in one batch: one vector for each window of a text. Raises EmbeddingError."""
    windows = [
        [_told(record, window) for window in embedder.windows(record.text)] for record in records
    ]
    vectors = iter(embedder.embed_documents(list(chain.from_iterable(windows))))
    return [
        Entry(record, np.stack(list(islice(vectors, len(own)))))
        for record, own in zip(records, windows, strict=True)
    ]


def reads_the_same(one: Record, other: Record) -> bool:
    """Tell whether two records are embedded alike."""
    return _told(one, one.text) == _told(other, other.text)


def _told(record: Record, window: str) -> str:
    """Return a window of a record's text as it is embedded: a message with who says it."""
    return f"{record.speaker}: {window}" if record.speaker else window
