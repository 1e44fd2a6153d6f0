"""The audit log: appended to, never changed, and without content, so that it survives erasures."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from commonplace.errors import StoreError
from commonplace.files.private_file import write_privately
from commonplace.keeping import audit_chain as chain
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.values.records import Source, now
from commonplace.values.scope import Scope

LOG = "audit.jsonl"
HEAD = "audit-head.json"
KEY = "audit.key"
REPAIRED = "audit repaired"
_KEY_BYTES = 32


class AuditLog:
    """An audit log in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        """Start an empty log."""
        self._key = new_key()
        self._lines: list[bytes] = []
        self._head = chain.head(self._key, 0, chain.first_previous(self._key))
        self._lock = threading.Lock()

    def append(
        self,
        action: str,
        scope: Scope,
        *,
        at: datetime,
        source: Source | None = None,
        counts: Mapping[str, int] | None = None,
        reason: str | None = None,
        note: str | None = None,
    ) -> AuditEntry:
        """Write an entry and return it. Durable on return. Raises StoreError.

        `reason` is kept as it is: an operator's words, which name nobody. Of `source` the session
        is not kept.
        """
        draft = AuditEntry(
            number=0,
            at=at,
            action=action,
            scope=self.reference(scope),
            source=replace(source or Source(), session=None),
            counts=dict(counts or {}),
            reason=reason,
            note=note,
            previous="",
        )
        with self._lock:
            return self._appended(draft)

    def reference(self, scope: Scope) -> str:
        """Return how this log refers to a scope. The key in the store's directory is needed."""
        return chain.reference(self._key, scope)

    def entries(self, scope: Scope | None = None) -> list[AuditEntry]:
        """Return all entries, or those of exactly one scope, the oldest first.

        Lines that cannot be read are left out: `verify` tells of them.
        """
        wanted = None if scope is None else self.reference(scope)
        with self._lock:
            found = list(readable(self._read()[0]))
        return [entry for entry in found if wanted in (None, entry.scope)]

    def verify(self) -> list[str]:
        """Tell what was changed, removed, inserted or moved; an empty list if nothing was.

        What only the key's holder could do is not seen: changing the log and sealing it again,
        and putting back an older state of all its files. The hash of a receipt, kept elsewhere,
        shows that as well: it must be the hash of an entry.
        """
        with self._lock:
            lines, rest, head = self._read()
        found = list(chain.findings(self._key, lines, head))
        return [*found, "The log ends within a line."] if rest else found

    def _appended(self, draft: AuditEntry) -> AuditEntry:
        """Write an entry behind the last one and return it."""
        number, previous = self._end()
        entry = chain.following(self._key, draft, number, previous)
        self._write(chain.to_line(entry), chain.head(self._key, entry.number, entry.hash))
        return entry

    def _end(self) -> tuple[int, str]:
        """Return the number and the hash of the last entry."""
        if not self._lines:
            return 0, chain.first_previous(self._key)
        last = chain.from_line(self._lines[-1])
        return last.number, last.hash

    def _read(self) -> tuple[list[bytes], bytes, bytes | None]:
        """Return the lines, what follows the last end of a line, and the head."""
        return self._lines, b"", self._head

    def _write(self, line: bytes, head: bytes) -> None:
        self._lines.append(line)
        self._head = head


class DirectoryAuditLog(AuditLog):
    """An audit log in files of a directory whose lock is held."""

    def __init__(self, directory: Path) -> None:
        """Open the log, or start one.

        A last line that a crash left incomplete is dropped, and an entry says so. If the log's
        end is otherwise not what its head says, an entry says that, so that it stays visible.
        Raises StoreError.
        """
        super().__init__()
        self._log, self._head_file = directory / LOG, directory / HEAD
        with self._reporting():
            self._key = self._opened_key(directory / KEY)
            lines, rest, head = self._read()
            self._last = _last(lines, self._key)
            self._settle(lines, rest, head)

    def _opened_key(self, path: Path) -> bytes:
        if not path.exists():
            if not self._log.exists() or self._log.stat().st_size == 0:
                write_privately(self._log, b"")
                write_privately(self._head_file, self._head)
            write_privately(path, self._key)
        return path.read_bytes()

    def _settle(self, lines: list[bytes], rest: bytes, head: bytes | None) -> None:
        if rest:
            os.truncate(self._log, self._log.stat().st_size - len(rest))
        number, last = self._last
        if head != chain.head(self._key, number, last):
            if not self._is_one_ahead(lines, head):
                self._note(chain.DAMAGED, {"entries": len(lines)})
                return
            write_privately(self._head_file, chain.head(self._key, number, last))
        if rest:
            self._note(REPAIRED, {"dropped_bytes": len(rest)})

    def _is_one_ahead(self, lines: list[bytes], head: bytes | None) -> bool:
        """Tell whether a crash came between writing the last entry and its head."""
        if not lines:
            return False
        before, last = _last(lines[:-1], self._key), list(readable(lines[-1:]))
        return (
            head == chain.head(self._key, *before)
            and bool(last)
            and (last[0].number, last[0].previous) == (before[0] + 1, before[1])
            and chain.sealed(self._key, last[0]) == last[0]
        )

    def _note(self, action: str, counts: Mapping[str, int]) -> None:
        self.append(action, Scope(), at=now(), counts=counts)

    def _end(self) -> tuple[int, str]:
        return self._last

    def _read(self) -> tuple[list[bytes], bytes, bytes | None]:
        with self._reporting():
            content = self._log.read_bytes() if self._log.exists() else b""
            head = self._head_file.read_bytes() if self._head_file.exists() else None
        *lines, rest = content.split(b"\n")
        return lines, rest, head

    def _write(self, line: bytes, head: bytes) -> None:
        with self._reporting():
            self._append(line + b"\n")
            entry = chain.from_line(line)
            self._last = entry.number, entry.hash
            write_privately(self._head_file, head)

    def _append(self, content: bytes) -> None:
        opened = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(opened, "wb") as file:
            size = os.fstat(opened).st_size
            try:
                file.write(content)
                file.flush()
                os.fsync(opened)
            except OSError:
                os.ftruncate(opened, size)
                raise

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The audit log {str(self._log)!r} could not be read or written ({error}). "
                "Make room or allow it, and repeat what was asked."
            ) from error


def new_key() -> bytes:
    """Return a key for a log that begins."""
    return secrets.token_bytes(_KEY_BYTES)


def readable(lines: Iterable[bytes]) -> Iterator[AuditEntry]:
    """Yield the entries that can be read."""
    for line in lines:
        with suppress(ValueError):  # `verify` tells of it
            yield chain.from_line(line)


def _last(lines: list[bytes], key: bytes) -> tuple[int, str]:
    """Return the number of lines, and the hash that the next entry has to name."""
    last = list(readable(lines[-1:]))
    if not lines:
        return 0, chain.first_previous(key)
    return len(lines), last[0].hash if last else ""
