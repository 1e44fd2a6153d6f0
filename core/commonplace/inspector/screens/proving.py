"""The audit log and the receipts of erasures: what was done, and the proof of it."""

from __future__ import annotations

from typing import Any

from commonplace.errors import RecordNotFoundError
from commonplace.inspector.asked import Asked, within
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import crumbs
from commonplace.keeping.audit_chain import AuditEntry

_PER_PAGE = 100


def show(asked: Asked) -> Page:
    """Show the log of a scope, the newest first, and whether it is as it was written."""
    memory = asked.memory
    entries = memory.audit()[::-1]
    first = (asked.number("page", 1) - 1) * _PER_PAGE
    values = {
        "scope": str(asked.scope),
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "page": asked.number("page", 1),
        "has_more": len(entries) > first + _PER_PAGE,
        "entries": [entry_of(one) for one in entries[first : first + _PER_PAGE]],
        "count": len(entries),
        "unfinished": [entry_of(one) for one in memory.unfinished()],
        "findings": None if asked.whole.path.names else asked.whole.verify_audit(),
    }
    return Page("audit.html", values)


def show_receipt(asked: Asked) -> Page:
    """Show the receipt of an erasure. Raises RecordNotFoundError, AccessDeniedError."""
    hash = asked.text("hash")
    receipt = asked.kept.receipt(hash)
    if receipt is None:
        raise RecordNotFoundError(
            f"No receipt with the audit hash {hash!r:.80} is kept: they are until the inspector "
            "ends. The audit log has what it refers to."
        )
    within(asked.whole, receipt.scope)
    values = {
        "scope": str(receipt.scope),
        "crumbs": crumbs(asked.whole.path, receipt.scope),
        "receipt": {**receipt.to_dict(), "is_complete": receipt.is_complete},
    }
    return Page("receipt.html", values)


def entry_of(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry of the log as JSON."""
    source = {name: getattr(entry.source, name) for name in ("framework", "agent", "origin")}
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "action": entry.action,
        "scope": entry.scope,
        "source": {name: value for name, value in source.items() if value},
        "counts": dict(entry.counts),
        "reason": entry.reason,
        "note": entry.note,
        "hash": entry.hash,
    }
