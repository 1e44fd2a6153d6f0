"""Lists anywhere in a JSON file, read item by item: however long one is, and wherever it stands."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from commonplace.transfer.json_stream import Element, Events, Raw, events_of, items_of
from commonplace.transfer.numbers import finite
from commonplace.transfer.reading import Lines, opened
from commonplace.values.records import JSON

_Around: TypeAlias = tuple[dict[str, JSON], ...]


class Listed(NamedTuple):
    """An item of a list, and the objects around the list, the outermost first.

    Of these objects there is what stands before the list, without other lists.
    """

    element: Element
    around: _Around


def listed(path: Path, key: str) -> Iterator[Listed]:
    """Yield the items of every list of a file that is called `key`.

    Raises InvalidInputError as `elements` does.
    """
    with opened(path) as file:
        lines = Lines(file, str(path))
        events = events_of(lines)
        walk = _Walk(events, lines, key)
        for event, value in events:
            for (one, where, part), around in walk.within(event, value, ()):
                kept, dropped = finite(one)
                yield Listed(Element(kept, where, part, dropped), around)
            lines.settle()


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through the events of a file for the lists that are called `key`."""

    events: Events
    lines: Lines
    key: str

    def within(
        self, event: str, value: Any, around: _Around
    ) -> Generator[tuple[Raw, _Around], None, JSON]:
        """Yield the items of such lists within a value; return it without lists."""
        if event == "start_map":
            return (yield from self._in_object(around))
        if event == "start_array":
            yield from self._in_list(around)
            return None
        return value

    def _in_list(self, around: _Around) -> Iterator[tuple[Raw, _Around]]:
        for event, value in self.events:
            if event == "end_array":
                return
            yield from self.within(event, value, around)
            self.lines.settle()

    def _in_object(self, around: _Around) -> Generator[tuple[Raw, _Around], None, JSON]:
        here: dict[str, JSON] = {}
        for event, name in self.events:
            if event == "end_map":
                break
            begins, value = next(self.events)
            if name == self.key and begins == "start_array":
                for item in items_of(self.events, self.lines, "item"):
                    yield item, (*around, here)
            else:
                here[name] = yield from self.within(begins, value, (*around, here))
        return here
