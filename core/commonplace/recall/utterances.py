"""What kind of statement each record is: does it ask, tell, say nothing; arrays by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from commonplace.recall import echoes, statements
from commonplace.recall.asking import asked, asks, ends_asking, says_nothing
from commonplace.recall.growing import Floats, Growing, Rows
from commonplace.recall.tokens import split
from commonplace.records import Record


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
        self._questions: dict[int, str] = {}

    @property
    def asks(self) -> Floats:
        """How far each record asks, in 0..1."""
        return self._asks.view

    @property
    def says(self) -> Floats:
        """0 for a reply that says nothing, else 1."""
        return self._says.view

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
        self._tells_time.extend(list(map(statements.tells_time, texts, words)))
        self._from_agent.extend([_is_reply(record) for record in records])
        self._is_message.extend([record.kind == "message" for record in records])
        self._wordings.extend([hash(tuple(own)) for own in words])
        return np.asarray(says * (only_asks <= echoes.IS_QUESTION), np.float32)

    def remove(self, row: int) -> None:
        """Forget what a reply would have been held against."""
        self._questions.pop(row, None)

    def telling(self, query: str, alike: Floats) -> Floats:
        """Return how far each record tells something to who asks the query, in 0..1.

        `alike` is how far each puts the query again. A message in the very words of a question is
        one, marked or not; a fact never is.
        """
        if statements.asks_for_questions(query):
            return self.says
        repeats = np.zeros(len(alike), np.bool_)
        if asks(query.strip()):
            repeats |= self.wordings == hash(tuple(split(query)))
        asking = np.maximum(self._only_asks.view, repeats & self._is_message.view)
        return np.asarray(self.says * (1 - asking * alike), np.float32)

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
