"""Whose memory a run uses: one for all runs, or one that is chosen for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context, var_child_runnable_config
from langgraph.runtime import Runtime, get_runtime

from commonplace import InvalidInputError, Memory
from commonplace.adapting import checked_memory


@dataclass(frozen=True, slots=True)
class Run:
    """What says whose run this is. Neither a model nor someone who sends messages can set it.

    Args:
        context: What ``invoke(..., context=...)`` was given.
        configurable: The values that your program put into the run's configuration.
        user: The identity that a LangGraph server authenticated, or None.
        thread: The id of the thread, or None.

    >>> Run(context={"user_id": "alice"}).is_anonymous
    False
    """

    context: Any = None
    configurable: Mapping[str, Any] = field(default_factory=dict)
    user: str | None = None
    thread: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing says whose run this is."""
        return not self.context and not self.configurable and self.user is None


MemoryOrChoice: TypeAlias = Memory | Callable[[Run], Memory]


class Chosen:
    """The memory of each run. A run that says nothing of its user never gets another's."""

    def __init__(self, memory: MemoryOrChoice, default: Memory | None = None) -> None:
        """Use `memory` for all runs, or what it returns for each, or `default` for anonymous ones.

        Raises InvalidInputError for what is neither a memory nor a function.
        """
        is_choice = callable(memory) and not isinstance(memory, (Memory, type))
        self._memory = memory if is_choice else checked_memory(memory)  # type: ignore[arg-type]  # it refuses what is none
        self._default = None if default is None else checked_memory(default)

    def of(self, run: Run) -> Memory:
        """Return the memory of a run. Raises InvalidInputError if it has none."""
        if isinstance(self._memory, Memory):
            return self._memory
        if run.is_anonymous and self._default is not None:
            return self._default
        try:
            chosen = self._memory(run)
        except Exception as error:
            raise InvalidInputError(
                f"No memory was chosen for this run: {type(error).__name__}: {error}. Its context "
                f"is {run.context!r:.80}, its configurable values are {sorted(run.configurable)}. "
                "Run the agent with what the function needs, such as "
                "agent.invoke(..., context={'user_id': 'alice'}), or give a default memory."
            ) from error
        if not isinstance(chosen, Memory):
            raise InvalidInputError(
                f"The function that chooses a run's memory returned {chosen!r:.80}: it returns a "
                "Memory, such as memory.scope('user', run.context['user_id'])."
            )
        return chosen


def run_of(runtime: Runtime[Any]) -> Run:
    """Return what a runtime, and the configuration that it is under, say of the run."""
    return _run(runtime, var_child_runnable_config.get())


def run_under(config: RunnableConfig) -> Run:
    """Return what the configuration that a tool is under says of the run, in a graph or not."""
    current: Callable[[], Any] = get_runtime
    with set_config_context(config) as context:
        try:
            runtime = context.run(current)
        except (KeyError, RuntimeError):
            runtime = None
    if runtime is None:  # in no graph
        runtime = Runtime()
    return _run(runtime, config)


def _run(runtime: Runtime[Any], config: RunnableConfig | None) -> Run:
    _refuse_memory_as_store(runtime.store)
    info, server = runtime.execution_info, runtime.server_info
    user = server.user if server else None
    return Run(
        runtime.context,
        _given((config or {}).get("configurable") or {}),
        None if user is None else str(user.identity),
        None if info is None or info.thread_id is None else str(info.thread_id),
    )


def _given(configurable: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are the application's own."""
    internal = ("__pregel_", "checkpoint_", "langgraph_", "thread_id", "run_id", "task_id")
    return {key: value for key, value in configurable.items() if not key.startswith(internal)}


def _refuse_memory_as_store(store: object) -> None:
    """LangGraph takes whatever it is given as store, and never looks at it itself."""
    if isinstance(store, Memory):
        raise InvalidInputError(
            f"store={store!r} is a Memory, and no LangGraph store: give "
            "store=MemoryStore(memory), of commonplace_langchain."
        )
