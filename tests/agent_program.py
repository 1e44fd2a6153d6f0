"""A process with a memory: it does what it is told on stdin, line by line, and answers on stdout.

Started by `agent_processes.Agent`. Each line is a JSON list: a verb of this module and its
arguments.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import commonplace
from commonplace import CommonplaceError, Memory
from commonplace.testing import HashingEmbedder


def remember(memory: Memory, text: str) -> str:
    return memory.remember(text).id


def write(memory: Memory, name: str, count: int) -> int:
    """Remember so many texts, and tell of each once it is acknowledged."""
    for number in range(count):
        memory.remember(f"{name} learned fact number {number}", kind="event")
        say({"acknowledged": f"{name} learned fact number {number}"})
    return count


def bring(memory: Memory, path: str) -> dict[str, int]:
    """Import a file, and tell how many items were written, unchanged and skipped."""
    report = memory.import_(path)
    return {
        "written": report.written,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
    }


def recall(memory: Memory, query: str) -> list[str]:
    return [match.record.text for match in memory.recall(query, limit=3)]


def texts(memory: Memory) -> list[str]:
    return [record.text for record in memory.records(limit=1_000_000)]


def converse(memory: Memory, name: str, count: int) -> int:
    """Say so many things in a session that others share; each has an id, and is added once."""
    chat = memory.conversation("shared session")
    for number in range(count):
        text = f"{name} says number {number}"
        chat.add({"role": "user", "content": text, "id": text})
        say({"acknowledged": text})
    return count


def said(memory: Memory) -> list[str]:
    window = memory.conversation("shared session").messages(max_tokens=1_000_000)
    return [message["content"] for message in window]


def unfindable(memory: Memory) -> list[str]:
    """Return the texts that a recall of these very texts does not find."""
    return [text for text in texts(memory) if text not in recall(memory, text)]


def fork(memory: Memory, text: str, how: str = "exit") -> dict[str, Any]:
    """Remember a text in a forked process and end that; tell what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, answer(memory, ["remember", text]).encode())
        os.close(writing)
        end(memory, how)
    os.close(writing)
    with os.fdopen(reading) as said:
        outcome: dict[str, Any] = json.loads(said.read())
    _, status = os.waitpid(child, 0)
    return {**outcome, "ended": status}


def end(memory: Memory, how: str) -> NoReturn:
    """End this process: as any program does, at once, or having let go of the memory."""
    if how == "os._exit":
        os._exit(0)
    if how == "closed":
        memory.close()
    if how == "deleted":
        memory.__dict__.clear()
        gc.collect()
    sys.exit(0)


def fork_and_leave(_: Memory) -> int:
    """Fork a process that does nothing and outlives this one; return its number."""
    child = os.fork()
    if child == 0:
        for pipe in (sys.stdin, sys.stdout):
            os.close(pipe.fileno())
        signal.pause()
    return child


def limit_files(_: Memory, most: int) -> None:
    """Let no file of this process grow beyond so many bytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # which would end it
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def close(memory: Memory) -> None:
    memory.close()


VERBS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        remember,
        write,
        recall,
        bring,
        texts,
        converse,
        said,
        unfindable,
        fork,
        fork_and_leave,
        limit_files,
        close,
    )
}


def answer(memory: Memory, asked: list[Any]) -> str:
    try:
        return json.dumps({"answer": VERBS[asked[0]](memory, *asked[1:])})
    except CommonplaceError as error:
        return json.dumps({"error": type(error).__name__, "message": str(error)})


def say(what: object) -> None:
    sys.stdout.write(f"{what if isinstance(what, str) else json.dumps(what)}\n")
    sys.stdout.flush()


def main(directory: str, how: str) -> None:
    try:
        memory = commonplace.open(directory, shared=how == "shared", embedder=HashingEmbedder())
    except CommonplaceError as error:
        say({"error": type(error).__name__, "message": str(error)})
        return
    say({"answer": os.getpid()})
    for line in sys.stdin:
        say(answer(memory, json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
