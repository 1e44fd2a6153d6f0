"""The formats that can be imported, and which of them a file is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.transfer import jsonl
from commonplace.transfer.importers import (
    autogen_chroma,
    chat_log,
    chatgpt_export,
    claude_export,
    crewai_lancedb,
    crewai_storage,
    deepseek,
    gemini_activity,
    google_ai_studio,
    graphiti,
    grok,
    langchain_chroma,
    langchain_messages,
    langgraph_store,
    letta,
    librechat,
    llamaindex_chat,
    mem0,
    open_webui,
    openai_conversations,
    openai_threads,
    table,
    telegram,
    whatsapp,
)
from commonplace.transfer.reading import Found, Skipped
from commonplace.transfer.sample import Sample, sample


@dataclass(frozen=True, slots=True)
class Choices:
    """What the caller says of a source that it does not say itself.

    `collections` of a Chroma directory that are taken; `columns` of a table by what they hold.
    """

    collections: Sequence[str] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


class Format(NamedTuple):
    """How a format is read, how it is told from others, and what it has, in words."""

    read: Callable[[Path, Choices], Iterator[Found | Skipped]]
    fits: Callable[[Sample], bool]
    has: str


def _objects(fits: Callable[[dict[str, Any]], bool]) -> Callable[[Sample], bool]:
    return lambda seen: seen.any(fits)


def _keys(*keys: str) -> Callable[[Sample], bool]:
    return _objects(lambda one: all(key in one for key in keys))


def _plain(read: Callable[[Path], Iterator[Found | Skipped]]) -> Any:
    return lambda path, _: read(path)


def _named(pattern: str) -> Callable[[str], bool]:
    return lambda name: re.fullmatch(pattern, name) is not None


# From those that are sure of their signs to those that many files would fit.
FOREIGN: dict[str, Format] = {
    "crewai-lancedb": Format(
        _plain(crewai_lancedb.read), lambda seen: seen.has("memories.lance"), "memories.lance"
    ),
    "crewai-storage": Format(
        _plain(crewai_storage.read),
        crewai_storage.fits,
        "long_term_memory_storage.db, or Chroma collections named short_term and entities",
    ),
    "autogen-chroma": Format(
        lambda path, choices: autogen_chroma.read(path, choices.collections),
        autogen_chroma.fits,
        "a Chroma directory with AutoGen's pickles or its mime types",
    ),
    "langchain-chroma": Format(
        lambda path, choices: langchain_chroma.read(path, choices.collections),
        lambda seen: seen.has("chroma.sqlite3" if seen.kind == "folder" else "embedding_metadata"),
        "chroma.sqlite3 in a folder",
    ),
    "claude": Format(
        _plain(claude_export.read),
        _objects(claude_export.fits),
        "conversations with chat_messages, projects, memories",
    ),
    "deepseek": Format(
        _plain(deepseek.read), _objects(deepseek.fits), "conversations with mapping and inserted_at"
    ),
    "grok": Format(_plain(grok.read), _objects(grok.fits), "conversations with responses"),
    "gemini": Format(
        _plain(gemini_activity.read),
        _objects(gemini_activity.fits),
        "activity of Gemini with title and time",
    ),
    "google-ai-studio": Format(
        _plain(google_ai_studio.read), _objects(google_ai_studio.fits), "a chunkedPrompt"
    ),
    "telegram": Format(
        _plain(telegram.read), _objects(telegram.fits), "chats with messages, by their type"
    ),
    "whatsapp": Format(
        _plain(whatsapp.read), whatsapp.fits, "a text file of lines with date, time and name"
    ),
    "chatgpt": Format(
        _plain(chatgpt_export.read), _keys("mapping"), "conversations with a mapping"
    ),
    "letta": Format(_plain(letta.read), _objects(letta.fits), "agents and blocks"),
    "llamaindex-chat": Format(
        _plain(llamaindex_chat.read), llamaindex_chat.fits, "a store of messages by key"
    ),
    "librechat": Format(
        _plain(librechat.read), _objects(librechat.fits), "conversationId with messages"
    ),
    "open-webui": Format(
        _plain(open_webui.read), open_webui.fits, "chats with a history, or memories of a user"
    ),
    "langchain-messages": Format(
        _plain(langchain_messages.read),
        langchain_messages.fits,
        "messages of a type with data, or a table message_store",
    ),
    "graphiti": Format(_plain(graphiti.read), _objects(graphiti.fits), "facts and episodes"),
    "openai-threads": Format(
        _plain(openai_threads.read), _objects(openai_threads.fits), "thread.message objects"
    ),
    "openai-conversations": Format(
        _plain(openai_conversations.read),
        openai_conversations.fits,
        "items with input_text and output_text, conversation objects, or a table of sessions",
    ),
    "langgraph-store": Format(
        _plain(langgraph_store.read),
        langgraph_store.fits,
        "a table store, or items with namespace, key and value",
    ),
    "chat-log": Format(
        _plain(chat_log.read), _objects(chat_log.fits), "messages with roles, requests, choices"
    ),
    "mem0": Format(
        _plain(mem0.read), mem0.fits, "memories with memory or data, or rows of a history"
    ),
    "table": Format(
        lambda path, choices: table.read(path, choices.columns),
        lambda seen: seen.kind == "table",
        "a CSV file; JSON Lines if columns are named",
    ),
}

# The archives that services export: how a reader takes them in place, by the names of their files.
ARCHIVES: dict[str, Callable[[str], bool]] = {
    "chatgpt": _named(chatgpt_export.SHARDS),
    "claude": _named(r"(conversations|projects|memories|[0-9a-f-]{36})\.json"),
    "mem0": _named(r"memories\.json(l\.gz)?"),
}
# What such an archive holds of the account: nothing that was said.
COMPANIONS = frozenset(
    f"{one}.json"
    for one in (
        "user", "users", "user_settings", "message_feedback", "model_comparisons",
        "shared_conversations", "conversation_asset_file_names", "export_manifest",
    )
)  # fmt: skip
# A folder with one of these is a database, and is read as a whole.
DIRECTORIES = frozenset(
    {"memories.lance", "long_term_memory_storage.db", "chroma.sqlite3", "uid_memo_dict.pkl"}
)


def recognised(path: Path, choices: Choices) -> str:
    """Return the format of a file or folder.

    Raises InvalidInputError that says of each format why it is none of it.
    """
    seen = sample(path)
    if seen.any(lambda one: one.get("format") == jsonl.FORMAT):
        return jsonl.FORMAT
    if choices.columns:
        return "table"
    for name, format in FOREIGN.items():
        if format.fits(seen):
            return name
    ours = jsonl.why_none(path) if path.is_file() else "it is no file"
    missed = "; ".join(f"{name} has {format.has}" for name, format in FOREIGN.items())
    raise InvalidInputError(
        f"{str(path)!r} is of no format that is known. It holds {seen}. It is not "
        f"{jsonl.FORMAT}: {ours} And it lacks what the others have: {missed}. If it is one of "
        "these all the same, name the format."
    )


def check_choices(format: str, choices: Choices) -> None:
    """Refuse choices that a format has no use for. Raises InvalidInputError."""
    if choices.collections and not format.endswith("-chroma"):
        raise InvalidInputError(f"collections are of Chroma directories, and {format} has none.")
    if choices.columns and format != "table":
        raise InvalidInputError(f"columns are of the format 'table', and {format} has none.")
