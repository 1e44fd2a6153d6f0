"""A trace of a vector is told from what only reads like a piece of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commonplace.chroma.traces import found_in_files, vector_pieces
from commonplace.chroma.vector_traces import VectorTraces
from commonplace.ports import Vectors

DIMENSION = 384


def counts(random: np.random.Generator) -> Vectors:
    return (random.random(DIMENSION) < 0.2).astype(np.float32)


def levels(random: np.random.Generator) -> Vectors:
    return np.round(random.normal(size=DIMENSION)).astype(np.float32)


def signs(random: np.random.Generator) -> Vectors:
    return np.sign(random.normal(size=DIMENSION)).astype(np.float32)


def traces_in(path: Path, erased: Vectors) -> set[bytes]:
    _, found = found_in_files([path], [], vector_pieces(erased[np.newaxis]))
    return VectorTraces(erased[np.newaxis]).confirmed(path, found)


@pytest.mark.parametrize("kind", [counts, levels, signs])
def test_where_two_vectors_meet_no_third_is_seen(kind: object, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    erased, first, second = (kind(random) for _ in range(3))  # type: ignore[operator]
    # The end of one and the beginning of the next read as sixteen components of the erased.
    first[-9:], second[:7] = erased[32:41], erased[41:48]
    path = tmp_path / "file"
    path.write_bytes(b"\0" * 3 + first.tobytes() + second.tobytes())

    assert found_in_files([path], [], vector_pieces(erased[np.newaxis]))[1], "it looks like a piece"
    assert traces_in(path, erased) == set()


@pytest.mark.parametrize("kind", [counts, levels, signs])
@pytest.mark.parametrize("part", [slice(0, DIMENSION), slice(96, 300)])
@pytest.mark.parametrize("before", [0, 1, 2048 * 1024 - 700])
def test_a_vector_or_a_large_part_of_one_is_seen(
    kind: object, part: slice, before: int, tmp_path: Path
) -> None:
    random = np.random.default_rng(7)
    erased, other = (kind(random) for _ in range(2))  # type: ignore[operator]
    unit = erased / np.linalg.norm(erased)
    for written in (erased, unit):
        path = tmp_path / "file"
        path.write_bytes(b"\1" * before + other.tobytes() + written[part].tobytes() + b"label")
        assert traces_in(path, erased)
