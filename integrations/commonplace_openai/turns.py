"""What is done about each request, whichever client sends it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from commonplace import Memory, Source
from commonplace.adapting import OnError, checked_memory, checked_on_error, guarded, query_text
from commonplace.values.validation import checked_limit, checked_source
from commonplace.writing.extraction import Extractor
from commonplace_openai.erasing import kept_there
from commonplace_openai.requests import Api, Arguments, Item, Kept, question, text_of

_RECALLING = "recalling for a request to a model"
_OBSERVING = "observing a turn with a model"


class Turns:
    """Tells requests what is known, and observes what was said in them and in their replies.

    What was told is in the request alone, and never in what is observed.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        session: str | None,
        max_tokens: int,
        agent: str | None,
        extractor: Extractor | None,
        in_background: bool,
        on_error: OnError,
    ) -> None:
        """Recall from `memory` and observe in it."""
        self._memory = checked_memory(memory)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._source = checked_source(Source(framework="openai", agent=agent, session=session))
        self._extractor = extractor
        self._on_error: OnError = checked_on_error(on_error)
        # One thread, so that turns are observed in their order.
        self._worker = ThreadPoolExecutor(1, "commonplace-openai") if in_background else None
        self._pending: list[Future[None]] = []

    def informed(self, api: Api, arguments: Arguments) -> Arguments:
        """Return a request's arguments with what is known about the user's last message."""
        said = api.said(arguments)
        asked, block = query_text(question(said)), ""
        if not asked.strip():
            return arguments
        with guarded(_RECALLING, self._on_error):
            known = [text_of(one) for one in said]
            block = self._memory.context(asked, max_tokens=self._max_tokens, known=known)
        return api.informed(arguments, block) if block else arguments

    def observe(self, said: list[Item], replied: list[Item], kept: list[Kept]) -> None:
        """Observe a turn, now or in the background, and what the provider keeps of it."""
        if self._worker is None:
            self._observed([*said, *replied], kept)
            return
        self._pending = [one for one in self._pending if not one.done()]
        self._pending.append(self._worker.submit(self._observed, [*said, *replied], kept))

    def close(self) -> None:
        """Wait for what is being observed. May be called again."""
        worker, self._worker = self._worker, None  # what comes later is observed at once
        if worker is not None:
            worker.shutdown(wait=True)
        for one in self._pending:
            one.result()

    def _observed(self, messages: list[Any], kept: list[Kept]) -> None:
        with guarded(_OBSERVING, self._on_error):
            if kept:
                self._memory.remember_many([kept_there(one, self._source) for one in kept])
            self._memory.observe(messages, extractor=self._extractor, source=self._source)
