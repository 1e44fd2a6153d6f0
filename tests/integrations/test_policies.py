"""No adapter takes a word for a policy that there is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

import crewai_offline  # noqa: F401  # before CrewAI
from commonplace import Memory
from commonplace_autogen import SharedMemory
from commonplace_crewai import MemoryHooks, crew_memory, install
from commonplace_langchain import MemoryMiddleware, MemoryRetriever, with_memory
from commonplace_openai import AsyncMemoryClient, MemoryClient, recalling

DOORS: dict[str, Callable[[Memory, dict[str, Any]], object]] = {
    "LangChain's middleware": lambda memory, options: MemoryMiddleware(memory, **options),
    "LangChain's retriever": lambda memory, options: MemoryRetriever(memory=memory, **options),
    "a chain": lambda memory, options: with_memory(RunnableLambda(str), memory, **options),
    "CrewAI's memory": lambda memory, options: crew_memory(memory, **options),
    "CrewAI's hooks": lambda memory, options: MemoryHooks(memory, **options),
    "every crew": lambda memory, options: install(memory, **options),
    "AutoGen's memory": lambda memory, options: SharedMemory(memory, **options),
    "OpenAI's client": lambda memory, options: MemoryClient(object(), memory, **options),
    "the async client": lambda memory, options: AsyncMemoryClient(object(), memory, **options),
    "OpenAI's agents": lambda memory, options: recalling(memory, **options),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_to_do_with_errors_is_log_or_raise(door: str, memory: Memory) -> None:
    with pytest.raises(ValueError, match=r"(?s)on_error.*'log' or 'raise'"):
        DOORS[door](memory, {"on_error": "ignore"})


@pytest.mark.parametrize("option", [{"write": "both"}, {"speaker": "system"}])
def test_the_middleware_names_what_it_takes(option: dict[str, Any], memory: Memory) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(option))} is 'all'|speaker is any of 'user'"):
        MemoryMiddleware(memory, **option)
