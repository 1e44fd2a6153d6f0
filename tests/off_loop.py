"""An embedder that shows when an event loop would be blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from commonplace.ports import Vectors
from commonplace.testing import HashingEmbedder


class OffLoopEmbedder(HashingEmbedder):
    """Refuses to work on an event loop's thread."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        refuse_event_loop()
        return super().embed_documents(texts)

    def embed_query(self, text: str) -> Vectors:
        refuse_event_loop()
        return super().embed_query(text)


def refuse_event_loop() -> None:
    """Raise where an event loop would wait for what comes next."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise AssertionError("the event loop would wait for this")
