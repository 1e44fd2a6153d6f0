"""Many numbers a point as two: where it stands on a map. Pure."""

from __future__ import annotations

import numpy as np

from commonplace.ports import Vectors

_MOST_FOR_AXES = 4_000


def projected(vectors: Vectors) -> Vectors:
    """Return the places of vectors on their two principal axes: shape (count, 2), in -1..1.

    The axes are those of evenly taken vectors where there are many: two axes show a small part of
    what tells texts apart, and more of them move the axes little.

    >>> projected(np.eye(3, dtype=np.float32)).shape
    (3, 2)
    """
    if not len(vectors):
        return np.zeros((0, 2), np.float32)
    sample = vectors[:: max(1, len(vectors) // _MOST_FOR_AXES)]
    centre = sample.mean(axis=0)
    places = (vectors - centre) @ _upright(_axes(sample - centre))
    flat = np.zeros((len(vectors), 2), np.float32)
    flat[:, : places.shape[1]] = places
    furthest = np.abs(flat).max()
    return flat / furthest if furthest else flat


def _axes(centred: Vectors) -> Vectors:
    """Return the two directions in which these lie furthest apart, in the quicker of two ways."""
    if len(centred) < centred.shape[1]:
        return np.asarray(np.linalg.svd(centred, full_matrices=False)[2][:2].T)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.asarray(directions[:, :-3:-1])


def _upright(axes: Vectors) -> Vectors:
    """Return axes with their largest part positive: else a map may come out mirrored each time."""
    largest = np.abs(axes).argmax(axis=0)
    signs = np.sign(axes[largest, np.arange(axes.shape[1])])
    return axes * np.where(signs == 0, 1, signs)
