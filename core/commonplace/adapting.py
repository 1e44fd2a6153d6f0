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
    """Return `on_error` if it is "log" or "raise".

    Raises:
        InvalidInputError: It is something else.

    >>> checked_on_error("raise")
    'raise'
    """
    if on_error not in get_args(OnError):
        raise InvalidInputError(f"on_error is 'log' or 'raise', not {on_error!r:.80}.")
    return on_error


@contextmanager
def guarded(doing: str, on_error: OnError, *, again: bool = False) -> Iterator[None]:
    """Keep an error of the memory from ending the host's run.

    A missing model is logged once in a process, with the command that installs it.

    Args:
        doing: What was tried, for the log, such as ``recalling for the LangChain agent``.
        on_error: "log" logs an exception of the block with its traceback, and the program goes on
            after the block. "raise" raises it.
        again: The memory failed before in this turn: log one line at the level DEBUG.

    >>> with guarded("recalling for a test", "log", again=True):
    ...     memory.recall("")  # raises InvalidInputError, which is logged
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
    """Count a use of records that were shown to a model by other means than `context`.

    Records of included scopes are not counted. A failure is logged.

    >>> tea = memory.remember("Likes tea")
    >>> count_shown(memory, [tea])
    """
    memory._shown(records)


def keep_conversation(memory: Memory, earlier: Messages, new: Messages, source: Source) -> None:
    """Keep new messages, and the edits of messages that were kept before.

    Of the earlier messages, those that were forgotten meanwhile do not come back.

    Args:
        memory: The memory to write to.
        earlier: Messages that were kept before, with their ids, as they are now.
        new: Messages to keep, as `observe` takes them, with ids.
        source: The framework and session.

    Raises:
        InvalidInputError: One item is no message. Nothing was kept.

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
    """Return as much of a user's text as `recall` takes: 100,000 characters.

    >>> query_text("Who has the key?")
    'Who has the key?'
    """
    return whole_characters(text)


def checked_memory(memory: Memory) -> Memory:
    """Return `memory` if it is a Memory. Call it when the adapter is made, not in the first turn.

    Raises:
        InvalidInputError: It is something else.

    >>> checked_memory(memory) is memory
    True
    """
    if not isinstance(memory, Memory):
        raise InvalidInputError(
            f"An adapter takes a Memory, such as commonplace.open(...) returns, not {memory!r}."
        )
    return memory


def place_of(memory: Memory) -> Place:
    """Return what a configuration can say of a memory's store, so that it can be opened again.

    Raises:
        InvalidInputError: The store has no name: it is ``":memory:"``, or on a chromadb client.

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
