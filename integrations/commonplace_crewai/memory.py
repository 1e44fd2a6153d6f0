"""CrewAI's unified memory with this library's recall: the one door for crews."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, cast

from anyio import to_thread
from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.memory_events import (
    MemoryQueryCompletedEvent,
    MemoryQueryFailedEvent,
    MemoryQueryStartedEvent,
)
from crewai.hooks.dispatch import HookAborted
from crewai.llms.base_llm import BaseLLM
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory as CrewAIMemory
from crewai.memory.utils import join_scope_paths
from pydantic import Field, PrivateAttr
from typing_extensions import Self, override

from commonplace import Match, Memory
from commonplace.adapting import OnError, count_shown, guarded
from commonplace.characters import mended
from commonplace.errors import ModelUnavailableError
from commonplace.recall.excerpts import excerpt
from commonplace.recall.packing import RELEVANT
from commonplace.recall.rendering import rendered_part, rendered_record
from commonplace.validation import MAX_TEXT_CHARACTERS
from commonplace_crewai.analysis import Heard, WithoutModel, agent_in
from commonplace_crewai.copying import Whole
from commonplace_crewai.mapping import matching, to_memory_record, visible_to
from commonplace_crewai.paths import names_in
from commonplace_crewai.running import saving_agent
from commonplace_crewai.storage import (
    CommonplaceStorage,
    MemoryOrChoice,
    text_id,
    writing_as,
)

_logger = logging.getLogger("commonplace")
# What Python says, and CrewAI takes in silence, when its threads are asked for after the end.
_ENDING = "cannot schedule new futures"
# A task's result can be a report. What a prompt holds of one record stays about this long.
_SHOWN_CHARACTERS = 1_000
_KIND = "unified_memory"


def crew_memory(
    memory: MemoryOrChoice,
    *,
    llm: BaseLLM | str | None = None,
    root_scope: str | None = None,
    read_only: bool = False,
    min_confidence: float = RELEVANT,
    on_error: OnError = "log",
) -> CrewAIMemory:
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
    ``"raise"`` it ends the run with CrewAI's HookAborted, whose cause is the error.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("The deploy key is kept by Maria")
    >>> crew_memory(alice).list_records()[0].content
    'The deploy key is kept by Maria'
    """
    storage = CommonplaceStorage(memory)
    return CrewMemory(
        storage=storage,
        embedder=storage.embed,
        llm=cast("BaseLLM", WithoutModel()) if llm is None else llm,
        root_scope=root_scope,
        read_only=read_only,
        min_confidence=min_confidence,
        on_error=on_error,
    )


class QuotedMatch(MemoryMatch):
    """A match that a model is shown as quoted, attributed data, one line of bounded length."""

    line: str = Field(exclude=True, repr=False)

    def format(self) -> str:
        """Return the line, as `Memory.context` of the core renders it."""
        return self.line


