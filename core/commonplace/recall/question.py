"""A question as ranking takes it: what its words say by themselves is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from commonplace.ports import Vectors
from commonplace.recall import statements
from commonplace.recall.dates import Period
from commonplace.recall.focus import Focus
from commonplace.recall.readings import wording
from commonplace.recall.tokens import split


@dataclass(frozen=True, eq=False)
class Question:
    """A query, what asks in it, the unit vector and the periods of that, and when it is asked.

    `at` is in seconds since 1970; `embedder` is the name of what made the vector.
    """

    text: str
    focus: Focus
    vector: Vectors
    periods: list[Period]
    at: float
    embedder: str = ""

    @cached_property
    def words(self) -> list[str]:
        """The words of what asks."""
        return split(self.focus.text)

    @cached_property
    def wording(self) -> int:
        """A number that a record in the very words of the query has too."""
        if self.focus.text == self.text:
            return self.wording_of_focus
        return wording(split(self.text))

    @cached_property
    def wording_of_focus(self) -> int:
        """That of what asks."""
        return wording(self.words)

    @cached_property
    def asks_for_past(self) -> bool:
        """Whether what held once is wanted."""
        return statements.asks_for_past(self.focus.text)

    @cached_property
    def addresses_agent(self) -> bool:
        """Whether it speaks of what the agent said or did."""
        return statements.addresses_agent(self.focus.text)
