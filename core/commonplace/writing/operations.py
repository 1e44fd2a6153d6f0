"""What a language model's answer about a conversation asks for. Pure, and never raises.

The answer is a suggestion from outside. It reaches the records that the model was shown and no
others; who said something, how far it is trusted and where it is kept is not the model's to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from commonplace.errors import InvalidInputError
from commonplace.values.records import Kind, Origin, Record
from commonplace.values.validation import checked_text
from commonplace.writing.messages import without_reasoning
from commonplace.writing.trust import trust_of, trusted

MAX_OPERATIONS = 100
MAX_FACT_CHARACTERS = 1_000

_MAX_ANSWER_CHARACTERS = 500_000
# Braces that begin no JSON: each costs a look at what follows, and an answer has few.
_MAX_FAILURES = 100
# Kinds that count whatever is asked: only people set them.
_OF_PEOPLE = ("preference", "instruction")
_KINDS = ("fact", "event", *_OF_PEOPLE)
_USUAL_IMPORTANCE = 0.5


@dataclass(frozen=True, slots=True)
class Add:
    """Remember `text`, which these messages say."""

    text: str
    kind: Kind
    importance: float
    said: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """Give a known record another text, which these messages say."""

    known: Record
    text: str
    said: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Retract:
    """End a known record, which these messages say no longer holds."""

    known: Record
    said: tuple[Record, ...]


Operation: TypeAlias = Add | Update | Retract


@dataclass(frozen=True, slots=True)
class Answer:
    """What could be read of an answer, and for each part that could not, why, without its text."""

    operations: Sequence[Operation]
    left_out: Sequence[str]
    is_readable: bool


def operations(answer: str, messages: Sequence[Record], known: Sequence[Record]) -> Answer:
    """Return what `answer` asks for, when asked with these messages and known records.

    An operation that names no message that was shown counts as taken from all of them. What is
    taken from messages that are less trusted than a record changes nothing of that record: the
    new text is added beside it.
    """
    items, is_whole = _items(without_reasoning(answer)[:_MAX_ANSWER_CHARACTERS])
    if not items and not is_whole:
        return Answer([], ["no list of operations was found in it"], is_readable=False)
    reading = _Reading(messages, known)
    for number, item in enumerate(items[:MAX_OPERATIONS], 1):
        reading.take(number, item)
    if len(items) > MAX_OPERATIONS:
        reading.left_out.append(f"operations after the first {MAX_OPERATIONS}")
    if not is_whole:
        reading.left_out.append("what follows where the list of operations breaks off")
    return Answer(reading.operations, reading.left_out, is_readable=True)


def trust_in(said: Sequence[Record]) -> float:
    """Return how far what these messages say is trusted, in 0..1: as the least trusted of them."""
    return min(map(trusted, said))


def origin_of(said: Sequence[Record]) -> Origin | None:
    """Return whose statement it is what these messages say: the one's that is trusted least."""
    return min(said, key=trusted).source.origin


class _Reading:
    """Collects the operations of one answer."""

    def __init__(self, messages: Sequence[Record], known: Sequence[Record]) -> None:
        self.operations: list[Operation] = []
        self.left_out: list[str] = []
        self._messages = messages
        self._known = known
        self._taken: set[object] = set()

    def take(self, number: int, item: object) -> None:
        """Add the operation that `item` stands for, or the reason why it stands for none."""
        try:
            operation = self._operation(item)
        except InvalidInputError as reason:
            self.left_out.append(f"operation {number}: {reason}")
            return
        if operation is not None:
            self.operations.append(operation)

    def _operation(self, item: object) -> Operation | None:
        if not isinstance(item, Mapping):
            raise InvalidInputError("it is no object")
        asked = item.get("operation")
        if asked == "nothing":
            return None
        if asked not in ("add", "update", "retract"):
            raise InvalidInputError("it is none of add, update and retract")
        said = self._said(item.get("from"))
        if asked == "add":
            return self._add(item, said)
        return self._change(self._note(item.get("note")), item, said)

    def _add(self, item: Mapping[str, Any], said: tuple[Record, ...]) -> Add:
        text = _text(item.get("text"))
        self._take_once(text)
        return Add(text, _kind(item.get("kind"), said), _importance(item.get("importance")), said)

    def _change(
        self, known: Record, item: Mapping[str, Any], said: tuple[Record, ...]
    ) -> Operation | None:
        is_trusted = trust_in(said) >= trusted(known)
        if item["operation"] == "update":
            text = _text(item.get("text"))
            self._take_once(known.id if is_trusted else text)
            if not is_trusted:
                return Add(text, _kind(known.kind, said), known.importance, said)
            return None if text == known.text else Update(known, text, said)
        if not is_trusted:
            raise InvalidInputError("it retracts what someone said who is trusted more")
        self._take_once(known.id)
        return Retract(known, said)

    def _take_once(self, what: object) -> None:
        if what in self._taken:
            raise InvalidInputError("another operation says it, or is about the same note")
        self._taken.add(what)

    def _said(self, numbers: object) -> tuple[Record, ...]:
        given = numbers if isinstance(numbers, list) else [numbers]
        named = {_number(one, self._messages) for one in given} - {None}
        positions = cast("set[int]", named) or range(len(self._messages))
        return tuple(self._messages[position] for position in sorted(positions))

    def _note(self, number: object) -> Record:
        position = _number(number, self._known)
        if position is None:
            raise InvalidInputError("it is about a note that was not shown")
        return self._known[position]


def _items(answer: str) -> tuple[list[object], bool]:
    """Return the items of the last list of operations, and whether there is a whole one.

    Of a list that breaks off, the items before; text around it, and what the text quotes, is passed
    over. Where there is no list, bare operations are one.
    """
    found = list(_objects(answer))
    lists = [one["operations"] for one in found if isinstance(one.get("operations"), list)]
    if lists:
        return cast("list[object]", lists[-1]), True
    start = answer.rfind('"operations"')
    bare = [one for one in _objects(answer[max(start, 0) :]) if "operation" in one]
    return [*bare], start < 0 and bool(bare)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a text that are whole and within no other."""
    decoder = json.JSONDecoder()
    at, failures = text.find("{"), 0
    while at >= 0 and failures < _MAX_FAILURES:
        try:
            value, end = decoder.raw_decode(text, at)
            yield value
        except (ValueError, RecursionError):
            end, failures = at + 1, failures + 1
        at = text.find("{", end)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise InvalidInputError("its text is no text")
    if len(given) > MAX_FACT_CHARACTERS:
        raise InvalidInputError(
            f"its text has {len(given):,} characters; the limit is {MAX_FACT_CHARACTERS:,}"
        )
    return checked_text(given.strip())


def _kind(given: object, said: Sequence[Record]) -> Kind:
    if given not in _KINDS:
        return "fact"
    is_by_person = trust_in(said) >= trust_of("user")
    return cast("Kind", given) if is_by_person or given not in _OF_PEOPLE else "fact"


def _importance(given: object) -> float:
    is_share = type(given) in (int, float) and 0 <= cast("float", given) <= 1
    return cast("float", given) if is_share else _USUAL_IMPORTANCE


def _number(given: object, shown: Sequence[Record]) -> int | None:
    """Return the position of what was shown under a number, or None if nothing was."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 10:
        given = int(given)
    return given - 1 if type(given) is int and 0 < given <= len(shown) else None
