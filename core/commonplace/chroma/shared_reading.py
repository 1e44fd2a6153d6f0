"""Reading rows of a collection that others write to: none is missed because another was removed.

Pages overlap by one row: if it is not the same one, rows before it were removed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from commonplace.chroma.commit_log import Commit, block_of, commit_of, log_of, nonces_of, numbers_in
from commonplace.chroma.shared_catalogue import FEWEST_ROWS
from commonplace.chroma.shared_partition import SharedPartition
from commonplace.chroma.shared_rows import BRANCH_NAMES, By, Row
from commonplace.chroma.translation import translated
from commonplace.errors import StoreError
from commonplace.ports import NO_VECTORS
from commonplace.values.scope import Scope

OF_LOGS = {"$or": [{"block": {"$gte": 0}}, {"commit": {"$gte": 0}}]}
"""The condition that rows are of a log, and of no record."""
_ATTEMPTS = 20


def rows_where(
    partition: SharedPartition,
    condition: Mapping[str, Any] | None,
    name: str,
    *,
    vectors: bool,
    most_bytes: float = float("inf"),
) -> list[Row] | None:
    """Return the rows that meet a condition; None if they take more memory than `most_bytes`.

    `name` is what errors call them. Raises StoreError if rows are removed time and again.
    """
    columns = ["documents", "metadatas", *(["embeddings"] if vectors else [])]
    for _ in range(_ATTEMPTS):
        found, left, last = list[Row](), most_bytes, None
        while left >= 0:
            page, most = _page(partition, condition, name, max(0, len(found) - 1), columns)
            if last is not None and (not page or page[0].id != last):
                break
            found += page if last is None else page[1:]
            left -= sum(_size(row) for row in page)
            if len(page) < most:
                return found if left >= 0 else None
            last = page[-1].id
        else:
            return None
    raise StoreError(f"While reading {name!r}, rows were removed time and again. Try again.")


def rows_with(partition: SharedPartition, ids: Iterable[str], name: str) -> list[Row]:
    """Return the rows with these ids that are there, and their vectors."""
    wanted, found = list(ids), list[Row]()
    columns = ["documents", "metadatas", "embeddings"]
    if 0 < len(wanted) <= FEWEST_ROWS:
        with translated(f"reading {name!r}"):
            return _rows(partition.few({"ids": wanted, "include": columns}))
    while wanted:
        with translated(f"reading {name!r}"):
            got, most = partition.some(lambda most: {"ids": wanted[:most], "include": columns})
        found += _rows(got)
        del wanted[:most]
    return found


class Committed:
    """What the logs of several branches say, by the rows that they are written in."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Read the rows of logs; others are passed over."""
        self._nonces: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self.gone: set[str] = set()
        commits: list[tuple[str, Commit]] = []
        closed: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            mark = row.metadata["within"][0]
            if "block" in row.metadata:
                block = row.metadata["block"]
                self._nonces[mark] |= zip(numbers_in(block), nonces_of(row.metadata), strict=True)
                closed[mark] = max(closed[mark], block + 1)
            elif "commit" in row.metadata:
                commits.append((mark, commit_of(row.metadata)))
        for mark, commit in commits:
            self._nonces[mark][commit.number] = commit.nonce
            if block_of(commit.number) >= closed[mark]:  # else what it replaced is removed
                self.gone.update(commit.gone)

    def says_the_same(self, other: Committed) -> bool:
        """Tell whether no commit was made between two readings."""
        return self._nonces == other._nonces

    def counts(self, row: Row, by: By) -> bool:
        """Tell whether the commit that is said to have stored a row was made."""
        return self._nonces[log_of(branch_with(row))].get(by.number) == by.nonce

    def is_left_over(self, row: Row) -> bool:
        """Tell whether a row counts for nothing, and will not."""
        by = row.by
        if row.id in self.gone or by is None:
            return row.id in self.gone
        nonces = self._nonces[log_of(branch_with(row))]
        return by.number <= max(nonces, default=-1) and nonces.get(by.number) != by.nonce


def branch_with(row: Row) -> Scope:
    """Return the branch that a row lies in."""
    paths = [path for path in row.metadata["within"] if path.startswith("/")]
    return Scope.parse(paths[:BRANCH_NAMES][-1][1:])


def committed_in(partition: SharedPartition, scope: Scope) -> Committed:
    """Return what the logs of the branches within a scope say, of a partition."""
    of_scope = {"within": {"$contains": log_of(scope)}} if scope.names else OF_LOGS
    return Committed(rows_where(partition, of_scope, str(scope), vectors=False) or [])


def _page(
    partition: SharedPartition,
    condition: Mapping[str, Any] | None,
    name: str,
    offset: int,
    columns: list[str],
) -> tuple[list[Row], int]:
    """Return some rows, and how many were asked for."""

    def asked(most: int) -> dict[str, Any]:
        return {"where": condition, "include": columns, "limit": most, "offset": offset}

    with translated(f"reading {name!r}"):
        got, most = partition.some(asked)
        return _rows(got), most


def _rows(got: Mapping[str, Any]) -> list[Row]:
    embeddings = got.get("embeddings")
    if embeddings is None:
        vectors = NO_VECTORS.repeat(len(got["ids"]), axis=0)
    else:
        vectors = np.asarray(embeddings, np.float32)
    return [
        Row(id, document or "", metadata, vector)
        for id, document, metadata, vector in zip(
            got["ids"], got["documents"], got["metadatas"], vectors, strict=True
        )
    ]


def _size(row: Row) -> int:
    """Return about what a row takes in memory, as `recall.hot` counts it."""
    return 2 * row.vector.nbytes + 8 * len(row.document) + 4_000
