"""`commonplace ui` as a program: it shows a directory, and agents join it meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import commonplace
from commonplace.testing import HashingEmbedder

# The address is the one that the program started here prints.
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

UI = [sys.executable, "-m", "commonplace.cli", "ui"]
MINE = HashingEmbedder()


def test_a_directory_is_shown_whichever_model_it_is_of_and_stays_open_to_agents(
    tmp_path: Path,
) -> None:
    with commonplace.open(tmp_path / "store", embedder=MINE) as memory:
        memory.scope("user", "nia").remember("Likes tea")

    with subprocess.Popen(
        [*UI, str(tmp_path / "store"), "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            entrance, _, key = process.stdout.readline().strip().partition("#")
            before = told(entrance, key)
            with commonplace.open(tmp_path / "store", embedder=MINE) as joined:
                joined.scope("user", "bob").remember("Likes coffee")
            after = told(entrance, key)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0

    assert (before, after) == (["user/nia"], ["user/bob", "user/nia"])
    with commonplace.open(tmp_path / "store", embedder=MINE) as memory:
        assert memory.count() == 2


def told(entrance: str, key: str) -> list[str]:
    """Return the scopes that the inspector shows to a program."""
    address = entrance.removesuffix("enter") + "?format=json"
    with urlopen(Request(address, headers={"authorization": f"Bearer {key}"})) as answer:
        return [one["scope"] for one in json.load(answer)["scopes"]]


def test_what_is_no_store_is_said_and_none_is_made(tmp_path: Path) -> None:
    run = subprocess.run([*UI, str(tmp_path / "typo")], capture_output=True, text=True, check=False)

    assert run.returncode == 3
    assert run.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
