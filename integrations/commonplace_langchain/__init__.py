"""Commonplace for LangChain: a retriever, a memory for `create_agent`, and an extractor.

The retriever and the extractor need langchain-core alone. The middleware is loaded when it is
first asked for, so that a program without agents neither needs `langchain` nor waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commonplace_langchain.middleware import MemoryMiddleware

__all__ = ["ConversationHistory", "MemoryMiddleware", "MemoryRetriever", "extractor"]


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
        if name != "MemoryMiddleware":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        with _saying_what_to_install():
            from commonplace_langchain.middleware import MemoryMiddleware
        return MemoryMiddleware
