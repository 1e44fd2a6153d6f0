"""`commonplace mcp` as hosts run it: a program over pipes, several on one directory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commonplace.files.ownership import is_served, owner_of
from embeddings_server import EmbeddingsServer
from mcp_client import ERAS, over_stdio
from threaded_server import running

PEANUTS = "Alice is allergic to peanuts"
ALLERGIC = "What is Alice allergic to?"
PROGRAM = ["-I", "-m", "commonplace", "mcp"]
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory whose background server ends with the tests."""
    directory = tmp_path_factory.mktemp("mcp") / "memory"
    yield directory
    end_server(directory)


def end_server(directory: Path) -> None:
    """End the server of a directory, and wait until it has let go."""
    owner = owner_of(directory)
    if owner is not None:
        os.kill(owner.pid, signal.SIGTERM)
        while is_served(directory):
            pass


@pytest.fixture
def embeddings() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server, running(server):
        yield server


@pytest.mark.enable_socket
async def test_a_model_behind_an_address_embeds(
    tmp_path: Path, embeddings: EmbeddingsServer
) -> None:
    place, model = tmp_path / "memory", f"openai:tiny@{embeddings.address}"
    try:
        async with over_stdio(
            [*of_alice(place), "--embedder", model], tmp_path / "errors", ERAS[0]
        ) as host:
            await host.call("remember", text=PEANUTS)
            assert PEANUTS in (await host.call("recall", query=ALLERGIC)).text
    finally:
        end_server(place)
    assert any(PEANUTS in asked["input"] for asked in embeddings.asked)


def of_alice(directory: Path) -> list[str]:
    return [*PROGRAM, str(directory), "--scope", "user/alice"]


def run(arguments: list[str], said: str = "", **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("era", ERAS)
async def test_two_hosts_share_a_directory_and_outlive_its_server(
    directory: Path, tmp_path: Path, era: str
) -> None:
    errors = tmp_path / "errors"
    fact = f"{PEANUTS}, said after a {era}"
    async with over_stdio(of_alice(directory), errors, era) as one:
        async with over_stdio([*of_alice(directory), "--agent", "cursor"], errors, era) as other:
            kept = await asyncio.gather(
                one.call("remember", text=fact),
                *(other.call("remember", text=f"Note {era} {at}") for at in range(8)),
            )
            assert not [answer.text for answer in kept if answer.failed]
            assert fact in await other.recalled(ALLERGIC)
        end_server(directory)
        assert fact in await one.recalled(ALLERGIC)
        assert f"Note {era} 7" in await one.recalled(f"Note {era} 7")


WAITS = """
import sys
from pathlib import Path
from commonplace.mcp import stdio

def opening():
    Path(sys.argv[1]).touch()
    Path(sys.argv[2]).read_bytes()  # a pipe: until the test has written to it
    import commonplace
    from commonplace.testing import HashingEmbedder
    return commonplace.open(":memory:", embedder=HashingEmbedder())

stdio.serve(opening)
"""


def test_a_call_that_is_cancelled_ends_no_session(tmp_path: Path) -> None:
    started, go = tmp_path / "started", tmp_path / "go"
    os.mkfifo(go)
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(started), str(go)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as host:
        assert host.stdin is not None
        assert host.stdout is not None

        def say(method: str, id: int | None = None, **params: Any) -> None:
            message = {"jsonrpc": "2.0", "method": method, "params": params}
            named = message if id is None else {**message, "id": id}
            print(json.dumps(named), file=host.stdin, flush=True)

        say("initialize", 1, **HELLO["params"])  # type: ignore[arg-type]  # an object
        say("notifications/initialized")
        say("tools/call", 2, name="remember", arguments={"text": "Not waited for"})
        while not started.exists():
            assert host.poll() is None
        say("notifications/cancelled", requestId=2)
        say("tools/call", 3, name="get_value", arguments={"key": "it"})
        go.write_bytes(b"")
        answers = iter(map(json.loads, host.stdout))
        answer = next(one for one in answers if one["id"] == 3)
        host.stdin.close()
        assert all(one["id"] == 2 for one in answers)  # what is still said is heard

    assert answer["result"]["structuredContent"]["found"] is False
    assert host.returncode == 0


def test_the_first_answer_comes_before_anything_is_opened_and_the_end_is_clean(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "memory"

    code, out, errors = run(of_alice(directory), json.dumps(HELLO) + "\n")

    [answer] = [json.loads(line) for line in out.splitlines()]
    assert answer["result"]["serverInfo"]["name"] == "commonplace"
    assert "quoted data" in answer["result"]["instructions"]
    assert (code, errors) == (0, "")
    assert not directory.exists()


PRINTS = """
import logging, os, subprocess, sys
from commonplace.mcp import stdio

def noisy():
    print("from Python"); os.write(1, b"from C\\n"); subprocess.run(["echo", "from a child"])
    logging.getLogger("a library").error("from a log")
    import commonplace
    from commonplace.testing import HashingEmbedder
    return commonplace.open(":memory:", embedder=HashingEmbedder())

stdio.serve(noisy)
"""


async def test_nothing_but_the_protocol_is_on_stdout(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    async with over_stdio(["-c", PRINTS], errors) as host:
        assert not (await host.call("remember", text="Likes tea")).failed
    said = errors.read_text()
    for one in ("from Python", "from C", "from a child", "from a log"):
        assert one in said


def test_what_is_imported_before_the_first_answer_is_little() -> None:
    listed = (
        "import sys, commonplace.mcp.server; "
        "print([one for one in ('chromadb', 'numpy', 'onnxruntime', 'fastapi', 'Stemmer', "
        "'dateparser') if one in sys.modules])"
    )

    assert run(["-c", listed])[1] == "[]\n"


async def test_a_directory_that_cannot_be_had_is_told_to_the_model(tmp_path: Path) -> None:
    file = tmp_path / "memory"
    file.write_text("no directory")

    async with over_stdio(of_alice(file), tmp_path / "errors") as host:
        told = await host.call("recall", query="tea")

    assert told.failed
    assert "memory" in told.text
    assert file.read_text() == "no directory"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (lambda path: [str(path)], "--scope user/alice"),
        (lambda path: [str(path), "--scope", ""], "--scope user/alice"),
        (lambda path: [str(path), "--scope", "user//alice"], "empty"),
    ],
)
def test_a_wrong_launch_says_what_to_do(
    tmp_path: Path, arguments: Callable[[Path], list[str]], said: str
) -> None:
    code, out, errors = run([*PROGRAM, *arguments(tmp_path / "memory")])

    assert code != 0
    assert out == ""
    assert said in errors
    assert len(errors.splitlines()) == 1
    assert not (tmp_path / "memory").exists()


def test_nonsense_on_the_wire_ends_nothing(tmp_path: Path) -> None:
    lines = ["no JSON", "{}", "[]", '{"jsonrpc": "2.0", "id": 9, "method": "no/such"}']

    code, out, errors = run(
        of_alice(tmp_path / "memory"), "\n".join([*lines, json.dumps(HELLO), ""])
    )

    answers: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(errors.splitlines()) <= len(lines)
    assert answers[-1]["result"]["serverInfo"]["name"] == "commonplace"
