"""What all adapters share."""

from __future__ import annotations

import logging

import pytest

from commonplace import InvalidInputError, Memory, Source
from commonplace.adapting import checked_memory, guarded, message_record, query_text

CHAT = Source(framework="langchain", session="7", origin="user")


def fail() -> None:
    raise RuntimeError("no disk")


def test_a_failure_is_logged_with_its_traceback_and_the_host_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with guarded("recalling for the agent", "log"):
        fail()

    [entry] = caplog.records
    assert entry.levelno == logging.ERROR
    assert "while recalling for the agent" in entry.getMessage()
    assert "no disk" in caplog.text


def test_a_failure_is_raised_when_the_user_asks_for_it(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RuntimeError, match="no disk"), guarded("recalling", "raise"):
        raise RuntimeError("no disk")

    assert caplog.records == []


def test_an_interrupt_is_never_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt), guarded("recalling", "log"):
        raise KeyboardInterrupt


def test_the_same_message_is_remembered_once(memory: Memory) -> None:
    for text in ("Hello", "Hello"):
        record = message_record(text, source=CHAT, message_id="1")
        assert record is not None
        memory.remember_many([record])

    assert [(one.text, one.kind, one.source) for one in memory.records()] == [
        ("Hello", "message", CHAT)
    ]


def test_messages_of_other_sessions_or_ids_are_others() -> None:
    sources = [CHAT, Source(framework="langchain", session="8"), Source(framework="autogen")]
    records = [message_record("x", source=one, message_id=id) for one in sources for id in "12"]

    assert len({record.id for record in records if record}) == 6


def test_a_message_that_says_nothing_is_no_record() -> None:
    assert message_record(" \n", source=CHAT, message_id="1") is None


def test_a_message_over_the_limit_keeps_its_beginning(memory: Memory) -> None:
    record = message_record("start " + "x" * 200_000, source=CHAT, message_id="1")

    assert record is not None
    assert memory.remember_many([record])[0].text.startswith("start")


def test_half_a_character_is_marked_and_does_not_stop_the_rest(memory: Memory) -> None:
    record = message_record("cut \ud83d", source=CHAT, message_id="1")

    assert record is not None
    assert memory.remember_many([record])[0].text == "cut \ufffd"
    assert query_text("cut \ud83d") == "cut \ufffd"


def test_an_adapter_takes_nothing_but_a_memory(memory: Memory) -> None:
    assert checked_memory(memory) is memory
    with pytest.raises(InvalidInputError, match="takes a Memory"):
        checked_memory("./memory")  # type: ignore[arg-type]  # the wrong type is the point
