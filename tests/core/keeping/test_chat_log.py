"""Logs of chat completions."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from commonplace import Memory
from imported import import_twice, write_json, write_lines

CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief"},
    {"role": "user", "content": "Weather in Oslo?", "name": "alice"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "Sunny"},
    {"role": "assistant", "content": [{"type": "text", "text": "It is sunny."}],
     "reasoning_content": "the tool said so"},
]  # fmt: skip

ENTRIES: dict[str, Any] = {
    "messages": {"messages": CHAT},
    "request": {"request": {"messages": CHAT}},
    "batch": {"custom_id": "1", "body": {"messages": CHAT}},
    "list": CHAT,
    "answered": {"messages": CHAT[:4], "response": {"choices": [{"message": CHAT[4]}]}},
    "stored": {"messages": CHAT[:4], "choices": [{"message": CHAT[4]}]},
}


@pytest.mark.parametrize("shape", ENTRIES)
def test_a_conversation_is_read_from_every_kind_of_entry(
    memory: Memory, tmp_path: Path, shape: str
) -> None:
    path = write_lines(tmp_path / "log.jsonl", ENTRIES[shape])

    records, report = import_twice(memory, "chat-log", path)

    assert [(one.source.agent, one.source.origin, one.text) for one in records] == [
        ("alice", "user", "Weather in Oslo?"),
        ("weather", "tool", "Sunny"),
        ("assistant", "agent", "It is sunny."),
    ]
    assert len({one.source.session for one in records}) == 1
    assert {one.reason for one in report.reasons} == {
        "a message of the role 'system', not of a conversation",
        "only calls of tools: weather",
    }


def test_a_file_of_messages_is_one_conversation_named_after_it(
    memory: Memory, tmp_path: Path
) -> None:
    as_lines = write_lines(tmp_path / "talk.jsonl", *CHAT)
    as_list = write_json(tmp_path / "other" / "talk.json", CHAT)

    records, _ = import_twice(memory, "chat-log", as_lines)

    assert {one.source.session for one in records} == {"talk"}
    assert memory.import_(as_list, format="chat-log").written == 0


def test_a_log_that_repeats_the_conversation_with_each_request_stores_it_once(
    memory: Memory, tmp_path: Path
) -> None:
    said = [
        {"role": "assistant" if number % 2 else "user", "content": f"message {number}"}
        for number in range(20)
    ]
    entries = [
        {"created": 1_760_000_000 + end, "messages": [CHAT[0], *said[:end]],
         "choices": [{"message": {**said[end], "refusal": None}}]}
        for end in range(1, 20, 2)
    ]  # fmt: skip
    path = write_lines(tmp_path / "log.jsonl", *entries)

    records, _ = import_twice(memory, "chat-log", path)

    assert [one.text for one in records] == [f"message {number}" for number in range(20)]
    assert len({one.source.session for one in records}) == 1
    assert records[0].created_at == datetime.fromtimestamp(1_760_000_001, timezone.utc)


def test_conversations_that_begin_alike_are_two(memory: Memory, tmp_path: Path) -> None:
    def chat(answer: str) -> dict[str, Any]:
        return {"messages": [CHAT[1], {"role": "assistant", "content": answer}]}

    records, _ = import_twice(
        memory, "chat-log", write_lines(tmp_path / "log.jsonl", chat("Rain."), chat("Sun."))
    )

    by_session: dict[str | None, list[str]] = {}
    for one in records:
        by_session.setdefault(one.source.session, []).append(one.text)
    assert sorted(by_session.values()) == [
        ["Weather in Oslo?", "Rain."],
        ["Weather in Oslo?", "Sun."],
    ]


def test_an_entry_that_names_its_conversation_keeps_the_name(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "log.jsonl", {"session_id": "s-1", "messages": CHAT})

    records, _ = import_twice(memory, "chat-log", path)

    assert {one.source.session for one in records} == {"s-1"}


def test_what_a_model_thought_before_it_answered_is_not_kept(
    memory: Memory, tmp_path: Path
) -> None:
    answer = {"role": "assistant", "content": "<think>She may\nmean tea.</think>\nTea?"}
    asked = {"role": "user", "content": "What does <think> do?"}
    path = write_lines(tmp_path / "log.jsonl", {"messages": [asked, answer]})

    records, _ = import_twice(memory, "chat-log", path)

    assert [one.text for one in records] == ["What does <think> do?", "\nTea?"]
