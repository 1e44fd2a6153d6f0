"""Tools by which a model remembers, recalls and forgets, in an agent or in any graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field

from commonplace import Memory, Source
from commonplace.adapters.model_tools import (
    FORGET,
    ID,
    LIMIT,
    MOST,
    QUERY,
    RECALL,
    REMEMBER,
    TEXT,
    answered,
    forgotten,
    found,
    remembered,
)
from commonplace_langchain.runs import Chosen, MemoryOrChoice, run_under


class Remembered(BaseModel):
    """What is to be remembered."""

    text: Annotated[str, Field(description=TEXT)]


class Asked(BaseModel):
    """What is to be recalled."""

    query: Annotated[str, Field(description=QUERY)]
    limit: Annotated[int, Field(ge=1, le=MOST, description=LIMIT)] = 8


class Forgotten(BaseModel):
    """What is to be forgotten."""

    id: Annotated[str, Field(description=ID)]


def memory_tools(
    memory: MemoryOrChoice,
    *,
    default: Memory | None = None,
    read_only: bool = False,
    agent: str | None = None,
) -> list[BaseTool]:
    """Return the tools remember, recall and forget for a model.

    A tool never ends a run: if the memory fails, it tells the model so and logs the reason.

    Args:
        memory: A memory, or a function from the `Run` to a memory. No model can choose it.
        default: The memory of runs that say nothing of their user. Without it they are an error.
        read_only: Return the tool recall alone.
        agent: The name of who remembers. The origin of what is remembered is ``agent``.

    >>> remember, recall, forget = memory_tools(memory.scope("user", "alice"))
    >>> remember.invoke({"text": "Alice is allergic to peanuts"})
    'Remembered.'
    >>> recall.invoke({"query": "allergic to what?"})
    '[{"id": "...", "text": "Alice is allergic to peanuts", ...}]'
    """
    chosen = Chosen(memory, default)

    def remember(text: str, config: RunnableConfig) -> str:
        own, source = _of(chosen, config, agent)
        return answered(partial(remembered, own, text, source))

    def recall(query: str, config: RunnableConfig, limit: int = 8) -> str:
        own, _ = _of(chosen, config, agent)
        return answered(partial(found, own, query, limit))

    def forget(id: str, config: RunnableConfig) -> str:
        own, _ = _of(chosen, config, agent)
        return answered(partial(forgotten, own, id))

    reading = _tool(recall, RECALL, Asked)
    if read_only:
        return [reading]
    return [_tool(remember, REMEMBER, Remembered), reading, _tool(forget, FORGET, Forgotten)]


def _tool(act: Callable[..., str], says: str, arguments: type[BaseModel]) -> BaseTool:
    async def awaited(config: RunnableConfig, **given: Any) -> str:
        return await to_thread.run_sync(lambda: act(**given, config=config))

    return StructuredTool.from_function(act, awaited, act.__name__, says, args_schema=arguments)


def _of(chosen: Chosen, config: RunnableConfig, agent: str | None) -> tuple[Memory, Source]:
    """Return the memory of a run, and who remembers in it."""
    run = run_under(config)
    source = Source(framework="langchain", agent=agent, session=run.thread, origin="agent")
    return chosen.of(run), source
