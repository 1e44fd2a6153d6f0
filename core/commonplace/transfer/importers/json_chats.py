"""Files of JSON that hold chats, one object each: how they are read, whatever a chat looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, json_files, last_change


def chats(
    path: Path,
    framework: str,
    fits: Callable[[dict[str, Any]], bool],
    messages: Callable[[dict[str, Any], str, datetime], Iterator[Message | Skipped]],
    called: str,
) -> Iterator[Found | Skipped]:
    """Yield the messages of every chat in a file or a folder of files.

    `fits` tells whether an object is one. `messages` takes it, the place where it stands, and the
    time of the file. `called` says what a chat is, where something else is in its place.
    """
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if isinstance(element.value, dict) and fits(element.value):
                found = messages(element.value, element.where, at)
                yield from records_of(framework, with_notes(found, element.notes))
            elif element.part != "rest":
                yield Skipped(element.where, f"not {called}: {str(element.value)[:40]!r}")
