"""What is remembered and what comes back: plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from heapq import nlargest
from typing import Any, Literal, TypeAlias, get_args

from uuid_utils import uuid7

from commonplace.values.presenting import Presented, shortened
from commonplace.values.scope import Scope

JSON: TypeAlias = Any
"""None, bool, int, float, str, or a list or dict (text keys) of these. Kept exactly."""

Kind: TypeAlias = Literal[
    "fact", "preference", "instruction", "event", "message", "summary", "value"
]
Origin: TypeAlias = Literal["user", "agent", "tool", "document", "operator"]

KINDS: tuple[Kind, ...] = get_args(Kind)
ORIGINS: tuple[str, ...] = get_args(Origin)


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(timezone.utc)


def new_id() -> str:
    """Return an id that sorts after every id made before in this process (UUID version 7)."""
    return str(uuid7())


KEPT_APART = "It is kept for the program, and not recalled."
"""Why what is no memory is kept apart, such as a conversation's system message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a record came from. What is not known is None.

    `framework` such as ``langchain``; `agent`, the name of who wrote or said it; `session`, the
    conversation or run; `origin`, whose statement it is.
    """

    framework: str | None = None
    agent: str | None = None
    session: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Record(Presented):
    """One remembered item.

    Only `text` is needed to make one. `importance` is in 0..1; `metadata` holds JSON values;
    times are timezone-aware; `updated_at` is None until the record is changed, `expires_at` None
    when it never expires. `scope` is set by the memory that writes it.

    `mentions` counts how often it was said, and `mentioned_at` has when it was said again, the
    oldest first: the last 1,000 times. `uses` counts, how often it was shown to a model, the last
    time at `used_at`; `ttl_on_use` is how long it lives after each use at least, None if its end
    does not move. `derived_from` has the ids of the records it was made
    from; `trust`, in 0..1, is that of its origin and at most that of those, and is set when it is
    written. A past version has `version_of`, the id of the record it was a version of, and
    `valid_until`, when another took its place; both are None otherwise. `quarantine` tells why
    a record is held back, None if it is not.

    >>> Record("Prefers concise answers", kind="preference").importance
    0.5
    """

    text: str
    kind: Kind = field(default="fact", kw_only=True)
    importance: float = field(default=0.5, kw_only=True)
    metadata: Mapping[str, JSON] = field(default_factory=dict, kw_only=True)
    source: Source = field(default_factory=Source, kw_only=True)
    key: str | None = field(default=None, kw_only=True)
    scope: Scope = field(default_factory=Scope, kw_only=True)
    id: str = field(default_factory=new_id, kw_only=True)
    created_at: datetime = field(default_factory=now, kw_only=True)
    updated_at: datetime | None = field(default=None, kw_only=True)
    expires_at: datetime | None = field(default=None, kw_only=True)
    mentions: int = field(default=1, kw_only=True)
    mentioned_at: tuple[datetime, ...] = field(default=(), kw_only=True)
    uses: int = field(default=0, kw_only=True)
    used_at: datetime | None = field(default=None, kw_only=True)
    ttl_on_use: timedelta | None = field(default=None, kw_only=True)
    derived_from: tuple[str, ...] = field(default=(), kw_only=True)
    trust: float | None = field(default=None, kw_only=True)
    version_of: str | None = field(default=None, kw_only=True)
    valid_until: datetime | None = field(default=None, kw_only=True)
    quarantine: str | None = field(default=None, kw_only=True)

    @property
    def valid_from(self) -> datetime:
        """When what it says began to hold: when it was written, or last changed."""
        return self.updated_at or self.created_at

    @property
    def said_at(self) -> tuple[datetime, ...]:
        """When it was said: the first time, then each time again."""
        return self.created_at, *self.mentioned_at

    @property
    def is_current(self) -> bool:
        """Tell whether it can be recalled: it is no past version and not held back."""
        return self.version_of is None and self.quarantine is None

    @property
    def speaker(self) -> str:
        """The name of who said it, if it is a message; "" if that is not known."""
        return (self.source.agent or "") if self.kind == "message" else ""

    def is_expired(self, at: datetime) -> bool:
        """Tell whether the record's time was over at this moment."""
        return self.expires_at is not None and self.expires_at <= at

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object, as it is exported: what is empty is left out.

        >>> Record("Likes tea", id="7").to_dict()["text"]
        'Likes tea'
        """
        from commonplace.values.record_json import to_json

        return to_json(self)

    def __repr__(self) -> str:
        return f"<Record {self.kind} {shortened(self.text)} in {str(self.scope) or '(root)'}>"


def last_changed(records: Iterable[Record], limit: int | None) -> list[Record]:
    """Return the records that were written or changed last, the last one first, at most `limit`."""

    def changed(record: Record) -> tuple[object, ...]:
        return record.valid_from, record.scope, record.id

    if limit is None:
        return sorted(records, key=changed, reverse=True)
    return nlargest(limit, records, key=changed)


@dataclass(frozen=True, slots=True, repr=False)
class Match(Presented):
    """A record found for a query.

    `confidence` in 0..1 tells how likely the record answers the query; `signals` tells why: each
    in 0..1, by name.
    """

    record: Record
    confidence: float
    signals: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        signals = dict(self.signals)
        return {"record": self.record.to_dict(), "confidence": self.confidence, "signals": signals}

    def __repr__(self) -> str:
        return f"<Match {self.confidence:.2f} {self.record!r}>"


@dataclass(frozen=True, slots=True)
class Stats(Presented):
    """What a memory holds: live records in all and by kind, and the embedder of its store.

    `held_back` counts the records that are not recalled until they are released, which are not in
    `records`; `redacted`, those of either of which something was taken out. `pending` counts the
    changes of the whole store that its Chroma database does not have yet; 0 to who has a key.
    """

    records: int
    kinds: Mapping[str, int]
    embedder: str
    held_back: int = 0
    redacted: int = 0
    pending: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), "kinds": dict(self.kinds)}
