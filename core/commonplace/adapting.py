"""What the adapters of all frameworks share: messages as records, and not breaking the host."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from commonplace.engine.lease import Place
from commonplace.errors import InvalidInputError, ModelUnavailableError
from commonplace.memory import Memory
from commonplace.values.records import Record, Source, now
from commonplace.writing.messages import (
    Messages,
    message_record,
    told_messages,
    whole_characters,
)

__all__ = [
    "OnError",
    "Place",
    "checked_memory",
    "checked_on_error",
    "count_shown",
    "guarded",
    "keep_conversation",
    "message_record",
    "place_of",
    "query_text",
]

OnError: TypeAlias = Literal["log", "raise"]

_logger = logging.getLogger("commonplace")


def checked_on_error(on_error: OnError) -> OnError:
    """Return what is to be done when the memory fails. Raises InvalidInputError for another word.

    >>> checked_on_error("raise")
    'raise'
    """
    if on_error not in get_args(OnError):
        raise InvalidInputError(f"on_error is 'log' or 'raise', not {on_error!r:.80}.")
    return on_error


@contextmanager
def guarded(doing: str, on_error: OnError, *, again: bool = False) -> Iterator[None]:
    """Keep a failure of the memory from ending the host's run.

    With ``on_error="log"`` an exception within is logged with its traceback and the host goes on
    after the block; with ``"raise"`` it is raised. `doing` says what was tried, such as
    ``recalling for the LangChain agent``. That the model is missing is said once in a process,
    with the command that installs it: every turn would say the same. A failure `again` in one
    turn is logged as a line at the level DEBUG.
    """
    try:
        yield
    except Exception as error:
        if on_error == "raise":
            raise
        if isinstance(error, ModelUnavailableError):
            _say_once("Agents go on without their memory: %s", str(error))
            return
        if again:
            _logger.debug("The memory failed again while %s: %r", doing, error)
            return
        _logger.exception("The memory failed while %s; the agent goes on without it.", doing)


@lru_cache(maxsize=32)
def _say_once(message: str, cause: str) -> None:
    _logger.error(message, cause)


def count_shown(memory: Memory, records: Iterable[Record]) -> None:
    """Count that records were shown to a model by other means than `context`, which does so itself.

    Those that the memory only includes are not counted. A failure is logged.
    """
    memory._shown(records)


def keep_conversation(memory: Memory, earlier: Messages, new: Messages, source: Source) -> None:
    """Keep what was said: what is `new`, and what was kept `earlier` and has been edited since.

    Messages are as `observe` takes them, with ids. What was forgotten of the earlier ones does not
    come back. Raises as `observe` does.

    >>> chat = Source(framework="mine", session="7")
    >>> question = {"role": "user", "content": "I live in Oslo", "id": "1"}
    >>> keep_conversation(memory, [], [question], chat)
    >>> edited = {**question, "content": "I live in Bergen"}
    >>> keep_conversation(memory, [edited], [], chat)
    >>> [record.text for record in memory.records()]
    ['I live in Bergen']
    """
    at = now()
    memory._correct(told_messages(earlier, source, at))
    memory._keep(told_messages(new, source, at))


def query_text(text: str) -> str:
    """Return as much of what a user said as `recall` takes."""
    return whole_characters(text)


def checked_memory(memory: Memory) -> Memory:
    """Return `memory` if it is one: an adapter without a memory would fail at every turn."""
    if not isinstance(memory, Memory):
        raise InvalidInputError(
            f"An adapter takes a Memory, such as commonplace.open(...) returns, not {memory!r}."
        )
    return memory


def place_of(memory: Memory) -> Place:
    """Return what a configuration can say of a memory's store, so that it is opened again.

    Raises InvalidInputError for a store that nothing names: ``":memory:"``, or a chromadb client.

    >>> place_of(memory)
    Traceback (most recent call last):
    commonplace.errors.InvalidInputError: The store of <Memory (root)> is named by nothing that ...
    """
    place = memory._lease.place
    if place is None:
        raise InvalidInputError(
            f"The store of {memory!r} is named by nothing that another process could open: it is "
            'in ":memory:" or on a chromadb client that was passed. Open a directory or the '
            "address of a server with commonplace.open(path)."
        )
    return place
