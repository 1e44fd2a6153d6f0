"""Order, identity, answers and markup of conversations, in the shapes that APIs give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonplace import Memory
from imported import import_twice, write_json, write_lines


def item(role: str, text: str, **fields: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **fields}


def page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": items, "has_more": False}


TALK = [("user", "one"), ("assistant", "two"), ("user", "three"), ("assistant", "four")]
GREETED = [("assistant", "zero"), *TALK]
FAILED = TALK[:3]


@pytest.mark.parametrize("talk", [TALK, GREETED, FAILED, TALK[:1]])
def test_a_page_is_newest_first_unless_it_tells_otherwise(
    memory: Memory, tmp_path: Path, talk: list[tuple[str, str]]
) -> None:
    items = [item(*one, id=f"msg_{n}") for n, one in enumerate(talk)]
    path = write_json(tmp_path / "conv_1.json", page(items[::-1]))

    records, _ = import_twice(memory, "openai-conversations", path)

    assert [one.text for one in records] == [text for _, text in talk]


@pytest.mark.parametrize("talk", [TALK, GREETED, FAILED])
@pytest.mark.parametrize("newest_first", [True, False])
def test_ids_of_the_api_tell_the_order(
    memory: Memory, tmp_path: Path, talk: list[tuple[str, str]], *, newest_first: bool
) -> None:
    items = [item(*one, id=f"msg_{0x68000000 + n:08x}{'0' * 40}") for n, one in enumerate(talk)]
    path = write_json(tmp_path / "c.json", page(items[::-1] if newest_first else items))

    records, _ = import_twice(memory, "openai-conversations", path)

    assert [one.text for one in records] == [text for _, text in talk]


def test_each_conversation_of_a_folder_has_its_own_order(memory: Memory, tmp_path: Path) -> None:
    ids = {"a": TALK, "b": GREETED, "c": FAILED}
    for name, talk in ids.items():
        items = [item(*one, id=f"{name}_{n}") for n, one in enumerate(talk)]
        held = {"id": name, "object": "conversation", "items": items} if name == "a" else None
        write_json(tmp_path / "all" / name / "1.json", held or page(items[::-1]))

    records, _ = import_twice(memory, "openai-conversations", tmp_path / "all")

    for name, talk in ids.items():
        texts = [one.text for one in records if one.source.session == name]
        assert texts == [text for _, text in talk]


def test_an_output_before_its_call_keeps_the_name_of_the_tool(
    memory: Memory, tmp_path: Path
) -> None:
    items = [
        item("user", "Weather?", id="1"),
        {"type": "function_call", "id": "2", "call_id": "c", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "id": "3", "call_id": "c", "output": "Sunny"},
        item("user", "And now?", id="4"),
    ]
    path = write_json(tmp_path / "c.json", page(items[::-1]))

    records, _ = import_twice(memory, "openai-conversations", path)

    assert [(one.source.agent, one.text) for one in records] == [
        ("user", "Weather?"),
        ("weather", "Sunny"),
        ("user", "And now?"),
    ]


@pytest.mark.parametrize("newest_first", [True, False])
def test_items_without_ids_that_repeat_are_all_kept(
    memory: Memory, tmp_path: Path, *, newest_first: bool
) -> None:
    talk = [("user", "And now?"), ("assistant", "No.")] * 3
    items = [item(*one) for one in talk]
    path = write_json(tmp_path / "c.json", page(items[::-1] if newest_first else items))

    records, report = import_twice(memory, "openai-conversations", path)

    assert (report.written, [one.text for one in records]) == (6, [text for _, text in talk])


def test_results_of_mcp_and_of_code_are_kept(memory: Memory, tmp_path: Path) -> None:
    items = [
        {"type": "mcp_call", "id": "1", "name": "roll", "output": "5", "arguments": "{}"},
        {"type": "code_interpreter_call", "id": "2", "code": "print(4)",
         "outputs": [{"type": "logs", "logs": "4"}, {"type": "image", "url": "https://x/i.png"}]},
        {"type": "mcp_call", "id": "3", "name": "roll", "output": None, "arguments": "{}"},
    ]  # fmt: skip
    path = write_json(tmp_path / "c.json", items)

    records, report = import_twice(memory, "openai-conversations", path)

    assert [(one.source.agent, one.text) for one in records] == [
        ("roll", "5"),
        ("code_interpreter", "4"),
    ]
    assert report.skipped == 1


QUESTION = {"role": "user", "content": "Weather?"}
ENTRIES: dict[str, Any] = {
    "text": {"messages": [QUESTION], "response": "Sunny"},
    "prompt": {"prompt": "Weather?", "completion": "Sunny"},
    "responses": {"input": "Weather?", "output": [item("assistant", "Sunny")]},
    "responses, apart": {"request": {"input": [QUESTION], "instructions": "Be brief"},
                         "response": {"output": [item("assistant", "Sunny")]}},
    "anthropic": {"request": {"system": "Be brief", "messages": [QUESTION]},
                  "response": {"type": "message", "role": "assistant",
                               "content": [{"type": "text", "text": "Sunny"}]}},
    "batch": {"custom_id": "1", "body": {"messages": [QUESTION]},
              "response": {"body": {"choices": [{"message": {"role": "assistant",
                                                              "content": "Sunny"}}]}}},
    "legacy": {"prompt": "Weather?", "choices": [{"text": "Sunny"}]},
    "ollama": {"messages": [QUESTION], "message": {"role": "assistant", "content": "Sunny"}},
}  # fmt: skip


@pytest.mark.parametrize("shape", ENTRIES)
def test_no_shape_of_a_log_loses_its_answer(memory: Memory, tmp_path: Path, shape: str) -> None:
    path = write_lines(tmp_path / "log.jsonl", ENTRIES[shape])

    records, report = import_twice(memory, "chat-log", path)

    assert [(one.source.origin, one.text) for one in records] == [
        ("user", "Weather?"),
        ("agent", "Sunny"),
    ]
    assert report.skipped == json.dumps(ENTRIES[shape]).count("Be brief")


def test_further_choices_are_kept_and_marked(memory: Memory, tmp_path: Path) -> None:
    choices = [{"message": {"role": "assistant", "content": text}} for text in ("Sunny", "Rain")]
    path = write_lines(tmp_path / "log.jsonl", {"messages": [QUESTION], "choices": choices})

    records, _ = import_twice(memory, "chat-log", path)

    assert [(one.text, one.metadata.get("choice")) for one in records] == [
        ("Weather?", None),
        ("Sunny", None),
        ("Rain", 1),
    ]


def test_tools_of_anthropic_are_named_in_their_results(memory: Memory, tmp_path: Path) -> None:
    messages = [
        QUESTION,
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": "Sunny"},
            {"type": "text", "text": "Well?"}]},
    ]  # fmt: skip
    path = write_lines(tmp_path / "log.jsonl", {"messages": messages})

    records, report = import_twice(memory, "chat-log", path)

    assert [(one.source.agent, one.source.origin, one.text) for one in records] == [
        ("user", "user", "Weather?"),
        ("weather", "tool", "Sunny"),
        ("user", "user", "Well?"),
    ]
    assert [one.reason for one in report.reasons] == ["only calls of tools: weather"]


def test_chats_that_grow_side_by_side_stay_two(memory: Memory, tmp_path: Path) -> None:
    def chat(*texts: str) -> dict[str, Any]:
        roles = ("user", "assistant")
        return {"messages": [{"role": roles[n % 2], "content": one} for n, one in enumerate(texts)]}

    path = write_lines(
        tmp_path / "log.jsonl",
        chat("Hi", "Hello"), chat("Hi", "Hello", "Tea?", "Yes"),
        chat("Hi", "Hello", "Rain?", "No"), chat("Hi", "Hello", "Tea?", "Yes", "Green?", "Yes"),
        chat("Hi", "Hello", "Rain?", "No", "Snow?", "No"),
    )  # fmt: skip

    records, _ = import_twice(memory, "chat-log", path)

    sessions: dict[str | None, list[str]] = {}
    for one in records:
        sessions.setdefault(one.source.session, []).append(one.text)
    assert sorted(sessions.values()) == [
        ["Hi", "Hello", "Rain?", "No", "Snow?", "No"],
        ["Hi", "Hello", "Tea?", "Yes", "Green?", "Yes"],
    ]


@pytest.mark.parametrize(
    ("text", "kept", "cited"),
    [
        ("It rains \ue200cite\ue202turn0search3\ue202turn0news1\ue201.", "It rains.", None),
        (
            'In \ue200entity\ue202["city","Oslo","capital"]\ue201 it rains.',
            "In Oslo it rains.",
            None,
        ),
        ("See \ue200url\ue202The guide\ue202turn0search1\ue201.", "See The guide.", None),
        ("So citeturn0search0turn0search2 it is", "So it is", None),
        ("It rains【4:0†source】 now【1†report.pdf】.", "It rains now.", ["report.pdf"]),
        ("Lines【6†L1-L4】.", "Lines.", None),
        ("A turn of 【events】 \ue203here\ue204", "A turn of 【events】 here", None),
    ],
)
def test_marks_of_models_are_taken_out_and_names_kept(
    memory: Memory, tmp_path: Path, text: str, kept: str, cited: object
) -> None:
    said = {"role": "assistant", "content": text}
    path = write_lines(tmp_path / "log.jsonl", said)

    [record], _ = import_twice(memory, "chat-log", path)

    assert (record.text, record.metadata.get("cited")) == (kept, cited)
