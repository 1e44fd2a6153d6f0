"""What is noted of a file that is closed, by which it is known again."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

# What is larger is known by its size and time alone: summing it would hold up who closes.
_MOST_SUMMED = 256 * 1024**2
_PIECE = 1024**2


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file is the same while size and time are, or while size and sum are.

    `changed_at` is in nanoseconds since 1970; `sum` is None where the file is too large for one.
    """

    size: int
    changed_at: int
    sum: str | None

    @classmethod
    def of(cls, path: Path) -> KnownFile:
        """Note a file as it is now. Raises OSError."""
        state = path.stat()
        summed = None if state.st_size > _MOST_SUMMED else _sum(path)
        return cls(state.st_size, state.st_mtime_ns, summed)

    def is_untouched(self, path: Path) -> bool:
        """Tell whether size and time are the same. Raises OSError."""
        state = path.stat()
        return (state.st_size, state.st_mtime_ns) == (self.size, self.changed_at)

    def is_same(self, path: Path) -> bool:
        """Tell whether this is the file. Raises OSError."""
        if self.is_untouched(path):
            return True
        return path.stat().st_size == self.size and self.sum in (None, _sum(path))


def _sum(path: Path) -> str:
    total = blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            total.update(piece)
    return total.hexdigest()
