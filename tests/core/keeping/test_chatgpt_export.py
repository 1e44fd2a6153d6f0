"""The archive that ChatGPT exports: trees of messages, in shards, zipped or not."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from commonplace import InvalidInputError, Memory, Source
from imported import import_twice, write_json

BEGUN = 1_700_000_000.5


def node(
    id: str, parent: str | None, role: str = "user", text: str | None = None, **fields: Any
) -> dict[str, Any]:
    message = None if text is None else {
        "id": id, "author": {"role": role, "name": None, "metadata": {}},
        "create_time": BEGUN + len(id), "status": "finished_successfully", "weight": 1.0,
        "content": {"content_type": "text", "parts": [text]}, "recipient": "all", "metadata": {},
        **fields,
    }  # fmt: skip
    return {"id": id, "message": message, "parent": parent, "children": []}


def conversation(*nodes: dict[str, Any], current: str | None, id: str = "c-1") -> dict[str, Any]:
    return {
        "title": "Tea", "create_time": BEGUN, "conversation_id": id, "id": id,
        "current_node": current, "mapping": {one["id"]: one for one in nodes},
    }  # fmt: skip


TREE = conversation(
    node("r", None),
    node("ss", "r", "system", "You are ChatGPT"),
    node("aaa", "ss", "user", "Which tea?"),
    node("bbbbx", "aaa", "assistant", "Green."),
    node("bbbb", "aaa", "assistant", "Black."),
    node("ccccc", "bbbb", "user", "Why?"),
    node("dddddd", "ccccc", "assistant", "It has more caffeine.", create_time=None),
    current="dddddd",
)


def test_the_current_branch_is_kept_in_order_and_the_others_are_marked(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_json(tmp_path / "conversations.json", [TREE])

    records, report = import_twice(memory, "chatgpt", path)

    current = [one.text for one in records if "branch" not in one.metadata]
    assert current == ["Which tea?", "Black.", "Why?", "It has more caffeine."]
    assert [one.text for one in records if one.metadata.get("branch") == "side"] == ["Green."]
    assert all(one.metadata["title"] == "Tea" for one in records)
    assert records[0].source == Source(
        framework="chatgpt", agent="user", session="c-1", origin="user"
    )
    assert records[0].created_at == datetime.fromtimestamp(BEGUN + 3, timezone.utc)
    assert [one.reason for one in report.reasons] == [
        "a message of the role 'system', not of a conversation"
    ]


def test_what_was_not_said_is_skipped_and_reasoning_never_kept(
    memory: Memory, tmp_path: Path
) -> None:
    def content(kind: str, **fields: Any) -> dict[str, Any]:
        return {"content": {"content_type": kind, **fields}}

    tree = conversation(
        node("a", None, "user", "Draw tea"),
        node("b", "a", "assistant", "", **content("thoughts", thoughts=["secret"])),
        node("c", "b", "assistant", "", **content("reasoning_recap", content="secret")),
        node("d", "c", "assistant", "secret", recipient="dalle.text2im"),
        node("e", "d", "tool", "secret"),
        node("f", "e", "user", "secret", weight=0.0),
        node("g", "f", "user", "secret", metadata={"is_visually_hidden_from_conversation": True}),
        node("h", "g", "user", "", **content("model_editable_context", model_set_context="secret")),
        node("i", "h", "assistant", "", **content("multimodal_text", parts=[
            {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"},
            "Here it is.", "",
        ])),
        current="i",
    )  # fmt: skip
    path = write_json(tmp_path / "conversations.json", [tree])

    records, report = import_twice(memory, "chatgpt", path)

    assert [one.text.strip() for one in records] == ["Draw tea", "Here it is."]
    assert records[1].metadata["attachments"] == [
        {"type": "image_asset_pointer", "asset_pointer": "file-service://file-1"}
    ]
    assert report.skipped == 7
    assert "secret" not in str(records)


def test_a_tree_that_bites_its_tail_or_lost_its_current_node_is_read(
    memory: Memory, tmp_path: Path
) -> None:
    ring = conversation(
        node("a", "bb", "user", "one"), node("bb", "a", "assistant", "two"), current="bb"
    )
    lost = conversation(
        node("x", None, "user", "three"), node("yy", "x", "user", "four"), current="gone", id="c-2"
    )
    path = write_json(tmp_path / "conversations.json", [ring, lost])

    records, _ = import_twice(memory, "chatgpt", path)

    assert {one.text for one in records} == {"one", "two", "three", "four"}
    assert not any("branch" in one.metadata for one in records)


def test_file_folder_archive_and_shards_give_the_same_store(memory: Memory, tmp_path: Path) -> None:
    other = conversation(node("z", None, "user", "More tea"), current="z", id="c-2")
    write_json(tmp_path / "whole" / "conversations.json", [TREE, other])
    write_json(tmp_path / "whole" / "user.json", {"email": "alice@example.com"})
    write_json(tmp_path / "shards" / "conversations-000.json", [TREE])
    write_json(tmp_path / "shards" / "conversations-001.json", [other])
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/conversations-000.json", json.dumps([TREE]))
        archive.writestr("export/conversations-001.json", json.dumps([other]))
        archive.writestr("export/chat.html", "<html>")
    paths = ["whole", "whole/conversations.json", "shards", "export.zip"]

    reports = [memory.import_(tmp_path / path, format="chatgpt") for path in paths]

    assert [(one.written, one.unchanged) for one in reports] == [(6, 0), (0, 6), (0, 6), (0, 6)]


def test_an_error_in_an_archive_names_the_member_and_the_line(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([TREE])[:-1] + ",\n{]")

    with pytest.raises(InvalidInputError, match=r"export\.zip: conversations\.json, line 2: "):
        memory.import_(path, format="chatgpt")

    assert memory.count() == 5


def test_saved_memories_and_custom_instructions_are_facts_and_preferences(
    memory: Memory, tmp_path: Path
) -> None:
    about = {"content_type": "user_editable_context",
             "user_profile": "This is shown to you.\n```I live in Oslo```",
             "user_instructions": "Shown.\n```Answer briefly```"}  # fmt: skip
    trees = [
        conversation(
            node("a", None, "user", "", content=about),
            node("b", "a", "user", "I like tea"),
            node("c", "b", "assistant", "User prefers tea.", recipient="bio"),
            node("d", "c", "assistant", "User has a dog.", recipient="bio"),
            current="d", id=id,
        )
        for id in ("c-1", "c-2")
    ]  # fmt: skip
    path = write_json(tmp_path / "conversations.json", trees)

    records, report = import_twice(memory, "chatgpt", path)

    kept = {one.text: (one.kind, one.source.origin) for one in records if one.kind != "message"}
    assert kept == {
        "I live in Oslo": ("fact", "user"),
        "Answer briefly": ("preference", "user"),
        "User prefers tea.": ("preference", "agent"),
        "User has a dog.": ("fact", "agent"),
    }
    assert len(records) == 6
    assert (report.read, report.written, report.unchanged) == (8, 5, 3)


def test_a_conversation_that_is_not_to_be_remembered_is_not(memory: Memory, tmp_path: Path) -> None:
    path = write_json(tmp_path / "conversations.json", [{**TREE, "is_do_not_remember": True}])

    report = memory.import_(path, format="chatgpt")

    assert (report.written, report.skipped) == (0, 6)
    assert "not to be remembered" in report.reasons[0].reason


def test_sources_that_are_given_are_kept_beside_the_text(memory: Memory, tmp_path: Path) -> None:
    page = {"title": "Rain", "url": "https://example.com/rain", "pub_date": 1}
    references = [{"matched_text": "x", "type": "grouped_webpages", "items": [page]}]
    said = "It rains.\ue200cite\ue202turn0search0\ue201"
    tree = conversation(
        node("a", None, "assistant", said, metadata={"content_references": references}), current="a"
    )
    path = write_json(tmp_path / "conversations.json", [tree])

    [record], _ = import_twice(memory, "chatgpt", path)

    assert record.text == "It rains."
    assert record.metadata["sources"] == [{"title": "Rain", "url": "https://example.com/rain"}]
