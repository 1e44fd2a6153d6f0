"""The verbs that show a memory to people: what it holds, and why it answers as it does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Metadata, Selection, of_kind
from commonplace.recall.packing import RELEVANT
from commonplace.recall.preview import Preview, preview
from commonplace.stores.scope_counts import ScopeStats
from commonplace.values.records import Kind
from commonplace.values.rendering import Tokenizer, estimated_tokens
from commonplace.values.validation import checked_confidence, checked_limit, checked_text
from commonplace.verbs.recalling import Recalling
from commonplace.verbs.telemetry import told


class Looking(Recalling):
    """Look into a memory."""

    def scopes(self, *, limit: int = 100, offset: int = 0) -> list[ScopeStats]:
        """Return a page of the scopes that hold records: this one and those below it, by name.

        Each scope has its own numbers, which leave out the scopes below it. They are kept: a
        later call counts only the scopes that were written since. In a directory no record is
        read for this. On `chroma=` the first call reads every record within, and other verbs wait
        for it.

        Args:
            limit: The most scopes to return.
            offset: How many of the first to skip.

        Raises:
            InvalidInputError: `limit` or `offset` is no whole number of at least 0.

        >>> _ = memory.scope("user", "alice").remember("Likes tea")
        >>> _ = memory.scope("user", "bob").remember("Likes coffee")
        >>> [(str(one.scope), one.records) for one in memory.scope("user").scopes()]
        [('user/alice', 1), ('user/bob', 1)]
        """
        checked_limit(limit)
        checked_limit(offset, "offset")
        return self._engine.scopes(self._readable, offset, limit)

    @told
    def explain(
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
    ) -> Explanation:
        """Return what `recall` returns for the same arguments, and why.

        The answer has two parts. For each record found: what each signal adds to its score. Of
        the records left out: how many for each reason, and for each reason the `limit` best ones.
        The reference explains the reasons, such as ``repeated``, ``echo`` and ``limit``. It reads
        every record of the scope and counts no use.

        Args:
            query: As in `recall`.
            limit: As in `recall`.
            kind: As in `recall`.
            where: As in `recall`.
            since: As in `recall`.
            until: As in `recall`.
            as_of: As in `recall`.
            timezone: As in `recall`.
            min_confidence: As in `recall`.

        Raises:
            InvalidInputError: An argument cannot be used.
            EmbeddingError: The embedder failed.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("She is allergic to peanuts")
        >>> _ = alice.remember("Likes to be called Al", kind="preference")
        >>> told = alice.explain("allergic to what?", kind="fact")
        >>> [one.record.text for one in told.found], told.left_out[0].note
        (['She is allergic to peanuts'], 'It is of the kind preference.')
        """
        query = checked_text(query, "query")
        checked_limit(limit)
        checked_confidence(min_confidence)
        selection = Selection(of_kind(kind), where, since, until, as_of, timezone=timezone)
        told = self._engine.explain(self._readable, query, selection, max(limit, 1))
        return told.within(limit, min_confidence)

    @told
    def preview(
        self,
        query: str,
        *,
        max_tokens: int = 400,
        min_confidence: float = RELEVANT,
        tokenizer: Tokenizer = estimated_tokens,
        known: Collection[str] = (),
        timezone: str | None = None,
        kinds: Collection[Kind] | None = None,
    ) -> Preview:
        """Return the block of `context`, line by line, with its tokens and what it leaves out.

        Nothing counts as used.

        Args:
            query: As in `context`.
            max_tokens: As in `context`.
            min_confidence: As in `context`.
            tokenizer: As in `context`.
            known: As in `context`.
            timezone: As in `context`.
            kinds: As in `context`.

        Raises:
            InvalidInputError: An argument cannot be used.
            EmbeddingError: The embedder failed.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("She is allergic to peanuts")
        >>> seen = alice.preview("allergic to what?", max_tokens=30)
        >>> seen.text, [(one.record.text, one.reason) for one in seen.left_out]
        ('', [('She is allergic to peanuts', 'no room')])
        """
        filled = self._filled(query, max_tokens, min_confidence, tokenizer, known, timezone, kinds)
        return preview(filled, max_tokens, tokenizer)
