"""Which scopes may have left bytes in the files although no record of them is there any more.

Chroma leaves bytes of what is removed. A scope of which nothing is stored, and nothing was ever
removed, has left none: to erase it is nothing to do, and must not hold up the others
(docs/decisions/0035-an-erasure-of-nothing.md).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from commonplace.chroma.translation import translated
from commonplace.files.private_file import write_privately
from commonplace.values.scope import Scope

LEAVINGS = "leavings"
_SALT_BYTES = DIGEST_BYTES = 16


class Leavings:
    """The scopes that records were removed from, each under a digest, kept in a file."""

    def __init__(self, directory: Path, *, is_new: bool) -> None:
        """Read what was noted; of a store that `is_new`, nothing was removed yet.

        What was removed from a store of a release before nobody noted: it may be any scope.
        """
        self._file = directory / LEAVINGS
        with translated(f"reading {str(self._file)!r}"):
            if is_new:
                write_privately(self._file, secrets.token_bytes(_SALT_BYTES))
            self._read()

    def note(self, scopes: Iterable[Scope]) -> None:
        """Note that records of these scopes are about to be removed. Durable on return."""
        self._add({str(one) for scope in scopes for one in _around(scope)})

    def begin_erasing(self, scope: Scope) -> None:
        """Note that what lies within a scope is about to go, of whatever scopes it is."""
        self._add({*map(str, _around(scope)), _erasing(scope)})

    def _add(self, names: Iterable[str]) -> None:
        if self._salt is None:
            return
        digests = set(map(self._digest, names))
        if fresh := digests - self._noted:
            with translated(f"writing {str(self._file)!r}"), self._file.open("ab") as file:
                file.write(b"".join(sorted(fresh)))
                file.flush()
                os.fsync(file.fileno())
            self._noted |= fresh

    def may_be_of(self, scope: Scope) -> bool:
        """Tell whether bytes of a scope without records may be in the files."""
        if self._salt is None or not scope.names:
            return True
        names = [str(scope), *map(_erasing, (Scope(), *_around(scope)))]
        return not self._noted.isdisjoint(map(self._digest, names))

    def forget(self, scope: Scope) -> None:
        """Note that no byte of a scope is left."""
        if self._salt is not None:
            self._noted -= {self._digest(str(scope)), self._digest(_erasing(scope))}
            with translated(f"writing {str(self._file)!r}"):
                write_privately(self._file, self._salt + b"".join(sorted(self._noted)))

    def _read(self) -> None:
        written = self._file.read_bytes() if self._file.exists() else b""
        self._salt = written[:_SALT_BYTES] if len(written) >= _SALT_BYTES else None
        # A digest that a crash left incomplete was not acted on yet.
        whole = (len(written) - _SALT_BYTES) // DIGEST_BYTES * DIGEST_BYTES + _SALT_BYTES
        if self._salt is not None and whole < len(written):
            os.truncate(self._file, whole)
        self._noted = {
            written[place : place + DIGEST_BYTES]
            for place in range(_SALT_BYTES, whole, DIGEST_BYTES)
        }

    def _digest(self, name: str) -> bytes:
        assert self._salt is not None, "asked for where there is a file"
        return blake2b(name.encode(), digest_size=DIGEST_BYTES, key=self._salt).digest()


def _around(scope: Scope) -> list[Scope]:
    return [scope.first(count) for count in range(1, len(scope.names) + 1)]


def _erasing(scope: Scope) -> str:
    return f"\x1f{scope}"  # a written scope holds no \x1f
