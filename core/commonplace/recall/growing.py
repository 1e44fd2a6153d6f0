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
        self._room: npt.NDArray[Element] = np.zeros((16,) if width is None else (16, width), dtype)
        self._length = 0

    def append(self, value: Any) -> None:
        """Add one element (or one row) at the end."""
        if self._length == len(self._room):
            bigger = np.zeros((2 * self._length, *self._room.shape[1:]), self._room.dtype)
            bigger[: self._length] = self._room
            self._room = bigger
        self._room[self._length] = value
        self._length += 1

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> npt.NDArray[Element]:
        """The elements so far, without a copy; stale after the next append."""
        return self._room[: self._length]
