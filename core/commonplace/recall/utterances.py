"""What kind of statement each record is: does it ask, tell, say nothing; arrays by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from commonplace.recall import echoes, statements
from commonplace.recall.asking import asks, says_nothing, size
from commonplace.recall.columns import Columns, Kept
from commonplace.recall.growing import Floats, Growing, Mask, Rows
from commonplace.recall.naming import names_attribute
from commonplace.recall.question import Question
from commonplace.values.records import KINDS


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
        self._by_user: Growing[np.bool_] = Growing(np.bool_)
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

    def extend(self, added: Columns, before: Sequence[int]) -> Floats:
        """Append records, given the row before each in its session, or -1.

        Return 1 for those that tell something, 0 for questions and replies that say nothing.
        """
        numbers, only_asks = added.numbers, added.numbers["only_asks"]
        is_message = numbers["kind"] == KINDS.index("message")
        self._remember_questions(added.records, only_asks)
        says = self._said_anything(added, before)
        self._asks.extend(numbers["asks"])
        self._only_asks.extend(only_asks)
        self._says.extend(says)
        self._ends_asking.extend(numbers["ends_asking"])
        self._changes.extend(np.full(len(added), -1, np.int8))
        self._tells_time.extend(numbers["tells_time"])
        # What an agent said in a conversation, and not a fact that it noted.
        self._from_agent.extend(is_message & numbers["by_agent"])
        self._is_message.extend(is_message)
        self._by_user.extend(is_message & numbers["by_user"])
        self._wordings.extend(numbers["wording"])
        self._remember_wordings(is_message & numbers["by_user"], numbers["wording"].tolist())
        return np.asarray(says * (only_asks <= echoes.IS_QUESTION), np.float32)

    def remove(self, row: int) -> None:
        """Forget what a reply would have been held against, and where the same was said."""
        self._questions.pop(row, None)
        rows = self._same.get(int(self.wordings[row]), [])
        if row in rows:
            rows.remove(row)
            self._said_again.view[rows] = len(rows) > 1

    def quotes(self, row: int, question: Question) -> bool:
        """Tell whether a record is in the very words of a query."""
        return bool(self.wordings[row] == question.wording)

    def repeating(
        self, rows: Rows, best: int, question: Question, contained: Callable[[], Mask]
    ) -> Mask | None:
        """Return which of some records say the query again; None if the best of them does not.

        They are in its very words, or messages of the user that have no others. `contained` returns
        whether the query has all of a record's words.
        """
        row, by_user = int(rows[best]), self._by_user.view
        if not by_user[row] and not self.quotes(row, question):
            return None
        repeats = self.wordings == question.wording
        if by_user[row]:
            repeats |= contained() & by_user
        return repeats[rows] if repeats[row] else None

    def said_again(self, row: int) -> bool:
        """Tell whether the user said a record in these words more than once."""
        return bool(self._said_again.view[row])

    def telling(
        self, question: Question, alike: Callable[[], Floats], repeated: Callable[[], Mask]
    ) -> Floats:
        """Return how far each record tells something to who asks the query, in 0..1.

        `alike` returns how far each puts the query again; `repeated` whether it has most words of
        the query and no others. Marked or not, a message is a question if it is in the very
        words of the query. If the query only names an attribute ("gate code"), a message of the
        user that says no more is one too. A fact never is.
        """
        query, asking = question.focus.text, self._only_asks.view
        if statements.asks_for_questions(query):
            return self.says
        if asks(query.strip()):
            repeats = (self.wordings == question.wording_of_focus) & self._is_message.view
            asking = np.maximum(asking, repeats)
        elif names_attribute(query):
            asking = np.maximum(asking, repeated() & self._by_user.view)
        if not asking.any():
            return self.says
        return np.asarray(self.says * (1 - asking * alike()), np.float32)

    def _remember_wordings(self, said_by_user: Mask, wordings: Sequence[int]) -> None:
        start = len(self._said_again)
        self._said_again.extend(np.zeros(len(wordings), np.float32))
        for place in np.flatnonzero(said_by_user).tolist():
            rows = self._same.setdefault(wordings[place], [])
            rows.append(start + place)
            if len(rows) > 1:
                self._said_again.view[rows] = 1.0

    def _remember_questions(self, records: Sequence[Kept], only_asks: Floats) -> None:
        start = len(self._asks)
        places = np.flatnonzero(only_asks > echoes.IS_QUESTION).tolist()
        self._questions.update((start + place, records[place].text) for place in places)

    def _said_anything(self, added: Columns, before: Sequence[int]) -> Floats:
        """Return 0 for a reply that says nothing, alone or to the question before it."""
        nothing = added.numbers["says_nothing"].copy()
        for place, row in enumerate(before):
            if row in self._questions and not nothing[place]:
                nothing[place] = says_nothing(added.records[place].text, self._questions[row])
        return np.asarray(1 - nothing.astype(np.float32), np.float32)
