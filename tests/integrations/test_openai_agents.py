"""The OpenAI Agents SDK with a conversation as its session, against a scripted server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from agents import (
    Agent,
    ModelSettings,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    Session,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI, InternalServerError

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace_openai import AgentSession, recalling
from openai_server import HERE, Call, ScriptedServer, scripted

pytestmark = pytest.mark.allow_hosts([HERE])
AMPLE = 10_000
PEANUTS = "I am allergic to peanuts"

set_tracing_disabled(True)


@function_tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"It rains in {city}"


@pytest.fixture
def alice() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        yield memory.scope("user", "alice")


def session(alice: Memory, max_tokens: int = AMPLE) -> AgentSession:
    return AgentSession(alice.conversation("monday"), max_tokens=max_tokens)


def desk(server: ScriptedServer) -> Agent[Any]:
    client = AsyncOpenAI(api_key="none", base_url=server.address, max_retries=0)
    return Agent(
        "desk",
        instructions="Be brief.",
        model=OpenAIResponsesModel("m", client),
        model_settings=ModelSettings(),
        tools=[weather],
    )


def types(items: list[dict[str, Any]]) -> list[str]:
    return [one.get("role") or one["type"] for one in items]


async def test_a_run_reads_and_adds_and_another_goes_on(alice: Memory) -> None:
    assert isinstance(session(alice), Session)
    with scripted(Call("weather", '{"city": "Oslo"}'), "It rains.", "In Oslo.") as server:
        await Runner.run(desk(server), "How is the weather?", session=session(alice))
        await Runner.run(desk(server), "Where?", session=session(alice))

    turn = ["user", "function_call", "function_call_output", "assistant", "user"]
    assert types(server.asked[-1]["input"]) == turn
    assert "reasoning" not in str(server.asked[-1]["input"])
    said = [one.text for one in alice.conversation("monday").records()]
    assert said[::2] == ["How is the weather?", "It rains in Oslo", "Where?"]
    assert said[-1] == "In Oslo."


async def test_a_streamed_run_does_the_same(alice: Memory) -> None:
    with scripted(Call("weather", '{"city": "Oslo"}'), "It rains.") as server:
        result = Runner.run_streamed(desk(server), "How is the weather?", session=session(alice))
        async for _ in result.stream_events():
            pass

    assert result.final_output == "It rains."
    assert types(await session(alice).get_items()) == [
        "user",
        "function_call",
        "function_call_output",
        "assistant",
    ]


async def test_a_failed_run_leaves_no_doubled_item(alice: Memory) -> None:
    with scripted() as server:
        for _ in range(2):
            with pytest.raises(InternalServerError):
                await Runner.run(desk(server), PEANUTS, session=session(alice))
        server.answers.append("Noted.")
        await Runner.run(desk(server), PEANUTS, session=session(alice))

    assert types(server.asked[-1]["input"]) == ["user"]
    assert [one.text for one in alice.conversation("monday").records()] == [PEANUTS, "Noted."]


async def test_what_is_known_about_the_question_is_in_the_request_alone(alice: Memory) -> None:
    alice.remember("The user plays the violin")
    told = RunConfig(call_model_input_filter=recalling(alice))
    with scripted("Strings.", "Yes.") as server:
        for asked in ("What does the user play?", "Does the user play the violin?"):
            await Runner.run(desk(server), asked, session=session(alice), run_config=told)

    assert server.asked[0]["instructions"].startswith("Be brief.\n\n<memory>")
    assert all("plays the violin" in one["instructions"] for one in server.asked)
    assert "plays" not in str(await session(alice).get_items())
    assert alice.count(kind="fact") == 1


async def test_a_memory_that_fails_does_not_end_a_run(alice: Memory, caplog: Any) -> None:
    told = RunConfig(call_model_input_filter=recalling(alice))
    alice.close()
    with scripted("Yes.") as server:
        run = await Runner.run(desk(server), "Do you know me?", run_config=told)

    assert run.final_output == "Yes."
    assert "recalling" in caplog.text


class TestTheProtocol:
    async def test_items_come_and_go(self, alice: Memory) -> None:
        one = session(alice)
        call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
        result = {"type": "function_call_output", "call_id": "c", "output": "x"}
        said: list[dict[str, Any]] = [
            {"role": "user", "content": "Hello"},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "docs", "tools": []},
            {**call, "id": "fc_1"},
            result,
            {"role": "assistant", "content": "Hi", "id": "__fake_id__"},
            {"role": "user", "content": "Once more"},
            {"role": "assistant", "content": "Hi", "id": "__fake_id__"},
        ]
        await one.add_items(said)

        kept = [
            said[0],
            call,
            result,
            *({k: v for k, v in m.items() if k != "id"} for m in said[5:]),
        ]
        assert await one.get_items() == kept
        assert await one.get_items(limit=4) == kept[-3:]  # the result stands with its call alone
        assert await one.get_items(limit=0) == []
        for expected in reversed(kept):
            assert await one.pop_item() == expected
        assert await one.pop_item() is None

    @pytest.mark.parametrize(
        ("steps", "name", "given", "found"),
        [
            (
                [
                    {
                        "type": "web_search_call",
                        "id": "ws_1",
                        "status": "completed",
                        "action": {"type": "search", "query": "Oslo"},
                    }
                ],
                "web_search",
                {"action": {"type": "search", "query": "Oslo"}},
                "completed",
            ),
            (
                [
                    {
                        "type": "file_search_call",
                        "id": "fs_1",
                        "status": "completed",
                        "queries": ["key"],
                        "results": [{"file_id": "f", "text": "Maria keeps it"}],
                    }
                ],
                "file_search",
                {"queries": ["key"]},
                '[{"file_id": "f", "text": "Maria keeps it"}]',
            ),
            (
                [
                    {
                        "type": "mcp_call",
                        "id": "mcp_1",
                        "server_label": "docs",
                        "name": "lookup",
                        "arguments": '{"word": "key"}',
                        "output": "Maria keeps it",
                    }
                ],
                "lookup",
                {"word": "key"},
                "Maria keeps it",
            ),
            (
                [{"type": "image_generation_call", "id": "ig_1", "result": "aGVsbG8="}],
                "image_generation",
                {},
                "[an image, not kept]",
            ),
            (
                [
                    {
                        "type": "shell_call",
                        "id": "sh_1",
                        "call_id": "c_1",
                        "status": "completed",
                        "action": {"commands": ["ls"]},
                    },
                    {"type": "shell_call_output", "call_id": "c_1", "output": [{"stdout": "a"}]},
                ],
                "shell",
                {"action": {"commands": ["ls"]}},
                '[{"stdout": "a"}]',
            ),
        ],
    )
    async def test_steps_of_hosted_tools_are_kept_as_calls_with_results(
        self,
        alice: Memory,
        *,
        steps: list[dict[str, Any]],
        name: str,
        given: dict[str, Any],
        found: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        one = session(alice)
        answer = {"role": "assistant", "content": "Here it is."}
        await one.add_items([{"role": "user", "content": "Look it up"}, *steps, answer])

        asked, call, result, answered = await one.get_items()
        assert (asked["role"], answered) == ("user", answer)
        assert (call["type"], call["name"], json.loads(call["arguments"])) == (
            "function_call",
            name,
            given,
        )
        assert result == {
            "type": "function_call_output",
            "call_id": call["call_id"],
            "output": found,
        }
        assert "not kept in a conversation" not in caplog.text

    async def test_custom_tools_and_pictures_come_back_in_their_form(self, alice: Memory) -> None:
        picture = {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "low"}
        said: list[dict[str, Any]] = [
            {"role": "user", "content": [{"type": "input_text", "text": "See"}, picture]},
            {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "go"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "gone"},
        ]
        one = session(alice)
        await one.add_items([*said, {"role": "assistant", "content": "Seen"}])

        assert (await one.get_items())[:3] == said

    async def test_a_summary_and_what_a_program_says_come_first(self, alice: Memory) -> None:
        chat = alice.conversation("monday", summariser=lambda _: "They greet one another.")
        one = AgentSession(chat, max_tokens=500)
        chat.add({"role": "system", "content": "Be kind."})
        for number in range(40):
            await one.add_items(
                [
                    {"role": "user", "content": f"Hello, for the time number {number}"},
                    {"role": "assistant", "content": "Hi"},
                ]
            )

        items = await one.get_items()
        assert items[0]["content"].startswith("Be kind.")
        assert "greet" in items[0]["content"]
        await one.clear_session()
        assert await one.get_items() == []

    def test_what_is_no_conversation_is_refused(self, alice: Memory) -> None:
        with pytest.raises(InvalidInputError):
            AgentSession(alice, max_tokens=10)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError):
            recalling("memory")  # type: ignore[arg-type]
