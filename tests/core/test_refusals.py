"""What is refused says what happened and what to do; what need not be refused is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.errors import StoreError
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder
from commonplace.values.validation import MAX_METADATA_BYTES
from http_api import app_on, asking

HOMELESS = """
import os, sys
os.environ.pop("HOME", None)
os.setreuid(54321, 0)  # who it is decides where the home is, and what it may is still all
import commonplace
from commonplace.testing import HashingEmbedder

for options in ({"embedder": HashingEmbedder()}, {}):
    with commonplace.open(f"{sys.argv[1]}/{len(options)}", **options) as memory:
        memory.remember("Likes tea")
        print(memory.count(), "HOME" in os.environ)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="takes another user's id")
def test_a_user_without_a_home_needs_none(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", HOMELESS, tmp_path], capture_output=True, text=True, check=False
    )

    assert ran.stdout == "1 False\n1 False\n", ran.stderr


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("file:///srv/my%20memory", "'/srv/my memory'"),
        (Path("file:///srv/memory"), "'/srv/memory'"),
        ("sqlite:///memory.db", "Only http and https"),
        ("ftp://host/memory", "Only http and https"),
        ("postgres://ann:s3cret@host/memory", r"postgres://ann:\*\*\*@host/memory"),
        ("file:memory", "'memory'"),
        ("localhost:8000", "begins with http://"),
        ("memory.test:8000/", "begins with http://"),
    ],
)
def test_a_url_is_no_path(url: str | Path, hint: str, memory: Memory) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: commonplace.open(url),
        lambda: commonplace.open(url, shared=True),
        lambda: memory.export(url),
        lambda: memory.import_(url),
        lambda: memory.backup(url),
        lambda: memory.erase(reason="1", backups=[url]),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidInputError, match=hint):
            attempt()
    assert not Path("file:").exists()


@pytest.mark.parametrize("is_file", [False, True])
def test_a_directory_that_is_gone_is_not_a_full_disk(*, is_file: bool, tmp_path: Path) -> None:
    memory = commonplace.open(tmp_path / "store", embedder=HashingEmbedder())
    memory.remember("Likes tea")
    shutil.rmtree(tmp_path / "store")
    if is_file:
        (tmp_path / "store").touch()

    for attempt in (lambda: memory.remember("Likes coffee"), memory.flush):
        with pytest.raises(StoreError, match="removed or moved while this memory was open"):
            attempt()


def test_a_directory_may_be_named_like_a_host(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("localhost:8000").mkdir()

    with commonplace.open("localhost:8000", embedder=HashingEmbedder()) as memory:
        assert memory.count() == 0
    with commonplace.open("./localhost:8001", embedder=HashingEmbedder()) as memory:
        assert memory.count() == 0


def test_metadata_is_limited_in_bytes(memory: Memory) -> None:
    most = {"m": "\u00e9" * ((MAX_METADATA_BYTES - 9) // 2)}

    assert memory.remember("A photo", metadata=most).metadata == most
    with pytest.raises(InvalidInputError, match=r"400,00[0-9] bytes as JSON; the limit is 400,000"):
        memory.remember("Another", metadata={"m": most["m"] + "ab"})
    assert memory.count() == 1


def test_a_server_refuses_in_one_sentence() -> None:
    asked = asking(app_on(InMemoryStore()), "all")

    for item, said in [
        (
            {"text": "Tea", "created_at": 5},
            "A time is written such as '2026-05-04T12:00:00Z', not 5.",
        ),
        ({"text": 5}, "Input should be a valid string."),
    ]:
        refused = asked.post("/v1/remember", json={"items": [item]}).json()["error"]["message"]
        assert refused.partition(": ")[2] == said


def test_what_the_library_can_be_asked_the_server_can() -> None:
    asked = asking(app_on(InMemoryStore()), "all")
    at = datetime(2024, 5, 4, tzinfo=timezone.utc)
    item = {"text": "Lives in Oslo", "created_at": at.isoformat(), "kind": "preference"}

    [record] = asked.post("/v1/remember", json={"items": [item]}).json()
    changes = {"derived_from": [record["id"]]}
    asked.post("/v1/set", json={"key": "city", "value": "Oslo"})
    past = {"key": "city", "as_of": at.isoformat(), "default": "unknown"}

    assert datetime.fromisoformat(record["created_at"].replace("Z", "+00:00")) == at
    updated = asked.post("/v1/update", json={"id": record["id"], "changes": changes}).json()
    assert updated["derived_from"] == [record["id"]]
    assert asked.post("/v1/get", json={"key": "city"}).json() == "Oslo"
    assert asked.post("/v1/get", json=past).json() == "unknown"
    context = {"query": "Where is Oslo?", "kinds": ["event"]}
    assert asked.post("/v1/context", json=context).json() == ""
