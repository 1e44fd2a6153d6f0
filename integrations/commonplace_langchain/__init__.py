"""Commonplace for LangChain: a retriever, a memory for `create_agent`, and an extractor.

The retriever and the extractor need langchain-core alone. The rest is loaded when it is first
asked for, so that a program without agents neither needs `langchain` nor waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commonplace_langchain.chains import with_memory
    from commonplace_langchain.key_values import MemoryByteStore, MemoryKeyValueStore
    from commonplace_langchain.middleware import MemoryMiddleware
    from commonplace_langchain.runs import Run
    from commonplace_langchain.store import MemoryStore
    from commonplace_langchain.tools import memory_tools
    from commonplace_langchain.vector_store import MemoryVectorStore

__all__ = [
    "ConversationHistory",
    "MemoryByteStore",
    "MemoryKeyValueStore",
    "MemoryMiddleware",
    "MemoryRetriever",
    "MemoryStore",
    "MemoryVectorStore",
    "Run",
    "extractor",
    "memory_tools",
    "with_memory",
]

_LATER = {
    "MemoryByteStore": "key_values",
    "MemoryKeyValueStore": "key_values",
    "MemoryMiddleware": "middleware",
    "MemoryStore": "store",
    "MemoryVectorStore": "vector_store",
    "Run": "runs",
    "memory_tools": "tools",
    "with_memory": "chains",
}


@contextmanager
def _saying_what_to_install() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"langchain", "langchain_core", "langgraph"}:
            raise
        raise ModuleNotFoundError(
            f'{missing} is not installed. Run: pip install "commonplace-memory[langchain]"',
            name=error.name,
        ) from error


with _saying_what_to_install():
    from commonplace_langchain.extraction import extractor
    from commonplace_langchain.history import ConversationHistory
    from commonplace_langchain.retriever import MemoryRetriever


def __dir__() -> list[str]:
    return list(__all__)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        with _saying_what_to_install():
            return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
