"""A memory where AG2 expects a knowledge store: files of an agent, under paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Lock
from typing import TypeVar

from ag2.knowledge.base import ChangeCallback, ChangeSubscription, NoopChangeSubscription
from anyio import to_thread

from commonplace import Memory, Source
from commonplace.adapters.items import Item, Items
from commonplace.adapting import checked_memory
from commonplace.values.validation import MAX_TEXT_CHARACTERS

_SOURCE = Source(framework="ag2", origin="agent")
_LOGS = "/log/"
_NAMES_OF_ITS_OWN = ("SKILL.md", ".initialized")
_appending = Lock()
T = TypeVar("T")


class SharedKnowledge:
    """An AG2 `KnowledgeStore` on a memory: ``Agent(knowledge=KnowledgeConfig(store=...))``.

    A file is an exact value under its path: ``memory.get(path)`` returns it, in every process and
    framework. Agents that recall from the memory find files by what they say. AG2's own files
    (the logs below ``/log/`` and each ``SKILL.md``) are found by their paths alone. Give the
    store a scope of its own.

    Args:
        memory: The memory to keep files in.

    Raises:
        InvalidInputError: It is no Memory.

    >>> import asyncio
    >>> store = SharedKnowledge(memory.scope("knowledge"))
    >>> asyncio.run(store.write("/memory/working.md", "Alice likes tea"))
    >>> asyncio.run(store.list("/memory"))
    ['working.md']
    """

    def __init__(self, memory: Memory) -> None:
        """Keep files in the scope of `memory`. Raises InvalidInputError for what is none."""
        self._items = Items(checked_memory(memory))

    async def read(self, path: str) -> str | None:
        """Return the text of a file, or None if there is none."""
        return await _awaited(partial(self._read, _normal(path)))

    async def write(self, path: str, content: str) -> None:
        """Write a file. A former text is replaced."""
        await _awaited(partial(self._write, _normal(path), content))

    async def list(self, path: str = "/") -> list[str]:
        """Return the names of what is in a folder. The names of folders end with ``/``."""
        inside = _folder(_normal(path))
        names = await _awaited(lambda: [one.removeprefix(inside) for one in self._within(inside)])
        parts = (name.partition("/") for name in names)
        return sorted({first + slash for first, slash, _ in parts})

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it."""
        await _awaited(partial(self._delete, _normal(path)))

    async def exists(self, path: str) -> bool:
        """Return whether there is such a file or folder."""
        return await _awaited(partial(self._exists, _normal(path)))

    async def append(self, path: str, content: str) -> int:
        """Add text to the end of a file; return where it begins, in bytes.

        Two appends of one process never mix. Those of two processes can overwrite each other.
        """
        return await _awaited(partial(self._append, _normal(path), content))

    async def read_range(self, path: str, start: int, end: int | None = None) -> str:
        """Return the bytes from `start` to `end` of a file, as text; "" if there is none."""
        held = (await self.read(path) or "").encode()
        return held[start:end].decode()

    async def on_change(
        self,
        path: str,  # noqa: ARG002  # what AG2 asks of a store
        callback: ChangeCallback,  # noqa: ARG002  # as above
    ) -> ChangeSubscription:
        """Return a subscription that reports nothing: AG2 then asks again from time to time."""
        return NoopChangeSubscription()

    def _read(self, path: str) -> str | None:
        record = self._items.get((), path)
        return None if record is None else str(record.metadata["value"])

    def _write(self, path: str, content: str) -> None:
        text = None if _is_frameworks_own(path) else content[:MAX_TEXT_CHARACTERS]
        self._items.put([Item((), path, content, text)], _SOURCE)

    def _append(self, path: str, content: str) -> int:
        with _appending:
            held = self._read(path) or ""
            self._write(path, held + content)
        return len(held.encode())

    def _delete(self, path: str) -> None:
        self._items.discard(((), one) for one in [path, *self._within(_folder(path))])

    def _exists(self, path: str) -> bool:
        return self._read(path) is not None or any(self._within(_folder(path)))

    def _within(self, folder: str) -> Iterator[str]:
        """Yield the paths of all files in a folder and below."""
        for record in self._items.all(()):
            key = str(record.key)
            if key.startswith(folder) and not self._items.below(record):
                yield key


async def _awaited(act: Callable[[], T]) -> T:
    return await to_thread.run_sync(act)


def _is_frameworks_own(path: str) -> bool:
    return path.startswith(_LOGS) or path.rpartition("/")[2] in _NAMES_OF_ITS_OWN


def _normal(path: str) -> str:
    """Return a path with one slash before each name."""
    return "/" + "/".join(part for part in path.split("/") if part)


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"
