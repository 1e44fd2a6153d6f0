"""The verb that turns a conversation into records."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from uuid import NAMESPACE_OID, uuid5

from commonplace.errors import ExtractionError, InvalidInputError
from commonplace.recall.filters import Selection
from commonplace.values.records import Match, Record, Source
from commonplace.values.validation import MAX_DERIVED_FROM
from commonplace.verbs.recalling import Recalling
from commonplace.verbs.telemetry import told
from commonplace.verbs.telling import Telling
from commonplace.writing.batch import Identity, identity
from commonplace.writing.extraction import Extractor, prompt
from commonplace.writing.messages import Messages, told_messages
from commonplace.writing.operations import (
    Add,
    Answer,
    Operation,
    Retract,
    Update,
    operations,
    origin_of,
    trust_in,
)

OBSERVED = "commonplace:observed"
"""In the metadata of a message: true when a model has been asked about it."""

_KNOWN = 20
_EARLIER = 6
# Values that a program sets, and summaries, are not a conversation's to change.
_RECONCILED = Selection(("fact", "preference", "instruction", "event"))

_logger = logging.getLogger("commonplace")


class Observing(Telling, Recalling):
    """Observe conversations."""

    @told
    def observe(
        self,
        messages: Messages,
        *,
        extractor: Extractor | None = None,
        source: Source | None = None,
    ) -> list[Record]:
        """Remember a conversation; return the records that are new or changed.

        Each message of users, agents and tools becomes a record of kind ``message``. System
        messages, tool calls and reasoning are left out. You may hand over each message as it
        comes, the last few, or all every time: a message that was observed before is not kept
        again. One with the `id` of an earlier message of its session replaces it, and the former
        text stays in `history`.

        Args:
            messages: Dicts as in OpenAI's chat completions, with `role` and `content` and
                optionally `name`, `id` and `created_at` (a datetime, ISO 8601 text, or seconds
                since 1970). Or Records of kind ``message``.
            extractor: A language model, as a function from a prompt to its answer. It is asked
                once about the messages that it has not seen, beside the 20 nearest records of
                this scope. It may add, update and retract facts. A fact is `derived_from` the
                messages that it rests on, and is trusted as the least trusted of them. Parts of
                the answer that cannot be used are logged and left out.
            source: The framework, session and agent of all messages.

        Raises:
            InvalidInputError: One item is no message. Nothing was kept.
            ExtractionError: The extractor failed. The messages are kept: observe them again to
                retry.
            EmbeddingError: The embedder failed.
            StoreError: The store could not be written.
            MemoryClosedError: The memory is closed.

        >>> alice = memory.scope("user", "alice")
        >>> said = [{"role": "user", "content": "I moved to Bergen, by the way"}]
        >>> def model(prompt: str) -> str:
        ...     return '{"operations": [{"operation": "add", "text": "Lives in Bergen"}]}'
        >>> [(one.kind, one.text) for one in alice.observe(said, extractor=model)]
        [('message', 'I moved to Bergen, by the way'), ('fact', 'Lives in Bergen')]
        >>> alice.observe(said, extractor=model)
        []
        """
        if extractor is not None and not callable(extractor):
            raise InvalidInputError(f"extractor is a function of a text, not {extractor!r:.80}.")
        at = self._engine.clock()
        told = told_messages(messages, Source() if source is None else source, at)
        conversation, new = self._keep(told)
        if extractor is None:
            return new
        settled, changed = self._learned(conversation, extractor)
        return [*(settled.get(identity(one), one) for one in new), *changed]

    def _learned(
        self, conversation: Sequence[Record], extractor: Extractor
    ) -> tuple[dict[Identity, Record], list[Record]]:
        """Do what the extractor makes of a conversation.

        Returns the messages that it dealt with, and the records that were added or changed.
        """
        earlier, new = _split([one for one in conversation if one.is_current])
        if not new:
            return {}, []
        known = self._nearest(new)
        answer = operations(_asked(extractor, prompt(earlier, new, known)), [*earlier, *new], known)
        valid = self._unchanged([*earlier, *new, *known])
        usable = [one for one in answer.operations if _basis(one) <= valid.keys()]
        _report(answer, len(answer.operations) - len(usable))
        if not answer.is_readable:
            return {}, []
        updated, facts = self._reconciled(usable)
        settled = [_settled(valid[identity(one)]) for one in new if identity(one) in valid]
        # Together and last: what fails before is tried again with the same messages.
        writing = [*facts, *settled]
        written = self._engine.write(writing, [one.id for one in facts]) if writing else []
        return {identity(one): one for one in settled}, [*updated, *written[: len(facts)]]

    def _nearest(self, messages: Sequence[Record]) -> list[Record]:
        """Return the records of this scope that the messages are most likely about."""
        best: dict[Identity, Match] = {}
        for message in messages:
            for match in self._engine.rank([self._scope], message.text, _RECONCILED, _KNOWN):
                known = best.setdefault(identity(match.record), match)
                if match.confidence > known.confidence:
                    best[identity(match.record)] = match
        ranked = sorted(best.values(), key=lambda match: -match.confidence)
        return [match.record for match in ranked[:_KNOWN]]

    def _unchanged(self, shown: Sequence[Record]) -> dict[Identity, Record]:
        """Return, as they are now, the records that still say what the model was shown.

        It takes its time: what was forgotten meanwhile must not come back as a fact.
        """
        texts = {identity(one): one.text for one in shown}
        now = self._stored(shown)
        return {place: record for place, record in now.items() if record.text == texts[place]}

    def _reconciled(self, asked: Sequence[Operation]) -> tuple[list[Record], list[Record]]:
        """Do the updates and retractions; return what was updated, and the facts to be added."""
        for one in asked:
            if isinstance(one, Retract):
                self._retract(one.known)
        updated = [self._revised(one) for one in asked if isinstance(one, Update)]
        return updated, [self._allowed(self._fact(one)) for one in asked if isinstance(one, Add)]

    def _revised(self, change: Update) -> Record:
        ids = dict.fromkeys([*change.known.derived_from, *(one.id for one in change.said)])
        return self.update(
            change.known.id, text=change.text, derived_from=tuple(ids)[-MAX_DERIVED_FROM:]
        )

    def _retract(self, known: Record) -> None:
        """End a record: what it said held until now."""
        while True:
            now = self._engine.find([known.scope], [known.id])[0]
            past = replace(now, version_of=now.id, valid_until=self._engine.clock())
            if self._engine.swap(now, past):  # else another was faster
                return

    def _fact(self, new: Add) -> Record:
        said = new.said[-MAX_DERIVED_FROM:]
        told = [str(self._scope), *(one.id for one in said), new.text]
        return Record(
            new.text,
            kind=new.kind,
            importance=new.importance,
            source=_source(new.said),
            scope=self._scope,
            id=str(uuid5(NAMESPACE_OID, "\x1f".join(told))),
            created_at=max(one.created_at for one in said),
            derived_from=tuple(one.id for one in said),
            trust=trust_in(new.said),
        )


def _asked(extractor: Extractor, question: str) -> str:
    try:
        answer = extractor(question)
    except Exception as error:
        raise ExtractionError(
            f"The extractor failed: {error!r:.300}. The messages are kept: observe them again to "
            "extract from them."
        ) from error
    if not isinstance(answer, str):
        raise ExtractionError(
            f"The extractor returned a {type(answer).__name__}: an extractor returns the model's "
            "answer as text. The messages are kept: observe them again to extract from them."
        )
    return answer


def _split(conversation: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Return the messages no model was asked about yet, and before them some before the first."""
    new = [at for at, one in enumerate(conversation) if not one.metadata.get(OBSERVED)]
    first = new[0] if new else 0
    return list(conversation[max(first - _EARLIER, 0) : first]), [conversation[at] for at in new]


def _settled(message: Record) -> Record:
    return replace(message, metadata={**message.metadata, OBSERVED: True})


def _basis(operation: Operation) -> set[Identity]:
    """Return what an operation rests on."""
    known = () if isinstance(operation, Add) else (operation.known,)
    return {identity(one) for one in (*operation.said, *known)}


def _source(said: Sequence[Record]) -> Source:
    """Return what the sources of these messages have in common, and their least trusted origin."""
    sources = [one.source for one in said]
    return Source(
        framework=_common([one.framework for one in sources]),
        agent=_common([one.agent for one in sources]),
        session=_common([one.session for one in sources]),
        origin=origin_of(said),
    )


def _common(names: Sequence[str | None]) -> str | None:
    return names[0] if len(set(names)) == 1 else None


def _report(answer: Answer, stale: int) -> None:
    left_out = [*answer.left_out]
    if stale:
        left_out.append(f"{stale} operations on what was changed or forgotten meanwhile")
    if left_out:
        _logger.warning(
            "Of an extractor's answer was left out: %s. The messages are kept.", "; ".join(left_out)
        )
