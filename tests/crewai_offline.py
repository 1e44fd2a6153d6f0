"""CrewAI without its telemetry, and a language model that follows a script.

Import this before CrewAI, which reads these variables when it is imported.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ.update(
    CREWAI_STORAGE_DIR=tempfile.mkdtemp(prefix="crewai-"),  # it writes down its latest run
    CREWAI_DISABLE_TELEMETRY="true",
    CREWAI_TRACING_ENABLED="false",
    CREWAI_TESTING="true",
)

import asyncio
import warnings
from collections.abc import Sequence
from typing import Any

with warnings.catch_warnings():  # of CrewAI and what it imports, while they are imported
    warnings.simplefilter("ignore")
    import crewai  # noqa: F401

import pytest
from crewai import Agent, Crew, Task
from crewai.llms.base_llm import BaseLLM
from pydantic import PrivateAttr

from commonplace.ports import Vectors
from commonplace.testing import HashingEmbedder

# CrewAI stamps its records with it, which Python 3.12 and later complain of.
UTCNOW = pytest.mark.filterwarnings(
    "ignore:datetime.datetime.utcnow.. is deprecated:DeprecationWarning"
)

CREWAI_WARNINGS = [
    # CrewAI reads its own deprecated fields whenever an agent or a crew is made.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai"),
    UTCNOW,
    # pydantic, where CrewAI copies an agent whose memory is a subclass of CrewAI's.
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
]

KEY = "Who keeps the Zephyr deploy key?"
MARIA = "The Zephyr deploy key is kept by Maria Lopez."
BLOCK = "Relevant memories:\n"

atexit.register(shutil.rmtree, os.environ["CREWAI_STORAGE_DIR"], ignore_errors=True)


class ScriptedLLM(BaseLLM):
    """Gives its answers in turn, the last one ever after, and keeps what it was shown."""

    answers: list[str]
    _seen: list[str] = PrivateAttr(default_factory=list)

    @property
    def seen(self) -> list[str]:
        return self._seen

    def call(self, messages: Any, *_args: Any, **_options: Any) -> str:
        self._seen.append("\n".join(str(message["content"]) for message in messages))
        answer = self.answers[min(len(self._seen), len(self.answers)) - 1]
        return answer if "Action:" in answer else f"Thought: done\nFinal Answer: {answer}"

    async def acall(self, messages: Any, *args: Any, **options: Any) -> str:
        return self.call(messages, *args, **options)


def scripted(*answers: str) -> ScriptedLLM:
    return ScriptedLLM(model="scripted", answers=list(answers))


class OffLoopEmbedder(HashingEmbedder):
    """Refuses to work where it would block an event loop."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        _refuse_on_loop()
        return super().embed_documents(texts)

    def embed_query(self, text: str) -> Vectors:
        _refuse_on_loop()
        return super().embed_query(text)


def crew_of(llm: BaseLLM, task: str, *, memory: Any = None, role: str = "Clerk") -> Crew:
    """Return a crew of one agent with one task."""
    agent = Agent(role=role, goal="Answer", backstory="A careful clerk", llm=llm, max_iter=5)
    work = Task(description=task, expected_output="One sentence", agent=agent)
    return Crew(agents=[agent], tasks=[work], memory=memory)


def agent_with(memory: Any, *answers: str, role: str = "Clerk") -> Agent:
    llm = scripted(*answers)
    return Agent(role=role, goal="Answer", backstory="Careful", llm=llm, memory=memory)


def shown(prompt: str) -> list[str]:
    """Return the lines of the one block of memories in a prompt."""
    _, found, rest = prompt.partition(BLOCK)
    assert BLOCK not in rest
    return rest.partition("\n\nIMPORTANT:")[0].splitlines() if found else []


def _refuse_on_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise AssertionError("embedding on the event loop's thread blocks it")
