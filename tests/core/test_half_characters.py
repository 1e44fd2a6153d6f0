"""Half a surrogate pair: mended wherever something is said, refused where something is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import InvalidInputError, Memory, Record, Source
from commonplace.adapters.by_vector import embedded
from commonplace.adapting import message_record, query_text
from commonplace.values.characters import mended

HALF, WHOLE = "Likes tea \ud83d", "Likes tea \ufffd"


def observed(memory: Memory) -> None:
    memory.observe([{"role": "user", "content": HALF, "name": "Ann\ud83d", "id": "\ud83d"}])


def extracted(memory: Memory) -> None:
    answer = json.dumps({"operations": [{"operation": "add", "text": HALF, "from": [1]}]})
    memory.observe([{"role": "user", "content": "tea?"}], extractor=lambda _: answer)


def imported(memory: Memory) -> None:
    file = Path("half.jsonl")
    record = {"text": HALF, "id": "1", "created_at": "2026-05-04T12:00:00Z"}
    header = {"format": "commonplace", "version": 1, "records": 1}
    file.write_text(f"{json.dumps(header)}\n{json.dumps(record)}\n", encoding="utf-8")
    assert memory.import_(file).written == 1
    assert memory.import_(file).unchanged == 1


def updated(memory: Memory) -> None:
    memory.update(memory.remember("x").id, text=HALF)


def kept_in_an_adapter(memory: Memory) -> None:
    record = message_record(HALF, source=Source(session="\ud83d"), message_id="\ud83d")
    assert record
    memory.remember_many([record])


DOORS: dict[str, Callable[[Memory], object]] = {
    "remember": lambda m: m.remember(HALF),
    "remember_many, a text": lambda m: m.remember_many([HALF]),
    "remember_many, a record": lambda m: m.remember_many([Record(HALF)]),
    "update": updated,
    "observe": observed,
    "what an extractor answers": extracted,
    "import_": imported,
    "an adapter": kept_in_an_adapter,
}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_said_is_mended_at_every_door(
    memory: Memory, door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    DOORS[door](memory)

    assert WHOLE in [one.text for one in memory.records()]


def test_half_a_character_is_asked_for_as_it_is_kept(memory: Memory) -> None:
    kept = memory.remember(
        HALF, metadata={"a\ud800": ["b\ud800"]}, source=Source(agent="Ann\ud800", session="1\ud800")
    )

    assert kept.metadata == {"a\ufffd": ["b\ufffd"]}
    assert (kept.source.agent, kept.source.session) == ("Ann\ufffd", "1\ufffd")
    assert memory.records() == [kept]
    assert memory.remember(HALF).mentions == 2
    assert memory.recall(HALF)[0].record.id == kept.id
    assert memory.count(where={"a\ud800": {"$contains": "b\ud800"}}) == 1
    assert "Likes tea" in memory.context(HALF, min_confidence=0)
    assert memory.context(HALF, min_confidence=0, known=[HALF]) == ""
    assert query_text(HALF) == WHOLE
    assert (embedded(memory, [HALF]) == embedded(memory, [WHOLE])).all()


def test_two_halves_are_one_character_and_whole_text_stays_itself(memory: Memory) -> None:
    assert memory.remember("tea \ud83c\udf75").text == "tea 🍵"
    assert mended("tea 🍵") == "tea 🍵"


def test_the_half_of_a_statement_is_no_question(memory: Memory) -> None:
    # A question mark in its place would make an echo of it.
    memory.observe([{"role": "user", "content": "I live in Oslo \ud83d"}])

    assert "?" not in memory.records()[0].text


def test_a_value_is_mended_and_its_key_refused(memory: Memory) -> None:
    memory.set("drink", {"of\ud800": "tea\ud800"})

    assert memory.get("drink") == {"of\ufffd": "tea\ufffd"}
    for attempt in (
        lambda: memory.set("a\ud800", 1),
        lambda: memory.get("a\ud800"),
        lambda: memory.delete("a\ud800"),
        lambda: memory.scope("user", "a\ud800"),
        lambda: memory.remember_many([Record("x", id="a\ud800")]),
        lambda: memory.remember_many([Record("x", derived_from=("a\ud800",))]),
    ):
        with pytest.raises(InvalidInputError, match="not valid Unicode"):
            attempt()


def test_the_reason_of_an_erasure_is_mended(memory: Memory) -> None:
    assert memory.scope("user").erase(reason="request \ud800").reason == "request \ufffd"
