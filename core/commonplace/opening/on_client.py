"""The engine on a Chroma client: on a store that others may have open at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from commonplace.chroma.absence import AskingStore
from commonplace.chroma.shared_audit import SharedAuditLog
from commonplace.chroma.shared_warm import SharedWarm
from commonplace.embedding import MiniLM, as_embedder
from commonplace.embedding.choosing import opened_with
from commonplace.embedding.gathering import Gathering
from commonplace.engine.local_engine import LocalEngine
from commonplace.opening.roots import CACHE_BYTES
from commonplace.values.records import now
from commonplace.writing.policy import Screening

if TYPE_CHECKING:
    from chromadb.api import ClientAPI


def engine_on(
    client: ClientAPI,
    embedder: object = None,
    *,
    clock: Callable[[], datetime] = now,
    screening: Screening | None = None,
    cache_bytes: int = CACHE_BYTES,
    audit: SharedAuditLog | None = None,
    serves: bool = False,
) -> LocalEngine:
    """Return the engine on the store that `client` holds, or that is begun there.

    `embedder` is what `commonplace.open` takes; `serves` tells that many will ask at once. Raises
    StoreFormatError, EmbedderMismatchError, StoreError.
    """
    # The other half is for the arrays.
    store, adapted = opened_with(embedder, lambda name: AskingStore(client, name, cache_bytes // 2))
    if serves and adapted.name == MiniLM.name and embedder is None:
        adapted = as_embedder(Gathering(MiniLM()))
    return LocalEngine(
        store,
        adapted,
        clock=clock,
        cache_bytes=cache_bytes,
        screening=screening,
        audit=audit or SharedAuditLog(client),
        warm=SharedWarm,
    )
