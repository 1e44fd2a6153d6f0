"""A chat model that says what it is told to, for real LangChain agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field


class ScriptedModel(BaseChatModel):
    """Answers what `answer` makes of the messages, and keeps what it saw."""

    answer: Callable[[list[BaseMessage]], AIMessage]
    seen: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, *_: Any, **__: Any) -> ScriptedModel:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.seen.append(list(messages))
        return ChatResult(generations=[ChatGeneration(message=self.answer(messages))])

    @property
    def systems(self) -> list[str]:
        """The system message of each call, as text."""
        return [str(call[0].text) if call[0].type == "system" else "" for call in self.seen]


def scripted(*answers: str | AIMessage | Exception) -> ScriptedModel:
    """Return a model that gives these answers, the last one for ever."""
    left = list(answers)

    def answer(_: list[BaseMessage]) -> AIMessage:
        given = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(given, Exception):
            raise given
        return AIMessage(given) if isinstance(given, str) else given.model_copy()

    return ScriptedModel(answer=answer)
