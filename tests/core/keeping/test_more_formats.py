"""Formats in the shapes that their exporters write, and how each is recognised."""

from __future__ import annotations

import base64
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import chromadb
import pytest
from chromadb.config import Settings

from clock import Clock
from commonplace import InvalidInputError, Memory, Record, Scope
from commonplace.testing import HashingEmbedder
from imported import import_twice, write_json, write_lines

AT = "2026-05-01T10:00:00Z"
UTC = timezone.utc


def texts(records: list[Record]) -> list[str]:
    return [one.text for one in records]


def recognised(memory: Memory, path: Path, format: str) -> list[Record]:
    """Import without naming the format, twice, and return the records."""
    report = memory.import_(path, dry_run=True)
    assert report.format == format
    return import_twice(memory, format, path)[0]


# As Claude exports them, without users.json: what is known of it is at docs/migration.md.
CLAUDE: dict[str, Any] = {
    "users.json": [{"uuid": "u", "full_name": "Alice", "email_address": "alice@example.com"}],
    "conversations.json": [
        {"uuid": "c-1", "name": "Tea", "created_at": AT, "updated_at": AT, "account": {"uuid": "u"},
         "chat_messages": [
             {"uuid": "m-1", "sender": "human", "text": "Tea?", "created_at": AT, "content": [
                 {"type": "text", "text": "Tea?", "citations": []}],
              "attachments": [{"file_name": "a.txt", "extracted_content": "x"}], "files": []},
             {"uuid": "m-2", "sender": "assistant", "text": "", "created_at": AT, "content": [
                 {"type": "thinking", "thinking": "secret"}, {"type": "tool_use", "name": "web"},
                 {"type": "tool_result", "content": []}, {"type": "text", "text": "Green."}]},
         ]},
        {"uuid": "c-2", "name": "", "created_at": AT, "chat_messages": []},
    ],
    "projects.json": [{"uuid": "p", "name": "Garden", "prompt_template": "Be brief.",
                       "created_at": AT, "docs": [{"uuid": "d", "filename": "plan.md",
                                                   "content": "Plant beans", "created_at": AT}]}],
    "memories.json": [{"conversations_memory": "Alice gardens.", "account_uuid": "u",
                       "project_memories": {"p": "Beans come first."}}],
}  # fmt: skip


