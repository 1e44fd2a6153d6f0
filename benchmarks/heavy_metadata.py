"""A narrow key attacks by metadata: one item of 60 MB, and many that together are too much.

    python benchmarks/torture.py --trials metadata

The key of the server has a limit of 2 MB. The items are sent to the routes that screen,
and to those that the client of ours uses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_BYTES = 2_000_000
_AT = "2026-01-01T00:00:00+00:00"
_CLI = (sys.executable, "-m", "commonplace")
_SECONDS = 120


def attacks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a path, and what is sent there."""
    shapes: dict[str, dict[str, Any]] = {
        "one value": {"a": "x" * 60_000_000},
        "many keys": {f"k{number}": "x" * 1_000 for number in range(60_000)},
        "one key": {"k" * 60_000_000: 1},
        "a list": {"a": ["x"] * 12_000_000},
    }
    for metadata in shapes.values():
        yield "remember", {"items": [{"text": "Likes tea", "metadata": metadata}]}
        yield "engine/write", {"records": [_record("big", metadata)]}
    for number in range(20):
        metadata = {"a": f"{number}" + "x" * 390_000}
        yield "remember", {"items": [{"text": f"Likes tea {number}", "metadata": metadata}]}
        yield "engine/write", {"records": [_record(f"r{number}", metadata)]}


def attacked(directory: Path) -> tuple[Counter[int], int]:
    """Attack a store of the default model; return how often each status came, and its growth."""
    made = [*_CLI, "keys", "add", "user/eve", "--dir", str(directory)]
    key = _said([*made, "--max-bytes", str(MOST_BYTES)]).split()[-1]
    before, answers = _size(directory), Counter[int]()
    with _serving(directory) as address:
        for path, body in attacks():
            answers[_status(f"{address}/v1/{path}", key, body)] += 1
    return answers, _size(directory) - before


def _record(id: str, metadata: dict[str, Any]) -> dict[str, Any]:
    told = {"text": f"Likes tea {id}", "scope": "user/eve", "id": id, "created_at": _AT}
    return {**told, "metadata": metadata}


@contextmanager
def _serving(directory: Path) -> Iterator[str]:
    given = [*_CLI, "serve", str(directory), "--port", "0"]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  # ours
        assert server.stdout is not None
        try:
            yield next(
                word.rstrip(".,")
                for line in server.stdout
                for word in line.split()
                if word.startswith("http://")
            )
        finally:
            server.terminate()


def _status(address: str, key: str, body: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310  # ours
    try:
        with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310  # as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0  # the server closes what it does not read to the end


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # ours


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
