"""Kills `reembed` at many points of its course and looks at what each leaves.

Run as a script. Each runs in a fork of this process, which has imported everything and opened
nothing, and kills itself at the n-th time that Python opens, makes, renames or removes a file of
the store: whatever the store is made of.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import chromadb  # noqa: F401  # else each fork would import it when it first needs it
import numpy as np

import commonplace
from commonplace import EmbedderMismatchError
from commonplace.chroma import reembedding
from commonplace.testing import HashingEmbedder

sys.path.insert(0, str(Path(__file__).parents[2]))

from forked import in_fork

OLD, NEW = HashingEmbedder(64), HashingEmbedder(96)
TEXTS = sorted(f"Box {number} is on shelf {number * 7}" for number in range(30))
EVENTS = {
    *("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"),
    *("shutil.rmtree", "sqlite3.connect"),
}
POINTS = 8
SWITCHING = 6
"""The last file events are those of the switch: each is a point of its own."""


def fill(directory: Path) -> None:
    with commonplace.open(directory, embedder=OLD) as memory:
        memory.scope("user", "ada").remember_many(TEXTS)
        memory.scope("user", "bo").set("city", "Porto")
        memory.scope("user", "bo").set("city", "Oslo")


def reembed(directory: Path, ends_at: int, counted: Path) -> None:
    calls, reembedding.AT_ONCE = 0, 8

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal calls
        if event in EVENTS and str(arguments[0]).startswith(str(directory)):
            calls += 1
            if calls == ends_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    reembedding.reembed(directory, NEW)
    counted.write_text(str(calls))


def look(directory: Path) -> None:
    """Check that all is there and found, by the one embedder or by the other."""
    try:
        memory = commonplace.open(directory, embedder=OLD)
    except EmbedderMismatchError:
        memory = commonplace.open(directory, embedder=NEW)
    with memory:
        ada, bo = memory.scope("user", "ada"), memory.scope("user", "bo")
        assert sorted(record.text for record in ada.records()) == TEXTS
        assert ada.recall(TEXTS[4])[0].record.text == TEXTS[4]
        assert bo.get("city") == "Oslo"
        assert len(bo.history(next(iter(bo.records(kind="value"))).id)) == 2


def finish(directory: Path) -> None:
    reembedding.reembed(directory, NEW)
    with commonplace.open(directory, embedder=NEW) as memory:
        assert memory.count() == len(TEXTS) + 1
    left = {one.name for one in directory.iterdir()}
    assert left.isdisjoint({"reembedding", "chroma.before"}), left


def forked(work: Callable[[], None]) -> int:
    """Return by which signal a fork ended that does the work; 0 for none."""
    ended = in_fork(work)
    assert ended <= 0, "what it said stands above"
    return -ended


def main(place: Path) -> None:
    forked(lambda: fill(place / "whole"))
    shutil.copytree(place / "whole", place / "counted")
    forked(lambda: reembed(place / "counted", 0, place / "count"))
    most = int((place / "count").read_text())
    spread = np.linspace(1, most - SWITCHING, POINTS - SWITCHING).astype(int).tolist()
    for point in sorted({*spread, *range(most - SWITCHING + 1, most + 1)}):
        store = place / f"killed at {point}"
        shutil.copytree(place / "whole", store)
        ended = forked(lambda at=point, on=store: reembed(on, at, place / "no"))  # type: ignore[misc]  # defaults bind
        # How many there are differs a little: the last may lie beyond the end.
        assert ended == signal.SIGKILL or point > most - SWITCHING // 2, point
        for work in (look, finish, look):
            forked(lambda do=work, on=store: do(on))  # type: ignore[misc]  # defaults bind
        shutil.rmtree(store)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