class CrewMemory(Whole, CrewAIMemory):
    """CrewAI's memory whose recall is the core's, whatever its `depth`, and writes nothing."""

    min_confidence: float = RELEVANT
    on_error: OnError = "log"

    _failure: Exception | None = PrivateAttr(default=None)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self

    @override
    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """Return what answers `query`, best first; a private record only to its source."""
        super().drain_writes()
        where = matching(categories)
        if not include_private:
            where = {"$and": [visible_to(source), where]}
        matches: list[MemoryMatch] = []
        with self._kept_from_crew("recalling for the crew"), _reported(self, query, matches, limit):
            matches += self._found(query, scope, where, limit)
        return matches

    def remember(self, *args: Any, **kwargs: Any) -> MemoryRecord | None:
        """Store one text and return its record, as CrewAI's memory does; raises what fails."""
        kwargs["agent_role"] = kwargs.get("agent_role") or saving_agent()
        with writing_as(kwargs["agent_role"]):
            return super().remember(*args, **kwargs)

    def remember_many(self, contents: list[str], *args: Any, **kwargs: Any) -> list[MemoryRecord]:
        """Store texts as CrewAI's memory does; they are stored when this returns.

        Only a crew's texts that a language model takes apart are stored in the background: CrewAI
        waits for them at the end of a crew, and nowhere else.
        """
        waited_for_by_crew = kwargs.get("agent_role") and not self._is_plain
        heard = contents.agent if isinstance(contents, Heard) else None
        kwargs["agent_role"] = kwargs.get("agent_role") or heard or saving_agent()
        with writing_as(kwargs["agent_role"]):
            stored = super().remember_many(list(contents), *args, **kwargs)
        if not waited_for_by_crew:
            self.drain_writes()
        return stored

    def extract_memories(self, content: str) -> list[str]:
        """Return what is worth remembering of a run, and who said it."""
        return Heard(super().extract_memories(content), agent=agent_in(content))

    def drain_writes(self) -> None:
        """Wait for the background; with ``on_error="raise"``, raise what failed there."""
        super().drain_writes()
        failure, self._failure = self._failure, None
        if failure is not None and self.on_error == "raise":
            raise _abort("saving for the crew", failure) from failure

    async def arecall(self, *args: Any, **kwargs: Any) -> list[MemoryMatch]:
        return await to_thread.run_sync(partial(self.recall, *args, **kwargs))

    async def aremember(self, *args: Any, **kwargs: Any) -> MemoryRecord | None:
        return await to_thread.run_sync(partial(self.remember, *args, **kwargs))

    async def aremember_many(self, *args: Any, **kwargs: Any) -> list[MemoryRecord]:
        return await to_thread.run_sync(partial(self.remember_many, *args, **kwargs))

    async def aextract_memories(self, content: str) -> list[str]:
        return await to_thread.run_sync(self.extract_memories, content)

    def _found(
        self, query: str, scope: str | None, where: dict[str, Any], limit: int
    ) -> Iterator[MemoryMatch]:
        if not query.strip() or limit <= 0:
            return
        seen = self._seen_from(scope)
        matches = seen.recall(
            query[-MAX_TEXT_CHARACTERS:],  # of a conversation, its end
            limit=limit,
            where=where,
            min_confidence=self.min_confidence,
        )
        if not self.read_only:  # what CrewAI recalls, it shows to a model
            count_shown(seen, [match.record for match in matches])
        within = self._shelf.memory.path
        for match in matches:
            yield QuotedMatch(
                record=to_memory_record(match.record, within),
                score=match.confidence,
                match_reasons=[name for name, value in match.signals.items() if value > 0],
                line=_line(match, query),
            )

    def _seen_from(self, scope: str | None) -> Memory:
        """Return the memory to recall from; what it includes belongs to no narrower path."""
        if names_in(scope):
            return self._shelf.at(join_scope_paths(self.root_scope, scope))
        names = names_in(self.root_scope)
        return self._shelf.memory.scope(names) if names else self._shelf.memory

    @override
    def _encode_batch(
        self,
        contents: list[str],
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,
        root_scope: str | None = None,
    ) -> list[MemoryRecord]:
        """Encode what is not remembered yet: one made again is counted."""
        contents = [mended(one) for one in contents]  # as they are compared with what is kept
        given: dict[str, Any] = {
            "categories": categories,
            "metadata": metadata,
            "importance": importance,
        }
        given |= {"source": source, "private": private, "scope": scope, "root_scope": root_scope}
        try:
            known: dict[str, MemoryRecord] = {}
            if (categories, metadata, importance, private) == (None, None, None, False):
                known = self._shelf.known(contents, join_scope_paths(root_scope, scope), source)
            self._shelf.say_again(known.values())
            fresh = [one for one in dict.fromkeys(contents) if one not in known]
            return [*known.values(), *self._stored(fresh, given)]
        except Exception as error:
            ids = [text_id(one) for one in contents]
            # That the model is missing is said once, elsewhere, with what to install.
            _logger.exception(
                "The memory failed while saving for the crew; not kept are the texts %s.",
                ids,
                exc_info=None if isinstance(error, ModelUnavailableError) else error,
            )
            raise

    def _stored(self, contents: list[str], given: dict[str, Any]) -> list[MemoryRecord]:
        """Store texts by CrewAI's pipeline where a model takes part, else as they are."""
        if not self._is_plain:
            try:
                return super()._encode_batch(contents, **given)
            except RuntimeError as error:
                if _ENDING not in str(error):
                    raise
                _logger.warning("The process ends: texts are kept as they are, without the model.")
        records = [_as_it_is(content, **given) for content in contents]
        self._shelf.save(records)
        return records

    @property
    def _is_plain(self) -> bool:
        return isinstance(self.llm, WithoutModel)

    def _background_encode_batch(self, *args: Any, **kwargs: Any) -> list[MemoryRecord]:
        """Note what fails; what is raised here, CrewAI only turns into an event."""
        try:
            return super()._background_encode_batch(*args, **kwargs)
        except Exception as error:
            self._failure = error
            raise

    @contextmanager
    def _kept_from_crew(self, doing: str) -> Iterator[None]:
        """Guard, and raise what CrewAI lets through: of a memory's errors, only an abort."""
        try:
            with guarded(doing, self.on_error):
                yield
        except Exception as error:
            raise _abort(doing, error) from error

    @property
    def _shelf(self) -> CommonplaceStorage:
        assert isinstance(self.storage, CommonplaceStorage), "crew_memory sets it"
        return self.storage


def _as_it_is(
    content: str, *, scope: str | None, root_scope: str | None, **given: Any
) -> MemoryRecord:
    """Return the record of a text of which no model says more than its caller does."""
    said = {name: value for name, value in given.items() if value is not None}
    return MemoryRecord(content=content, scope=join_scope_paths(root_scope, scope), **said)


@contextmanager
def _reported(
    memory: CrewAIMemory, query: str, matches: Sequence[MemoryMatch], limit: int
) -> Iterator[None]:
    """Emit the events of a recall, which fills `matches` within."""
    about: dict[str, Any] = {"query": query, "limit": limit, "source_type": _KIND}
    crewai_event_bus.emit(memory, MemoryQueryStartedEvent(score_threshold=None, **about))
    started = time.perf_counter()
    try:
        yield
    except Exception as error:
        failed = MemoryQueryFailedEvent(score_threshold=None, error=str(error), **about)
        crewai_event_bus.emit(memory, failed)
        raise
    spent = (time.perf_counter() - started) * 1000
    done = MemoryQueryCompletedEvent(
        results=list(matches), score_threshold=None, query_time_ms=spent, **about
    )
    crewai_event_bus.emit(memory, done)


def _abort(doing: str, error: Exception) -> HookAborted:
    return HookAborted(f"The memory failed while {doing}: {error}", source="commonplace")


def _line(match: Match, query: str) -> str:
    record = match.record
    if len(record.text) <= _SHOWN_CHARACTERS:
        return rendered_record(record)
    part = excerpt(record.text, query, lambda part: len(part) <= _SHOWN_CHARACTERS)
    return rendered_part(record, part)
