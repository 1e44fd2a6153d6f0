"""`SharedMemory`: a memory of Commonplace for AutoGen's agents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, TypeVar

from autogen_agentchat.base import TaskResult
from autogen_core import CancellationToken, Component
from autogen_core import memory as autogen
from autogen_core.model_context import ChatCompletionContext
from autogen_core.tools import FunctionTool
from typing_extensions import Self

from commonplace import AsyncMemory, Match, Memory, Record, RecordNotFoundError, Source
from commonplace.adapting import OnError, checked_memory, checked_on_error, guarded, query_text
from commonplace.recall.filters import Metadata
from commonplace.recall.packing import RELEVANT
from commonplace.values.records import Kind, new_id
from commonplace.values.validation import checked_confidence, checked_limit, checked_names
from commonplace_autogen.config import USERS, SharedMemoryConfig, described, opened
from commonplace_autogen.content import content_of, options_of, text_of
from commonplace_autogen.injection import view_of
from commonplace_autogen.tools import tools_of
from commonplace_autogen.turns import Turn
from commonplace_autogen.write_back import FRAMEWORK, said

T = TypeVar("T")


class SharedMemory(autogen.Memory, Component[SharedMemoryConfig]):
    """Gives AutoGen agents a memory: ``AssistantAgent(..., memory=[SharedMemory(alice)])``.

    Before each turn the model is shown what is known about the user's last text, as one quoted
    block before the user's message. Neither the agent's context nor its saved state holds the
    block. One instance serves several agents, threads and event loops.

    >>> SharedMemory(memory.scope("user", "alice"))
    SharedMemory(<Memory user/alice>)
    """

    component_config_schema = SharedMemoryConfig
    component_provider_override = "commonplace_autogen.SharedMemory"

    def __init__(
        self,
        memory: Memory,
        *,
        max_tokens: int = 400,
        min_confidence: float = RELEVANT,
        users: Collection[str] = USERS,
        emit_events: bool = False,
        on_error: OnError = "log",
        api_key_env: str | None = None,
        group: Memory | None = None,
        write_back: bool = False,
        session: str | None = None,
    ) -> None:
        """Recall from `memory` and write to it.

        Args:
            memory: A memory. Who opened it closes it.
            max_tokens: The most tokens of the block.
            min_confidence: Leave out matches below this, from 0 to 1.
            users: The sources of messages that a person wrote.
            emit_events: Emit a MemoryQueryEvent with the best matches. A team keeps it in its
                message thread and saved state.
            on_error: With "log" a failing memory is logged and the run goes on; "raise" raises.
            api_key_env: The environment variable that holds the key of the memory's server when
                the component is loaded. No key is ever dumped.
            group: A memory of the same store that several agents share. It is read as well, and
                what is said in runs is written to it.
            write_back: Remember what users say and the agent answers at once, without
                `remember_result` or `capture`.
            session: The name of the conversation.
        """
        self._own = checked_memory(memory)
        self._group = None if group is None else checked_memory(group)
        both = self._own if self._group is None else self._own.including(self._group)
        self._memory = AsyncMemory(both)
        self._said_to = AsyncMemory(self._group or self._own)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._min_confidence = checked_confidence(min_confidence)
        self._users = checked_names(users, "users")
        self._emit_events = emit_events
        self._on_error: OnError = checked_on_error(on_error)
        self._api_key_env = api_key_env
        self._write_back = write_back
        self._session = session
        self._id = new_id()
        self._opened_here = False

    async def update_context(
        self, model_context: ChatCompletionContext
    ) -> autogen.UpdateContextResult:
        """Show the agent's model what is known about the last text of the user.

        AutoGen calls this once before each turn; the block stands until the next.
        """
        matches: list[Match] = []
        with guarded("recalling for the AutoGen agent", self._on_error):
            view = view_of(model_context, self._users)
            view.show(self._id, "")  # if what follows fails, no former turn's block is shown
            block, matches = await self._recalled(
                query_text(await view.asked()), await view.texts()
            )
            view.show(self._id, block)
            if self._write_back:
                turn = Turn(
                    await view.kept(), self._write, users=self._users, session=self._session
                )
                view.tell(self._id, turn)
        return autogen.UpdateContextResult(memories=_result(matches))

    async def query(
        self,
        query: str | autogen.MemoryContent,
        cancellation_token: CancellationToken | None = None,
        *,
        limit: int = 8,
        kind: Kind | None = None,
        where: Metadata | None = None,
        min_confidence: float = 0.0,
        **unknown: Any,
    ) -> autogen.MemoryQueryResult:
        """Return what answers `query`, the best first, at most `limit`.

        The options are those of `recall`. The metadata of a result has the record's own metadata,
        its `id`, `kind`, `scope`, `created_at` and source, and its confidence from 0 to 1 as
        `score`.

        >>> import asyncio
        >>> _ = memory.remember("Alice is allergic to peanuts")
        >>> found = asyncio.run(SharedMemory(memory).query("allergic to what?", limit=1))
        >>> found.results[0].content
        'Alice is allergic to peanuts'
        """
        if unknown:
            raise TypeError(f"query has no option {min(unknown)!r}.")
        text = text_of(query) if isinstance(query, autogen.MemoryContent) else query
        recalled = self._memory.recall(
            text, limit=limit, kind=kind, where=where, min_confidence=min_confidence
        )
        return _result(await _cancelled_by(cancellation_token, recalled))

    async def add(
        self, content: autogen.MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember a text, Markdown or a JSON dict. A dict comes back as the same dict.

        `kind`, `importance` (0 to 1) and `ttl` in its metadata become those of the record. Raises
        InvalidInputError, a ValueError, for other content.

        >>> import asyncio
        >>> from autogen_core.memory import MemoryContent, MemoryMimeType
        >>> tea = MemoryContent(content="Likes tea", mime_type=MemoryMimeType.TEXT)
        >>> asyncio.run(SharedMemory(memory).add(tea))
        >>> [record.text for record in memory.records()]
        ['Likes tea']
        """
        source = Source(framework=FRAMEWORK)
        remembered = self._memory.remember(text_of(content), source=source, **options_of(content))
        await _cancelled_by(cancellation_token, remembered)

    async def clear(self) -> None:
        """Forget all records of the memory's own scope. Included scopes stay."""
        records = await self._memory.records(limit=await self._memory.count())
        ids = [record.id for record in records]
        try:
            await self._memory.forget(*ids)
        except RecordNotFoundError:  # some are of included scopes, or another thread was faster
            for id in ids:
                await self._forgotten_if_own(id)

    async def close(self) -> None:
        """Close what `load_component` opened. A memory that was passed stays open."""
        if self._opened_here:
            await self._memory.close()

    async def remember_result(self, result: TaskResult, *, session: str | None = None) -> None:
        """Remember what users and agents said in a run. The same run again stores nothing twice.

        `session` names the conversation. Tool calls, thoughts and events are not remembered.

        >>> import asyncio
        >>> from autogen_agentchat.base import TaskResult
        >>> from autogen_agentchat.messages import TextMessage
        >>> result = TaskResult(messages=[TextMessage(content="I moved to Oslo", source="user")])
        >>> asyncio.run(SharedMemory(memory).remember_result(result))
        >>> memory.records()[0].source.origin
        'user'
        """
        await self._remember(result.messages, session)

    async def capture(
        self, stream: AsyncGenerator[T, None], *, session: str | None = None
    ) -> AsyncGenerator[T, None]:
        """Yield what `stream` yields. At its end, remember it as `remember_result` does.

        A run that fails is remembered up to its failure. Write ``async for message in
        memory.capture(team.run_stream(task=...))``, or ``Console(memory.capture(...))``.
        """
        items: list[T] = []
        try:
            async with aclosing(stream):
                async for item in stream:
                    items.append(item)
                    yield item
        finally:
            # Not sooner: the task would be recalled for itself.
            await self._remember(items, session)

    def tools(self, agent: str | None = None) -> list[FunctionTool]:
        """Return the tools remember, recall and forget for an agent of this name.

        With a `group` there is also remember_for_group. forget reaches only the agent's own
        records.

        >>> [tool.name for tool in SharedMemory(memory).tools("helper")]
        ['remember', 'recall', 'forget']
        """
        return tools_of(self._own, self._group, agent)

    def __repr__(self) -> str:
        return f"SharedMemory({self._memory.memory!r})"

    async def _recalled(self, query: str, known: list[str]) -> tuple[str, list[Match]]:
        if not query:
            return "", []
        least = self._min_confidence
        block = await self._memory.context(
            query, max_tokens=self._max_tokens, min_confidence=least, known=known
        )
        if not block or not self._emit_events:
            return block, []
        return block, await self._memory.recall(query, min_confidence=least)

    async def _remember(self, items: Iterable[object], session: str | None) -> None:
        with guarded("remembering what was said in an AutoGen run", self._on_error):
            source = Source(framework=FRAMEWORK, session=session or self._session)
            await self._said_to.observe(said(items, users=self._users), source=source)

    async def _write(self, records: list[Record]) -> None:
        with guarded("remembering what an AutoGen agent heard and said", self._on_error):
            await self._said_to.remember_many(records)

    async def _forgotten_if_own(self, id: str) -> None:
        try:
            await self._memory.forget(id)
        except RecordNotFoundError:
            return

    def _to_config(self) -> SharedMemoryConfig:
        return described(
            self._own,
            group=None if self._group is None else list(self._group.path.names),
            write_back=self._write_back,
            session=self._session,
            api_key_env=self._api_key_env,
            max_tokens=self._max_tokens,
            min_confidence=self._min_confidence,
            users=sorted(self._users),
            emit_events=self._emit_events,
            on_error=self._on_error,
        )

    @classmethod
    def _from_config(cls, config: SharedMemoryConfig) -> Self:
        memory, group = opened(config)
        try:
            loaded = cls(memory, group=group, **config.options())
        except BaseException:
            memory.close()  # else nobody could, and the directory would stay taken
            raise
        loaded._opened_here = True
        return loaded


def _result(matches: list[Match]) -> autogen.MemoryQueryResult:
    return autogen.MemoryQueryResult(results=[content_of(match) for match in matches])


async def _cancelled_by(token: CancellationToken | None, work: Coroutine[Any, Any, T]) -> T:
    """Await `work` unless the token is cancelled; raises CancelledError if it is."""
    if token is None:
        return await work
    result: T = await token.link_future(asyncio.ensure_future(work))
    return result
