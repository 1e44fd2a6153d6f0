"""How large the numbers of each channel of a token are, told from the weights alone.

What a layer normalisation reads is a token as the one before left it, and what a block adds to it.
Their squares count alike here: the token's by its own sizes, the block's by those of its matrix.
Of that the normalisation makes the square scale² * read² + bias² (docs/decisions/0088).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph

Sizes = NDArray[np.float32]
"""One number for each channel. Only how they compare with one another means anything."""


def after_block(read: Sizes, tensors: graph.Tensors, block: str) -> Sizes:
    """Return the sizes after a block and its normalisation, given those that it reads.

    `tensors` and `block` are under the names of BERT.
    """
    own, added = read**2, (tensors[f"{block}.dense.weight"] ** 2).sum(axis=1)
    squares = own / own.mean() + added / added.mean()
    scale, bias = (tensors[f"{block}.LayerNorm.{kind}"] for kind in ("weight", "bias"))
    return normalised(squares / 2, scale, bias)


def normalised(squares: Sizes, scale: NDArray[np.float32], bias: NDArray[np.float32]) -> Sizes:
    """Return the sizes that a normalisation leaves of what has these squares, 1 on the mean."""
    sizes: Sizes = np.sqrt(scale**2 * squares + bias**2)
    return sizes
