"""Kills erasures at many points of their course and looks at what each leaves.

Run as a script. Each erasure runs in a fork of this process, which has imported everything and
opened nothing, and kills itself at the n-th call that the modules named below make.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import chromadb  # noqa: F401  # else each fork would import it when it first needs it
import numpy as np

from commonplace import Record, Scope
from commonplace.chroma.directory import opened
from commonplace.ports import Entry

sys.path.insert(0, str(Path(__file__).parents[2]))

from forked import in_fork

ALICE, BOB = Scope(("user", "alice")), Scope(("user", "bob7"))
EFFECTS = (
    "catalogue",
    "ledger",
    "ledger_file",
    "cutting",
    "purging",
    "directory",
    "files",
    "private_file",
    "index_files",
)
POINTS = 25


def fill(directory: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(240, 1, 8)).astype(np.float32)
    store, release = opened(directory, "random")
    for who, scope, part in [("alice", ALICE, vectors[:120]), ("bob", BOB, vectors[120:])]:
        store.put([Entry(Record(f"{who} {n}", scope=scope), v) for n, v in enumerate(part)])
    below = Scope((*ALICE.names[:1], "carol"))
    store.put([Entry(Record("carol", scope=below), vectors[0])])
    release()


class Course:
    """Counts the calls that the erasing modules make, and ends the process at one of them."""

    def __init__(self, ends_at: int) -> None:
        self.ends_at = ends_at
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event in {"call", "c_call"} and Path(frame.f_code.co_filename).stem in EFFECTS:
            self.calls += 1
            if self.calls == self.ends_at:
                os.kill(os.getpid(), signal.SIGKILL)


def erase(directory: Path, ends_at: int, counted: Path) -> None:
    store, release = opened(directory, "random")
    if ends_at % 2 == 0:  # else it stays closed, as in most erasures
        store.chroma.start()  # importing it is slow under a profile
    course = Course(ends_at)
    threading.setprofile(course)  # for the thread in which the ledger is written anew
    sys.setprofile(course)
    store.erase(ALICE)
    sys.setprofile(None)
    threading.setprofile(None)
    release()
    counted.write_text(str(course.calls))


def look(directory: Path) -> None:
    for _ in range(2):  # the second time, after erasing again
        store, release = opened(directory, "random")
        texts = sorted(record.text for record in store.records(Scope()))
        assert sorted(entry.record.text for entry in store.entries(Scope())) == texts
        rest = [text for text in texts if not text.startswith("alice")]
        assert rest == sorted([*(f"bob {n}" for n in range(120)), "carol"]), rest
        assert len(texts) - len(rest) in {0, 120}, len(texts)
        assert store.nearest(BOB, np.ones(8, np.float32), 3)
        store.erase(ALICE)
        release()
    content = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert b"alice" not in content
    assert not (directory / "rewriting").exists()


def main(directory: Path) -> None:
    template, work, counted = directory / "template", directory / "work", directory / "counted"
    in_fork(lambda: fill(template))
    harmed = points = 0
    ends = [0]  # the first runs to its end and tells how many calls there are
    while ends:
        end = ends.pop()
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(template, work)
        ended = in_fork(lambda end=end: erase(work, end, counted))  # type: ignore[misc]  # a default binds it
        if end == 0:
            calls = int(counted.read_text())
            ends = sorted({1 + round(n * (calls - 1) / (POINTS - 1)) for n in range(POINTS)})
        # How many calls there are differs a little: the last point may lie beyond the end.
        came_to_its_end = ended == 0 and (end == 0 or int(counted.read_text()) < end)
        assert came_to_its_end or ended == -signal.SIGKILL, f"{ended} at call {end}"
        if in_fork(lambda: look(work)):
            sys.stdout.write(f"harmed when it ended at call {end}\n")
            harmed += 1
        points += 1
    sys.stdout.write(f"erasures: {points}, calls: {calls}, harmed: {harmed}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
