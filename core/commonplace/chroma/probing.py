"""Reads partitions whole: ``python -m commonplace.chroma.probing DIRECTORY NUMBER …``.

In a process of its own, since a damaged index can end the process that reads it. It prints one
line of JSON for each partition, as soon as it has read it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.catalogue import Catalogue
from commonplace.chroma.client import client_of
from commonplace.chroma.reading import everything
from commonplace.chroma.translation import translated
from commonplace.errors import CommonplaceError, StoreError
from commonplace.ports import Vectors

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

ENDS_THE_PROCESS = "reading its index ends the process"
_FAILED = 3
_SAMPLE = 20
_TOLERANCE = 1e-3


def probed(directory: Path, numbers: Sequence[int]) -> dict[int, list[str]]:
    """Return what is wrong with each of these partitions, as another process reads them.

    Raises StoreError if the store cannot be opened at all.
    """
    found: dict[int, list[str]] = {}
    left = list(numbers)
    while left:
        command = [sys.executable, "-m", "commonplace.chroma.probing", str(directory)]
        run = subprocess.run(  # noqa: S603  # our own module, with a list of arguments
            [*command, *map(str, left)], capture_output=True, text=True, check=False
        )
        if run.returncode == _FAILED:
            raise StoreError(run.stderr.strip().splitlines()[-1])
        found.update(dict(json.loads(line) for line in run.stdout.splitlines()))
        left = [number for number in left if number not in found]
        if left:
            found[left.pop(0)] = [ENDS_THE_PROCESS]
    return found


def main() -> None:
    """Read the partitions that the arguments name."""
    directory, *numbers = sys.argv[1:]
    try:
        client = client_of(Path(directory))
        catalogue = Catalogue(client, None)
        for number in map(int, numbers):
            collection = catalogue.partition(number)
            damage = list(_damage(collection)) if collection else []
            print(json.dumps([number, damage]), flush=True)  # noqa: T201  # the answer
        client.close()
    except CommonplaceError as error:
        print(error, file=sys.stderr)  # noqa: T201  # for the process that asked
        raise SystemExit(_FAILED) from None


def _damage(collection: Collection) -> Iterator[str]:
    try:
        ids = yield from _row_damage(collection)
        yield from _vector_damage(collection, len(ids))
    except StoreError as error:
        yield f"it cannot be read ({error.__cause__})"


def _row_damage(collection: Collection) -> Generator[str, None, set[str]]:
    """Yield what is wrong with texts and metadata; return the rows' ids."""
    ids: set[str] = set()
    expected: set[str] = set()
    for page in everything(collection).pages(["documents", "metadatas"]):
        ids.update(page["ids"])
        with translated("reading records"):
            for document, metadata in zip(page["documents"], page["metadatas"], strict=True):
                if rows.is_first(metadata):
                    expected.update(rows.expected_ids(document or "", metadata))
    if missing := expected - ids:
        yield f"{len(missing)} windows of long texts are missing"
    return ids


def _vector_damage(collection: Collection, count: int) -> Iterator[str]:
    sample: list[Vectors] = []
    wrong = read = 0
    for page in everything(collection).pages(["embeddings"]):
        if not page["ids"]:
            continue  # all rows were removed
        vectors = np.asarray(page["embeddings"], np.float32).reshape(len(page["ids"]), -1)
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(vectors, axis=1)
            is_right = (np.abs(lengths - 1) < _TOLERANCE) | (lengths == 0)
        wrong += int((~is_right).sum())
        read += len(vectors)
        sample += [*vectors[is_right][:: max(len(vectors) // _SAMPLE, 1)]]
    if wrong:
        yield f"{wrong} vectors are not finite or not of unit length"
    if read != count:
        yield f"of {count} rows, {read} have a vector"
    for vector in sample:
        with translated("searching"):
            collection.query(query_embeddings=vector[np.newaxis], n_results=min(count, 10))


if __name__ == "__main__":
    main()
