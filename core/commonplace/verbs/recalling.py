"""The verbs that read records."""

from __future__ import annotations

from collections.abc import Collection
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
        """Return the records that answer `query`, best first, at most `limit`.

        `where` holds conditions on metadata, such as ``{"topic": "food"}`` or
        ``{"year": {"$gte": 2024}}`` with $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $contains, $and
        and $or; `since` and `until` bound the times it was said. All of it, and expiry, applies
        before the ranking; in a scope too large to hold in memory, to the candidates that the
        store's index gives, twenty for each match wanted. With `as_of`, what held at that moment
        is asked, past versions included, which are not hot and so take longer. Days that
        the query names ("yesterday", "last week") are counted from now, or from `as_of`. They are
        days in `timezone`, an IANA name such as ``Europe/Prague``; without it in the timezone of
        `as_of`, and else in UTC. Raises InvalidInputError, EmbeddingError, StoreError,
        MemoryClosedError.

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

        Instructions and preferences, which apply whatever is asked, come first and take at most a
        third of it; those trusted no more than a tool or a document do not count as such. Then the
        matches, none of which says what is said already. Of a record that is larger than the
        room, the part is shown that answers, marked as shortened. Records with one of the texts in
        `known`, which the prompt holds already, are left out. The block has at most `max_tokens`
        tokens, as `tokenizer`, a function from text to a count, counts them; the default takes a
        quarter of the UTF-8 bytes. What it quotes is data: no record can end its quotation or pose
        as an instruction. `timezone` is that of `recall`; `kinds` lists the kinds that are shown,
        None for all. Each record of this memory's own scope that it shows counts as used: `used`
        says what follows from that. Raises as `recall` does.

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
        """Return the record with this id. Raises RecordNotFoundError.

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
        """Return a page of the records, newest first: at most `limit`, after the first `offset`.

        The conditions are those of `recall`; with `as_of`, they are what held at that moment.
        Raises InvalidInputError.

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
        """Count the records that meet the conditions, which are those of `recall`.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember_many(["Likes tea", "Lives in Oslo"])
        >>> alice.count(kind="fact")
        2
        """
        return sum(self._engine.tally(self._readable, Selection(of_kind(kind), where)).values())

    def stats(self) -> Stats:
        """Return how many records there are, in all and by kind, and the store's embedder.

        Also how many are held back, and of how many something was taken out.

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
        )
