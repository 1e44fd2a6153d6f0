"""JSON documents of any size, read element by element: one document, or one a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias

from commonplace.errors import InvalidInputError
from commonplace.transfer.numbers import NumberMarks, finite
from commonplace.transfer.reading import MAX_DEPTH, Lines, opened
from commonplace.values.records import JSON

_PIECE = 64 * 1024
_SHORT_LINE = 1_000_000  # what is built in one go: a longer line is read as a stream
_ENDS = (b'",', b'"}', b'"]')
# A tree of messages, each within the one it answers, may be deeper than other JSON.
_BRANCHES = "children"
_MAX_BRANCHES = 10_000
_NESTED_BRANCHES = 50
_NESTING = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
# The lists of a page: they hold what is paged, and may be of any length.
_PAGED = ("data", "results")

_NOT_WHOLE, _BLANK = object(), object()

Events = Iterator[tuple[str, Any]]
Part: TypeAlias = Literal["item", "paged", "rest", "whole"]
Raw = tuple[JSON, str, Part]


class Element(NamedTuple):
    """A value of a JSON file, and the file, line and item where it begins.

    `part` is ``item`` of a list, ``paged`` of the list of a page, ``rest`` of what stands around
    that and is no item itself, ``whole`` of a document that is neither list nor page. `dropped`
    names the numbers in it that JSON does not have, such as ``NaN``: they were left out.
    """

    value: JSON
    where: str
    part: Part
    dropped: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say about the numbers that were left out."""
        return tuple(f"{one}, which JSON does not have, is left out" for one in self.dropped)


def elements(path: Path) -> Iterator[Element]:
    """Yield the elements of the JSON documents in a file, which may be compressed.

    Of a list: its items. Of an object: the items of its list ``data`` or ``results``, then the
    object without these. Raises InvalidInputError with the line for what is not JSON, not UTF-8,
    nested deeper than 200 levels, or of an item longer than 64 MB.
    """
    with opened(path) as file:
        yield from elements_of(file, str(path))


def elements_of(file: BinaryIO, name: str) -> Iterator[Element]:
    """Yield the elements of an open file, as `elements` does."""
    for value, where, part in _raw_elements(Lines(file, name)):
        kept, dropped = finite(value)
        yield Element(kept, where, part, dropped)


def begun(start: bytes, name: str) -> JSON:
    """Return what of a value stands in the start of a document. Raises InvalidInputError."""
    lines, builder = Lines(BytesIO(start), name), _Builder()
    try:
        for event, value in events_of(lines):
            builder.take(event, value)
    except InvalidInputError:
        if builder.value is None:
            raise
    return finite(builder.value)[0]


def _raw_elements(lines: Lines) -> Iterator[Raw]:
    """Yield value, place and part: line by line while each line is a document."""
    begun = False
    while line := lines.read(_SHORT_LINE):
        value = _NOT_WHOLE if len(line) == _SHORT_LINE else _whole(line)
        if value is _NOT_WHOLE:
            yield from _streamed(lines, line)
            return
        lines.settle()
        if value is not _BLANK:
            begun = True
            yield from _of_document(value, lines.where)
    if not begun:
        yield from _streamed(lines, b"")  # which says that there is nothing


def _whole(line: bytes) -> Any:
    """Return the value of a line that is one whole document, and no deeper than is allowed."""
    if not line.strip():
        return _BLANK
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        return _NOT_WHOLE
    try:
        return json.loads(line.decode(), parse_float=_number)
    except (ValueError, RecursionError):
        return _NOT_WHOLE


def _depth(line: bytes) -> int:
    """Return how deep brackets stand in one another, those in texts as well."""
    depth = most = 0
    for byte in line:
        if byte in b"[{":
            depth += 1
            most = max(most, depth)
        elif byte in b"]}":
            depth -= 1
    return most


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"float overflow: {text}")
    return value


def _of_document(value: JSON, where: str) -> Iterator[Raw]:
    if isinstance(value, list):
        yield from _numbered(value, where, "item")
    elif isinstance(value, dict):
        paged = [key for key in _PAGED if isinstance(value.get(key), list)]
        for key in paged:
            yield from _numbered(value[key], where, "paged")
        rest = {key: one for key, one in value.items() if key not in paged}
        yield rest, where, "rest" if paged else "whole"
    else:
        yield value, where, "whole"


def _numbered(items: list[JSON], where: str, part: Part) -> Iterator[Raw]:
    for number, one in enumerate(items, 1):
        yield one, f"{where}, item {number}", part


def _streamed(lines: Lines, begun: bytes) -> Iterator[Raw]:
    events = events_of(lines, begun)
    for event, value in events:
        if event == "start_array":
            yield from items_of(events, lines, "item")
        elif event == "start_map":
            yield from _members(events, lines)
        else:
            yield value, lines.where, "whole"
        lines.settle()


