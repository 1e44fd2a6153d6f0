"""What the adapters of all frameworks share: messages as records, and not breaking the host."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from commonplace.errors import InvalidInputError
from commonplace.memory import Memory
from commonplace.records import Record, Source, now
from commonplace.validation import MAX_TEXT_CHARACTERS

OnError: TypeAlias = Literal["log", "raise"]

_logger = logging.getLogger("commonplace")


@contextmanager
def guarded(doing: str, on_error: OnError) -> Iterator[None]:
    """Keep a failure of the memory from ending the host's run.

    With ``on_error="log"`` an exception within is logged with its traceback and the host goes on
    after the block; with ``"raise"`` it is raised. `doing` says what was tried, such as
    ``recalling for the LangChain agent``.
    """
    try:
        yield
    except Exception:
        if on_error == "raise":
            raise
        _logger.exception("The memory failed while %s; the agent goes on without it.", doing)


def query_text(text: str) -> str:
    """Return as much of what a user said as `recall` takes."""
    return _whole_characters(text[:MAX_TEXT_CHARACTERS])


def checked_memory(memory: Memory) -> Memory:
    """Return `memory` if it is one: an adapter without a memory would fail at every turn."""
    if not isinstance(memory, Memory):
        raise InvalidInputError(
            f"An adapter takes a Memory, such as commonplace.open(...) returns, not {memory!r}."
        )
    return memory


def message_record(
    text: str, *, source: Source, message_id: str, created_at: datetime | None = None
) -> Record | None:
    """Return one message of a conversation as a record, or None if it says nothing.

    The same message of the same session gives the same record id, so that remembering a
    conversation again stores nothing twice. A text over the limit keeps its beginning.
    """
    if not text.strip():
        return None
    whole = _whole_characters(text[:MAX_TEXT_CHARACTERS])
    # The text as well: ids such as "1" come back in the next conversation without a session.
    identity = "\x1f".join([source.framework or "", source.session or "", message_id, whole])
    return Record(
        whole,
        kind="message",
        source=source,
        id=str(uuid5(NAMESPACE_OID, identity)),
        created_at=now() if created_at is None else created_at,
    )


def _whole_characters(text: str) -> str:
    """Return `text` with a mark where a model that stopped early left half a character."""
    return text.encode(errors="replace").decode()
