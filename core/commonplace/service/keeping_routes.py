"""Erasure, audit and backup over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Body
from pydantic import Field

from commonplace.client.wire import ENGINE
from commonplace.keeping.audit_chain import to_line
from commonplace.keeping.erasing import Erasure
from commonplace.keeping.receipt import Step
from commonplace.service.access import Confined
from commonplace.service.bodies import Ids, OneScope, Part, Reason, SourcePart
from commonplace.service.routing import operations
from commonplace.service.shapes import ReceiptJson

NO_FILES: list[str] = []
NO_SOURCE = SourcePart()

router = operations(ENGINE, "engine")


class StepPart(Part):
    """A deletion that was made elsewhere: its name, and the name of the error if it failed."""

    name: Annotated[str, Field(max_length=1_000)]
    error: Annotated[str | None, Field(max_length=1_000)] = None


NO_STEPS: list[StepPart] = []


@router.post("/erase")
def erase(
    engine: Confined,
    *,
    scope: OneScope,
    reason: Reason,
    source: Annotated[SourcePart, Body(embed=True)] = NO_SOURCE,
    done: Annotated[list[StepPart], Body(embed=True, max_length=100)] = NO_STEPS,
    backups: Ids = NO_FILES,
) -> ReceiptJson:
    """Erase a scope down to the bytes and return the receipt.

    `done` tells how the caller's own deletions went; `backups` are files of this machine.
    """
    erasure = Erasure(
        scope=scope,
        reason=reason,
        source=source.source(),
        done=[Step(one.name, one.error) for one in done],
        backups=[Path(file) for file in backups],
    )
    return engine.erase(erasure).to_dict()


@router.post("/erase_steps")
def erase_steps(
    engine: Confined,
    scope: OneScope,
    names: Annotated[
        list[Annotated[str, Field(max_length=1_000)]], Body(embed=True, max_length=100)
    ],
    source: Annotated[SourcePart, Body(embed=True)] = NO_SOURCE,
) -> None:
    """Note deletions that the caller is about to make elsewhere, as a part of erasing a scope."""
    engine.ask(Erasure(scope=scope, reason="", source=source.source()), names)


@router.post("/audit")
def audit(engine: Confined, scope: OneScope) -> list[str]:
    """Return the entries of the audit log about exactly this scope; of the root, all."""
    return [to_line(entry).decode() for entry in engine.audit(scope)]


@router.post("/verify_audit")
def verify_audit(engine: Confined) -> list[str]:
    """Tell what was changed in the audit log; nothing if it is as it was written."""
    return engine.verify_audit()


@router.post("/backup")
def backup(engine: Confined, file: Annotated[str, Body(embed=True, min_length=1)]) -> None:
    """Write the store to a new file on this machine."""
    engine.backup(Path(file))


@router.post("/pending")
def pending(engine: Confined) -> int:
    """Return how many changes of the whole store Chroma does not have yet."""
    return engine.pending()


@router.post("/flush")
def flush(engine: Confined) -> None:
    """Wait until Chroma has everything that is acknowledged."""
    engine.flush()