def items_of(events: Events, lines: Lines, part: Part) -> Iterator[Raw]:
    """Yield the items of a list that has begun, with their places."""
    for number in count(1):
        event, value = next(events)
        if event == "end_array":
            return
        where = f"{lines.where}, item {number}"
        yield _built(event, value, events), where, part
        lines.settle()


def _members(events: Events, lines: Lines) -> Iterator[Raw]:
    where, is_paged = lines.where, False
    others: dict[str, JSON] = {}
    for event, key in events:
        if event == "end_map":
            yield others, where, "rest" if is_paged else "whole"
            return
        begins, value = next(events)
        if key in _PAGED and begins == "start_array":
            is_paged = True
            yield from items_of(events, lines, "paged")
        else:
            others[key] = _built(begins, value, events)


def _built(event: str, value: Any, events: Events) -> JSON:
    builder = _Builder()
    builder.take(event, value)
    while builder.is_open:
        builder.take(*next(events))
    return builder.value


class _Builder:
    """Builds a value of its events.

    Of a tree of messages, what lies deeper than is well for Python's recursion is put into the
    list of an ancestor that lies less deep, after it.
    """

    def __init__(self) -> None:
        self.value: JSON = None
        self._open: list[Any] = []
        self._branches: list[list[Any]] = []
        self._key: str | None = None

    @property
    def is_open(self) -> bool:
        return bool(self._open)

    def take(self, event: str, value: Any) -> None:
        if event == "map_key":
            self._key = value
        elif event in ("end_map", "end_array"):
            closed = self._open.pop()
            if self._branches and closed is self._branches[-1]:
                self._branches.pop()
        else:
            self._put({} if event == "start_map" else [] if event == "start_array" else value)
            self._key = None

    def _put(self, one: Any) -> None:
        holder, is_branches = self._open[-1] if self._open else None, False
        if holder is None:
            self.value = one
        elif isinstance(holder, dict):
            is_branches = self._key == _BRANCHES and isinstance(one, list)
            holder[self._key] = one
        else:
            is_deep = len(self._branches) > _NESTED_BRANCHES and holder is self._branches[-1]
            (self._branches[_NESTED_BRANCHES - 1] if is_deep else holder).append(one)
        if isinstance(one, (dict, list)):
            self._open.append(one)
        if is_branches:
            self._branches.append(one)


def events_of(lines: Lines, begun: bytes = b"") -> Events:
    """Yield the events of the documents that begin so; those nested too deep raise an error."""
    return _nested(_events(lines, begun), lines)


def _events(lines: Lines, begun: bytes) -> Events:
    import ijson

    found = ijson.sendable_list()
    # In Python: the parser in C ends the process at a number of 5,000 digits (ijson 3.6.0).
    parser = ijson.get_backend("python").basic_parse_coro(
        found, multiple_values=True, use_float=True
    )
    marks = NumberMarks()
    try:
        for piece in _pieces(lines, begun):
            if marked := marks.marked(piece):
                parser.send(marked)
            yield from found
            found.clear()
        parser.close()
        yield from found
    except ijson.JSONError as error:
        raise lines.error(f"this is not complete JSON ({str(error)[:200]}).") from error
    finally:
        with suppress(ijson.JSONError):  # what was left unread, if the reader has stopped
            parser.close()


def _pieces(lines: Lines, begun: bytes) -> Iterator[bytes]:
    """Yield pieces that end where a line or, most likely, a value ends.

    The parser keeps all it was given while it is within a value: cut anywhere, a long line would
    never end.
    """
    rest = b""
    for taken in _taken(lines, begun):
        piece = rest + taken
        cut = len(piece) if piece.endswith(b"\n") else _last_end(piece)
        yield piece[:cut]
        rest = piece[cut:]
    if rest:
        yield rest


def _taken(lines: Lines, begun: bytes) -> Iterator[bytes]:
    for start in range(0, len(begun), _PIECE):
        yield begun[start : start + _PIECE]
    while piece := lines.read(_PIECE):
        yield piece


def _last_end(piece: bytes) -> int:
    ends = max(piece.rfind(end) + len(end) for end in _ENDS)
    return ends if ends > 1 else piece.rfind(b",") + 1 or len(piece)


def _nested(events: Events, lines: Lines) -> Events:
    """Yield the events while they are not nested too deep, trees of messages not counted."""
    depth = branches = 0
    key: Any = None
    open_ones: list[bool] = []  # of each list and object whether it is of a tree
    for event, value in events:
        if event in ("start_array", "start_map"):
            above = bool(open_ones) and open_ones[-1]
            is_tree = key == _BRANCHES if event == "start_array" else above and key is None
            open_ones.append(is_tree)
            depth, branches = depth + (not is_tree), branches + is_tree
        elif event in ("end_array", "end_map"):
            is_tree = open_ones.pop()
            depth, branches = depth - (not is_tree), branches - is_tree
        if depth > MAX_DEPTH or branches > 2 * _MAX_BRANCHES:
            raise lines.error(f"the JSON is nested deeper than {MAX_DEPTH} levels.")
        key = value if event == "map_key" else None
        yield event, value
