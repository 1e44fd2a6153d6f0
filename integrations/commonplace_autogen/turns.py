"""What one agent hears and says in a turn, remembered as it says it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import ContextVar

from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)

from commonplace.adapting import message_record
from commonplace.values.records import Record, Source
from commonplace_autogen.injection import user_text
from commonplace_autogen.write_back import FRAMEWORK, tasks

# Which agent asked what of a tool: an agent that is this tool hears it with the source "user".
# Tools run in the context of the agent that calls them.
_asked: ContextVar[dict[str, str]] = ContextVar("commonplace_autogen_asked")


class Turn:
    """Is told what an agent adds to its context, and has the users' part and the answer written.

    What other agents said is left to their own memories. Messages of a context have no ids: they
    are known by who says them, what, and how often before, so that the members of a team who hear
    one user write one record.
    """

    def __init__(
        self,
        context: Sequence[LLMMessage],
        write: Callable[[list[Record]], Awaitable[None]],
        *,
        users: Collection[str],
        session: str | None,
    ) -> None:
        """Begin with what the context holds: what came after the last answer is unwritten."""
        self._said = list(context)
        self._write = write
        self._session = session
        answers = [at for at, one in enumerate(context) if isinstance(one, AssistantMessage)]
        start = answers[-1] + 1 if answers else 0
        self._unwritten = [
            self._record(one, self._said[: start + at])
            for at, one in enumerate(context[start:])
            if isinstance(one, UserMessage) and one.source in users
        ]

    async def __call__(self, message: LLMMessage) -> None:
        """Write what is unwritten, and the message if it is an answer."""
        records = [*self._unwritten, *self._answer(message)]
        self._unwritten = []
        self._said.append(message)
        if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            _note(message.source, message.content)
        elif isinstance(message, FunctionExecutionResultMessage):
            _asked.set({})
        if known := [one for one in records if one is not None]:
            await self._write(known)

    def _answer(self, message: LLMMessage) -> list[Record | None]:
        if isinstance(message, AssistantMessage) and isinstance(message.content, str):
            return [self._record(message, self._said)]
        return []

    def _record(
        self, message: UserMessage | AssistantMessage, before: Sequence[LLMMessage]
    ) -> Record | None:
        is_users = isinstance(message, UserMessage)
        text = user_text(message) if isinstance(message, UserMessage) else str(message.content)
        asking = _asked.get({}).get(text) if is_users else message.source
        said_before = sum(
            type(one) is type(message) and one.content == message.content for one in before
        )
        source = Source(
            framework=FRAMEWORK,
            agent=asking,
            session=self._session,
            origin="user" if asking is None else "agent",
        )
        return message_record(
            text, source=source, message_id=f"{message.source} {said_before} {text}"
        )


def _note(agent: str, calls: list[FunctionCall]) -> None:
    _asked.set(dict.fromkeys(tasks(calls), agent))
