"""What kind of statement each record is: does it ask, tell, say nothing; arrays by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from commonplace.recall import echoes, statements
from commonplace.recall.asking import asked, asks, ends_asking, says_nothing, size
from commonplace.recall.growing import Floats, Growing, Mask, Rows
from commonplace.recall.tokens import split
from commonplace.recall.unmarked import names_what_is_wanted
from commonplace.values.records import Record


class Utterances:
    """Rows are given in order of adding and never reused."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._asks: Growing[np.float32] = Growing(np.float32)
        self._only_asks: Growing[np.float32] = Growing(np.float32)
        self._says: Growing[np.float32] = Growing(np.float32)
        self._ends_asking: Growing[np.float32] = Growing(np.float32)
        self._tells_time: Growing[np.float32] = Growing(np.float32)
        self._from_agent: Growing[np.float32] = Growing(np.float32)
        self._is_message: Growing[np.bool_] = Growing(np.bool_)
        self._wordings: Growing[np.int64] = Growing(np.int64)
        self._said_again: Growing[np.float32] = Growing(np.float32)
        self._changes: Growing[np.int8] = Growing(np.int8)
        self._same: dict[int, list[int]] = {}
        self._questions: dict[int, str] = {}

    @property
    def asks(self) -> Floats:
        """How far each record asks, in 0..1."""
        return self._asks.view

    @property
    def says(self) -> Floats:
        """0 for a reply that says nothing, else 1."""
        return self._says.view

    def states(self, row: int) -> bool:
        """Tell whether a record states something: it does not only ask, nor say nothing."""
        return bool(self.says[row] > 0 and self._only_asks.view[row] <= echoes.IS_QUESTION)

    def changes(self, row: int, text: str) -> bool:
        """Tell whether a record, with its text, is a short statement of change; judged once."""
        known = self._changes.view
        if known[row] < 0:
            short = size(text) <= statements.SHORT
            known[row] = short and statements.tells_of_change(text) and self.states(row)
        return bool(known[row])

    @property
    def ends_asking(self) -> Floats:
        """1 for what ends in a question, else 0."""
        return self._ends_asking.view

    @property
    def tells_time(self) -> Floats:
        """1 for what names a time, else 0."""
        return self._tells_time.view

    @property
    def from_agent(self) -> Floats:
        """1 for what an agent said in a conversation, else 0."""
        return self._from_agent.view

    @property
    def wordings(self) -> Rows:
        """A number for each record that is the same for the same words."""
        return self._wordings.view

    def extend(
        self, records: Sequence[Record], words: Sequence[Sequence[str]], before: Sequence[int]
    ) -> Floats:
        """Append records, given their words and the row before each in its session, or -1.

        Return 1 for those that tell something, 0 for questions and replies that say nothing.
        """
        texts = [record.text for record in records]
        asking = list(map(asked, texts))
        only_asks = np.array([one.only for one in asking], np.float32)
        self._remember_questions(texts, only_asks)
        says = self._said_anything(texts, before)
        self._asks.extend([one.share for one in asking])
        self._only_asks.extend(only_asks)
        self._says.extend(says)
        self._ends_asking.extend(list(map(ends_asking, texts)))
        self._changes.extend(np.full(len(records), -1, np.int8))
        self._tells_time.extend(list(map(statements.tells_time, texts, words)))
        self._from_agent.extend([_is_reply(record) for record in records])
        self._is_message.extend([record.kind == "message" for record in records])
        wordings = [hash(tuple(own)) for own in words]
        self._wordings.extend(wordings)
        self._remember_wordings(records, wordings)
        return np.asarray(says * (only_asks <= echoes.IS_QUESTION), np.float32)

    def remove(self, row: int) -> None:
        """Forget what a reply would have been held against, and where the same was said."""
        self._questions.pop(row, None)
        rows = self._same.get(int(self.wordings[row]), [])
        if row in rows:
            rows.remove(row)
            self._said_again.view[rows] = len(rows) > 1

    def quotes(self, row: int, query: str) -> bool:
        """Tell whether a record is in the very words of a query."""
        return bool(self.wordings[row] == hash(tuple(split(query))))

    def telling(self, query: str, alike: Floats, contained: Callable[[], Mask]) -> Floats:
        """Return how far each record tells something to who asks the query, in 0..1.

        `alike` is how far each puts the query again; `contained` returns whether the query has all
        of its words. Marked or not, a message is a question if it is in the very words of the
        query, or if the user said it more than once and it adds nothing to the query. A fact never
        is.
        """
        if statements.asks_for_questions(query):
            return self.says
        asking = self._only_asks.view
        if asks(query.strip()):
            repeats = self.wordings == hash(tuple(split(query)))
            again = self._said_again.view > 0
            if again.any() and names_what_is_wanted(query):
                repeats |= contained() & again
            asking = np.maximum(asking, repeats & self._is_message.view)
        return np.asarray(self.says * (1 - asking * alike), np.float32)

    def _remember_wordings(self, records: Sequence[Record], wordings: Sequence[int]) -> None:
        start = len(self._said_again)
        self._said_again.extend(np.zeros(len(records), np.float32))
        for row, (record, wording) in enumerate(zip(records, wordings, strict=True), start):
            if record.kind == "message" and record.source.origin == "user":
                rows = self._same.setdefault(wording, [])
                rows.append(row)
                if len(rows) > 1:
                    self._said_again.view[rows] = 1.0

    def _remember_questions(self, texts: Sequence[str], only_asks: Floats) -> None:
        start = len(self._asks)
        places = np.flatnonzero(only_asks > echoes.IS_QUESTION).tolist()
        self._questions.update((start + place, texts[place]) for place in places)

    def _said_anything(self, texts: Sequence[str], before: Sequence[int]) -> Floats:
        pairs = zip(texts, before, strict=True)
        empty = [says_nothing(text, self._questions.get(row, "")) for text, row in pairs]
        return 1 - np.array(empty, np.float32)


def _is_reply(record: Record) -> bool:
    """Tell whether it is what an agent said in a conversation, and not a fact that it noted."""
    return record.kind == "message" and record.source.origin == "agent"
