"""Kills a process that writes a directory, again and again, and looks at what each leaves.

    python benchmarks/killed_writers.py --kills 50 --json killed.json

The process remembers, changes, forgets and erases, alone and many at once, feeds Chroma, closes and
opens again. It notes each act before it begins it and after it was acknowledged. Then another one
opens the directory and compares it with what was acknowledged: of the act that was under way,
everything or nothing may be there. It looks at what the memory says, at what Chroma has, at every
byte of the files for what was erased, and, each third time, at what is left without the ledger.
Anything but zeros under lost, doubled, stale and erased is a bug.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import commonplace
from commonplace import Memory, Scope
from commonplace.chroma.repair import repair
from commonplace.testing import HashingEmbedder

USERS = 6
KILLS_PER_DIRECTORY = 10
MOST_SECONDS = 6.0
# Marks what was there already when a process began.
_HELD = "held"


@dataclass
class Outcome:
    """What was wrong after the kills.

    `repaired` counts the directories that `commonplace doctor --repair` had to repair, since Chroma
    writes its indexes in place. All but that and the first three are to be zero.
    """

    kills: int = 0
    acknowledged: int = 0
    erasures: int = 0
    lost: int = 0
    doubled: int = 0
    stale: int = 0
    erased: int = 0
    not_in_chroma: int = 0
    lost_without_ledger: int = 0
    repaired: int = 0
    refused: int = 0


Act: TypeAlias = list[Any]
Held: TypeAlias = dict[str, Counter[str]]
"""The texts of each user. What is kept under a key is `key=value`."""


def opened(directory: Path) -> Memory:
    return commonplace.open(directory, embedder=HashingEmbedder(64))


class Writer:
    """Does acts by chance, and notes each before and after."""

    def __init__(self, directory: Path, notes: Path, seed: int) -> None:
        self.directory = directory
        self.chance = random.Random(seed)
        self.seed = seed
        self.made = 0
        self.notes = notes.open("a", buffering=1)
        self.memory = opened(directory)

    def act(self) -> None:
        kinds = ["remember"] * 8 + ["many"] * 2 + ["set"] * 5 + ["forget"] * 3
        kind = self.chance.choice([*kinds, "erase", "flush", "pause", "reopen"])
        user = f"u{self.chance.randrange(USERS)}"
        getattr(self, f"do_{kind}")(user)

    def note(self, *act: object) -> None:
        self.notes.write(json.dumps(act) + "\n")

    def text(self, user: str) -> str:
        self.made += 1
        said = f"{user} learned fact {self.made} of {self.seed}"
        return f"{said} under the name {crc32(said.encode()):x}"

    def do_remember(self, user: str) -> None:
        self.add(user, [self.text(user)])

    def do_many(self, user: str) -> None:
        self.add(user, [self.text(user) for _ in range(self.chance.choice([3, 40, 200]))])

    def add(self, user: str, texts: list[str]) -> None:
        self.note("add", user, texts)
        self.memory.scope("user", user).remember_many(texts)
        self.note("done")

    def do_set(self, user: str) -> None:
        key, value = f"k{self.chance.randrange(3)}", self.chance.getrandbits(32)
        self.note("set", user, key, f"{value:x}")
        self.memory.scope("user", user).set(key, f"{value:x}")
        self.note("done")

    def do_forget(self, user: str) -> None:
        mine = self.memory.scope("user", user)
        some = [one for one in mine.records(limit=40) if one.kind == "fact" and one.key is None]
        if chosen := self.chance.sample(some, min(len(some), 5)):
            self.note("forget", user, [one.text for one in chosen])
            mine.forget(*[one.id for one in chosen])
            self.note("done")

    def do_erase(self, user: str) -> None:
        self.note("erase", user)
        self.memory.scope("user", user).erase(reason="asked for")
        self.note("done")

    def do_flush(self, _: str) -> None:
        self.memory.flush()

    def do_reopen(self, _: str) -> None:
        self.memory.close()
        self.memory = opened(self.directory)

    def do_pause(self, user: str) -> None:
        self.memory.scope("user", user).recall("whom did they meet?")
        time.sleep(self.chance.random())


def write(directory: Path, notes: Path, seed: int) -> None:
    if seed % 4:  # else it is killed also while it imports and opens
        importlib.import_module("chromadb")
    writer = Writer(directory, notes, seed)
    print("opened", flush=True)
    while True:
        writer.act()


def applied(held: Held, act: Act) -> Held:
    after = {user: Counter(texts) for user, texts in held.items()}
    kind, user, *rest = act
    texts = after.setdefault(str(user), Counter())
    if kind == "add":
        texts.update(rest[0])
    elif kind == "forget":
        texts.subtract(rest[0])
    elif kind == "set":
        for old in [one for one in texts if one.startswith(f"{rest[0]}=")]:
            del texts[old]
        texts[f"{rest[0]}={rest[1]}"] = 1
    elif kind == "erase":
        texts.clear()
    after[str(user)] = +texts
    return after


def acts(notes: Path) -> tuple[list[Act], Act | None]:
    """Return the acts that were acknowledged, and the one that was under way."""
    done: list[Act] = []
    pending: Act | None = None
    for line in notes.read_text().splitlines(keepends=True):
        if not line.endswith("\n"):
            break  # it was not begun
        act = json.loads(line)
        if act == ["done"]:
            assert pending is not None
            done.append(pending)
            pending = None
        else:
            pending = act
    return done, pending


def said(memory: Memory) -> Held:
    return {user: held_by(memory, user) for user in users()}


def held_by(memory: Memory, user: str) -> Counter[str]:
    mine = memory.scope("user", user)
    keyed = {key: mine.get(key) for key in mine.keys()}  # noqa: SIM118  # a memory is no dict
    texts = Counter(one.text for one in mine.records(limit=1_000_000) if one.key is None)
    return texts + Counter(f"{key}={value}" for key, value in keyed.items())


def users() -> Iterator[str]:
    return (f"u{number}" for number in range(USERS))


def differing(memory: Memory) -> int:
    """Return how many records differ between what the memory has and what Chroma has."""
    memory.flush()
    store = memory._engine._store.store  # type: ignore[attr-defined]  # past the ledger
    here = {repr(one) for one in store.records(Scope())}
    return len(here ^ {repr(one) for one in store.chroma.records(Scope())})


def examined(directory: Path, outcome: Outcome) -> None:
    """Repair the store if it is damaged."""
    try:
        with opened(directory) as memory:
            memory.flush()
    except commonplace.StoreError as error:
        if "doctor --repair" not in str(error) or not repair(directory).is_sound:
            raise
        outcome.repaired += 1


def judged(directory: Path, notes: Path, outcome: Outcome, *, looks_without: bool) -> Held:
    """Compare what is there with what was acknowledged; return what is there."""
    done, under_way = acts(notes)
    before: Held = {}
    texts: list[str] = []
    for act in done:
        before = applied(before, act)
    after = before if under_way is None else applied(before, under_way)
    with opened(directory) as memory:
        found = said(memory)
        outcome.not_in_chroma += differing(memory)
    for user in users():
        compare(found[user], before.get(user, Counter()), after.get(user, Counter()), outcome)
    content = b"".join(one.read_bytes() for one in directory.rglob("*") if one.is_file())
    texts = [text for user in found.values() for text in user]
    outcome.erased += sum(one.encode() in content for one in erased_texts(done) - set(texts))
    if looks_without:
        (directory / "ledger.sqlite3").unlink()
        with opened(directory) as memory:
            again = said(memory)
        outcome.lost_without_ledger += sum((found[one] - again[one]).total() for one in users())
    return found


def compare(found: Counter[str], before: Counter[str], after: Counter[str], to: Outcome) -> None:
    if found in (before, after):
        return
    to.doubled += sum(count - 1 for count in found.values() if count > 1)
    missing, more = before & after, before | after
    lost = missing - found
    stale = [one for one in found - more if "=" in one.partition(" ")[0]]
    to.stale += len(stale)
    to.lost += lost.total() - len(stale) + (0 if lost or stale else 1)


def erased_texts(done: list[Act]) -> set[str]:
    """Return what was in a scope that was erased, and was not written since."""
    gone: set[str] = set()
    held: Held = {}
    ever: dict[str, set[str]] = {}
    for act in done:
        kind, user = str(act[0]), str(act[1])
        if kind == "erase":
            gone |= ever.pop(user, set())
        elif kind == "add":
            ever.setdefault(user, set()).update(act[2])
        elif kind == "set":
            ever.setdefault(user, set()).add(str(act[3]))
        held = applied(held, act)
    return gone


def killed(directory: Path, notes: Path, seed: int, seconds: float) -> None:
    run = [sys.executable, __file__, "--write", str(directory), str(notes), str(seed)]
    pipe = subprocess.PIPE
    with subprocess.Popen(run, stdout=pipe, stderr=pipe) as process:  # noqa: S603  # this module
        assert process.stdout is not None
        if seed % 4:
            process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        if process.wait() != -signal.SIGKILL:
            raise RuntimeError(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", nargs=3)
    options = parser.parse_args()
    if options.write:
        write(Path(options.write[0]), Path(options.write[1]), int(options.write[2]))
    outcome, chance = Outcome(), random.Random(options.seed)
    with tempfile.TemporaryDirectory() as parent:
        for number in range(options.kills):
            directory = Path(parent) / str(number // KILLS_PER_DIRECTORY)
            notes = directory.with_suffix(".notes")
            notes.touch()
            killed(directory, notes, options.seed * 1_000 + number, MOST_SECONDS * chance.random())
            look(directory, notes, outcome, number)
            outcome.kills += 1
            print(number, json.dumps(asdict(outcome)), flush=True)
    if options.json:
        options.json.write_text(json.dumps(asdict(outcome)) + "\n")


def look(directory: Path, notes: Path, outcome: Outcome, number: int) -> None:
    done, _ = acts(notes)
    try:
        examined(directory, outcome)
        found = judged(directory, notes, outcome, looks_without=number % 3 == 2)
    except commonplace.CommonplaceError as error:
        outcome.refused += 1
        print(f"refused after kill {number}: {error}", file=sys.stderr)
        shutil.copytree(directory, directory.with_name(f"refused-{number}"))
        shutil.rmtree(directory)
        notes.unlink()
        return
    outcome.acknowledged += sum(act[-1] != _HELD for act in done)
    outcome.erasures += sum(act[0] == "erase" for act in done)
    # The next one begins with what is there now.
    there = [line for one in found.items() for line in held(*one)]
    notes.write_text("".join(json.dumps(line) + "\n" for line in there))


def held(user: str, texts: Counter[str]) -> Iterator[Act]:
    """Yield acts that come to what a user has."""
    keyed = [one for one in texts if "=" in one.partition(" ")[0]]
    yield from (["add", user, list((texts - Counter(keyed)).elements()), _HELD], ["done"])
    for one in keyed:
        key, _, value = one.partition("=")
        yield from (["set", user, key, value, _HELD], ["done"])


if __name__ == "__main__":
    main()
