"""Variants of the formats: how else the same programs, or programs like them, write what they hold.

Each stands for its kind. What is expected are speaker and text in the order of the times.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from commonplace import Memory, Record, Scope
from imported import everything, import_twice, write_json, write_lines

AT = "2026-05-01T10:00:00Z"
QUESTION, ANSWER = {"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Green."}
CLAUDE = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Green."}]}


def said(records: list[Record]) -> list[tuple[str | None, str]]:
    return [(one.source.origin, one.text) for one in records]


def langchain(kind: str, text: str) -> dict[str, Any]:
    return {"id": ["langchain", "schema", "messages", kind], "lc": 1, "type": "constructor",
            "kwargs": {"content": text}}  # fmt: skip


LOGS: dict[str, Any] = {
    "a batch of Anthropic's": {"params": {"messages": [QUESTION]}, "result": {"message": CLAUDE}},
    "LangSmith": {"inputs": {"messages": [[langchain("HumanMessage", "Tea?")]]},
                  "outputs": {"generations": [[{"message": langchain("AIMessage", "Green.")}]]}},
    "a proxy": {"request_body": {"messages": [QUESTION]},
                "response_body": {"choices": [{"message": ANSWER}]}},
    "Gemini": {"contents": [{"role": "user", "parts": [{"text": "Tea?"}]},
                            {"role": "model", "parts": [{"text": "Green."}]}]},
    "ShareGPT": {"conversations": [{"from": "human", "value": "Tea?"},
                                   {"from": "gpt", "value": "Green."}]},
    "Zep": {"session_id": "s", "messages": [
        {"role": "Alice", "role_type": "user", "content": "Tea?"},
        {"role": "Desk", "role_type": "assistant", "content": "Green."}]},
    "question and answer": {"question": "Tea?", "answer": "Green."},
    "a spoken answer": {"messages": [QUESTION, {"role": "assistant", "content": None,
                                                "audio": {"transcript": "Green."}}]},
    "a history": {"input": "Green.", "history": [QUESTION]},
}  # fmt: skip


@pytest.mark.parametrize("kind", LOGS)
def test_an_answer_is_found_in_whatever_a_log_calls_it(
    memory: Memory, tmp_path: Path, kind: str
) -> None:
    path = write_lines(tmp_path / "log.jsonl", LOGS[kind])

    assert memory.import_(path, dry_run=True).format == "chat-log"
    records, report = import_twice(memory, "chat-log", path)

    assert [one.text for one in records] == ["Tea?", "Green."]
    assert report.notes == ()


def test_of_two_answers_that_were_compared_both_are_kept(memory: Memory, tmp_path: Path) -> None:
    entry = {"input": {"messages": [QUESTION]}, "preferred_output": [ANSWER],
             "non_preferred_output": [{"role": "assistant", "content": "None."}]}  # fmt: skip
    other = {"messages": [{"role": "user", "content": "Why?"}], "responses": ["So.", "Or so."]}

    import_twice(memory, "chat-log", write_lines(tmp_path / "a.jsonl", entry, other))

    assert {one.text: one.metadata.get("choice") for one in everything(memory)} == {
        "Tea?": None, "Green.": None, "None.": 1, "Why?": None, "So.": None, "Or so.": 1,
    }  # fmt: skip


def test_words_in_no_message_of_an_entry_are_told(memory: Memory, tmp_path: Path) -> None:
    entry = {"messages": [QUESTION], "remark": "She meant coffee", "model": "gpt 5"}

    report = memory.import_(write_lines(tmp_path / "a.jsonl", entry), format="chat-log")

    assert [one.what for one in report.notes] == ["left out, in no message: remark"]


def test_exchanges_of_a_named_conversation_that_repeat_are_all_kept(
    memory: Memory, tmp_path: Path
) -> None:
    times = ("2026-05-01T10:00:00Z", "2026-05-01T10:01:00Z")
    asked = [{"session_id": "s", "startTime": at, "input": "And now?", "output": "No."}
             for at in times]  # fmt: skip
    steps = [
        {"type": message["role"], "sessionId": "t", "timestamp": at, "message": message}
        for at in times
        for message in (QUESTION, CLAUDE)
    ]

    records, report = import_twice(
        memory, "chat-log", write_lines(tmp_path / "a.jsonl", *asked, *steps)
    )

    assert report.written == 8
    assert {one.source.session: one.created_at.minute for one in records} == {"s": 1, "t": 1}


FLAT: list[dict[str, Any]] = [{"content": "Tea?", "type": "human", "id": None},
        {"content": "Green.", "type": "ai", "id": "run-1", "tool_calls": []}]  # fmt: skip
NESTED: list[dict[str, Any]] = [
    {"type": one["type"], "data": {"content": one["content"]}} for one in FLAT
]
HISTORIES: dict[str, tuple[Any, str]] = {
    "as pydantic dumps them": (FLAT, "file"),
    "InMemoryChatMessageHistory": ({"messages": FLAT}, "file"),
    "the state of a thread": ([{"thread_id": "t", "values": {"messages": FLAT}}], "t"),
    "ConversationBufferMemory": ({"chat_memory": {"messages": NESTED}}, "file"),
    "documents of MongoDB": ([{"SessionId": "t", "History": json.dumps(one)} for one in NESTED],
                             "t"),
    "rows of Postgres": ([{"session_id": "t", "message": one, "created_at": AT} for one in NESTED],
                         "t"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HISTORIES)
def test_histories_of_langchain_wherever_they_lay(
    memory: Memory, tmp_path: Path, kind: str
) -> None:
    value, session = HISTORIES[kind]
    path = write_json(tmp_path / "file.json", value)

    assert memory.import_(path, dry_run=True).format == "langchain-messages"
    records, _ = import_twice(memory, "langchain-messages", path)

    assert said(records) == [("user", "Tea?"), ("agent", "Green.")]
    assert {one.source.session for one in records} == {session}


def test_a_history_in_a_table_of_another_name(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE talks (id INTEGER PRIMARY KEY, session_id TEXT, message)")
        rows = [("t", json.dumps(one)) for one in NESTED]
        database.executemany("INSERT INTO talks (session_id, message) VALUES (?, ?)", rows)
        database.execute("INSERT INTO talks (session_id, message) VALUES ('t', 'broken')")
        database.commit()

    report = memory.import_(path)

    assert (report.format, report.written, report.skipped) == ("langchain-messages", 2, 1)


def chatgpt(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    nodes = {
        str(n): {"id": str(n), "parent": str(n - 1) if n else None, "message": one}
        for n, one in enumerate(messages)
    }
    return {"title": "T", "mapping": nodes, "current_node": str(len(messages) - 1), **fields}


def spoken(content: dict[str, Any], at: int, **fields: Any) -> dict[str, Any]:
    return {"author": {"role": "assistant"}, "create_time": at, "content": content, **fields}


def test_the_newest_list_of_what_chatgpt_remembers_counts(memory: Memory, tmp_path: Path) -> None:
    def listed(*rows: str, at: int) -> dict[str, Any]:
        text = "\n\n".join(f"{n}. [2025-05-0{n}]. {row}" for n, row in enumerate(rows, 1))
        return spoken({"content_type": "model_editable_context", "model_set_context": text}, at)

    def saved(text: str) -> dict[str, Any]:
        return spoken({"content_type": "text", "parts": [text]}, 2, recipient="bio")

    path = write_json(tmp_path / "conversations.json", [
        chatgpt(listed("Has a dog.", "Prefers tea.", at=3), conversation_id="new"),
        chatgpt(listed("Has a cat.", at=1), saved("Forget the cat"), conversation_id="old"),
        chatgpt(saved("Has a dog."), conversation_id="middle"),
    ])  # fmt: skip

    records, report = import_twice(memory, "chatgpt", path)

    assert {(one.kind, one.text) for one in records} == {
        ("fact", "Has a dog."), ("preference", "Prefers tea."),
    }  # fmt: skip
    assert sorted(one.reason for one in report.reasons) == [
        "a request to forget a memory", "an older list of what was remembered",
    ]  # fmt: skip


def test_names_of_files_given_to_chatgpt_are_kept(memory: Memory, tmp_path: Path) -> None:
    message = spoken({"content_type": "text", "parts": ["Look"]}, 1,
                     metadata={"attachments": [{"id": "f", "name": "cat.png"}]})  # fmt: skip

    [record], _ = import_twice(memory, "chatgpt", write_json(tmp_path / "c.json",
                                                             [chatgpt(message)]))  # fmt: skip

    assert record.metadata["attachments"] == [{"type": "file", "filename": "cat.png"}]


def test_branches_pastes_and_files_of_claude(memory: Memory, tmp_path: Path) -> None:
    def one(id: str, parent: str, text: str, *files: tuple[str, str]) -> dict[str, Any]:
        held = [{"file_name": name, "extracted_content": told} for name, told in files]
        return {"uuid": id, "sender": "human", "text": text, "created_at": AT,
                "parent_message_uuid": parent, "attachments": held}  # fmt: skip

    chat = {"uuid": "c", "name": "", "created_at": AT, "current_leaf_message_uuid": "3",
            "chat_messages": [one("1", "0", "Hi"), one("2", "1", "Tea?"),
                              one("3", "1", "", ("", "A long paste")),
                              one("4", "2", "Read", ("a.txt", "A file"))]}  # fmt: skip
    told = {"conversations_memory": "Gardens", "memory_files": [{"path": "a.md",
                                                                  "content": "Beans"}]}  # fmt: skip
    path = write_json(tmp_path / "c" / "conversations.json", [chat])
    write_json(tmp_path / "c" / "memories" / "a.json", told)
    write_json(tmp_path / "c" / "projects" / "p.json", {"uuid": "p", "docs": [],
                                                        "description": "A garden"})  # fmt: skip

    records, _ = import_twice(memory, "claude", path.parent)

    assert {one.text: one.metadata.get("branch") for one in records} == {
        "Hi": None, "Tea?": "side", "A long paste": None, "Read": "side", "A file": None,
        "Gardens": None, "Beans": None, "A garden": None,
    }  # fmt: skip


def test_chats_of_open_webui_by_user_without_thoughts(memory: Memory, tmp_path: Path) -> None:
    thought = '<details type="reasoning" done="true">\n> secret\n</details>\nGreen.'
    messages: list[dict[str, Any]] = [
        {"id": "1", "role": "user", "content": "Tea?", "files": [{"name": "a.pdf"}]},
        {"id": "2", "role": "assistant", "content": thought, "parentId": "1"},
    ]
    chat = {"history": {"currentId": "2", "messages": {one["id"]: one for one in messages}}}
    row = {"id": "c", "user_id": "u", "title": "T", "created_at": 1_760_000_000}
    path = write_json(tmp_path / "chats.json", [{**row, "chat": chat}])
    old = write_json(tmp_path / "old.json", [{**row, "id": "d", "chat": {"messages": messages}}])
    with closing(sqlite3.connect(tmp_path / "webui.db")) as database:
        database.execute("CREATE TABLE chat (id, user_id, title, chat, created_at)")
        database.execute("CREATE TABLE memory (id, user_id, content, created_at, updated_at)")
        database.execute("INSERT INTO chat VALUES ('c', 'u', 'T', ?, 1760000000)",
                         [json.dumps(chat)])  # fmt: skip
        database.execute("INSERT INTO memory VALUES ('m', 'u', 'Likes tea', 1760000000, 0)")
        database.commit()

    records, _ = import_twice(memory, "open-webui", path)

    assert said(records) == [("user", "Tea?"), ("agent", "Green.")]
    assert {one.scope for one in records} == {Scope(("user", "u"))}
    assert records[0].created_at == datetime.fromtimestamp(1_760_000_000, timezone.utc)
    report = memory.import_(tmp_path / "webui.db")
    assert (report.format, report.written, report.unchanged) == ("open-webui", 1, 2)
    assert memory.import_(old).written == 2


@pytest.mark.parametrize("deep", [120, 1_000])
def test_a_conversation_of_librechat_may_be_as_deep_as_it_is_long(
    memory: Memory, tmp_path: Path, deep: int
) -> None:
    nested = "".join(
        f'{{"messageId":"{n}","parentMessageId":"{n - 1}","isCreatedByUser":true,"createdAt":'
        f'"{AT}","text":"m{n}","children":['
        for n in range(deep)
    )
    path = tmp_path / "c.json"
    path.write_text('{"conversationId":"c","recursive":true,"messages":['
                    + nested + "]}" * deep + "]}")  # fmt: skip

    report = memory.import_(path)

    assert (report.format, report.written) == ("librechat", deep)
    assert [one.text for one in everything(memory)] == [f"m{n}" for n in range(deep)]
    assert all("branch" not in one.metadata for one in everything(memory))


def test_what_letta_lists_and_what_nobody_said(memory: Memory, tmp_path: Path) -> None:
    sent = {"id": "1", "role": "tool", "name": "send_message",
            "content": '{"status": "OK", "message": "None"}'}  # fmt: skip
    beat = {"id": "2", "role": "user", "content": '{"type": "heartbeat", "reason": "x"}'}
    write_json(tmp_path / "a" / "desk.af", {"agents": [{"id": "a", "messages": [sent, beat]}],
                                            "blocks": [], "files": [{"id": "f"}]})  # fmt: skip
    passage = {"id": "passage-1", "text": "Likes tea", "tags": ["drink"], "created_at": AT}
    write_json(tmp_path / "a" / "passages.json", [passage])

    [record], report = import_twice(memory, "letta", tmp_path / "a")

    assert (record.text, record.metadata) == ("Likes tea", {"tags": ["drink"]})
    assert [one.reason for one in report.reasons] == [
        "a file, which is no memory of the agent's", "the result of sending a message",
        "an event of the kind 'heartbeat', which nobody said",
    ]  # fmt: skip


def test_pages_points_events_and_relations_of_mem0(memory: Memory, tmp_path: Path) -> None:
    page = {"items": [{"id": "1", "content": "Likes tea", "state": "active", "metadata_": {"n": 1},
                       "created_at": 1_760_000_000}], "total": 1, "page": 1}  # fmt: skip
    point = {"id": "2", "payload": {"data": "Has a dog", "user_id": "alice", "hash": "h"}}
    added = {"results": [{"id": "3", "memory": "Lives in Oslo", "event": "ADD"},
                         {"id": "4", "memory": "Lives in Rome", "event": "DELETE"}],
             "relations": [{"source": "a", "relationship": "likes", "target": "tea"}]}  # fmt: skip
    for name, value in (("1", page), ("2", [point]), ("3", added)):
        write_json(tmp_path / "m" / f"{name}.json", value)
        assert memory.import_(tmp_path / "m" / f"{name}.json", dry_run=True).format == "mem0"

    records, report = import_twice(memory, "mem0", tmp_path / "m")

    assert {one.text: one.scope.names for one in records} == {
        "Likes tea": (), "Has a dog": ("user", "alice"), "Lives in Oslo": (),
    }  # fmt: skip
    assert (report.read, report.skipped) == (5, 2)


def test_times_of_items_that_javascript_wrote(memory: Memory, tmp_path: Path) -> None:
    item = {"namespace": ["a"], "key": "k", "value": {"text": "Tea"}, "createdAt": AT}

    [record], _ = import_twice(memory, "langgraph-store", write_json(tmp_path / "a.json", [item]))

    assert record.created_at == datetime(2026, 5, 1, 10, tzinfo=timezone.utc)


def test_an_image_that_a_tool_gave_is_no_text(memory: Memory, tmp_path: Path) -> None:
    picture = {"type": "computer_screenshot", "image_url": "data:image/png;base64,iVBORw0KGgo="}
    path = write_json(tmp_path / "c.json", [{"type": "computer_call_output", "output": picture}])

    report = memory.import_(path, format="openai-conversations")

    assert (report.written, report.skipped) == (0, 1)


def test_a_fact_of_graphiti_that_will_end_is_kept_until_then(
    memory: Memory, tmp_path: Path
) -> None:
    edge = {"uuid": "e", "fact": "On leave", "created_at": AT, "invalid_at": "2099-01-01T00:00:00Z"}
    episode = {"uuid": "p", "content": "Tea?", "role": "Alice", "role_type": "user",
               "thread_id": "t", "created_at": AT}  # fmt: skip
    path = write_json(tmp_path / "g.json", {"edges": [edge], "episodes": [episode], "communities": [
        {"uuid": "c", "name": "All", "summary": "Drinkers"}]})  # fmt: skip

    records, _ = import_twice(memory, "graphiti", path)

    assert {one.text for one in records} == {"On leave", "Tea?", "Drinkers"}
    [leave] = [one for one in records if one.text == "On leave"]
    assert leave.expires_at == datetime(2099, 1, 1, tzinfo=timezone.utc)
    [tea] = [one for one in records if one.text == "Tea?"]
    assert (tea.source.agent, tea.source.session, tea.source.origin) == ("Alice", "t", "user")


TABLES = {
    "semicolons": ("a.csv", "Text;Created_At\nLikes tea;2026-05-01\n"),
    "tabs": ("a.tsv", 'text\t"a, b, c"\nLikes tea\t1\n'),
    "columns of one name": ("a.csv", "text,tag,tag,\nLikes tea,1,2,3\n"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_as_programs_write_them(memory: Memory, tmp_path: Path, kind: str) -> None:
    name, text = TABLES[kind]
    (tmp_path / name).write_text(text)

    [record], report = import_twice(memory, "table", tmp_path / name)

    assert (record.text, report.notes) == ("Likes tea", ())
    if kind == "columns of one name":
        assert record.metadata == {"tag": "1", "tag 3": "2", "4": "3"}


def test_rows_of_a_conversation_keep_their_order_and_their_number(
    memory: Memory, tmp_path: Path
) -> None:
    talk = [("user", "And now?"), ("assistant", "No.")] * 2
    rows = "".join(f"s,{role},{text}\n" for role, text in talk)
    (tmp_path / "a.csv").write_text(f"session,role,text\n{rows}")

    records, report = import_twice(memory, "table", tmp_path / "a.csv")

    assert report.written == 4
    assert [(one.source.agent, one.text) for one in records] == talk


def test_columns_within_others_and_rows_that_lack_theirs(memory: Memory, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"body": {"text": "Likes tea"}}, {"n": 1},
                       {"body": {"text": {"odd": 1}}})  # fmt: skip

    report = memory.import_(path, columns={"text": "body.text"})

    assert (report.written, report.skipped) == (1, 2)
    assert [one.text for one in memory.records()] == ["Likes tea"]


def test_what_one_file_says_twice_of_one_id_is_in_the_history(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_json(
        tmp_path / "a.json", [{"id": "1", "memory": text} for text in ("Oslo", "Rome")]
    )

    report = memory.import_(path, format="mem0")

    assert (report.written, [one.text for one in memory.history("1")]) == (2, ["Oslo", "Rome"])


def database_of(path: Path, table: str, columns: str, rows: list[tuple[Any, ...]]) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {columns})")
        marks = ", ".join("?" for _ in rows[0])
        database.executemany(f"INSERT INTO {table} VALUES (NULL, {marks})", rows)
        database.commit()
    return path


def test_sessions_of_the_agents_sdk_are_in_the_order_of_their_table(
    memory: Memory, tmp_path: Path
) -> None:
    items = [
        {"role": "assistant", "content": "Welcome"}, QUESTION,
        {"type": "function_call", "call_id": "c", "name": "shop", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "None left"}, QUESTION,
    ]  # fmt: skip
    rows = [("talk", json.dumps(one), "2026-05-01 10:00:00") for one in items]
    path = database_of(tmp_path / "a.db", "agent_messages", "session_id, message_data, created_at",
                       [*rows, ("talk", "broken", "2026-05-01 10:00:01")])  # fmt: skip

    assert memory.import_(path, dry_run=True).format == "openai-conversations"
    records, report = import_twice(memory, "openai-conversations", path)

    assert [(one.source.agent, one.text) for one in records] == [
        ("assistant", "Welcome"), ("user", "Tea?"), ("shop", "None left"), ("user", "Tea?"),
    ]  # fmt: skip
    assert records[0].created_at == datetime(2026, 5, 1, 10, tzinfo=timezone.utc)
    assert (report.read, report.skipped) == (6, 2)


def test_memories_of_llamaindex_as_text_and_in_a_database(memory: Memory, tmp_path: Path) -> None:
    def block(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "blocks": [{"block_type": "text", "text": text}]}

    some = [block("user", "Tea?"), block("assistant", "Green.")]
    rows = [("alice", 1_760_000_000_000_000_000, one["role"], "active", json.dumps(one))
            for one in some]  # fmt: skip
    path = database_of(tmp_path / "a.db", "llama_index_memory",
                       '"key", timestamp, role, status, data', rows)  # fmt: skip
    buffer = {"chat_store": {"store": {"alice": some}, "class_name": "SimpleChatStore"},
              "chat_store_key": "alice"}  # fmt: skip

    assert memory.import_(path, dry_run=True).format == "llamaindex-chat"
    records, _ = import_twice(memory, "llamaindex-chat", path)

    assert said(records) == [("user", "Tea?"), ("agent", "Green.")]
    assert records[0].created_at == datetime.fromtimestamp(1_760_000_000, timezone.utc)
    report = memory.import_(write_json(tmp_path / "buffer.json", buffer))
    assert (report.format, report.unchanged) == ("llamaindex-chat", 2)


@pytest.mark.parametrize("is_entry", [True, False], ids=["one entry", "one by one"])
def test_a_message_without_a_time_stays_at_its_place(
    memory: Memory, tmp_path: Path, *, is_entry: bool
) -> None:
    told = [
        {**QUESTION, "createdAt": AT},
        ANSWER,
        {**QUESTION, "createdAt": "2026-05-01T11:00:00Z"},
    ]
    entries = [{"id": "c", "messages": told}] if is_entry else told
    path = write_lines(tmp_path / "log.jsonl", *entries)

    memory.import_(path)

    found = everything(memory)
    assert [one.text for one in found] == ["Tea?", "Green.", "Tea?"]
    assert found[1].created_at < datetime(2026, 5, 1, 10, 1, tzinfo=timezone.utc)


def test_threads_by_their_ids_are_recognised(memory: Memory, tmp_path: Path) -> None:
    message = {
        "id": "m", "object": "thread.message", "created_at": 1_750_000_000, "role": "user",
        "content": [{"type": "text", "text": {"value": "Tea?", "annotations": []}}],
    }  # fmt: skip
    path = write_json(tmp_path / "threads.json", {"thread_9": {"messages": [message]}})

    assert memory.import_(path).format == "openai-threads"
    assert everything(memory)[0].source.session == "thread_9"
