"""CrewAI's analysis of memories without a language model: no call, the same every time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crewai.memory.analyze import (
    ConsolidationPlan,
    ExtractedMemories,
    MemoryAnalysis,
    QueryAnalysis,
)
from crewai.utilities.i18n import I18N_DEFAULT

_BEFORE, _, _AFTER = I18N_DEFAULT.memory("extract_memories_user").partition("{content}")
# What CrewAI saves of a run: the task or input, the agent, perhaps what was expected, the result.
# A role that is written in YAML often ends with the end of a line.
_RUN = re.compile(
    r"\A(?:Task|Input): .*?\nAgent: (.*?)\n(?:Expected result: .*?\n)?Result: (.*)\Z", re.DOTALL
)
_THOUGHT = re.compile(r"\A\s*(?:Thought:.*?)?Final Answer:", re.DOTALL)


class WithoutModel:
    """Answers what CrewAI's memory asks a language model: keep the result of a task as it is.

    A record is kept in the scope it is written to, without categories, with importance 0.5; what
    is stored already is left alone.

    >>> WithoutModel().supports_function_calling()
    True
    """

    # No BaseLLM, of which CrewAI's copies of an agent would make a dict.
    def supports_function_calling(self) -> bool:
        """Promise typed answers, so that CrewAI asks for them."""
        return True

    def call(
        self, messages: Any, *, response_model: type[Any] | None = None, **_options: Any
    ) -> Any:
        """Answer one of the four questions, told apart by the model of the answer."""
        if response_model is ExtractedMemories:
            return ExtractedMemories(memories=statements(_content(messages)))
        if response_model is MemoryAnalysis:
            # Empty entities, dates and topics would be written into the record's metadata.
            return MemoryAnalysis.model_construct(
                suggested_scope="/", categories=[], importance=0.5, extracted_metadata=None
            )
        return response_model() if response_model in (ConsolidationPlan, QueryAnalysis) else ""


def statements(content: str) -> list[str]:
    r"""Return what is worth remembering of a run as CrewAI describes it: its result.

    >>> statements("Task: Who has it?\nAgent: Clerk\nResult: Thought: easy\nFinal Answer: Ann")
    ['Ann']
    """
    run = _RUN.match(content)
    result = _THOUGHT.sub("", run[2] if run else content).strip()
    return [result] if result else []


class Heard(list[str]):
    """Statements of one agent, by whose role they are saved."""

    def __init__(self, statements: Iterable[str], agent: str | None) -> None:
        super().__init__(statements)
        self.agent = agent


def agent_in(content: str) -> str | None:
    r"""Return the role of the agent that a run as CrewAI describes it names, or None.

    >>> agent_in("Input: Who has it?\nAgent: Clerk\nResult: Ann")
    'Clerk'
    """
    run = _RUN.match(content)
    return run[1] if run else None


def _content(messages: Any) -> str:
    asked: str = messages[-1]["content"]
    return asked.removeprefix(_BEFORE).removesuffix(_AFTER)
