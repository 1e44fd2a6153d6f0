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
    """Return a CrewAI memory that keeps to `memory`: for `Crew(memory=...)`, an agent or a flow.

    Before each task CrewAI recalls what answers the task's description, and after it keeps the
    result; agents also get CrewAI's tools to search and save. Without `llm` nothing asks a
    language model and a result is kept as it is; with one, CrewAI has it take results apart,
    file them under scopes and reconcile them with what is known.

    One crew serves many users when `memory` is a function: it gets the inputs of the kickoff in
    progress, empty if there are none, and returns that run's memory. It may read a context
    variable of yours instead. What it raises is a failure of the memory: nothing is recalled from
    anybody, and nothing is written.

    `root_scope`, such as "/crew/research", is the path below which this crew writes and reads.
    `read_only` recalls and never writes. Matches under `min_confidence`, in 0..1, are left out.
    With ``on_error="log"`` a failing memory is logged and the crew goes on without it; with
    ``"raise"`` it ends the run with CrewAI's HookAborted, whose cause is the error. With
    ``in_transcripts=False`` the memories of a prompt are taken out of the messages that CrewAI
    keeps of a task.

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
