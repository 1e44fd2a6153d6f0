"""The verbs that read records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from commonplace.engine.view import View
from commonplace.recall.filters import Metadata, Selection, of_kind
from commonplace.recall.packing import RELEVANT
from commonplace.recall.preview import Filled, filled, standing_kinds
from commonplace.values.characters import mended
from commonplace.values.records import Kind, Match, Record, Stats
from commonplace.values.rendering import Tokenizer, block, estimated_tokens
from commonplace.values.validation import (
    checked_confidence,
    checked_limit,
    checked_text,
    checked_tokenizer,
)
from commonplace.verbs.telemetry import told
from commonplace.writing.findings import labels

# More than the usual budget of a prompt holds.
_MATCHES_FOR_CONTEXT = 50


class Recalling(View):
    """Find and list records."""

    @told
    def recall(
        self,
        query: str,
        *,
        limit: int = 8,
        kind: Kind | None = None,
        where: Metadata | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        timezone: str | None = None,
        min_confidence: float = 0.0,
    ) -> list[Match]:
        """Return the records that answer `query`, the best first.

        All conditions apply before the ranking. Where a scope is too large for `cache_bytes`,
        they apply to the candidates of Chroma's index: twenty for each match wanted.

        Args:
            query: A question or a text; 1 to 100,000 characters.
            limit: The most matches to return.
            kind: Only records of this kind.
            where: Conditions on metadata, such as ``{"topic": "food"}`` or ``{"year": {"$gte":
                2024}}``. Operators: $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $contains, $and,
                $or.
            since: Only what was said at this time or later; a datetime with a timezone.
            until: Only what was said before this time; a datetime with a timezone.
            as_of: Ask what held at this moment, past versions included; a datetime with a
                timezone. It reads past versions from the store and takes longer.
            timezone: Where the days that the query names ("yesterday", "last week") begin; an
                IANA name such as ``Europe/Prague``. Without it, the timezone of `as_of`, or else
                UTC. The days are counted from now, or from `as_of`.
            min_confidence: Leave out matches below this, from 0 to 1.

        Raises:
            InvalidInputError: An argument cannot be used.
            EmbeddingError: The embedder failed.
            StoreError: The store could not be read.
            MemoryClosedError: The memory is closed.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("She is allergic to peanuts")
        >>> alice.recall("allergic to what?", limit=1)[0].record.text
        'She is allergic to peanuts'
        """
        query = checked_text(query, "query")
        checked_limit(limit)
        checked_confidence(min_confidence)
        selection = Selection(of_kind(kind), where, since, until, as_of, timezone=timezone)
        if limit == 0:
            return []
        matches = self._engine.rank(self._readable, query, selection, limit)
        return [match for match in matches if match.confidence >= min_confidence]

    @told
    def context(
        self,
        query: str,
        *,
        max_tokens: int = 400,
        min_confidence: float = RELEVANT,
        tokenizer: Tokenizer = estimated_tokens,
        known: Collection[str] = (),
        timezone: str | None = None,
        kinds: Collection[Kind] | None = None,
    ) -> str:
        """Return a block for a prompt with what is known about `query`, or "" if nothing is.

        The block holds two groups of records, each record quoted on a line:

        1. Instructions and preferences. They apply to every question, come first, and take at
           most a third of the block. Those that come from a tool or a document are not in this
           group.
        2. The matches of `query`, without repetitions. Of a record that is too long, the part
           that answers is shown and marked as shortened.

        No record can end its quotation or pose as an instruction. Each record of this scope that
        the block shows counts as used: `used` says what that means.

        Args:
            query: The question that the prompt is about.
            max_tokens: The most tokens of the block.
            min_confidence: Leave out matches below this, from 0 to 1.
            tokenizer: A function that counts the tokens of a text. The default counts a quarter
                of the UTF-8 bytes.
            known: Texts that the prompt holds already. Records with one of them are left out.
            timezone: As in `recall`.
            kinds: The kinds to show. None shows all.

        Raises:
            InvalidInputError: An argument cannot be used.
            EmbeddingError: The embedder failed.
            StoreError: The store could not be read.
            MemoryClosedError: The memory is closed.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("She is allergic to peanuts")
        >>> print(alice.context("allergic to what?").splitlines()[2][:30])
        - "She is allergic to peanuts"
        """
        shown = self._filled(
            query, max_tokens, min_confidence, tokenizer, known, timezone, kinds
        ).shown
        self._shown(one.record for one in shown)
        return block([one.line for one in shown]) if shown else ""

    def record(self, id: str) -> Record:
        """Return the record with this id.

        Args:
            id: The record's id.

        Raises:
            RecordNotFoundError: No record with this id is in reach.

        >>> alice = memory.scope("user", "alice")
        >>> tea = alice.remember("Likes tea")
        >>> alice.record(tea.id) == tea
        True
        """
        return self._engine.find(self._readable, [id])[0]

    def records(
        self,
        *,
        kind: Kind | None = None,
        where: Metadata | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Record]:
        """Return a page of the records, the newest first.

        Args:
            kind: As in `recall`.
            where: As in `recall`.
            since: As in `recall`.
            until: As in `recall`.
            as_of: As in `recall`.
            limit: The most records to return.
            offset: How many of the newest to skip.

        Raises:
            InvalidInputError: An argument cannot be used.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember_many(["Likes tea", "Lives in Oslo"])
        >>> [one.text for one in alice.records(limit=1)]
        ['Lives in Oslo']
        """
        checked_limit(limit)
        checked_limit(offset, "offset")
        selection = Selection(of_kind(kind), where, since, until, as_of)
        return self._engine.select(self._readable, selection, offset, limit)

    def count(self, *, kind: Kind | None = None, where: Metadata | None = None) -> int:
        """Count the records that meet the conditions.

        Args:
            kind: As in `recall`.
            where: As in `recall`.

        Raises:
            InvalidInputError: A condition cannot be used.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember_many(["Likes tea", "Lives in Oslo"])
        >>> alice.count(kind="fact")
        2
        """
        return sum(self._engine.tally(self._readable, Selection(of_kind(kind), where)).values())

    def stats(self) -> Stats:
        """Count what this memory holds: records by kind, those held back, those redacted.

        Also names the store's embedder. `Stats` describes each number.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("Likes tea")
        >>> alice.stats().kinds
        {'fact': 1}
        """
        kinds = self._engine.tally(self._readable, Selection())
        screened = self._engine.select(self._readable, Selection(state="screened"), 0, None)
        return Stats(
            records=sum(kinds.values()),
            kinds=kinds,
            embedder=self._engine.embedder_name,
            held_back=sum(one.quarantine is not None for one in screened),
            redacted=sum(bool(labels(one)) for one in screened),
            pending=self._engine.pending(),
        )

    def _filled(  # noqa: PLR0917  # the arguments of `context`
        self,
        query: str,
        max_tokens: int,
        min_confidence: float,
        tokenizer: Tokenizer,
        known: Collection[str],
        timezone: str | None,
        kinds: Collection[Kind] | None,
    ) -> Filled:
        """Return what a context shows, and what it leaves out."""
        checked_limit(max_tokens, "max_tokens")
        query = checked_text(query, "query")
        checked_confidence(min_confidence)
        selection = Selection(None if kinds is None else tuple(kinds), timezone=timezone)
        matches = self._engine.rank(self._readable, query, selection, _MATCHES_FOR_CONTEXT)
        return filled(
            self._engine.of_kinds(self._readable, standing_kinds(kinds)),
            matches,
            query=query,
            max_tokens=max_tokens,
            min_confidence=min_confidence,
            tokenizer=checked_tokenizer(tokenizer),
            said=frozenset(map(mended, known)),
            near=lambda parts: self._near(query, parts),
        )

    def _near(self, query: str, parts: Sequence[str]) -> Sequence[float]:
        """Return how near in meaning parts of a text are to a query, as far as that can be told."""
        from commonplace.recall.focus import focus  # which most contexts do not need
        from commonplace.recall.scales import alike

        asking = focus(query).text
        return alike(self._engine.embedder_name, asking, parts, self._engine.embed)
