"""What a conversation becomes in the store: each message once, as it was last told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import TypeAlias

from commonplace.recall.filters import Selection
from commonplace.values.records import Record
from commonplace.values.validation import checked_record
from commonplace.verbs.remembering import Remembering
from commonplace.writing.batch import Identity, identity
from commonplace.writing.messages import Told
from commonplace.writing.turns import known

_SAID = "commonplace:said"
"""In the metadata of an edited message: what its text was when it was told, as a digest."""

_RECENT = 1_000
"""Messages of a conversation, beside as many as are told, among which these are looked for."""

_Held: TypeAlias = dict[Identity, Record]


class Telling(Remembering):
    """Keep what was said."""

    def _keep(self, told: Sequence[Told]) -> tuple[list[Record], list[Record]]:
        """Keep messages; return all as they are stored, and those that are new or edited."""
        placed = self._placed_in_turn([self._as_checked(one) for one in told])
        held = self._stored([one.record for one in placed])
        edited = self._edited(placed, held)
        new = [one.record for one in placed if identity(one.record) not in held]
        written = self.remember_many([*new, *edited])
        stored = held | {identity(one): one for one in written}
        return [stored[identity(one.record)] for one in placed], written

    def _correct(self, told: Sequence[Told]) -> list[Record]:
        """Replace what is kept of messages that say something else now; return these."""
        checked = [self._as_checked(one) for one in told]
        held = self._stored([one.record for one in checked])
        return self.remember_many(self._edited(checked, held))

    def _as_checked(self, one: Told) -> Told:
        return one._replace(record=checked_record(self._placed(one.record)))

    def _placed_in_turn(self, told: Sequence[Told]) -> list[Told]:
        """Return the messages under the ids that they have, or get, in the store."""
        former = [one.under(one.former) for one in told if one.former is not None]
        held = self._stored([one.record for one in [*told, *former]])
        placed = [_as_before(one, held) for one in told]
        if any(one.unnamed is not None and identity(one.record) in held for one in placed):
            return self._numbered(placed, held)
        return placed

    def _numbered(self, told: Sequence[Told], held: _Held) -> list[Told]:
        """Return the messages, of which some that nothing names were said before."""
        conversation = self._conversation(told, held)
        matched = _matched(told, conversation, held)
        taken = {identity(one) for one in conversation}
        placed = []
        for place, one in enumerate(told):
            if place in matched:
                placed.append(one.under(conversation[matched[place]].id))
            elif one.unnamed is None:
                placed.append(one)
            else:
                moment = _moment(place, one.record.created_at, matched, conversation)
                placed.append(self._fresh(one, moment, taken))
                taken.add(identity(placed[-1].record))
        return placed

    def _conversation(self, told: Sequence[Told], held: _Held) -> list[Record]:
        """Return what is kept of the conversation, the oldest first; also what is held back."""
        source = next(one.record.source for one in told if one.unnamed is not None)
        selection = Selection(("message",), conversation=source)
        recent = self._engine.select([self._scope], selection, 0, _RECENT + len(told))
        found = {identity(one): one for one in recent if one.scope == self._scope}
        order = {identity(one.record): place for place, one in enumerate(told)}
        # At one moment, what is told stands before the rest and in its own order.
        return sorted(
            (found | held).values(),
            key=lambda one: (one.created_at, order.get(identity(one), len(order)), one.id),
        )

    def _fresh(self, one: Told, moment: datetime, taken: Collection[Identity]) -> Told:
        """Return a message that is said at `moment`, under the first number that none has."""
        for number in count(1):
            record = one.numbered(number)
            if identity(record) not in taken and not self._stored([record]):
                break
        return one._replace(record=replace(record, created_at=moment))

    def _edited(self, told: Sequence[Told], held: _Held) -> list[Record]:
        """Return what is held of messages that say something else now, as they say it."""
        pairs = [(held.get(identity(one.record)), one) for one in told if one.former]
        return [
            self._as_edited(old, one.record)
            for old, one in pairs
            if old is not None and one.record.text != old.text and self._is_edited(old, one.record)
        ]

    def _is_edited(self, old: Record, told: Record) -> bool:
        """Tell whether a message changed, rather than what is kept of it: that stays as it is."""
        text = self._redacted(told.text)
        if _SAID in old.metadata:
            return bool(old.metadata[_SAID] != _digest(text))
        past = self._engine.versions([self._scope], old.id)
        return text not in [old.text, *(one.text for one in past)]

    def _as_edited(self, old: Record, told: Record) -> Record:
        # What a model was asked about the former text, it was not about this one.
        kept = {
            name: one for name, one in old.metadata.items() if not name.startswith("commonplace:")
        }
        said = {_SAID: _digest(self._redacted(told.text))}
        return replace(
            old,
            text=told.text,
            metadata={**kept, **told.metadata, **said},
            updated_at=self._engine.clock(),
            quarantine=None,
        )

    def _redacted(self, text: str) -> str:
        from commonplace.writing.screening import redacted  # who only reads needs none of it

        return redacted(text, self._engine.screening)

    def _stored(self, records: Sequence[Record]) -> _Held:
        wanted = {identity(record) for record in records}
        scopes = sorted({scope for scope, _ in wanted})
        found = self._engine.held(scopes, sorted({id for _, id in wanted})) if wanted else []
        at = self._engine.clock()
        return {
            place: record
            for record in found
            if (place := identity(record)) in wanted and not record.is_expired(at)
        }


def _as_before(one: Told, held: _Held) -> Told:
    """Return a message under the id that an earlier release gave it, if it is stored so."""
    if one.former is None or identity(one.record) in held:
        return one
    former = one.under(one.former)
    return former if identity(former.record) in held else one


def _matched(told: Sequence[Told], conversation: Sequence[Record], held: _Held) -> dict[int, int]:
    """Return which messages are in the conversation, and where."""
    stored = [(one.record.text, held.get(identity(one.record))) for one in told]
    texts = {text: kept.text for text, kept in stored if kept is not None}
    named = {one.record.id for one in told if one.unnamed is None}
    return known(
        [_likeness(one.record, named, texts) for one in told],
        [_likeness(one, named, {}) for one in conversation],
    )


def _moment(
    place: int, at: datetime, matched: Mapping[int, int], conversation: Sequence[Record]
) -> datetime:
    """Return when a message was said that is missing: before the next one that is kept, or now."""
    if later := [one for one in matched if one > place]:
        following = conversation[matched[min(later)]].created_at
        return following - timedelta(microseconds=min(later) - place)
    return max(at, conversation[-1].created_at + timedelta(microseconds=1 + place))


def _likeness(record: Record, named: Collection[str], texts: dict[str, str]) -> tuple[str, ...]:
    """Return what makes two messages alike: the id of one that has a name, or who says what."""
    if record.id in named:
        return (record.id,)
    text = texts.get(record.text, record.text)  # as it is stored, which screening may have changed
    return record.source.origin or "", record.source.agent or "", text


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
