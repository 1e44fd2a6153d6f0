"""Entries read from the database itself: of a branch too large to hold, or of many branches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from commonplace.chroma.branch import Branch, with_vectors
from commonplace.chroma.rows import is_first, written_scope
from commonplace.chroma.shared_partition import SharedPartition
from commonplace.chroma.shared_reading import branch_with, committed_in, rows_where
from commonplace.chroma.shared_rows import Row, Stored, branch_of, counting, stored_of
from commonplace.chroma.store import sliced, where
from commonplace.chroma.translation import translated
from commonplace.ports import Vectors
from commonplace.values.scope import Scope
from commonplace.writing.batch import Identity

Condition: TypeAlias = dict[str, Any] | None
"""What first rows meet."""

IDS_PER_READ = 1_000
_MARKS_PER_READ = 7  # with the scope as many conditions as Chroma Cloud takes
_ROWS_PER_REMOVAL = 300  # as many rows as it takes
_ATTEMPTS = 20


def of_branch(
    branch: Branch, scope: Scope, conditions: Iterable[Condition], *, vectors: bool
) -> list[Stored]:
    """Return what lies within a scope of a branch and meets one of some conditions."""
    return [
        one
        for condition in conditions
        for one in branch.read(_within(scope, condition), vectors=vectors)
        if branch_of(one.entry.record.scope) == branch.scope
    ]


def of_many(
    partitions: Iterable[SharedPartition],
    scope: Scope,
    conditions: Sequence[Condition],
    *,
    vectors: bool,
) -> list[Stored]:
    """Return what lies within a scope that spreads over branches, and meets a condition."""
    return [
        one
        for partition in partitions
        for condition in conditions
        for one in _of_partition(partition, scope, condition, vectors=vectors)
    ]


def _of_partition(
    partition: SharedPartition, scope: Scope, condition: Condition, *, vectors: bool
) -> list[Stored]:
    """Read until nothing was committed meanwhile: half of a commit is neither old nor new."""
    committed, found = committed_in(partition, scope), list[Stored]()
    for _ in range(_ATTEMPTS):
        rows = rows_where(partition, where(scope, condition), str(scope), vectors=False) or []
        counted = counting(rows, committed.counts, committed.gone)
        found = list(stored_of(counted, with_vectors=False))
        if vectors:
            found = with_vectors(partition, found)
        before, committed = committed, committed_in(partition, scope)
        if committed.says_the_same(before):
            break
    return found


def ids_near(
    partitions: Iterable[SharedPartition], scope: Scope, vector: Vectors, limit: int
) -> list[str]:
    """Return the ids of the records with the rows nearest to a vector, counting or not.

    At most `limit` rows of each partition, by Chroma's index.
    """
    ids: dict[str, None] = {}
    for partition in partitions:
        with translated(f"searching {str(scope)!r}"):
            near = partition.query(
                query_embeddings=vector[np.newaxis],
                n_results=limit,
                where=where(scope, None),
                include=["metadatas"],
            )
        ids |= {str(one["id"]): None for one in near["metadatas"][0] if "id" in one}
    return list(ids)


class Removed(NamedTuple):
    """What was removed: records, the number of their rows, and the branches in which they were."""

    records: set[tuple[str, str]]
    rows: int
    branches: set[Scope]


def removed_rows(
    partitions: Iterable[SharedPartition], scope: Scope, ends: Mapping[Scope, int] | None = None
) -> Removed:
    """Remove the rows within a scope, and return what that was.

    With `ends`, only those of these branches that were stored by the commit of this number or
    before it, or were to be.
    """
    records, count, branches = set[tuple[str, str]](), 0, set[Scope]()
    for partition in partitions:
        rows = rows_where(partition, where(scope, None), str(scope), vectors=False) or []
        going = [row for row in rows if "id" in row.metadata and _is_before(row, ends)]
        _remove(partition, [row.id for row in going], scope)
        firsts = (row for row in going if is_first(row.metadata))
        records |= {(_path(row), str(row.metadata["id"])) for row in firsts}
        branches |= set(map(branch_with, going))
        count += len(going)
    return Removed(records, count, branches)


def removed_leftovers(partitions: Iterable[SharedPartition], scope: Scope, logs: Scope) -> int:
    """Remove the rows within a scope that count no longer, or never did; return how many.

    `logs` is a scope that holds the branches of them. What is being written now is left.
    """
    count = 0
    for partition in partitions:
        committed = committed_in(partition, logs)
        rows = rows_where(partition, where(scope, None), str(scope), vectors=False) or []
        left = [row.id for row in rows if "id" in row.metadata and committed.is_left_over(row)]
        _remove(partition, left, scope)
        count += len(left)
    return count


def _remove(partition: SharedPartition, ids: Sequence[str], scope: Scope) -> None:
    for start in range(0, len(ids), _ROWS_PER_REMOVAL):
        with translated(f"removing records from {str(scope)!r}"):
            partition.delete(ids[start : start + _ROWS_PER_REMOVAL])


def _is_before(row: Row, ends: Mapping[Scope, int] | None) -> bool:
    if ends is None:
        return True
    end, by = ends.get(branch_with(row)), row.by
    return end is not None and (by is None or by.number <= end)


def _path(row: Row) -> str:
    """Return how `within` names the scope of a row."""
    return str([path for path in row.metadata["within"] if path.startswith("/")][-1])


def _within(scope: Scope, condition: Condition) -> dict[str, Any]:
    """Return the condition that rows lie within a scope, exactly in it if it is the root."""
    here: dict[str, Any] = {"within": {"$contains": written_scope(scope)}}
    return {"$and": [here, condition]} if condition else here


def named(keys: Iterable[Identity]) -> list[Condition]:
    """Return conditions that rows have the ids of some records."""
    ids = sorted({id for _, id in keys})
    return [{"id": {"$in": part}} for part in sliced(ids, IDS_PER_READ)]


def marked(marks: Sequence[str]) -> list[Condition]:
    """Return conditions that rows carry one of some marks."""
    found: list[Condition] = []
    for part in sliced(marks, _MARKS_PER_READ):
        each: list[dict[str, Any]] = [{"within": {"$contains": mark}} for mark in part]
        found.append(each[0] if len(each) == 1 else {"$or": each})
    return found
