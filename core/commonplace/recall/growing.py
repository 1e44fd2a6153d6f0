"""Arrays that grow at the end, for indexes that are updated in place."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Element = TypeVar("Element", bound=np.generic)


class Growing(Generic[Element]):
    """A one- or two-dimensional array with room at the end: appending costs O(1) on average."""

    def __init__(self, dtype: type[Element], width: int | None = None) -> None:
        self._room: npt.NDArray[Element] = np.zeros((0,) if width is None else (0, width), dtype)
        self.view = self._room
        """The elements so far, without a copy; stale after the next addition."""

    def append(self, value: Any) -> None:
        """Add one element (or one row) at the end."""
        self.extend([value])

    def extend(self, values: npt.ArrayLike) -> None:
        """Add elements (or rows) at the end."""
        added = np.asarray(values, self._room.dtype)
        if not len(added):
            return
        start = len(self)
        if not start:  # most are filled once, and then only asked
            self._room = self.view = added.copy()
            return
        end = start + len(added)
        if end > len(self._room):
            self._make_room(max(2 * start, end))
        self._room[start:end] = added
        self.view = self._room[:end]

    def __len__(self) -> int:
        return len(self.view)

    def _make_room(self, length: int) -> None:
        bigger = np.zeros((length, *self._room.shape[1:]), self._room.dtype)
        bigger[: len(self)] = self.view
        self._room = bigger
