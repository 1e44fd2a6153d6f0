"""What every model on onnxruntime needs: a session, batches of texts of like length, padding."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonplace.files.home import with_a_home

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Tokens = NDArray[np.int32]

BATCH_TEXTS = 32
# More gain no speed, and the memory of the largest batch is kept for the next.
BATCH_TOKENS = 2048
MOST_THREADS = 4


def cache_directory() -> Path:
    """Return where graphs are kept on this system."""
    with with_a_home():
        import platformdirs

        return platformdirs.user_cache_path("commonplace", appauthor=False)


def silence() -> None:
    """Keep onnxruntime from telling its maker about this machine.

    From 1.29 on it does so on every system, and its importing alone writes a device id and sends
    the first events; only this variable, set before, prevents it. The call is for other releases,
    and for a program that imported it earlier.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()


def session(source: bytes | str) -> InferenceSession:
    """Return a session of a graph, given as its bytes or as the name of an ONNX file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = _threads()
    # Waiting threads must sleep: spinning doubles the time of a sentence on a busy machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _threads() -> int:
    """Return the number of processors this process may use, at most 4."""
    if hasattr(os, "sched_getaffinity"):
        return min(MOST_THREADS, len(os.sched_getaffinity(0)))
    return min(MOST_THREADS, os.cpu_count() or 1)


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts of like length together, so that little is padded."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        is_full = len(batch) == BATCH_TEXTS or (len(batch) + 1) * lengths[place] > BATCH_TOKENS
        if batch and is_full:
            yield batch
            batch = []
        batch.append(place)
    yield batch


def padded(rows: list[list[int]]) -> tuple[Tokens, Tokens]:
    """Return token ids and mask, int32 of shape (rows, longest): 0 where there is no token."""
    tokens = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
    mask = np.zeros_like(tokens)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return tokens, mask