def test_the_archive_of_claude(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in CLAUDE.items():
            archive.writestr(name, json.dumps(value))
            write_json(tmp_path / "folder" / name, value)

    records = recognised(memory, path, "claude")

    assert {(one.kind, one.text) for one in records} == {
        ("message", "Tea?"), ("message", "Green."), ("instruction", "Be brief."),
        ("fact", "Plant beans"), ("fact", "Alice gardens."), ("fact", "Beans come first."),
        ("fact", "x"),
    }  # fmt: skip
    assert memory.import_(tmp_path / "folder").unchanged == 7
    said = next(one for one in records if one.text == "Tea?")
    assert said.metadata == {"title": "Tea", "attachments": [{"type": "file", "filename": "a.txt"}]}


def test_message_histories_of_langchain(memory: Memory, tmp_path: Path) -> None:
    from langchain_core.messages import (
        AIMessage,
        HumanMessage,
        SystemMessage,
        ToolMessage,
        messages_to_dict,
    )

    call = {"name": "weather", "args": {}, "id": "c", "type": "tool_call"}
    some = messages_to_dict([
        SystemMessage("Be brief"), HumanMessage("Weather?"), AIMessage("", tool_calls=[call]),
        ToolMessage("Sunny", tool_call_id="c"), AIMessage([{"type": "text", "text": "Sun."}]),
    ])  # fmt: skip
    path = write_json(tmp_path / "talk.json", some)
    with closing(sqlite3.connect(tmp_path / "chat.db")) as database:
        database.execute("CREATE TABLE message_store (id INTEGER, session_id TEXT, message TEXT)")
        for number, one in enumerate(some):
            row = (number, "talk", json.dumps(one))
            database.execute("INSERT INTO message_store VALUES (?, ?, ?)", row)
        database.commit()

    records = recognised(memory, path, "langchain-messages")

    assert [(one.source.agent, one.text) for one in records] == [
        ("user", "Weather?"), ("weather", "Sunny"), ("assistant", "Sun."),
    ]  # fmt: skip
    report = memory.import_(tmp_path / "chat.db")
    assert (report.format, report.unchanged, report.skipped) == ("langchain-messages", 3, 2)


def test_chat_stores_of_llamaindex(memory: Memory, tmp_path: Path) -> None:
    def said(role: str, text: str) -> dict[str, Any]:
        blocks = [{"block_type": "text", "text": text}]
        return {"role": role, "additional_kwargs": {}, "blocks": blocks}

    store = {"alice": [said("user", "Tea?"), said("assistant", "Green.")], "bob": [
        {"role": "user", "content": "Hi", "additional_kwargs": {}}]}  # fmt: skip
    path = write_json(tmp_path / "store.json", {"store": store, "class_name": "SimpleChatStore"})

    records = recognised(memory, path, "llamaindex-chat")

    assert sorted((one.source.session or "", one.text) for one in records) == [
        ("alice", "Green."), ("alice", "Tea?"), ("bob", "Hi"),
    ]  # fmt: skip


def test_agent_files_of_letta(memory: Memory, tmp_path: Path) -> None:
    call = {"id": "c", "function": {"name": "send_message", "arguments": '{"message": "Green."}'}}
    packed = json.dumps({"type": "user_message", "message": "Tea?", "time": "now"})
    agent = {"id": "agent-0", "name": "desk", "messages": [
        {"id": "m0", "role": "system", "content": [{"type": "text", "text": "You are"}]},
        {"id": "m1", "role": "user", "content": [{"type": "text", "text": packed}],
         "created_at": AT},
        {"id": "m2", "role": "assistant", "content": [], "tool_calls": [call], "created_at": AT},
        {"id": "m3", "role": "assistant", "content": "Or black.", "created_at": AT},
    ]}  # fmt: skip
    blocks = [{"id": "b0", "label": "human", "value": "Likes tea"},
              {"id": "b1", "label": "persona", "value": "I am brief."}]  # fmt: skip
    path = write_json(tmp_path / "desk.af.json", {"agents": [agent], "blocks": blocks})

    records = recognised(memory, path, "letta")

    assert {(one.kind, one.text) for one in records} == {
        ("fact", "Likes tea"), ("instruction", "I am brief."), ("message", "Tea?"),
        ("message", "Green."), ("message", "Or black."),
    }  # fmt: skip


@pytest.mark.parametrize("is_tree", [True, False])
def test_conversations_of_librechat(memory: Memory, tmp_path: Path, *, is_tree: bool) -> None:
    def said(id: str, parent: str, text: str, *, by_user: bool) -> dict[str, Any]:
        return {"messageId": id, "parentMessageId": parent, "conversationId": "c", "text": text,
                "sender": "User" if by_user else "GPT", "isCreatedByUser": by_user,
                "createdAt": AT}  # fmt: skip

    root = "00000000-0000-0000-0000-000000000000"
    some = [
        said("1", root, "Tea?", by_user=True),
        said("2", "1", "Black.", by_user=False),
        {**said("3", "1", "", by_user=False), "content": [
            {"type": "think", "think": "secret"}, {"type": "text", "text": "Green."}]},
    ]  # fmt: skip
    tree = [{**some[0], "children": some[1:]}]
    held = {"messagesTree": tree} if is_tree else {"messages": some}
    whole = {
        "conversationId": "c",
        "endpoint": "openAI",
        "title": "Tea",
        "exportAt": "10:00",
        **held,
    }

    records = recognised(memory, write_json(tmp_path / "c.json", whole), "librechat")

    assert [(one.text, one.metadata.get("branch")) for one in records] == [
        ("Tea?", None), ("Black.", "side"), ("Green.", None),
    ]  # fmt: skip


def test_chats_and_memories_of_open_webui(memory: Memory, tmp_path: Path) -> None:
    def said(id: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        return {"id": id, "parentId": parent, "childrenIds": [], "role": role, "content": text,
                "timestamp": 1_760_000_000, "model": "llama"}  # fmt: skip

    nodes = [said("1", None, "user", "Tea?"), said("2", "1", "assistant", "Black."),
             said("3", "1", "assistant", "Green.")]  # fmt: skip
    history = {"messages": {one["id"]: one for one in nodes}, "currentId": "3"}
    chat = {"id": "c", "user_id": "u", "title": "Tea", "chat": {"history": history, "messages": []}}
    kept = {"id": "m", "user_id": "u", "content": "Likes tea", "created_at": 1_760_000_000,
            "updated_at": 1_760_000_000}  # fmt: skip

    records = recognised(memory, write_json(tmp_path / "chats.json", [chat]), "open-webui")
    more = recognised(memory.scope("x"), write_json(tmp_path / "m.json", [kept]), "open-webui")

    assert [(one.text, one.metadata.get("branch")) for one in records] == [
        ("Tea?", None), ("Green.", None), ("Black.", "side"),
    ]  # fmt: skip
    assert [(one.text, one.scope) for one in more] == [("Likes tea", Scope(("x", "user", "u")))]


def test_facts_and_episodes_of_graphiti(memory: Memory, tmp_path: Path) -> None:
    edges = [
        {"uuid": "e1", "group_id": "alice", "name": "LIKES", "fact": "Alice likes tea",
         "fact_embedding": [0.1], "created_at": AT, "valid_at": "2026-04-01T00:00:00Z",
         "invalid_at": None, "expired_at": None, "attributes": {"n": 1}},
        {"uuid": "e2", "group_id": "alice", "fact": "Alice lives in Rome", "created_at": AT,
         "invalid_at": AT},
    ]  # fmt: skip
    episodes = [{"uuid": "p1", "group_id": "alice", "name": "talk", "source": "message",
                 "source_description": "chat", "content": "alice: I like tea",
                 "valid_at": AT}]  # fmt: skip
    path = write_json(tmp_path / "graph.json", {"edges": edges, "episodes": episodes})

    records = recognised(memory, path, "graphiti")

    assert texts(records) == ["Alice likes tea", "alice: I like tea"]
    assert records[0].created_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert records[0].scope == Scope(("group", "alice"))
    assert "holds no more" in memory.import_(path).reasons[0].reason


def test_crewai_before_its_unified_memory(memory: Memory, tmp_path: Path) -> None:
    folder = tmp_path / "storage"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "long_term_memory_storage.db")) as database:
        database.execute("CREATE TABLE long_term_memories (id INTEGER PRIMARY KEY AUTOINCREMENT,"
                         " task_description TEXT, metadata TEXT, datetime TEXT,"
                         " score REAL)")  # fmt: skip
        told = json.dumps({"suggestions": ["Ask first"], "quality": 8, "agent": "cook"})
        database.execute(
            "INSERT INTO long_term_memories VALUES (1, 'Brew', ?, '1760000000.5', 8)", [told]
        )
        database.commit()
    met = {"memory_short_term_cook": "Water boils", "memory_entities_cook": "Tea(drink): hot"}
    fill(folder, "default_tenant", "default_database", met)
    fill(folder / "short_term", "default_tenant", "default_database", {"short_term": "Salt is out"})

    records = recognised(memory, folder, "crewai-storage")

    assert set(texts(records)) == {
        "Brew\nAsk first", "Water boils", "Tea(drink): hot", "Salt is out",
    }  # fmt: skip
    brew = next(one for one in records if one.text.startswith("Brew"))
    assert brew.created_at == datetime.fromtimestamp(1_760_000_000.5, UTC)
    assert (brew.metadata["score"], brew.source.agent) == (8.0, "cook")


