"""CrewAI's unified memory with this library's recall: the one door for crews."""

from __future__ import annotations

from typing import Any, cast

from crewai.llms.base_llm import BaseLLM
from crewai.memory.types import MemoryRecord
from crewai.memory.utils import join_scope_paths

from commonplace.adapting import OnError, checked_on_error
from commonplace.recall.packing import RELEVANT
from commonplace_crewai.analysis import WithoutModel
from commonplace_crewai.attempts import listen as listen_to_attempts
from commonplace_crewai.caching import listen as listen_to_tools
from commonplace_crewai.recalling import Recalling
from commonplace_crewai.saving import Saving
from commonplace_crewai.storage import CommonplaceStorage, MemoryOrChoice
from commonplace_crewai.switching import listen as listen_to_switches
from commonplace_crewai.transcripts import listen as listen_to_transcripts
from commonplace_crewai.views import HeedingSlice, KeptScope, scope_of, slice_of


class CrewMemory(Saving, Recalling):
    """CrewAI's memory whose recall and writing are the core's."""

    def scope(self, path: str) -> KeptScope:
        """Return a view of what lies at and below a path, as CrewAI's memory does."""
        return scope_of(self, path)

    def slice(self, scopes: list[str], *args: Any, **kwargs: Any) -> HeedingSlice:
        """Return a view of what lies at and below several paths, as CrewAI's memory does."""
        given = dict(zip(("categories", "read_only"), args, strict=False)) | kwargs
        return slice_of(self, scopes, **given)

    def update(self, record_id: str, *args: Any, **kwargs: Any) -> MemoryRecord:
        """Change a record as CrewAI's memory does; a `scope` is one below `root_scope`."""
        if kwargs.get("scope") is not None:
            kwargs["scope"] = join_scope_paths(self.root_scope, kwargs["scope"])
        return super().update(record_id, *args, **kwargs)


def crew_memory(
    memory: MemoryOrChoice,
    *,
    llm: BaseLLM | str | None = None,
    root_scope: str | None = None,
    read_only: bool = False,
    min_confidence: float = RELEVANT,
    on_error: OnError = "log",
    in_transcripts: bool = True,
) -> CrewMemory:
    """Return a CrewAI memory on `memory`: for ``Crew(memory=...)``, an agent or a flow.

    Before each task CrewAI recalls what answers the task's description. After the task it stores
    the result. Agents also get CrewAI's tools to search and save.

    Args:
        memory: A memory. Or a function from the inputs of the kickoff (empty if there are none)
            to a memory, so that one crew serves many users. What the function raises counts as a
            failure of the memory: nothing is recalled and nothing is written.
        llm: A language model that takes results apart, files them under scopes and reconciles
            them with what is known. Without it no model is asked, and a result is stored as it
            is.
        root_scope: The path below which the crew reads and writes, such as "/crew/research".
        read_only: Recall and never write.
        min_confidence: Leave out matches below this, from 0 to 1.
        on_error: With "log" a failing memory is logged and the crew goes on without it. "raise"
            ends the run with CrewAI's HookAborted, whose cause is the error.
        in_transcripts: Leave what was recalled in the messages that CrewAI keeps of a task.

    Raises:
        InvalidInputError: An argument cannot be used.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("The deploy key is kept by Maria")
    >>> crew_memory(alice).list_records()[0].content
    'The deploy key is kept by Maria'
    """
    checked_on_error(on_error)
    storage = CommonplaceStorage(memory)
    listen_to_attempts()
    listen_to_switches()
    listen_to_tools()
    listen_to_transcripts()
    return CrewMemory(
        storage=storage,
        embedder=storage.embed,
        llm=cast("BaseLLM", WithoutModel()) if llm is None else llm,
        root_scope=root_scope,
        read_only=read_only,
        min_confidence=min_confidence,
        on_error=on_error,
        in_transcripts=in_transcripts,
    )
