"""A plain OpenAI client remembers: the real client, against a server on loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import openai
import pytest

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace_openai import AsyncMemoryClient, MemoryClient, deletions, extractor
from off_loop import OffLoopEmbedder
from openai_server import HERE, ScriptedServer, scripted

pytestmark = pytest.mark.allow_hosts([HERE])

FACT = "Ann is allergic to peanuts"
ASKED = "What is Ann allergic to?"
ANSWER = "To nuts of one kind."


@pytest.fixture
def alice() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        alice = memory.scope("user", "alice")
        alice.remember(FACT)
        yield alice


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted(ANSWER, "As I said.", "Once more.") as server:
        yield server


@pytest.fixture
def openai_client(server: ScriptedServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="none", base_url=server.address, max_retries=0) as client:
        yield client


@pytest.fixture
def client(openai_client: openai.OpenAI, alice: Memory) -> MemoryClient:
    return MemoryClient(openai_client, alice, session="monday", agent="desk")


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(memory: Memory) -> list[tuple[str, str | None]]:
    records = sorted(memory.records(kind="message"), key=lambda one: one.created_at)
    return [(one.text, one.source.origin) for one in records]


class TestChatCompletions:
    def test_a_request_is_told_what_is_known_and_is_observed(
        self, client: MemoryClient, server: ScriptedServer, alice: Memory
    ) -> None:
        messages = [{"role": "system", "content": "Be brief."}, user(ASKED)]
        completion = client.chat.completions.create(model="gpt-4o", messages=messages)

        assert completion.choices[0].message.content == ANSWER
        [sent] = server.asked
        assert sent["messages"][0]["content"].startswith("Be brief.\n\n<memory>")
        assert FACT in sent["messages"][0]["content"]
        assert sent["messages"][1] == user(ASKED)
        assert said(alice) == [(ASKED, "user"), (ANSWER, "agent")]
        sources = {
            (one.source.framework, one.source.session) for one in alice.records(kind="message")
        }
        assert sources == {("openai", "monday")}
        assert messages[0]["content"] == "Be brief."

    def test_without_a_system_message_there_is_one_for_what_is_known(
        self, client: MemoryClient, server: ScriptedServer
    ) -> None:
        client.chat.completions.create(model="gpt-4o", messages=iter([user(ASKED)]))

        told, asked = server.asked[0]["messages"]
        assert told["role"] == "system"
        assert FACT in told["content"]
        assert asked == user(ASKED)

    def test_a_conversation_sent_again_is_observed_once(
        self, client: MemoryClient, alice: Memory
    ) -> None:
        messages: list[Any] = [user(ASKED)]
        first = client.chat.completions.create(model="gpt-4o", messages=messages)
        messages += [first.choices[0].message, user("Are you sure?")]
        client.chat.completions.create(model="gpt-4o", messages=messages)

        assert [text for text, _ in said(alice)] == [ASKED, ANSWER, "Are you sure?", "As I said."]

    def test_a_stream_is_passed_on_and_observed_at_its_end(
        self, client: MemoryClient, alice: Memory, server: ScriptedServer
    ) -> None:
        stream = client.chat.completions.create(model="gpt-4o", messages=[user(ASKED)], stream=True)
        assert said(alice) == []
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)

        assert text == ANSWER
        assert FACT in server.asked[0]["messages"][0]["content"]
        assert said(alice) == [(ASKED, "user"), (ANSWER, "agent")]

    def test_of_a_stream_that_is_closed_what_came_is_observed(
        self, client: MemoryClient, alice: Memory
    ) -> None:
        messages = [user(ASKED)]
        with client.chat.completions.create(
            model="gpt-4o", messages=messages, stream=True
        ) as stream:
            for _ in range(6):
                next(stream)

        assert said(alice) == [(ASKED, "user"), (ANSWER[:5], "agent")]


class TestResponses:
    def test_the_instructions_tell_what_is_known(
        self, client: MemoryClient, server: ScriptedServer, alice: Memory
    ) -> None:
        response = client.responses.create(model="gpt-4o", input=ASKED, instructions="Be brief.")
        client.responses.create(
            model="gpt-4o", input=[user("And Ann?")], previous_response_id=response.id
        )

        first, second = server.asked
        assert first["instructions"].startswith("Be brief.\n\n<memory>")
        assert FACT in first["instructions"]
        assert first["input"] == ASKED
        assert second["previous_response_id"] == "resp_1"
        assert said(alice) == [
            (ASKED, "user"),
            (ANSWER, "agent"),
            ("And Ann?", "user"),
            ("As I said.", "agent"),
        ]

    def test_items_sent_back_are_observed_once(self, client: MemoryClient, alice: Memory) -> None:
        items: list[Any] = [user(ASKED)]
        items += client.responses.create(model="gpt-4o", input=items).output
        items += [
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "found"},
            user("Are you sure?"),
        ]
        client.responses.create(model="gpt-4o", input=items)

        assert [text for text, _ in said(alice)] == [ASKED, ANSWER, "Are you sure?", "As I said."]

    def test_a_stream_is_observed_at_its_end(self, client: MemoryClient, alice: Memory) -> None:
        stream = client.responses.create(model="gpt-4o", input=ASKED, stream=True)
        types = [event.type for event in stream]

        assert types[-1] == "response.completed"
        assert said(alice) == [(ASKED, "user"), (ANSWER, "agent")]

    def test_of_a_stream_that_is_closed_what_came_is_observed(
        self, client: MemoryClient, alice: Memory
    ) -> None:
        stream = client.responses.create(model="gpt-4o", input=ASKED, stream=True)
        while next(stream).type != "response.output_text.delta":
            pass
        for _ in range(2):
            next(stream)
        stream.close()
        stream.close()

        assert said(alice) == [(ASKED, "user"), (ANSWER[:3], "agent")]


def test_what_was_recalled_is_never_observed(
    client: MemoryClient, server: ScriptedServer, alice: Memory
) -> None:
    chat = alice.conversation("monday")
    for text in (ASKED, "Ann, and peanuts?", "Is Ann allergic?"):
        chat.add(user(text))
        window = chat.messages(max_tokens=2000)
        chat.add(client.chat.completions.create(model="m", messages=window).choices[0].message)

    assert all(FACT in str(one["messages"]) for one in server.asked)
    assert not any(
        "<memory>" in one.text or one.text == FACT for one in alice.records(kind="message")
    )
    assert alice.count(kind="fact") == 1


def test_in_the_background_turns_are_observed_by_the_time_it_is_closed(
    openai_client: openai.OpenAI, alice: Memory
) -> None:
    with MemoryClient(openai_client, alice, in_background=True) as client:
        client.responses.create(model="m", input=ASKED)
        client.responses.create(model="m", input="And Ann?")
    client.close()

    assert [text for text, _ in said(alice)] == [ASKED, ANSWER, "And Ann?", "As I said."]


def test_with_an_extractor_facts_are_kept(openai_client: openai.OpenAI, alice: Memory) -> None:
    def extractor(_: str) -> str:
        return '{"operations": [{"operation": "add", "text": "Ann asks a lot", "from": [1]}]}'

    client = MemoryClient(openai_client, alice, extractor=extractor)
    client.responses.create(model="m", input=ASKED)

    assert {one.text for one in alice.records(kind="fact")} == {FACT, "Ann asks a lot"}


def test_a_failing_memory_is_logged_and_the_client_goes_on(
    client: MemoryClient, openai_client: openai.OpenAI, alice: Memory, caplog: Any
) -> None:
    alice.close()

    with caplog.at_level(logging.ERROR):
        assert client.responses.create(model="m", input=ASKED).output_text == ANSWER
    assert "recalling" in caplog.text
    assert "observing" in caplog.text
    strict = MemoryClient(openai_client, alice, on_error="raise")
    with pytest.raises(commonplace.MemoryClosedError):
        strict.responses.create(model="m", input=ASKED)


def test_a_failing_model_raises_its_own_error_and_nothing_is_observed(
    client: MemoryClient, server: ScriptedServer, alice: Memory
) -> None:
    server.answers.clear()

    with pytest.raises(openai.InternalServerError):
        client.responses.create(model="m", input=ASKED)
    assert said(alice) == []


def test_all_else_is_the_client_itself(client: MemoryClient, openai_client: openai.OpenAI) -> None:
    assert client.base_url == openai_client.base_url
    assert client.responses.with_raw_response is openai_client.responses.with_raw_response
    assert client.models is openai_client.models


@pytest.mark.parametrize("read", ["each", "final"])
def test_streams_that_are_entered_are_told_and_observed(
    client: MemoryClient, server: ScriptedServer, alice: Memory, read: str
) -> None:
    with client.responses.stream(model="m", input=ASKED) as stream:
        types = [event.type for event in stream] if read == "each" else []
        assert stream.get_final_response().output_text == ANSWER
    with client.chat.completions.stream(model="m", messages=[user("And Ann?")]) as chat:
        types += [event.type for event in chat] if read == "each" else []
        assert chat.get_final_completion().choices[0].message.content == "As I said."

    assert ("content.delta" in types) == (read == "each")
    assert FACT in server.asked[0]["instructions"]
    assert [text for text, _ in said(alice)] == [ASKED, ANSWER, "And Ann?", "As I said."]


def test_a_stream_is_not_read_before_somebody_asks_it_to_be(
    client: MemoryClient, alice: Memory
) -> None:
    with client.responses.stream(model="m", input=ASKED) as stream:
        final = stream.get_final_response
        assert "response.created" in [event.type for event in stream]
        assert final().output_text == ANSWER

    assert said(alice) == [(ASKED, "user"), (ANSWER, "agent")]


async def test_awaited_streams_that_are_entered_are_told_and_observed(
    server: ScriptedServer, alice: Memory
) -> None:
    asking = openai.AsyncOpenAI(api_key="none", base_url=server.address, max_retries=0)
    async with asking, AsyncMemoryClient(asking, alice, session="monday") as client:
        async with client.responses.stream(model="m", input=ASKED) as stream:
            assert (await stream.get_final_response()).output_text == ANSWER
        async with client.chat.completions.stream(model="m", messages=[user("And Ann?")]) as chat:
            assert "content.delta" in [event.type async for event in chat]

    assert FACT in server.asked[0]["instructions"]
    assert [text for text, _ in said(alice)] == [ASKED, ANSWER, "And Ann?", "As I said."]


def test_other_options_keep_the_memory(client: MemoryClient, alice: Memory) -> None:
    for other in (client.with_options(timeout=9.0), client.copy(timeout=9.0)):
        assert other.timeout == 9.0
        other.responses.create(model="m", input=ASKED)
    assert said(alice)[:2] == [(ASKED, "user"), (ANSWER, "agent")]


def test_after_its_end_in_the_background_a_client_goes_on(
    openai_client: openai.OpenAI, alice: Memory
) -> None:
    client = MemoryClient(openai_client, alice, in_background=True)
    client.close()

    assert client.responses.create(model="m", input=ASKED).output_text == ANSWER
    assert said(alice) == [(ASKED, "user"), (ANSWER, "agent")]


async def test_a_client_of_the_other_kind_is_refused_with_what_to_take(
    openai_client: openai.OpenAI, server: ScriptedServer, alice: Memory
) -> None:
    asking = openai.AsyncOpenAI(api_key="none", base_url=server.address, max_retries=0)
    with pytest.raises(InvalidInputError, match="AsyncMemoryClient"):
        MemoryClient(asking, alice).responses.create(model="m", input=ASKED)
    with pytest.raises(InvalidInputError, match="in MemoryClient"):
        await AsyncMemoryClient(openai_client, alice).responses.create(model="m", input=ASKED)
    await asking.close()


def test_a_client_without_a_memory_is_refused(openai_client: openai.OpenAI) -> None:
    with pytest.raises(InvalidInputError):
        MemoryClient(openai_client, "memory")  # type: ignore[arg-type]


async def test_awaited_clients_do_the_same_off_the_loop(server: ScriptedServer) -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        asking = openai.AsyncOpenAI(api_key="none", base_url=server.address, max_retries=0)
        async with asking, AsyncMemoryClient(asking, memory, session="monday") as client:
            await client.chat.completions.create(model="m", messages=[user(ASKED)])
            stream = await client.responses.create(model="m", input="And Ann?", stream=True)
            assert [event.type async for event in stream][-1] == "response.completed"
            chunks = await client.chat.completions.create(
                model="m", messages=[user("Well?")], stream=True
            )
            async with chunks:
                for _ in range(5):
                    await anext(chunks)

        assert [text for text, _ in said(memory)] == [
            ASKED,
            ANSWER,
            "And Ann?",
            "As I said.",
            "Well?",
            "Once",
        ]


class TestErasing:
    def test_what_openai_keeps_is_deleted_there_and_unfinished_until_it_is(
        self,
        client: MemoryClient,
        openai_client: openai.OpenAI,
        server: ScriptedServer,
        alice: Memory,
    ) -> None:
        client.responses.create(model="m", input=ASKED, conversation="conv_1")
        list(client.responses.create(model="m", input="And Ann?", stream=True))
        client.responses.create(model="m", input="Not kept there", store=False)
        assert "resp_1" not in alice.context("response resp_1 conversation conv_1")
        assert alice.quarantined() == []

        steps = deletions(openai_client, alice, files=["file_1"], vector_stores=["vs_1"])
        server.deletes = False
        receipt = alice.erase(reason="request 1", also=steps, waits=[])
        assert not receipt.is_complete
        assert {step.error for step in receipt.also} == {"InternalServerError"}
        assert len(alice.unfinished()) == 5

        server.deletes = True
        server.deleted.append("files/file_1")  # by someone else
        again = deletions(openai_client, alice)
        assert alice.erase(reason="request 1", also=again).is_complete
        assert alice.unfinished() == []
        assert sorted(server.deleted) == [
            "conversations/conv_1",
            "files/file_1",
            "responses/resp_1",
            "responses/resp_2",
            "vector_stores/vs_1",
        ]

    def test_a_stored_completion_is_one_of_them(
        self, client: MemoryClient, openai_client: openai.OpenAI, alice: Memory
    ) -> None:
        messages: Any = [user(ASKED)]
        client.chat.completions.create(model="m", messages=messages, store=True)
        client.chat.completions.create(model="m", messages=messages)

        [step] = deletions(openai_client, alice)
        assert step.__qualname__ == "delete OpenAI completion c"

    def test_many_ids_are_few_steps(self, openai_client: openai.OpenAI, alice: Memory) -> None:
        files = [f"file_{number}" for number in range(1_000)]

        steps = deletions(openai_client, alice, files=files, vector_stores=["vs_1"])
        assert len(steps) <= 95
        assert sum(step.__qualname__.count("file_") for step in steps) == 1_000


class TestExtracting:
    ADDS = '{"operations": [{"operation": "add", "text": "Ann has a dog", "from": [1]}]}'

    @pytest.mark.parametrize("forms_json", [True, False])
    def test_a_model_extracts_with_the_servers_json_or_without(
        self, openai_client: openai.OpenAI, server: ScriptedServer, alice: Memory, forms_json: Any
    ) -> None:
        server.forms_json = forms_json
        server.answers[:] = [self.ADDS, '{"operations": []}']
        extract = extractor(openai_client, "m")
        alice.observe([user("I got a dog")], extractor=extract)
        alice.observe([user("And so on")], extractor=extract)

        assert {one.text for one in alice.records(kind="fact")} == {FACT, "Ann has a dog"}
        assert ["response_format" in one for one in server.asked] == (
            [True, True] if forms_json else [True, False, False]
        )

    @pytest.mark.parametrize("answer", ["Sure! I found nothing.", '{"operations": [{"op', "[]"])
    def test_a_malformed_answer_loses_nothing(
        self, openai_client: openai.OpenAI, server: ScriptedServer, alice: Memory, answer: str
    ) -> None:
        server.answers[:] = [answer]
        alice.observe([user("I got a dog")], extractor=extractor(openai_client, "m"))

        assert [one.text for one in alice.records(kind="fact")] == [FACT]
        assert [text for text, _ in said(alice)] == ["I got a dog"]
