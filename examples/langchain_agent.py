"""A LangChain agent that knows in a new conversation what it was told in an earlier one.

Runs offline: the language model is a script that reads nothing but its prompt. Run it twice with
the same directory, ``python langchain_agent.py ./memory``: the second process is told nothing and
still knows.
"""

import re
import sys
import tempfile
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver

import commonplace
from commonplace_langchain import MemoryMiddleware, MemoryRetriever


class ScriptedModel(BaseChatModel):
    """Stands in for a language model: it repeats what a user once stated, if its prompt says so."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        note = re.search(r'^- "([^"?]+)" \(message, user', str(messages[0].text), re.MULTILINE)
        answer = f"You once told me: {note[1]}" if note else "I will remember that."
        return ChatResult(generations=[ChatGeneration(message=AIMessage(answer))])


def say(agent: Any, thread: str, text: str) -> None:
    result = agent.invoke({"messages": [("user", text)]}, {"configurable": {"thread_id": thread}})
    print(f"[{thread}] user:  {text}")
    print(f"[{thread}] agent: {result['messages'][-1].text}")


def main(directory: str) -> None:
    with commonplace.open(directory) as memory:
        alice = memory.scope("user", "alice")
        agent = create_agent(
            model=ScriptedModel(),  # a real one is model="openai:gpt-5-mini"
            system_prompt="You plan dinners.",
            middleware=[MemoryMiddleware(alice, agent="planner")],
            checkpointer=InMemorySaver(),  # knows one thread; the memory knows them all
        )
        if alice.count() == 0:
            say(agent, "monday", "I am allergic to peanuts, please keep that in mind.")
        say(agent, "friday", "What am I allergic to?")

        print("\nWhat is remembered of Alice, for 'food allergies':")
        for document in MemoryRetriever(memory=alice, k=4).invoke("food allergies"):
            about = document.metadata
            print(f"  {about['confidence']:.2f}  {about['origin']}: {document.page_content}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
