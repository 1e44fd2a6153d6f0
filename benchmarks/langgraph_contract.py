"""What `tests/store_contract.py` finds on LangGraph's own stores and on ours, as a table.

    python benchmarks/langgraph_contract.py

SqliteStore needs a Python whose sqlite3 loads extensions.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import commonplace
from clock import Clock
from commonplace.testing import HashingEmbedder
from commonplace_langchain import MemoryStore
from store_contract import CHECKS


def embed(texts: list[str]) -> list[list[float]]:
    vectors: list[list[float]] = HashingEmbedder().embed_documents(texts).tolist()
    return vectors


class InMemory:
    """LangGraph's InMemoryStore."""

    def new(self, *, fields: list[str] | None = None, ttl: Any = None) -> BaseStore:
        if ttl is not None:
            raise NotImplementedError("no TTL")
        index: Any = {"dims": 256, "embed": embed, "fields": fields} if fields else None
        return InMemoryStore(index=index)

    def wait(self, store: BaseStore, minutes: float) -> None:  # noqa: ARG002  # it has no TTL
        time.sleep(0.001)


class Sqlite:
    """LangGraph's SqliteStore, in memory, with the `omit_expired` that it takes."""

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing

    def new(self, *, fields: list[str] | None = None, ttl: Any = None) -> BaseStore:
        index: Any = {"dims": 256, "embed": embed, "text_fields": fields} if fields else None
        config: Any = None if ttl is None else {**ttl, "omit_expired": True}
        opened = SqliteStore.from_conn_string(":memory:", index=index, ttl=config)
        store: Any = self._closing.enter_context(opened)
        store.setup()
        return cast("BaseStore", store)

    def wait(self, store: BaseStore, minutes: float) -> None:
        assert isinstance(store, SqliteStore)
        span = f"-{minutes} minutes"
        for column in ("created_at", "updated_at", "expires_at"):
            store.conn.execute(
                f"UPDATE store SET {column} = strftime('%Y-%m-%d %H:%M:%f', {column}, ?)",  # noqa: S608  # of ours
                (span,),
            )


class Ours:
    """MemoryStore, on a memory of its own."""

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing
        self._clock = Clock()

    def new(self, *, fields: list[str] | None = None, ttl: Any = None) -> BaseStore:
        opened = commonplace.open(":memory:", embedder=HashingEmbedder(), clock=self._clock)
        return MemoryStore(self._closing.enter_context(opened), fields=fields or ["$"], ttl=ttl)

    def wait(self, store: BaseStore, minutes: float) -> None:  # noqa: ARG002  # of one clock
        self._clock.advance(minutes=minutes)


def outcome(check: Callable[[Any], None], subject: Any) -> str:
    try:
        check(subject)
    except Exception as error:  # noqa: BLE001  # each is a finding
        told = re.sub(r"\s+", " ", str(error))
        return f"{type(error).__name__}: {told:.70}" if told else type(error).__name__
    return ""


def main() -> None:
    with ExitStack() as closing:
        subjects = {
            "InMemoryStore": InMemory(),
            "SqliteStore": Sqlite(closing),
            "MemoryStore": Ours(closing),
        }
        print(
            f"langgraph-checkpoint {version('langgraph-checkpoint')}, "
            f"langgraph-checkpoint-sqlite {version('langgraph-checkpoint-sqlite')}"
        )
        kept = dict.fromkeys(subjects, 0)
        for check in CHECKS:
            told = {name: outcome(check, subject) for name, subject in subjects.items()}
            for name, one in told.items():
                kept[name] += not one
            if any(told.values()):
                print(f"\n{check.__name__.replace('_', ' ')}")
                for name, one in told.items():
                    print(f"  {name:14} {one or 'kept'}")
        print()
        for name, count in kept.items():
            print(f"{name:14} keeps {count} of {len(CHECKS)}")


if __name__ == "__main__":
    main()
