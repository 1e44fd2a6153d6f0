"""Processes with a memory, and the background server of a directory, as real processes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from commonplace.files.ownership import owner_of
from commonplace.testing import HashingEmbedder

PROGRAM = Path(__file__).with_name("agent_program.py")
# Far more than anything here takes; a test that waits for so long has failed.
DEADLINE_SECONDS = 120.0


class AgentError(Exception):
    """What a verb raised in the agent's process: its type's name and message."""


class Agent:
    """A process that opened a directory, told one verb at a time (see agent_program.py)."""

    def __init__(self, directory: Path, how: str = "shared") -> None:
        """Start it; `opened` waits until it has opened the directory."""
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(directory), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._unread = b""
        self.acknowledged: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def opened(self) -> Agent:
        self.answer()
        return self

    def ask(self, *verb: Any) -> Any:
        self.tell(*verb)
        return self.answer()

    def tell(self, *verb: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(verb).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer; what is acknowledged before is noted. Raises AgentError."""
        for line in self._lines():
            said = json.loads(line)
            if "acknowledged" in said:
                self.acknowledged.append(said["acknowledged"])
            elif "error" in said:
                raise AgentError(f"{said['error']}: {said['message']}")
            else:
                return said["answer"]
        raise AgentError(f"the agent {self.pid} ended")

    def await_acknowledged(self, count: int) -> None:
        """Wait until so many writes are acknowledged."""
        for line in self._lines():
            self.acknowledged.append(json.loads(line)["acknowledged"])
            if len(self.acknowledged) >= count:
                return

    def drain(self) -> None:
        """Note what was acknowledged by a process that has ended."""
        for line in self._lines():
            said = json.loads(line)
            if "acknowledged" in said:
                self.acknowledged.append(said["acknowledged"])

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, and note what it had acknowledged."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        self.drain()

    def end(self) -> None:
        """Let it end by itself."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(DEADLINE_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()

    def _lines(self) -> Iterator[bytes]:
        """Yield whole lines until the process ends."""
        assert self._process.stdout
        ends_at = monotonic() + DEADLINE_SECONDS
        while True:
            while b"\n" in self._unread:
                line, _, self._unread = self._unread.partition(b"\n")
                yield line
            ready, _, _ = select.select([self._process.stdout], [], [], ends_at - monotonic())
            if not ready:
                raise TimeoutError(f"the agent {self.pid} says nothing")
            read = os.read(self._process.stdout.fileno(), 65_536)
            if not read:
                return
            self._unread += read


@contextmanager
def agents(directory: Path, count: int, how: str = "shared") -> Iterator[list[Agent]]:
    """Start so many processes at once on a directory, and end them and its server."""
    with ExitStack() as ending:
        ending.callback(end_server, directory)
        started = [Agent(directory, how) for _ in range(count)]
        for agent in started:
            ending.callback(agent.end)
        yield started


@contextmanager
def background(directory: Path, linger: float) -> Iterator[subprocess.Popen[bytes]]:
    """Start the background server of a directory, as the first opener does."""
    model = HashingEmbedder().name
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "commonplace.service.background", str(directory)),
            *("--cache-bytes", str(2**29), "--embedder", model, "--linger", str(linger)),
        ]
    )
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def server_of(directory: Path) -> int:
    """Return the process that serves, or served, a directory."""
    owner = owner_of(directory)
    assert owner is not None
    assert owner.serves
    return owner.pid


def kill_server(directory: Path) -> int:
    pid = server_of(directory)
    os.kill(pid, signal.SIGKILL)
    return pid


def end_server(directory: Path) -> None:
    owner = owner_of(directory)
    if owner is not None and owner.serves:
        with suppress(ProcessLookupError):
            os.kill(owner.pid, signal.SIGKILL)
