"""The engine on a Chroma client: on a store that others may have open at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from commonplace.chroma.absence import AskingStore
from commonplace.chroma.shared_audit import SharedAuditLog
from commonplace.embedding import MiniLM, as_embedder
from commonplace.embedding.choosing import opened_with
from commonplace.embedding.gathering import Gathering
from commonplace.engine import LocalEngine
from commonplace.records import now
from commonplace.writing.screening import Screening

if TYPE_CHECKING:
    from chromadb.api import ClientAPI


def engine_on(
    client: ClientAPI,
    embedder: object = None,
    *,
    clock: Callable[[], datetime] = now,
    screening: Screening | None = None,
    audit: SharedAuditLog | None = None,
    serves: bool = False,
) -> LocalEngine:
    """Return the engine on the store that `client` holds, or that is begun there.

    `embedder` is what `commonplace.open` takes; `serves` tells that many will ask at once. Raises
    StoreFormatError, EmbedderMismatchError, StoreError.
    """
    store, adapted = opened_with(embedder, partial(AskingStore, client))
    if serves and adapted.name == MiniLM.name and embedder is None:
        adapted = as_embedder(Gathering(MiniLM()))
    return LocalEngine(
        store,
        adapted,
        clock=clock,
        cache_bytes=0,  # others write there: nothing kept here could be trusted
        screening=screening,
        audit=audit or SharedAuditLog(client),
    )