def fill(folder: Path, tenant: str, database: str, documents: dict[str, str]) -> None:
    settings = Settings(anonymized_telemetry=False)
    if tenant != "default_tenant":
        admin: Any = chromadb.PersistentClient(folder, settings=settings)
        admin._admin_client.create_tenant(tenant)
        admin._admin_client.create_database(database, tenant)
        admin.close()
    client: Any = chromadb.PersistentClient(
        folder, settings=settings, tenant=tenant, database=database
    )
    for name, text in documents.items():
        made = client.get_or_create_collection(name, embedding_function=None)
        made.add(ids=["1"], documents=[text], embeddings=HashingEmbedder().embed_documents([text]))
    client.close()


def test_collections_of_several_tenants_are_named_before_they_are_taken(
    memory: Memory, tmp_path: Path
) -> None:
    folder = tmp_path / "chroma"
    fill(folder, "default_tenant", "default_database", {"notes": "mine"})
    fill(folder, "alice", "work", {"notes": "hers", "other": "hers too"})

    with pytest.raises(InvalidInputError, match=r"alice/work/notes.*default_tenant"):
        memory.import_(folder, format="langchain-chroma")
    with pytest.raises(InvalidInputError, match=r"no collection 'bob/\*/\*'"):
        memory.import_(folder, format="langchain-chroma", collections=["bob/*/*"])
    assert memory.count() == 0

    hers = memory.scope("user", "alice")
    assert hers.import_(folder, collections=["alice/*/*"]).written == 2
    assert {one.text: one.metadata.get("tenant") for one in hers.records()} == {
        "hers": "alice", "hers too": "alice",
    }  # fmt: skip
    assert memory.scope("x").import_(folder, collections=["default_database/notes"]).written == 1
    with pytest.raises(InvalidInputError, match=r"'notes' is in more than one place: alice/work"):
        memory.scope("y").import_(folder, collections=["notes"])
    assert memory.scope("y").import_(folder, collections=["*/*/notes"]).written == 2
    assert memory.scope("z").import_(folder / "chroma.sqlite3", collections=["other"]).written == 1


