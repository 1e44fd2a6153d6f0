"""The summary that stands for what was said before the window, kept with its session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonplace.conversation.session import Session
from commonplace.conversation.summarising import Summariser, Summarising
from commonplace.conversation.tokens import Counter
from commonplace.conversation.turns import Group, asks, turn_start
from commonplace.conversation.window import newest, shortened
from commonplace.values.records import Record, Source
from commonplace.values.validation import MAX_DERIVED_FROM, MAX_TEXT_CHARACTERS
from commonplace.writing.operations import origin_of

if TYPE_CHECKING:
    from commonplace.conversation.conversing import Conversing

THROUGH = "commonplace:through"
"""In the metadata of a summary: time and id of the last message that it covers."""

COVERS = "commonplace:covers"
"""In the metadata of a summary: how many messages it covers."""

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Covered:
    """A summary and how many messages it covers; "" and 0 if there is none."""

    text: str = ""
    covers: int = 0


class RunningSummary:
    """Sums up what is too old for the window, half a window at a time, so that it is asked seldom.

    The summary is a record of kind ``summary``, derived from the messages that it covers and
    trusted as the least trusted of them.
    """

    def __init__(
        self,
        memory: Conversing,
        session: Session,
        counter: Counter,
        summariser: Summariser | None,
    ) -> None:
        """Keep the summary of `session`; without a summariser, use the one that is kept."""
        self._memory = memory
        self._session = session
        self._counter = counter
        self._summariser = None if summariser is None else Summarising(summariser, _SECONDS)

    def is_enough(self, groups: Sequence[Group], room: int) -> bool:
        """Tell whether nothing before these groups can matter for a window of this room."""
        if not asks(groups):
            return False  # what was asked last says what is recalled
        kept = self._kept()
        if kept is not None and not _after(groups[0], kept):
            return True
        return self._summariser is None and len(newest(groups, room, self._counter)) < len(groups)

    def of(self, groups: Sequence[Group], room: int) -> tuple[Covered, list[Group]]:
        """Return the summary, and the groups that it does not cover."""
        kept = self._kept()
        later = [group for group in groups if kept is None or _after(group, kept)]
        budget = room - room // 6
        if self._summariser is not None and newest(later, budget, self._counter) != later:
            recent = newest(later, room // 2, self._counter) or later[-1:]
            older = later[: min(len(later) - len(recent), turn_start(later))]
            if older and (written := self._summed_up(kept, older, room)):
                kept, later = written, later[len(older) :]
        if kept is not None and not kept.is_current:
            return Covered(), list(groups)  # it is held back, and stands for nothing
        return self._shown(kept, room), later

    def forget_if_it_covers(self, records: Sequence[Record]) -> None:
        """Forget the summary if it covers one of these, so that it is written anew without it."""
        kept = self._stored()
        if kept is not None and any(_place(one) <= kept.metadata[THROUGH] for one in records):
            self._memory._engine.discard([kept])

    def _kept(self) -> Record | None:
        found, _ = self._memory._engine.session(
            self._memory.path, self._session.name, "summary", None
        )
        kept = next((one for one in found if THROUGH in one.metadata), None)
        # One that is held back is not to be written anew at each turn.
        return self._stored() if kept is None and self._summariser is not None else kept

    def _stored(self) -> Record | None:
        return self._memory._engine.exact(self._memory.path, self._session.id_of("summary"))

    def _shown(self, kept: Record | None, room: int) -> Covered:
        """Return the summary, shortened to a sixth of the room."""
        if kept is None:
            return Covered()
        message = {"role": "system", "content": kept.text}
        if self._counter.message(message) > room // 6:
            # Too small a room for a summary is one for none.
            budget = max(room // 6, self._counter.message({**message, "content": ""}) + 64)
            message = shortened([message], budget, self._counter)[0]
        return Covered(message["content"], int(kept.metadata[COVERS]))

    def _summed_up(self, kept: Record | None, older: Sequence[Group], room: int) -> Record | None:
        assert self._summariser is not None
        former = kept.text if kept is not None and kept.is_current else ""
        text = self._summariser.summary(former, older, max(room // 12, 20))
        if text is None:
            return None
        said = [one.record for group in older for one in group]
        parents = [*(kept.derived_from if kept else ()), *(one.id for one in said)]
        covers = (int(kept.metadata[COVERS]) if kept else 0) + len({one.id for one in said})
        record = Record(
            text[:MAX_TEXT_CHARACTERS],
            kind="summary",
            source=Source(session=self._session.name, origin=origin_of(said)),
            id=self._session.id_of("summary"),
            created_at=self._memory._engine.clock(),
            derived_from=tuple(dict.fromkeys(parents))[-MAX_DERIVED_FROM:],
            trust=kept.trust if kept else None,
            metadata={THROUGH: _place(older[-1][0].record), COVERS: covers},
        )
        return self._memory.remember_many([record])[0]


def _after(group: Group, kept: Record) -> bool:
    return _place(group[0].record) > list(kept.metadata[THROUGH])


def _place(record: Record) -> list[str]:
    return [record.created_at.isoformat(timespec="microseconds"), record.id]
