"""A body of each public operation that works as it stands, for the page of the operations."""

from __future__ import annotations

from typing import Any

_ID = "0197a2f0-6c1e-7cc3-98c4-dc0c0c07398f"
_QUERY = "how should I write to her?"

EXAMPLES: dict[str, dict[str, Any]] = {
    "about": {},
    "audit": {},
    "context": {"query": _QUERY, "max_tokens": 400},
    "count": {"kind": "preference"},
    "delete": {"key": "timezone"},
    "erase": {"scope": "user/alice", "reason": "GDPR Art. 17, request 123"},
    "explain": {"query": _QUERY},
    "forget": {"ids": [_ID]},
    "get": {"key": "timezone"},
    "history": {"id": _ID},
    "keys": {},
    "observe": {"messages": [{"role": "user", "content": "I moved to Bergen"}]},
    "preview": {"query": _QUERY, "max_tokens": 400},
    "quarantined": {},
    "recall": {"query": _QUERY, "limit": 3},
    "record": {"id": _ID},
    "records": {"kind": "preference", "limit": 20},
    "release": {"ids": [_ID]},
    "remember": {
        "items": [{"text": "Prefers concise answers", "kind": "preference", "ttl": "90d"}]
    },
    "scopes": {"limit": 20},
    "set": {"key": "timezone", "value": "US/Pacific"},
    "stats": {},
    "sweep": {},
    "unfinished": {},
    "update": {"id": _ID, "changes": {"text": "Prefers short answers"}},
    "used": {"ids": [_ID]},
}