def test_a_table_with_named_columns(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text(
        '\ufeffBody,When,Who,Mood\n"Likes tea,\nand more",2026-05-01,alice,good\n'
        "Lives in Oslo,soon,bob,\nshort\n",
        encoding="utf-8",
    )
    columns = {"text": "Body", "created_at": "When", "user": "Who"}

    report = memory.import_(path, columns=columns)
    again = memory.import_(path, columns=columns)

    assert (report.format, report.written, report.skipped) == ("table", 2, 1)
    assert (again.unchanged, [one.what for one in report.notes]) == (
        2, ["created_at is no time: 'soon'"],
    )  # fmt: skip
    [tea] = memory.scope("user", "alice").records()
    assert (tea.text, dict(tea.metadata)) == ("Likes tea,\nand more", {"Mood": "good"})
    with pytest.raises(InvalidInputError, match="there is no column 'text'; there are 'Body'"):
        memory.import_(path)
    with pytest.raises(InvalidInputError, match="columns has 'colour'"):
        memory.import_(path, columns={"colour": "Mood"})


def test_json_lines_of_any_keys_with_named_columns(memory: Memory, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"note": "Likes tea", "kind": "preference", "n": 1})

    report = memory.import_(path, columns={"text": "note"})

    [record] = memory.records()
    assert (report.written, record.kind, record.metadata) == (1, "preference", {"n": 1})


def test_wrappers_of_langgraph_and_langmem(memory: Memory, tmp_path: Path, clock: Clock) -> None:
    lives = (clock() + timedelta(days=1)).isoformat()
    item = {"namespace": ["a"], "created_at": AT, "updated_at": AT}
    coded = base64.b64encode(b"\x89PNG").decode()
    items = [
        {**item, "key": "mem", "value": {"kind": "Memory", "content": {"content": "Likes tea"}}},
        {**item, "key": "/i.png", "value": {"content": coded, "encoding": "base64"}},
        {**item, "key": "/a.md", "value": {"content": ["one", "two"], "created_at": AT}},
        {"prefix": "a", "key": "row", "value": {"text": "A row"}, "created_at": AT,
         "expires_at": lives, "ttl_minutes": 60},
        {"prefix": "a", "key": "raw", "value": '{"text": "Raw"}', "created_at": AT},
        {"key": "lost", "value": 1},
    ]  # fmt: skip
    path = write_json(tmp_path / "items.json", {"items": items})

    records = recognised(memory, path, "langgraph-store")

    assert set(texts(records)) == {
        "Likes tea", "/i.png: a file that is not text", "one\ntwo", "A row", "Raw",
    }  # fmt: skip
    row = next(one for one in records if one.key == "row")
    assert row.ttl_on_use == timedelta(minutes=60)
    [left] = memory.import_(path).reasons
    assert left.reason == "not an item of a store: it has no namespace of texts"


