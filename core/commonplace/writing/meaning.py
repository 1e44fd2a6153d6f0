"""Orders to a model, told by the vectors of what was read. Pure.

For each embedder that was measured there is a direction in which orders lie, whatever their words
and language: `benchmarks/order_meaning.py` finds it between the labelled texts of the corpus. For
an embedder that nobody measured nothing is told: its vectors have another meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources

import numpy as np

from commonplace.ports import Entry, Vectors
from commonplace.values.records import Record
from commonplace.writing.batch import Identity, identity
from commonplace.writing.policy import Screening

LIKE_AN_ORDER = "What it says lies near to orders to a model."

_READ = ("tool", "document")
_MINILM = "all-MiniLM-L6-v2"
_SAME_MODEL = {"chroma:default": _MINILM, "chroma:onnx_mini_lm_l6_v2": _MINILM}
_LEAST = 3.0
"""Log odds of an order from which on a text is held: fewer than 1 in 100 look-alikes have more."""


def held_by_meaning(
    entries: Iterable[Entry],
    stored: Mapping[Identity, Record],
    embedder: str,
    policy: Screening,
) -> list[Entry]:
    """Return the entries, those quarantined that were read and lie near to orders.

    `embedder` names what made the vectors. A value is data and is not judged, nor is what a user
    or an agent says: they order one another about, in words near to those of an attack. What is
    `stored` with the same text may have been released, and is not judged again.
    """
    if policy.instructions == "off":
        return list(entries)
    return [_judged(one, stored.get(identity(one.record)), embedder) for one in entries]


def _judged(entry: Entry, old: Record | None, embedder: str) -> Entry:
    record = entry.record
    is_judged = (
        record.source.origin in _READ
        and record.kind != "value"
        and record.quarantine is None
        and (old is None or old.text != record.text)
    )
    if is_judged and _is_near(entry.vectors, embedder):
        return Entry(replace(record, quarantine=LIKE_AN_ORDER), entry.vectors)
    return entry


def _is_near(vectors: Vectors, embedder: str) -> bool:
    """Tell whether any window of a text lies near to orders."""
    direction = _directions().get(_SAME_MODEL.get(embedder, embedder))
    if direction is None or vectors.shape[-1] != len(direction) - 1:
        return False
    return bool((vectors @ direction[:-1] + direction[-1]).max() > _LEAST)


@lru_cache(maxsize=1)
def _directions() -> dict[str, Vectors]:
    """Return by embedder the weights of a vector's numbers, and what is added to their sum."""
    file = resources.files("commonplace.writing") / "data" / "order_directions.npz"
    with file.open("rb") as opened, np.load(opened) as directions:
        return {name: directions[name] for name in directions.files}
