"""Kills stores while they write and feed Chroma, and looks at what each leaves.

Run as a script. Each course runs in a fork of this process, which has opened nothing, and kills
itself at the n-th call that the modules named below make in any thread.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType

import chromadb  # noqa: F401  # else each fork would import it when it first needs it

from commonplace import Scope
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.ports import Entry

sys.path.insert(0, str(Path(__file__).parents[1]))

from forked import in_fork
from stored_entries import ALICE, BOB, entry

EFFECTS = ("ledger", "ledger_file", "feeding", "feeder", "files", "store", "directory", "catalogue")
POINTS = 16
STEPS = 12


class Course:
    """Counts the calls of the modules in every thread, and ends the process at one of them."""

    def __init__(self, ends_at: int) -> None:
        self.ends_at = ends_at
        self.calls = 0
        self._counting = threading.Lock()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event in {"call", "c_call"} and Path(frame.f_code.co_filename).stem in EFFECTS:
            with self._counting:
                self.calls += 1
                if self.calls == self.ends_at:
                    os.kill(os.getpid(), signal.SIGKILL)


def named(number: int, turn: int, scope: Scope = ALICE) -> Entry:
    return entry(f"number {number}, turn {turn}", scope, windows=1 + turn % 2, id=str(number))


def write(store: DirectoryStore, step: int) -> None:
    """Write what a step adds, replaces and removes."""
    store.put([named(step, 0), named(step, 0, BOB)])
    if step:
        store.replace([(named(step - 1, 0), named(step - 1, 1))])
    if step > 1:
        store.remove([named(step - 2, 0, BOB)])
    if step % 4 == 3:
        store.flush()


def after(step: int) -> list[str]:
    """Return what the store holds after so many steps."""
    replaced = {(ALICE, number): named(number, 1) for number in range(step - 1)}
    last = {(ALICE, step - 1): named(step - 1, 0)} if step else {}
    bob = {(BOB, number): named(number, 0, BOB) for number in range(max(step - 2, 0), step)}
    return sorted(_said(one) for one in (replaced | last | bob).values())


def _said(one: Entry) -> str:
    return f"{one.record.scope} {one.record.text} {len(one.vectors)}"


def run(directory: Path, ends_at: int, told: Path) -> None:
    store, release = opened(directory, "random")
    store.chroma.start()  # importing it is slow under a profile
    course = Course(ends_at)
    threading.setprofile(course)
    sys.setprofile(course)
    with told.open("a", buffering=1) as acknowledged:
        for step in range(STEPS):
            write(store, step)
            acknowledged.write(f"{step + 1}\n")
    release()
    sys.setprofile(None)
    told.with_suffix(".calls").write_text(str(course.calls))


def look(directory: Path, told: Path) -> None:
    steps = int(told.read_text().split()[-1]) if told.exists() and told.read_text() else 0
    store, release = opened(directory, "random")
    found = sorted(map(_said, store.entries(Scope())))
    # Of the step that was under way, any of its writes may be there, in their order.
    assert found in between(steps), (steps, found)
    store.flush()
    chroma = sorted(map(_said, store.chroma.entries(Scope())))
    assert chroma == found, (steps, chroma, found)
    release()
    (directory / "ledger.sqlite3").unlink()
    store, release = opened(directory, "random")
    assert sorted(map(_said, store.entries(Scope()))) == found
    release()


def between(step: int) -> list[list[str]]:
    """Return what may be there when the process ended in the step after so many."""
    before = set(after(step))
    put = before | {_said(named(step, 0)), _said(named(step, 0, BOB))}
    replaced = put
    if step:
        replaced = put - {_said(named(step - 1, 0))} | {_said(named(step - 1, 1))}
    return [sorted(one) for one in (before, put, replaced, set(after(step + 1)))]


def main(directory: Path) -> None:
    work, told = directory / "work", directory / "told"
    harmed = points = 0
    ends = [0]  # the first runs to its end and tells how many calls there are
    calls = 0
    while ends:
        end = ends.pop()
        shutil.rmtree(work, ignore_errors=True)
        told.unlink(missing_ok=True)
        ended = in_fork(partial(run, work, end, told))
        if end == 0:
            calls = int(told.with_suffix(".calls").read_text())
            ends = sorted({1 + round(n * (calls - 1) / (POINTS - 1)) for n in range(POINTS)})
        assert ended in {0, -signal.SIGKILL}, f"{ended} at call {end}"
        if in_fork(lambda: look(work, told)):
            sys.stdout.write(f"harmed when it ended at call {end}\n")
            harmed += 1
        points += 1
    sys.stdout.write(f"feeds: {points}, calls: {calls}, harmed: {harmed}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
