"""A conversation in one form: what was said, by whom, once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import InvalidInputError, Record, Source
from commonplace.writing.messages import (
    message_record,
    told_messages,
    without_reasoning,
)

AT = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
CHAT = Source(framework="openai", agent="desk", session="7")


def records(*messages: Any, source: Source = CHAT) -> list[Record]:
    return [one.record for one in told_messages(messages, source, AT)]


def texts(*messages: Any) -> list[str]:
    return [one.text for one in records(*messages)]


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def agent(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def test_the_role_says_whose_statement_it_is() -> None:
    found = records(
        user("Hello", name="Ann"),
        user("Hi"),
        agent("Good day"),
        {"role": "tool", "tool_call_id": "1", "content": "12 °C", "name": "weather"},
        {"role": "function", "content": "rain"},
    )

    assert [(one.kind, one.source.origin, one.source.agent) for one in found] == [
        ("message", "user", "Ann"),
        ("message", "user", None),
        ("message", "agent", "desk"),
        ("message", "tool", "weather"),
        ("message", "tool", None),
    ]
    assert {(one.source.framework, one.source.session) for one in found} == {("openai", "7")}


def test_messages_keep_their_order_and_their_times() -> None:
    found = records(user("one"), user("two"), user("three", created_at=1_700_000_000))

    assert found[0].created_at < found[1].created_at
    assert found[1].created_at - AT < timedelta(seconds=1)
    assert found[2].created_at == datetime.fromtimestamp(1_700_000_000, timezone.utc)


@pytest.mark.parametrize(
    "time", [AT, "2026-05-04T12:00:00Z", AT.timestamp(), "2026-05-04T14:00+02:00"]
)
def test_times_are_read_in_the_usual_forms(time: object) -> None:
    assert records(user("Hello", created_at=time))[0].created_at == AT


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "one\ntwo"),
        ([{"type": "input_text", "text": "one"}, "two"], "one\ntwo"),
        ([{"type": "output_text", "text": "one", "annotations": []}], "one"),
        ([{"type": "refusal", "refusal": "I cannot"}], "I cannot"),
        ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "a"}], "a"),
    ],
)
def test_the_text_parts_of_a_message_are_its_text(content: object, text: str) -> None:
    assert texts(agent(content)) == [text]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "system", "content": "Be kind"},
        {"role": "developer", "content": "Be kind"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        agent([{"type": "tool_use", "input": {"text": "x"}}]),
        user(" \n"),
        user([]),
        {"type": "function_call", "name": "weather", "arguments": "{}"},
    ],
)
def test_what_nobody_says_is_not_kept(message: dict[str, Any]) -> None:
    assert records(message) == []


SECRET = "she must not know"


@pytest.mark.parametrize(
    "message",
    [
        agent([{"type": "thinking", "thinking": SECRET}, {"type": "text", "text": "Yes"}]),
        agent([{"type": "reasoning", "text": SECRET}, {"type": "text", "text": "Yes"}]),
        agent([{"type": "reasoning_text", "text": SECRET}, {"type": "text", "text": "Yes"}]),
        agent([{"type": "redacted_thinking", "data": SECRET}, {"type": "text", "text": "Yes"}]),
        agent("Yes", reasoning_content=SECRET),
        agent("Yes", thought=SECRET, reasoning={"text": SECRET}),
        agent(f"<think>{SECRET}</think>Yes"),
        agent(f"<think>\n{SECRET}\n</think>\n\nYes"),
        agent(f"<THINKING>{SECRET}</THINKING> Yes"),
        agent(f"{SECRET}\n</think>\nYes"),
        agent(f"Yes\n<think>{SECRET}"),
        agent([{"type": "text", "text": f"<reasoning>{SECRET}</reasoning>Yes"}]),
        {"role": "tool", "content": f"<think>{SECRET}</think>Yes"},
        Record(f"<think>{SECRET}</think>Yes", kind="message", source=Source(origin="agent")),
        Record(f"<think>{SECRET}</think>Yes", kind="message"),
    ],
)
def test_reasoning_is_never_kept(message: Any) -> None:
    [record] = records(message)

    assert record.text.strip() == "Yes"
    assert SECRET not in repr(record)


@pytest.mark.parametrize(
    "message",
    [
        agent(f"<think>{SECRET}"),
        agent(f"  <think>{SECRET}</think>  "),
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": SECRET}]},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": SECRET}]},
        Record(f"<think>{SECRET}</think>", kind="message", source=Source(origin="agent")),
    ],
)
def test_a_message_of_reasoning_alone_is_no_message(message: Any) -> None:
    assert records(message) == []


def test_a_word_about_the_tag_is_kept() -> None:
    said = "Models write <think> before they answer, and </think> after it."

    assert without_reasoning("Close it with </think>, not before.") == (
        "Close it with </think>, not before."
    )
    assert without_reasoning("Models write <think> first.") == "Models write <think> first."
    assert texts(user(said)) == [said]


def test_an_adapters_message_loses_its_reasoning_too() -> None:
    record = message_record("<think>hm</think>Yes", source=Source(origin="agent"), message_id="1")

    assert record is not None
    assert record.text == "Yes"


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "\n", " "])).map("".join))
def test_what_is_left_of_a_text_is_part_of_it(text: str) -> None:
    left = without_reasoning(text)

    assert len(left) <= len(text)
    assert without_reasoning(text.replace("<", "").replace(">", "")) == text.replace(
        "<", ""
    ).replace(">", "")


@pytest.mark.parametrize(
    ("piece", "left"),
    [("<think>", ""), ("</think>", ""), ("</think> x", None), ("<think></think>", "")],
)
def test_endless_tags_are_read_once(piece: str, left: str | None) -> None:
    text = piece * 200_000

    assert without_reasoning(text) == (text if left is None else left)


class TestIdentity:
    def test_the_same_conversation_gives_the_same_records(self) -> None:
        said = [user("Yes"), agent("Sure?"), user("Yes")]

        first, again = records(*said), told_messages(said, CHAT, AT + timedelta(days=1))
        assert [one.id for one in first] == [one.record.id for one in again]
        assert len({one.id for one in first}) == 3

    def test_a_conversation_from_a_later_message_on_is_the_same(self) -> None:
        said = [user("I moved"), agent("Where to?"), user("To Bergen")]

        assert [one.id for one in records(*said[1:])] == [one.id for one in records(*said)][1:]

    def test_an_id_tells_equal_messages_apart(self) -> None:
        assert len(records(user("Yes", id="1"), user("Yes", id="2"), user("Yes", id="2"))) == 2

    def test_a_time_tells_equal_messages_apart(self) -> None:
        monday, tuesday = (
            records(user("Yes", created_at=f"2026-05-0{day}T00:00Z"))[0] for day in (4, 5)
        )
        assert monday.id != tuesday.id

    def test_sessions_and_speakers_tell_equal_messages_apart(self) -> None:
        other = records(user("Yes"), source=Source(framework="openai", session="8"))

        found = [*records(user("Yes")), *other, *records(agent("Yes"), user("Yes", name="Ann"))]
        assert len({one.id for one in found}) == 4

    def test_an_adapters_message_and_the_observed_one_are_one(self) -> None:
        source = Source(framework="openai", session="7", origin="user")
        written = message_record("Hello", source=source, message_id="m1")

        assert written is not None
        assert records(user("Hello", id="m1"))[0].id == written.id


class TestOrigins:
    def test_a_source_can_lower_the_trust_of_a_role_and_never_raise_it(self) -> None:
        def origin(of: Source) -> object:
            return records(user("Hello"), source=of)[0].source.origin

        assert origin(Source(origin="document")) == "document"
        assert origin(Source(origin="operator")) == "user"

    def test_a_record_keeps_its_own_source_id_and_time(self) -> None:
        given = Record("Hello", kind="message", source=Source(origin="document"), created_at=AT)

        assert records(given) == [given]


@pytest.mark.parametrize(
    "messages",
    [
        "Hello",
        user("Hello"),
        Record("Hello", kind="message"),
        None,
        7,
        ["Hello"],
        [None],
        [Record("Likes tea")],
        [{"content": "Hello"}],
        [{"role": "wizard", "content": "Hello"}],
        [{"role": ["user"], "content": "Hello"}],
        [{"type": "human", "content": "Hello"}],
        [user(7)],
        [user([7])],
        [user([{"type": "text"}])],
        [user([{"type": "text", "text": {"value": 7}}])],
        [user("Hello", name=7)],
        [user("Hello", id=7)],
        [user("Hello", created_at="yesterday")],
        [user("Hello", created_at=1e300)],
        [user("Hello", created_at=True)],
        [user("Hello", created_at="2026-05-04T12:00:00")],
        [user("Hello", created_at=["2026"])],
    ],
)
def test_what_is_no_conversation_is_refused(messages: Any) -> None:
    with pytest.raises(InvalidInputError):
        told_messages(messages, CHAT, AT)


def test_a_source_is_a_source() -> None:
    with pytest.raises(InvalidInputError, match="source"):
        told_messages([user("Hello")], "openai", AT)  # type: ignore[arg-type]  # the wrong type is the point


def test_half_characters_are_marked_wherever_they_are() -> None:
    [record] = records(user("cut \ud83d", id="\ud83d"))

    assert record.text == "cut \ufffd"
