"""Chats that services export of an account: in the shapes that docs/migration.md names."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from commonplace import InvalidInputError, Memory, Record
from commonplace.transfer.importers.html_text import text_of_html
from imported import import_twice, write_json

UTC = timezone.utc


def recognised(memory: Memory, path: Path, format: str) -> tuple[list[Record], list[str]]:
    """Import without naming the format, twice; return the records and why others were skipped."""
    records, report = import_twice(memory, None, path)
    assert report.format == format
    assert report.read == report.written + report.unchanged + report.skipped
    return records, [one.reason for one in report.reasons]


def told(records: list[Record]) -> list[tuple[str | None, str | None, str]]:
    return [(one.source.origin, one.source.agent, one.text) for one in records]


def telegram(id: int, text: Any, by: str, by_id: str, **more: Any) -> dict[str, Any]:
    """Return a message as Telegram Desktop writes it."""
    return {"id": id, "type": "message", "date": "2025-03-01T12:00:00",
            "date_unixtime": str(1_740_830_400 + id), "from": by, "from_id": by_id,
            "text": text, "text_entities": [], **more}  # fmt: skip


PERSONAL = {"name": "Bob", "type": "personal_chat", "id": 77, "messages": [
    {"id": 1, "type": "service", "date": "2025-03-01T11:00:00", "date_unixtime": "1740826800",
     "actor": "Bob", "actor_id": "user77", "action": "phone_call", "text": "", "text_entities": []},
    telegram(2, "I eat no meat", "Alice", "user5"),
    telegram(3, ["See ", {"type": "text_link", "text": "this", "href": "https://example.org"}, "!"],
             "Bob", "user77"),
    telegram(4, "", "Bob", "user77", photo="photos/1.jpg"),
    telegram(8, "My plan", "Bob", "user77", media_type="document",
             file="plan.pdf (File not included. Change data exporting settings to download.)"),
    telegram(5, "The bank moved", "Alice", "user5", forwarded_from="News"),
    telegram(6, "", "Bob", "user77", poll={"question": "Tea?", "answers": [{"text": "Yes"}]}),
    {"id": 7, "type": "unsupported"},
]}  # fmt: skip


def test_a_chat_of_telegram(memory: Memory, tmp_path: Path) -> None:
    path = write_json(tmp_path / "result.json", PERSONAL)

    records, reasons = recognised(memory, path, "telegram")

    assert told(records) == [
        ("user", "Alice", "I eat no meat"), ("document", "Bob", "See this!"),
        ("document", "Alice", "The bank moved"), ("document", "Bob", "Tea?\nYes"),
        ("document", "Bob", "My plan"),
    ]  # fmt: skip
    plan = {"type": "document", "filename": "plan.pdf"}
    assert records[4].metadata == {"title": "Bob", "attachments": [plan]}
    assert {one.source.session for one in records} == {"77"}
    assert records[0].created_at == datetime.fromtimestamp(1_740_830_402, UTC)
    assert records[1].metadata == {"title": "Bob", "links": ["https://example.org"]}
    assert reasons == ["no message: 'phone_call'", "it has no text", "no message: 'unsupported'"]


def test_an_account_of_telegram(memory: Memory, tmp_path: Path) -> None:
    group = {
        "name": "Club",
        "type": "private_group",
        "id": 9,
        "messages": [
            telegram(1, "I am Alice", "Alice", "user5"),
            telegram(2, "I am Alice", "Mallory", "user6"),
        ],
    }
    bot = {
        "name": "Helper",
        "type": "bot_chat",
        "id": 8,
        "messages": [
            telegram(1, "Weather?", "Alice", "user5"),
            telegram(2, "Sun.", "Helper", "user8"),
        ],
    }
    own = {
        "type": "saved_messages",
        "id": 5,
        "messages": [telegram(1, "Buy tea", "Alice", "user5")],
    }
    whole = {"about": "Here is the data", "personal_information": {"user_id": 5},
             "contacts": {"about": "", "list": [{"first_name": "Bob"}]},
             "chats": {"about": "", "list": [PERSONAL, group, bot, own]},
             "left_chats": {"about": "", "list": [{**group, "id": 10}]}}  # fmt: skip
    path = write_json(tmp_path / "result.json", whole)

    records, _ = recognised(memory, path, "telegram")

    found = {(one.source.session, one.source.origin, one.text) for one in records}
    assert {("9", "user", "I am Alice"), ("9", "document", "I am Alice"), ("8", "user", "Weather?"),
            ("8", "agent", "Sun."), ("5", "user", "Buy tea"), ("10", "user", "I am Alice"),
            ("77", "user", "I eat no meat")} <= found  # fmt: skip


def test_a_chat_that_is_longer_than_one_item_may_be(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonplace.transfer.reading.MAX_ITEM_BYTES", 150_000)
    monkeypatch.setattr("commonplace.transfer.sample._START", 2_000)
    said = [telegram(number, f"Line {number}", "Alice", "user5") for number in range(1_200)]
    path = write_json(tmp_path / "result.json", {**PERSONAL, "messages": said})
    assert path.stat().st_size > 200_000

    report = memory.import_(path)
    assert (report.format, report.written) == ("telegram", 1_200)


def test_a_group_of_telegram_without_its_owner(memory: Memory, tmp_path: Path) -> None:
    old = {"id": 1, "type": "message", "date": "2019-03-01T12:00:00", "from": "Alice",
           "from_id": 4312345678, "text": "Hello"}  # as before 2021  # fmt: skip
    chat = {"name": "Club", "type": "private_group", "id": 9, "messages": [old, "x"]}

    report = memory.import_(write_json(tmp_path / "result.json", chat))

    assert (report.read, report.written, report.skipped) == (2, 1, 1)
    assert [one.source.origin for one in memory.records()] == ["document"]
    assert "taken as UTC" in report.notes[0].what


def test_chats_of_google_ai_studio(memory: Memory, tmp_path: Path) -> None:
    chat = {
        "runSettings": {"model": "models/gemini-2.5-pro"},
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "chunkedPrompt": {
            "chunks": [
                {"text": "Tea?", "role": "user", "tokenCount": 2,
                 "createTime": "2026-05-01T10:00:00.000Z"},
                {"driveDocument": {"id": "1abc"}, "role": "user", "tokenCount": 9},
                {"text": "Hmm", "role": "model", "isThought": True},
                {"executableCode": {"code": "1 + 1"}, "role": "model"},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}, "role": "model"},
                {"text": "Green.", "role": "model", "finishReason": "STOP"},
                {"parts": [{"text": "x", "thought": True}, {"text": "Or black."}], "role": "model"},
            ],
            "pendingInputs": [{"text": "And", "role": "user"}],
        },
    }  # fmt: skip
    path = write_json(tmp_path / "Tea", chat)  # as Drive keeps it: without an ending

    records, reasons = recognised(memory, path, "google-ai-studio")

    assert told(records) == [
        ("user", "user", "Tea?"), ("tool", "tool", "2"), ("agent", "gemini-2.5-pro", "Green."),
        ("agent", "gemini-2.5-pro", "Or black."),
    ]  # fmt: skip
    assert {one.source.session for one in records} == {"Tea"}
    assert records[0].created_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert reasons == [
        "a system instruction, not of a conversation", "it has no text", "a thought of the model",
        "a call of a tool: code", "a draft that was not sent",
    ]  # fmt: skip


def test_activity_of_gemini(memory: Memory, tmp_path: Path) -> None:
    def entry(title: str, minute: int, *answers: str, **more: Any) -> dict[str, Any]:
        html = {"safeHtmlItem": [{"html": one} for one in answers]} if answers else {}
        return {"header": "Gemini Apps", "title": title, "products": ["Gemini Apps"],
                "time": f"2026-05-01T10:{minute:02}:00.000Z", **html, **more}  # fmt: skip

    newest_first = [
        entry("Gave feedback: Good response", 9),
        entry("Created a canvas", 8, "<p>Plan</p>"),
        entry("Prompted And now?", 5, "<p>No.</p>", titleUrl="https://gemini.google.com/app/ab12"),
        entry("Prompted What is tea?", 4, "<p>A <b>drink</b>.</p>", "<p>A plant.</p>",
              attachedFiles=["cup.png"]),
        {**entry("Was ist Tee?", 3, "<p>Ein Getränk.</p>"), "header": "Gemini-Apps"},
    ]  # fmt: skip
    path = write_json(tmp_path / "Takeout" / "My Activity" / "MyActivity.json", newest_first)

    records, reasons = recognised(memory, path, "gemini")

    assert told(records) == [
        ("user", "user", "Was ist Tee?"), ("agent", "gemini", "Ein Getränk."),
        ("user", "user", "What is tea?"), ("agent", "gemini", "A drink."),
        ("agent", "gemini", "A plant."), ("user", "user", "And now?"), ("agent", "gemini", "No."),
        ("agent", "gemini", "Plan"),
    ]  # fmt: skip
    assert records[2].metadata == {"attachments": [{"type": "file", "filename": "cup.png"}]}
    assert records[4].metadata == {"choice": 1}
    assert [one.source.session for one in records[4:6]] == ["2026-05-01", "ab12"]
    assert reasons == ["neither a prompt nor an answer: 'Gave feedback: Good response'"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<pre><code>if a:\n    b</code></pre>", "if a:\n    b"),
        ("One<br>two &amp; three<script>x()</script>", "One\ntwo & three"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<p>not closed", "not closed"),
    ],
)
def test_what_is_read_in_html(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_the_archive_of_deepseek(memory: Memory, tmp_path: Path) -> None:
    def node(parent: str | None, *fragments: tuple[str, str]) -> dict[str, Any]:
        message = {
            "files": [],
            "model": "deepseek-chat",
            "inserted_at": "2026-05-01T10:00:00Z",
            "fragments": [{"type": kind, "content": text} for kind, text in fragments],
        }
        return {"parent": parent, "message": message if fragments else None}  # fmt: skip

    chat = {"id": "c", "title": "Tea", "inserted_at": "2026-05-01T10:00:00Z", "mapping": {
        "root": node(None), "1": node("root", ("REQUEST", "Tea?")),
        "2": node("1", ("THINK", "Hmm"), ("RESPONSE", "Black.")), "3": node("1", ("THINK", "x")),
        "4": node("1", ("THINK", "Hmm"), ("RESPONSE", "Green.")),
    }}  # fmt: skip
    path = tmp_path / "deepseek_data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([chat]))
        archive.writestr("user.json", json.dumps({"user_id": "u", "mobile": None}))

    records, reasons = recognised(memory, path, "deepseek")

    assert [(one.source.agent, one.text, one.metadata) for one in records] == [
        ("user", "Tea?", {"title": "Tea"}),
        ("deepseek-chat", "Green.", {"title": "Tea"}),
        ("deepseek-chat", "Black.", {"title": "Tea", "branch": "side"}),
    ]  # fmt: skip
    assert reasons == [
        "nothing was said: THINK",
        "not a conversation: \"{'user_id': 'u', 'mobile': None}\"",
    ]


def test_the_export_of_grok(memory: Memory, tmp_path: Path) -> None:
    def response(id: str, sender: str, text: str, at: int) -> dict[str, Any]:
        when = {"$date": {"$numberLong": str(1_777_629_600_000 + at)}}
        return {"response": {"_id": id, "sender": sender, "message": text, "create_time": when,
                             "model": "grok-4"}}  # fmt: skip

    shown = 'Green.<grok:render card_id="1" type="x"><argument>1</argument></grok:render>'
    talk = {"conversation": {"id": "c", "title": "Tea", "create_time": "2026-05-01T10:00:00Z"},
            "responses": [response("1", "human", "Tea?", 0), response("2", "ASSISTANT", shown, 1),
                          {"response": None}]}  # fmt: skip
    path = write_json(tmp_path / "prod-grok-backend.json",
                      {"conversations": [talk, "x"], "projects": [], "tasks": []})  # fmt: skip

    records, reasons = recognised(memory, path, "grok")

    assert told(records) == [("user", "user", "Tea?"), ("agent", "grok-4", "Green.")]
    assert records[0].created_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert reasons == ["not a message: \"{'response': None}\"", "not a conversation: 'x'"]


IOS = """\u200e[25.12.23, 10:30:45] Club: \u200eMessages and calls are end-to-end encrypted.
[25.12.23, 10:31:00] ~ Alice: I eat no meat
and no fish
[25.12.23, 10:31:00] Bob: No.
[25.12.23, 10:31:00] Bob: No.
\u200e[25.12.23, 10:32:00] Bob: \u200e<attached: 0001-PHOTO.jpg>
[01.02.24, 09:00:00] Bob: see: http://x
"""
ANDROID = """\
1/2/24, 9:41\u202fPM - Messages are end-to-end encrypted. Tap to learn more.
1/2/24, 9:41\u202fPM - Alice: Hi
1/2/24, 12:05\u202fAM - Alice: <Media omitted>
1/13/24, 12:05\u202fAM - Bob: cup.jpg (file attached)
My cup
"""


def test_chats_of_whatsapp(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat - Club.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", IOS)
        archive.writestr("0001-PHOTO.jpg", b"\xff\xd8")

    records, reasons = recognised(memory, path, "whatsapp")

    assert [(one.source.agent, one.text, one.created_at.replace(microsecond=0))
            for one in records] == [
        ("Alice", "I eat no meat\nand no fish", datetime(2023, 12, 25, 10, 31, tzinfo=UTC)),
        ("Bob", "No.", datetime(2023, 12, 25, 10, 31, tzinfo=UTC)),
        ("Bob", "No.", datetime(2023, 12, 25, 10, 31, tzinfo=UTC)),
        ("Bob", "see: http://x", datetime(2024, 2, 1, 9, tzinfo=UTC)),
    ]  # fmt: skip
    assert {one.source.session for one in records} == {"WhatsApp Chat - Club"}
    assert {one.source.origin for one in records} == {"document"}
    assert len(reasons) == 3
    assert "a file, and no text" in reasons


def test_whatsapp_with_the_month_first(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with Bob.txt"
    path.write_text(ANDROID, encoding="utf-8")

    records, reasons = recognised(memory, path, "whatsapp")

    assert [(one.text, one.created_at) for one in records] == [
        ("Hi", datetime(2024, 1, 2, 21, 41, tzinfo=UTC)),
        ("My cup", datetime(2024, 1, 13, 0, 5, tzinfo=UTC)),
    ]  # fmt: skip
    assert records[1].metadata == {"attachments": [{"type": "file", "filename": "cup.jpg"}]}
    assert len(reasons) == 2


@pytest.mark.parametrize(
    ("lines", "month", "is_certain"),
    [
        (["3/4/24, 10:00 - A: x"], 4, False),
        (["3/9/24, 10:00 - A: x", "4/1/24, 10:00 - A: y"], 3, True),  # else time would go back
        (["2024-03-04, 10:00 - A: x"], 3, True),
        (["2024/3/4, 10.00 - A: x"], 3, True),
    ],
)
def test_which_number_of_a_date_is_the_month(
    memory: Memory, tmp_path: Path, lines: list[str], month: int, *, is_certain: bool
) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("\n".join(lines), encoding="utf-8")

    report = memory.import_(path)

    assert min(one.created_at for one in memory.records()).month == month
    assert is_certain is not any("not certain" in one.what for one in report.notes)


@pytest.mark.parametrize(
    "value",
    [
        {"channel": {"name": "c"}, "messages": [{"id": "3", "type": "Default", "content": "Hi"}]},
        [{"type": "message", "user": "U1", "text": "Hi", "ts": "1512085950.000216"}],
        {"messages": [{"sender_name": "Bob", "timestamp_ms": 1, "content": "Hi"}]},
    ],
    ids=["Discord", "Slack", "Messenger"],
)
def test_messages_of_no_known_shape_are_refused_and_not_skipped_one_by_one(
    memory: Memory, tmp_path: Path, value: Any
) -> None:
    with pytest.raises(InvalidInputError, match=r"of no format that is known.*name the format"):
        memory.import_(write_json(tmp_path / "messages.json", value))


def test_a_file_that_cannot_be_unpacked_to_its_end_is_recognised_by_its_start(
    memory: Memory, tmp_path: Path
) -> None:
    chance = random.Random(1)
    lines = (json.dumps({"role": "user", "content": str(chance.random())}) for _ in range(900))
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode())[:9_000])

    with pytest.raises(InvalidInputError, match=r"was cut off.*Before that, of \d+ items"):
        memory.import_(path)
    assert memory.count() > 100


def test_what_is_no_chat_is_refused(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Buy tea\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="whatsapp has a text file of lines with date"):
        memory.import_(tmp_path / "notes.txt")
    with pytest.raises(InvalidInputError, match="holds no line that begins with date and time"):
        memory.import_(tmp_path / "notes.txt", format="whatsapp")
    (tmp_path / "cut.json").write_text(json.dumps(PERSONAL)[:-300], encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"not complete JSON.*Before that"):
        memory.import_(tmp_path / "cut.json", format="telegram")
