"""How a CrewAI memory saves: nothing is lost, and nothing is kept that was rejected."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from anyio import to_thread
from crewai.memory.types import MemoryRecord
from crewai.memory.utils import join_scope_paths
from pydantic import PrivateAttr
from typing_extensions import override

from commonplace.errors import ModelUnavailableError
from commonplace.values.characters import mended
from commonplace_crewai.analysis import Heard, WithoutModel, agent_in, statements
from commonplace_crewai.attempts import Judged, judged
from commonplace_crewai.running import saving_agent
from commonplace_crewai.shelf import Shelved, abort
from commonplace_crewai.storage import text_id, writing_as

_logger = logging.getLogger("commonplace")
# What Python says when threads are asked for after the end: an executor, and from 3.12 on the
# interpreter itself.
_ENDING = ("cannot schedule new futures", "can't create new thread")


class Attempt(Heard):
    """A result on which a guardrail has still to decide."""

    def __init__(self, run: str, task: Judged) -> None:
        super().__init__([run], agent=agent_in(run))
        self.task = task


class Saving(Shelved):
    """A memory that has written when it returns, but where CrewAI itself waits for a model."""

    _failure: Exception | None = PrivateAttr(default=None)

    def remember(self, *args: Any, **kwargs: Any) -> MemoryRecord | None:
        """Store one text and return its record, as CrewAI's memory does; raises what fails."""
        kwargs["agent_role"] = kwargs.get("agent_role") or saving_agent()
        with writing_as(kwargs["agent_role"]):
            return super().remember(*args, **kwargs)

    def remember_many(self, contents: list[str], *args: Any, **kwargs: Any) -> list[MemoryRecord]:
        """Store texts as CrewAI's memory does; they are stored when this returns.

        Only a crew's texts that a language model takes apart are stored in the background: CrewAI
        waits for them at the end of a crew, and nowhere else. The result of a task with guardrails
        is stored when they have accepted it.
        """
        if isinstance(contents, Attempt):
            contents.task.keep = partial(self._keep_accepted, contents.task, *args, **kwargs)
            return []
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
        if task := judged(content):
            return Attempt(content, task)
        heard = super().extract_memories(content)
        # What CrewAI returns if its model fails: then too, the result is what is worth keeping.
        return Heard(statements(content) if heard == [content] else heard, agent=agent_in(content))

    def drain_writes(self) -> None:
        """Wait for the background; with ``on_error="raise"``, raise what failed there."""
        super().drain_writes()
        failure, self._failure = self._failure, None
        if failure is not None and self.on_error == "raise":
            raise abort("saving for the crew", failure) from failure

    async def aremember(self, *args: Any, **kwargs: Any) -> MemoryRecord | None:
        """Remember in a worker thread."""
        return await to_thread.run_sync(partial(self.remember, *args, **kwargs))

    async def aremember_many(self, *args: Any, **kwargs: Any) -> list[MemoryRecord]:
        """Remember in a worker thread."""
        return await to_thread.run_sync(partial(self.remember_many, *args, **kwargs))

    async def aextract_memories(self, content: str) -> list[str]:
        """Extract in a worker thread."""
        return await to_thread.run_sync(self.extract_memories, content)

    def _keep_accepted(self, task: Judged, *args: Any, accepted: str, **kwargs: Any) -> None:
        with self._kept_from_crew("saving for the crew"):
            heard = self.extract_memories(task.run_with(accepted))
            if heard:
                self.remember_many(heard, *args, **kwargs)

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
        given: dict[str, Any] = {
            "categories": categories,
            "metadata": metadata,
            "importance": importance,
        }
        given |= {"source": source, "private": private, "scope": scope, "root_scope": root_scope}
        try:
            # As they are compared with what is kept.
            return self._kept(list(dict.fromkeys(map(mended, contents))), given)
        except Exception as error:
            ids = [text_id(one) for one in contents]
            # That the model is missing is said once, elsewhere, with what to install.
            _logger.exception(
                "The memory failed while saving for the crew; not kept are the texts %s.",
                ids,
                exc_info=None if isinstance(error, ModelUnavailableError) else error,
            )
            raise

    def _kept(self, contents: list[str], given: dict[str, Any]) -> list[MemoryRecord]:
        known = self._known(contents, given)
        again = [
            MemoryRecord(content=one, scope=known[one].scope) for one in contents if one in known
        ]
        return [
            *self._shelf.state(again),
            *self._stored([one for one in contents if one not in known], given),
        ]

    def _known(self, contents: list[str], given: dict[str, Any]) -> dict[str, MemoryRecord]:
        """Return what is remembered already, unless more is said of it than its text."""
        says_more = any(given[name] for name in ("categories", "metadata", "private"))
        if says_more or given["importance"] is not None:
            return {}
        path = join_scope_paths(given["root_scope"], given["scope"])
        return self._shelf.known(contents, path, given["source"])

    def _stored(self, contents: list[str], given: dict[str, Any]) -> list[MemoryRecord]:
        """Store texts by CrewAI's pipeline where a model takes part, else as they are."""
        if contents and not self._is_plain:
            try:
                return super()._encode_batch(contents, **given)
            except RuntimeError as error:
                if not str(error).startswith(_ENDING):
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


def _as_it_is(
    content: str, *, scope: str | None, root_scope: str | None, **given: Any
) -> MemoryRecord:
    """Return the record of a text of which no model says more than its caller does."""
    said = {name: value for name, value in given.items() if value is not None}
    return MemoryRecord(content=content, scope=join_scope_paths(root_scope, scope), **said)
