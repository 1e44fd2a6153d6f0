"""API keys: each opens one scope. Only their hashes are kept: in a directory, in a file of it."""

from __future__ import annotations

import hmac
import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from commonplace.errors import InvalidInputError, StoreDamagedError
from commonplace.files.private_file import make_private_folder, write_privately
from commonplace.service.confined import CLAIMED, Grant
from commonplace.values.records import ORIGINS, Origin, now
from commonplace.values.scope import Scope

KEYS = "keys.json"
EDITING = "keys.lock"
_PREFIX = "cp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is kept: the hash of its secret, the scope it opens, origins and quotas."""

    id: str
    scope: str
    hash: str
    created_at: str
    max_records: int | None = None
    requests_per_minute: int | None = None
    origins: Sequence[Origin] = tuple(sorted(CLAIMED))
    max_bytes: int | None = None

    def grant(self) -> Grant:
        """Return what the key allows."""
        return Grant(
            Scope.parse(self.scope),
            self.id,
            self.max_records,
            self.requests_per_minute,
            frozenset(self.origins),
            self.max_bytes,
        )


class KeyRing(ABC):
    """The keys of one store, wherever they are kept."""

    def grant(self, written: str) -> Grant | None:
        """Return what a key allows, or None if there is no such key."""
        id, _, secret = written.removeprefix(f"{_PREFIX}_").partition("_")
        kept = self._kept(id)
        # The hash is compared for an unknown id too, so that the time taken tells nothing.
        expected = kept.hash if kept else _hash("")
        is_right = hmac.compare_digest(_hash(secret).encode(), expected.encode())
        return kept.grant() if kept and is_right else None

    def add(
        self,
        scope: Scope,
        *,
        max_records: int | None = None,
        requests_per_minute: int | None = None,
        origins: Collection[Origin] = CLAIMED,
        max_bytes: int | None = None,
    ) -> str:
        """Make a key for `scope` and return it: this is the only time that it is shown.

        What is written with it may claim one of these `origins`. Raises InvalidInputError for one
        that is none.
        """
        if unknown := sorted(set(origins).difference(ORIGINS)):
            raise InvalidInputError(
                f"{unknown[0]!r} is no origin: give any of {', '.join(ORIGINS)}."
            )
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        self._keep(
            Key(
                id=id,
                scope=str(scope),
                hash=_hash(secret),
                created_at=now().isoformat(timespec="seconds"),
                max_records=max_records,
                requests_per_minute=requests_per_minute,
                origins=tuple(sorted(set(origins))),
                max_bytes=max_bytes,
            )
        )
        return f"{_PREFIX}_{id}_{secret}"

    def revoke(self, id: str) -> None:
        """Make a key worthless. Raises InvalidInputError if there is none with this id."""
        if not self._drop(id):
            raise InvalidInputError(f"No key has the id {id!r}: see `commonplace keys list`.")

    def listed(self) -> list[Key]:
        """Return the keys, oldest first."""
        return sorted(self._all(), key=lambda key: key.created_at)

    @abstractmethod
    def _kept(self, id: str) -> Key | None: ...

    @abstractmethod
    def _keep(self, key: Key) -> None: ...

    @abstractmethod
    def _drop(self, id: str) -> bool:
        """Remove a key; tell whether it was there."""

    @abstractmethod
    def _all(self) -> Collection[Key]: ...


class Keys(KeyRing):
    """The keys of one directory, read again whenever the file changed."""

    def __init__(self, directory: Path) -> None:
        """Read the keys kept in `directory`, of which there may be none yet."""
        self._path = directory / KEYS
        self._read: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}

    def _kept(self, id: str) -> Key | None:
        return self._current().get(id)

    def _keep(self, key: Key) -> None:
        with self._editing():
            self._write({**self._current(), key.id: key})

    def _drop(self, id: str) -> bool:
        with self._editing():
            kept = dict(self._current())
            if kept.pop(id, None) is None:
                return False
            self._write(kept)
            return True

    def _all(self) -> Collection[Key]:
        return self._current().values()

    def _current(self) -> dict[str, Key]:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            self._keys, self._read = {}, None
            return self._keys
        # A new file each time: two changes within one tick of the clock differ in the inode.
        version = (state.st_mtime_ns, state.st_ino, state.st_size)
        if version != self._read:
            self._keys, self._read = self._parsed(), version
        return self._keys

    def _parsed(self) -> dict[str, Key]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return {one["id"]: Key(**one) for one in kept}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreDamagedError(
                f"The keys in {str(self._path)!r} cannot be read ({error}), so that no key opens "
                "anything. Restore the file, or remove it and make new keys."
            ) from error

    def _editing(self) -> FileLock:
        make_private_folder(self._path.parent)
        return FileLock(self._path.with_name(EDITING), mode=0o600)

    def _write(self, keys: dict[str, Key]) -> None:
        write_privately(self._path, json.dumps([asdict(key) for key in keys.values()], indent=1))


def _hash(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need neither salt nor stretching."""
    return sha256(secret.encode()).hexdigest()