def test_mem0_by_user_and_openmemory(memory: Memory, tmp_path: Path, clock: Clock) -> None:
    today = clock().date()
    by_user = {"alice": {"results": [
        {"id": "1", "memory": "Likes tea", "attributed_to": "user", "expiration_date": str(today)},
        {"id": "2", "memory": "Gone", "expiration_date": str(today - timedelta(days=1))}]},
        "bob": [{"id": "3", "memory": "Likes coffee", "attributed_to": "assistant"}]}  # fmt: skip
    path = write_json(tmp_path / "all.json", by_user)

    records = recognised(memory, path, "mem0")

    assert {(one.scope.names, one.text, one.source.origin) for one in records} == {
        (("user", "alice"), "Likes tea", "user"), (("user", "bob"), "Likes coffee", "agent"),
    }  # fmt: skip
    end = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
    assert [one.expires_at for one in records if one.text == "Likes tea"] == [end]

    archive = tmp_path / "memories_export_alice.zip"
    row = {"id": "9", "user_id": "row-1", "content": "Has a dog", "metadata": {}, "created_at": AT}
    held = {"user": {"id": "row-1", "user_id": "alice"}, "apps": [], "memories": [
        {**row, "state": "active"}, {**row, "id": "10", "state": "deleted"}]}  # fmt: skip
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("memories.json", json.dumps(held))
        file.writestr("memories.jsonl.gz", b"")
    report = memory.scope("open").import_(archive)
    assert (report.format, report.written, report.skipped) == ("mem0", 1, 1)
    assert memory.scope("open", "user", "alice").count() == 1


def test_attachments_at_a_message_of_a_thread_are_named(memory: Memory, tmp_path: Path) -> None:
    message = {"object": "thread.message", "id": "m", "role": "user", "thread_id": "t", "content": [
        {"type": "text", "text": {"value": "Look", "annotations": []}}],
        "created_at": 1_760_000_000,
        "attachments": [{"file_id": "file-1", "tools": []}]}  # fmt: skip

    [record] = recognised(memory, write_json(tmp_path / "t.json", [message]), "openai-threads")

    assert record.metadata["attachments"] == [{"type": "file", "file_id": "file-1"}]


RECOGNISED: dict[str, Any] = {
    "chatgpt": [{"mapping": {}, "title": "Tea"}],
    "chat-log": {"messages": [{"role": "user", "content": "Hi"}]},
    "mem0": {"results": [{"id": "1", "memory": "Likes tea"}]},
    "openai-conversations": {"object": "list", "data": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
    "openai-threads": {"object": "list", "data": [
        {"object": "thread.message", "role": "user", "content": [], "thread_id": "t"}]},
}  # fmt: skip


@pytest.mark.parametrize("format", RECOGNISED)
def test_a_format_that_fits_is_recognised(memory: Memory, tmp_path: Path, format: str) -> None:
    path = write_json(tmp_path / "file.json", RECOGNISED[format])

    assert memory.import_(path).format == format


def test_what_fits_none_is_refused_once_with_what_was_tried(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary", encoding="utf-8")
    some = write_json(tmp_path / "a.json", [{"colour": "red"}])

    for path, found in ((tmp_path / "notes.txt", "not complete JSON"), (some, "'colour'")):
        with pytest.raises(InvalidInputError) as caught:
            memory.import_(path)
        assert found in str(caught.value)
        assert all(name in str(caught.value) for name in ("chatgpt has", "mem0 has", "commonplace"))
    with pytest.raises(InvalidInputError, match="missing"):
        memory.import_(tmp_path / "missing.json")
