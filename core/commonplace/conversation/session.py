"""A session's messages as a memory keeps them: read in one order, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from commonplace.conversation.forms import (
    MESSAGE,
    ORIGINS,
    SYSTEM,
    Message,
    as_kept,
    bare_call,
    message_of,
    metadata_of,
    text_of,
)
from commonplace.conversation.turns import Group, Said, grouped
from commonplace.values.records import KEPT_APART, Record, Source, new_id
from commonplace.writing.messages import whole_characters
from commonplace.writing.trust import trust_of

if TYPE_CHECKING:
    from commonplace.conversation.conversing import Conversing

HELD = "commonplace:held"
"""In the metadata of a message that only stands for one that is held back: that one's id."""

_PAYLOADS = 64
_READ_FIRST = 64
_MOST_READ_FIRST = 1_024
_LATER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest messages of a session, in order; what of them can be sent; how many it has."""

    records: list[Record]
    groups: list[Group]
    total: int


class Session:
    """The messages of one session of one scope.

    Their order is that of their times, and of their ids where times are the same. A message that
    is added is later than all that its writer has read, so that every reader has one order.
    """

    def __init__(self, memory: Conversing, source: Source) -> None:
        """Read and write the session of `source` in the scope of `memory`."""
        self._memory = memory
        self.source = source
        self._latest: Record | None = None
        self._read_first = _READ_FIRST
        self._payloads: dict[str, Message] = {}
        self._system: list[Message] = []

    @property
    def name(self) -> str:
        """The name of the session."""
        return str(self.source.session)

    def id_of(self, what: str) -> str:
        """Return the id of a record that the session has one of, or of a message by its id."""
        return str(uuid5(NAMESPACE_OID, "\x1f".join([str(self._memory.path), self.name, what])))

    def id_of_message(self, id: str, text: str) -> str:
        """Return the id of the record of a message that was given with this id.

        Some models give all their messages one id, so what is said is part of it.
        """
        return self.id_of(f"message {id}\x1f{whole_characters(text)}")

    def read(self, limit: int | None = None) -> tuple[list[Record], int]:
        """Return the newest `limit` messages, or all, in order, and how many there are."""
        found, total = self._memory._engine.session(self._memory.path, self.name, "message", limit)
        if found:
            self._latest = max(self._latest or found[0], found[0], key=_place)
        return found[::-1], total

    def tail(self, is_enough: Callable[[list[Group]], bool]) -> Tail:
        """Return the newest messages, as far back as is enough: a long session costs little.

        It begins with as many as were enough before, since a budget seldom changes.
        """
        limit = self._read_first
        while True:
            records, total = self.read(limit)
            tail = Tail(records, grouped(self.said(records)), total)
            if len(records) == total or is_enough(tail.groups):
                self._read_first = min(limit, _MOST_READ_FIRST)
                return tail
            limit *= 2

    def known(self, ids: Sequence[str]) -> list[Record]:
        """Return the messages of the session with these ids."""
        return [
            one
            for one in self._held(ids)
            if one.kind == "message" and one.source.session == self.name
        ]

    def copy(self, records: Sequence[Record], other: Session) -> None:
        """Copy records, the system message and what is held back to a session of the same scope."""
        writing = [other._copied(one) for one in records]
        apart = self._held([str(one.metadata[HELD]) for one in records if _is_held(one)])
        writing += [replace(one, id=other.id_of(f"held {one.id}")) for one in apart]
        system = self._held([self.id_of("system")])
        writing += [replace(one, id=other.id_of("system")) for one in system]
        self._memory.remember_many(writing)
        other._system = self._system

    def write(self, messages: Sequence[tuple[Message, str | None]]) -> list[Record]:
        """Add messages, each with an id or None; return their records. One batch."""
        self.read(1)  # so that it is later than what others wrote
        records: list[Record] = []
        for message, id in messages:
            at = self._memory._engine.clock()
            if self._latest is not None:
                at = max(at, self._latest.created_at + _LATER)
            record = self._record(message, id or new_id())
            records.append(replace(record, created_at=at))
            if message["role"] not in SYSTEM:
                self._latest = records[-1]
        return self._kept(records, [message for message, _ in messages])

    def rewrite(self, record: Record, message: Message) -> Record:
        """Let a record keep another message, in its place."""
        at = self._memory._engine.clock()
        source = replace(record.source, session=self.name)
        changed = self._record(message, record.id, source)
        changed = replace(changed, created_at=record.created_at, updated_at=at)
        self.remove_held([record])
        return self._kept([changed], [message])[0]

    def said(self, records: Iterable[Record]) -> list[Said]:
        """Return what of these records can be sent, with what is not kept but at hand."""
        return [
            Said(one, self._payloads.get(one.id, message))
            for one in records
            if (message := message_of(one)) is not None
        ]

    def system(self) -> list[Message]:
        """Return the system message that was written here, or else the session's last, if any.

        Agents that share a session each have their own.
        """
        if self._system:
            return self._system
        kept = [message_of(one) for one in self._held([self.id_of("system")])]
        return [message for message in kept if message is not None]

    def forget_system(self) -> None:
        """Forget the system message."""
        self._system = []
        if kept := self._held([self.id_of("system")]):
            self._memory._engine.discard(kept)

    def opened(self, said: Sequence[Said], *, now: Sequence[Said]) -> list[Said]:
        """Return the messages, with those held back in their places if they may be shown.

        That is what was released since, and what was said in the turn that is `now`.
        """
        wanted = {str(one.record.metadata.get(HELD)): one for one in said if _is_held(one.record)}
        current = {one.record.id for one in now}
        shown: dict[str, Message] = {}
        for record in self._held(sorted(wanted)) if wanted else []:
            mark = wanted[record.id].record
            message = message_of(record)
            if message is not None and (record.quarantine is None or mark.id in current):
                shown[mark.id] = message
        if not shown:
            return list(said)
        return [replace(one, message=shown.get(one.record.id, one.message)) for one in said]

    def remove_held(self, records: Iterable[Record]) -> None:
        """Forget what these records stand for."""
        ids = [str(one.metadata[HELD]) for one in records if _is_held(one)]
        if held := self._held(ids) if ids else []:
            self._memory._engine.discard(held)

    def _held(self, ids: Sequence[str]) -> list[Record]:
        found = self._memory._engine.held([self._memory.path], ids)
        return [one for one in found if one.scope == self._memory.path]

    def _copied(self, record: Record) -> Record:
        metadata = dict(record.metadata)
        if _is_held(record):
            metadata[HELD] = self.id_of(f"held {metadata[HELD]}")
        return replace(
            record,
            id=self.id_of(f"branched {record.id}"),
            source=replace(record.source, session=self.name),
            metadata=metadata,
            derived_from=(record.id,),
        )

    def _record(self, message: Message, id: str, source: Source | None = None) -> Record:
        origin = ORIGINS[message["role"]]
        given = self.source if source is None else source
        if given.origin is not None:
            origin = min(origin, given.origin, key=trust_of)
        agent = message.get("name") or (given.agent if message["role"] == "assistant" else None)
        is_system = message["role"] in SYSTEM
        kept = as_kept(message)
        return Record(
            text_of(kept if isinstance(kept["content"], str) else message),
            kind="message",
            source=replace(given, agent=agent, origin=origin),
            scope=self._memory.path,
            metadata=metadata_of(kept, origin),
            id=self.id_of("system") if is_system else id,
            quarantine=KEPT_APART if is_system else None,
        )

    def _kept(self, records: Sequence[Record], messages: Sequence[Message]) -> list[Record]:
        """Write records; what is held back is kept beside a record that stands for it."""
        writing: list[Record] = []
        for record in records:
            allowed = self._memory._allowed(record)
            is_system = record.quarantine is not None
            writing.append(allowed)
            if is_system:
                writing[-1] = replace(allowed, source=replace(allowed.source, session=None))
            elif allowed.quarantine is not None:
                apart = _apart(allowed, self.id_of(f"held {record.id}"))
                writing[-1:] = [_stand_in(allowed, apart.id), apart]
        written = {one.id: one for one in self._memory.remember_many(writing)}
        self._keep_payloads(records, messages)
        for one in (written[record.id] for record in records if record.quarantine is not None):
            self._system = [kept] if (kept := message_of(one)) else []
        return [written[record.id] for record in records]

    def _keep_payloads(self, records: Sequence[Record], messages: Sequence[Message]) -> None:
        for record, message in zip(records, messages, strict=True):
            self._payloads.pop(record.id, None)
            if as_kept(message) != message:
                self._payloads[record.id] = message
        for id in list(self._payloads)[:-_PAYLOADS]:
            del self._payloads[id]


def _stand_in(held: Record, apart: str) -> Record:
    """Return what stands in the session for a message that is held back."""
    text = f"[held back: {held.quarantine}]"
    more = held.metadata.get(MESSAGE)
    names = ("role", "tool_call_id", "tool_calls")
    kept = {key: more[key] for key in names if key in more} if isinstance(more, Mapping) else {}
    if "tool_calls" in kept:
        kept["tool_calls"] = [bare_call(call) for call in kept["tool_calls"]]
    metadata = {HELD: apart, **({MESSAGE: kept} if kept else {})}
    return replace(held, text=text, metadata=metadata, quarantine=None)


def _apart(held: Record, id: str) -> Record:
    return replace(held, id=id, source=replace(held.source, session=None))


def _is_held(record: Record) -> bool:
    return bool(record.metadata.get(HELD))


def _place(record: Record) -> tuple[object, str]:
    return record.created_at, record.id
