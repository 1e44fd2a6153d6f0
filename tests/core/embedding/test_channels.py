"""Sizes of channels that are told from weights are those that tokens have."""

from __future__ import annotations

import numpy as np
import pytest

from commonplace.embedding import channels

WIDTH = 384


def test_sizes_are_those_of_what_is_normalised() -> None:
    random = np.random.default_rng(3)
    read, scale = random.uniform(0.2, 4, (2, WIDTH)).astype(np.float32)
    bias = random.standard_normal(WIDTH).astype(np.float32)
    matrix = random.standard_normal((WIDTH, 2 * WIDTH)) * random.uniform(0.2, 4, (WIDTH, 1))
    tensors = {
        "block.dense.weight": matrix.astype(np.float32),
        "block.LayerNorm.weight": scale,
        "block.LayerNorm.bias": bias,
    }
    tokens = random.standard_normal((4000, WIDTH)) * read
    added = random.standard_normal((4000, 2 * WIDTH)) @ matrix.T
    summed = tokens / tokens.std() + added / added.std()
    normed = summed / summed.std(axis=1, keepdims=True) * scale + bias

    told = channels.after_block(read, tensors, "block")

    assert told == pytest.approx(np.sqrt((normed**2).mean(axis=0)), rel=0.1)
