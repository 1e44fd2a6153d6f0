"""A memory around a chain or a chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from anyio import to_thread
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from typing_extensions import override

from commonplace import InvalidInputError, Memory, Source
from commonplace.adapting import OnError, checked_on_error, guarded, keep_conversation, query_text
from commonplace.values.validation import checked_limit
from commonplace_langchain.messages import last_question, text_of, told, with_block
from commonplace_langchain.runs import Chosen, MemoryOrChoice, run_under

_RECALLING = "recalling for the LangChain chain"
_WRITING = "remembering what the LangChain chain heard and said"


def with_memory(
    chain: Runnable[Any, Any],
    memory: MemoryOrChoice,
    *,
    default: Memory | None = None,
    input_key: str = "input",
    context_key: str = "memory",
    output_key: str = "output",
    max_tokens: int = 400,
    agent: str | None = None,
    on_error: OnError = "log",
) -> Runnable[Any, Any]:
    """Return a chain that recalls before it answers, and remembers question and answer.

    It runs sync, async, in batches and streamed. A stream that is abandoned remembers nothing.

    Args:
        chain: A chain or a chat model.
        memory: As for `MemoryMiddleware`.
        default: As for `MemoryMiddleware`.
        input_key: Where an input that is a dict has the question.
        context_key: Where the chain's prompt finds what is known: ``{memory}``. An input that is
            text or messages gets it at the end of the system message.
        output_key: Where an answer that is a dict has its text or message.
        max_tokens: The most tokens of what is recalled.
        agent: The name of who answers.
        on_error: With "log" a failing memory is logged and the chain goes on; "raise" raises.

    The session is the configuration's ``session_id`` or ``thread_id``.

    >>> from langchain_core.language_models import FakeListChatModel
    >>> from langchain_core.prompts import ChatPromptTemplate
    >>> prompt = ChatPromptTemplate([("system", "Known: {memory}"), ("user", "{input}")])
    >>> chain = with_memory(prompt | FakeListChatModel(responses=["Noted."]), memory)
    >>> chain.invoke({"input": "I am allergic to peanuts"}).text
    'Noted.'
    >>> sorted(record.text for record in memory.records())
    ['I am allergic to peanuts', 'Noted.']
    """
    around = _Around(
        Chosen(memory, default),
        checked_limit(max_tokens, "max_tokens"),
        agent,
        checked_on_error(on_error),
    )
    return _WithMemory(chain, around, input_key, context_key, output_key)


@dataclass(frozen=True)
class _Around:
    """What happens before and after a chain."""

    chosen: Chosen
    max_tokens: int
    agent: str | None
    on_error: OnError


class _Turn:
    """One question and its answer. A memory that fails in it is logged once."""

    def __init__(self, around: _Around, question: str, config: RunnableConfig) -> None:
        self._around = around
        self._question = question
        self._config = config
        self._has_failed = False

    def known(self) -> str:
        """Return what is known about the question."""
        memory = self._around.chosen.of(run_under(self._config))
        block = ""
        if self._question.strip():
            self._has_failed = True
            with guarded(_RECALLING, self._around.on_error):
                asked = query_text(self._question)
                block = memory.context(asked, max_tokens=self._around.max_tokens)
                self._has_failed = False
        return block

    def keep(self, answer: str) -> None:
        """Remember what was asked and answered."""
        memory = self._around.chosen.of(run_under(self._config))
        asked = HumanMessage(self._question, id=str(uuid4()))
        said = AIMessage(answer, id=str(uuid4()))
        new = [told(asked, None), told(said, self._around.agent)]
        configurable = self._config.get("configurable") or {}
        session = configurable.get("session_id") or configurable.get("thread_id")
        source = Source(framework="langchain", session=None if session is None else str(session))
        with guarded(_WRITING, self._around.on_error, again=self._has_failed):
            keep_conversation(memory, [], new, source)


class _WithMemory(Runnable[Any, Any]):
    def __init__(
        self,
        chain: Runnable[Any, Any],
        around: _Around,
        input_key: str,
        context_key: str,
        output_key: str,
    ) -> None:
        self._chain = chain
        self._around = around
        self._input_key = input_key
        self._context_key = context_key
        self._output_key = output_key

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        turn = self._turn(input, config)
        informed = self._informed(input, turn.known())
        answer = self._chain.invoke(informed, config, **kwargs)
        turn.keep(self._text(answer))
        return answer

    @override
    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        turn = self._turn(input, config)
        block = await to_thread.run_sync(turn.known)
        answer = await self._chain.ainvoke(self._informed(input, block), config, **kwargs)
        await to_thread.run_sync(turn.keep, self._text(answer))
        return answer

    @override
    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        turn = self._turn(input, config)
        informed = self._informed(input, turn.known())
        answer = None
        for chunk in self._chain.stream(informed, config, **kwargs):
            answer = chunk if answer is None else answer + chunk
            yield chunk
        turn.keep(self._text(answer))

    @override
    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        turn = self._turn(input, config)
        block = await to_thread.run_sync(turn.known)
        answer = None
        async for chunk in self._chain.astream(self._informed(input, block), config, **kwargs):
            answer = chunk if answer is None else answer + chunk
            yield chunk
        await to_thread.run_sync(turn.keep, self._text(answer))

    def _turn(self, input: Any, config: RunnableConfig | None) -> _Turn:
        return _Turn(self._around, self._question(input), ensure_config(config))

    def _question(self, input: Any) -> str:
        asked = input.get(self._input_key) if isinstance(input, Mapping) else input
        if isinstance(asked, str):
            return asked
        question = last_question(_messages(asked, f"The input {self._input_key!r}"))
        return "" if question is None else text_of(question)

    def _informed(self, input: Any, block: str) -> Any:
        if isinstance(input, Mapping):
            return {**input, self._context_key: block}
        if not block:
            return input
        messages = (
            [HumanMessage(input)] if isinstance(input, str) else _messages(input, "The input")
        )
        if messages and isinstance(messages[0], SystemMessage):
            return [with_block(messages[0], block), *messages[1:]]
        return [with_block(None, block), *messages]

    def _text(self, answer: Any) -> str:
        said = answer.get(self._output_key) if isinstance(answer, Mapping) else answer
        if isinstance(said, str):
            return said
        if isinstance(said, BaseMessage):
            return text_of(said)
        raise InvalidInputError(
            f"An answer is a text or a message, or a dict that has it under output_key="
            f"{self._output_key!r}, not {answer!r:.80}."
        )


def _messages(given: Any, what: str) -> list[Any]:
    messages = given.to_messages() if isinstance(given, PromptValue) else given
    if isinstance(messages, BaseMessage):
        return [messages]
    if isinstance(messages, (list, tuple)) and all(
        isinstance(one, BaseMessage) for one in messages
    ):
        return list(messages)
    raise InvalidInputError(f"{what} is a text or a list of messages, not {given!r:.80}.")
