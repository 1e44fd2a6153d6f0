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

    Args:
        framework: Such as ``"langchain"``.
        agent: The name of who wrote or said it.
        session: The conversation or run.
        origin: Whose statement it is: "user", "agent", "tool", "document" or "operator". Trust
            follows from it.

    >>> Source(framework="langchain", session="7").origin is None
    True
    """

    framework: str | None = None
    agent: str | None = None
    session: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Record(Presented):
    """One remembered item. Only `text` is needed to make one.

    Args:
        text: What is remembered.
        kind: "fact", "preference", "instruction", "event", "message", "summary" or "value".
        importance: From 0 to 1.
        metadata: Your own fields: JSON values.
        source: Where it came from.
        key: Of a record of kind "value": the name given to `set`.
        scope: Whose memory it is. The memory that writes the record sets it.
        id: A UUID of version 7, unless you give one.
        created_at: When it was first said. This and all other times have a timezone.
        updated_at: When it was last changed; None if never.
        expires_at: When it expires; None if never.
        mentions: How often it was said, 1 or more.
        mentioned_at: When it was said again, the oldest first; the last 1,000 times.
        uses: How often it was shown to a model.
        used_at: When it was last shown; None if never.
        ttl_on_use: How long it lives after a use, at least; None if a use changes nothing.
        derived_from: The ids of the records that it was made from.
        trust: From 0 to 1: how far its origin is trusted, and at most the trust of the records it
            was made from. Set when it is written.
        version_of: Of a past version, the id of its record; None otherwise.
        valid_until: Of a past version, when another took its place; None otherwise.
        quarantine: Why it is held back; None if it is not.

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
        """When it began to hold: when it was written, or last changed."""
        return self.updated_at or self.created_at

    @property
    def said_at(self) -> tuple[datetime, ...]:
        """When it was said: the first time, then each time again."""
        return self.created_at, *self.mentioned_at

    @property
    def is_current(self) -> bool:
        """Whether it can be recalled: it is no past version and not held back."""
        return self.version_of is None and self.quarantine is None

    @property
    def speaker(self) -> str:
        """Of a message, the name of who said it; "" if that is not known."""
        return (self.source.agent or "") if self.kind == "message" else ""

    def is_expired(self, at: datetime) -> bool:
        """Return whether the record has expired at this moment, a datetime with a timezone."""
        return self.expires_at is not None and self.expires_at <= at

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON object, as an export has it. Empty fields are left out.

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

    Args:
        record: The record.
        confidence: From 0 to 1: how likely the record answers the query. A logistic model of the
            scores, fitted on labelled questions: docs/decisions/0006-recall.md.
        signals: Why, by name. ``semantic`` is the cosine of the two vectors. ``lexical`` is the
            share of the query's words that the record has, weighted by BM25 (Robertson and
            Zaragoza, 2009). ``support`` is the same with the neighbouring messages. The others
            are ``date``, ``recency``, ``frequency`` and ``importance``. Each is from 0 to 1.

    >>> _ = memory.remember("The deploy key is kept by Maria")
    >>> match = memory.recall("Who has the deploy key?")[0]
    >>> 0 <= match.confidence <= 1, sorted(match.signals)[:2]
    (True, ['date', 'frequency'])
    """

    record: Record
    confidence: float
    signals: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the match as a JSON object."""
        signals = dict(self.signals)
        return {"record": self.record.to_dict(), "confidence": self.confidence, "signals": signals}

    def __repr__(self) -> str:
        return f"<Match {self.confidence:.2f} {self.record!r}>"


@dataclass(frozen=True, slots=True)
class Stats(Presented):
    """What a memory holds, in numbers.

    Args:
        records: Records that can be recalled.
        kinds: How many of them are of each kind.
        embedder: The name of the store's embedder.
        held_back: Records that are not recalled until you release them. They are not in
            `records`.
        redacted: Records from which something was taken out, held back or not.
        pending: Changes of the whole store that its Chroma database does not have yet. Always 0
            for who came with a key.

    >>> _ = memory.remember("Likes tea")
    >>> memory.stats().records
    1
    """

    records: int
    kinds: Mapping[str, int]
    embedder: str
    held_back: int = 0
    redacted: int = 0
    pending: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        return {**asdict(self), "kinds": dict(self.kinds)}
