"""Facts from what was said, by a language model, while the agent goes on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from commonplace import Memory, Source
from commonplace.adapting import guarded
from commonplace.writing.extraction import Extractor

_LEARNING = "extracting facts for the LangChain agent; the messages are kept"


class Learning:
    """Asks an extractor about conversations, one after the other, on a thread of its own."""

    def __init__(self, extractor: Extractor) -> None:
        """Start no thread until there is something to learn."""
        self._extractor = extractor
        self._thread = ThreadPoolExecutor(1, "commonplace-learning")
        self._pending: set[Future[None]] = set()

    def learn(self, memory: Memory, messages: Sequence[dict[str, Any]], source: Source) -> None:
        """Ask about `messages`, which are kept already, soon."""
        asked = self._thread.submit(self._ask, memory, messages, source)
        self._pending.add(asked)
        asked.add_done_callback(self._pending.discard)

    def drain(self) -> None:
        """Wait until everything is asked."""
        wait(list(self._pending))

    def _ask(self, memory: Memory, messages: Sequence[dict[str, Any]], source: Source) -> None:
        with guarded(_LEARNING, "log"):
            memory.observe(messages, extractor=self._extractor, source=source)
