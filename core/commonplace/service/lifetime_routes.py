"""What becomes of records, over HTTP: their history, quarantine, expiry, erasure and its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body

from commonplace.client.wire import PREFIX
from commonplace.keeping.audit_chain import to_line
from commonplace.service.access import Confined
from commonplace.service.bodies import Id, Ids, JsonObject, Reason, SourcePart
from commonplace.service.routing import operations
from commonplace.service.shapes import ReceiptJson, RecordJson
from commonplace.service.verb_routes import NOTHING_ELSE, Also, Scope_, memory_of
from commonplace.values.record_json import to_json

NO_SOURCE = SourcePart()

router = operations(PREFIX, "memory")


@router.post("/observe")
def observe(
    engine: Confined,
    messages: Annotated[
        list[JsonObject],
        Body(
            embed=True,
            min_length=1,
            max_length=1_000,
            examples=[[{"role": "user", "content": "I moved to Bergen"}]],
        ),
    ],
    scope: Scope_ = None,
    source: Annotated[SourcePart, Body(embed=True)] = NO_SOURCE,
) -> list[RecordJson]:
    """Keep the messages of a conversation, each once, and return those that are new."""
    found = memory_of(engine, scope).observe(messages, source=source.source())
    return [to_json(one) for one in found]


@router.post("/history")
def history(
    engine: Confined, id: Id, scope: Scope_ = None, also: Also = NOTHING_ELSE
) -> list[RecordJson]:
    """Return the versions of a record, the oldest first."""
    return [to_json(one) for one in memory_of(engine, scope, also).history(id)]


@router.post("/quarantined")
def quarantined(
    engine: Confined, scope: Scope_ = None, also: Also = NOTHING_ELSE
) -> list[RecordJson]:
    """Return the records that are held back, newest first; each says why."""
    return [to_json(one) for one in memory_of(engine, scope, also).quarantined()]


@router.post("/release")
def release(engine: Confined, ids: Ids, scope: Scope_ = None) -> list[RecordJson]:
    """Let records that were held back be recalled, all or none, and return them."""
    return [to_json(one) for one in memory_of(engine, scope).release(*ids)]


@router.post("/sweep")
def sweep(engine: Confined, scope: Scope_ = None) -> int:
    """Remove what is expired and return how many records that was."""
    return memory_of(engine, scope).sweep()


@router.post("/erase")
def erase(
    engine: Confined,
    reason: Reason,
    scope: Scope_ = None,
    source: Annotated[SourcePart, Body(embed=True)] = NO_SOURCE,
) -> ReceiptJson:
    """Erase a scope, the key's own if left out, down to the bytes; return the receipt."""
    asked = memory_of(engine, scope).erase(reason=reason, source=source.source())
    return asked.to_dict()


@router.post("/audit")
def audit(engine: Confined, scope: Scope_ = None) -> list[str]:
    """Return the entries of the audit log about exactly this scope, each as it is written."""
    return [to_line(entry).decode() for entry in memory_of(engine, scope).audit()]


@router.post("/unfinished")
def unfinished(engine: Confined, scope: Scope_ = None) -> list[str]:
    """Return the entries of the audit log about what erasures of this scope left to be done."""
    return [to_line(entry).decode() for entry in memory_of(engine, scope).unfinished()]
