"""CrewAI's memory on this library's storage, and what it does when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crewai.hooks.dispatch import HookAborted
from crewai.memory.unified_memory import Memory as CrewAIMemory

from commonplace.adapting import OnError, guarded
from commonplace.recall.packing import RELEVANT
from commonplace_crewai.copying import Whole
from commonplace_crewai.storage import CommonplaceStorage


class Shelved(Whole, CrewAIMemory):
    """A CrewAI memory that lies on a `CommonplaceStorage`, and stays itself when copied."""

    min_confidence: float = RELEVANT
    on_error: OnError = "log"
    in_transcripts: bool = True

    @property
    def _shelf(self) -> CommonplaceStorage:
        assert isinstance(self.storage, CommonplaceStorage), "crew_memory sets it"
        return self.storage

    @contextmanager
    def _kept_from_crew(self, doing: str) -> Iterator[None]:
        """Guard, and raise what CrewAI lets through: of a memory's errors, only an abort."""
        try:
            with guarded(doing, self.on_error):
                yield
        except Exception as error:
            raise abort(doing, error) from error


def abort(doing: str, error: Exception) -> HookAborted:
    """Return what ends a run of CrewAI for a failure of the memory."""
    return HookAborted(f"The memory failed while {doing}: {error}", source="commonplace")
