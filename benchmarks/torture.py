"""Processes of three frameworks write one memory while they, or its server, are killed.

    python benchmarks/torture.py --json torture.json

Each writer notes a text once its write is acknowledged, and now and then recalls the last text
that another writer noted. Afterwards every noted text must be there, and be found by a recall of
itself. Then an owner of a directory is killed again and again as it writes, and processes open a
new directory at one moment, some of them killed at their start; and several erase the same scopes,
and empty ones, while others write. Anything but zeros under lost, unfindable, unseen and errors is
a bug.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from zlib import crc32

from rich.console import Console
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.files.ownership import owner_of
from commonplace.testing import HashingEmbedder
from heavy_metadata import MOST_BYTES, attacked

SPAWN = multiprocessing.get_context("spawn")
MOST_BEFORE_KILL = 400
ASK_EVERY = 10
LONGEST_START = 1.5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is left of what was acknowledged."""

    trial: str
    acknowledged: int
    lost: int
    unfindable: int
    unseen: int = 0
    errors: int = 0
    servers: int = 1


def by_langchain(memory: Memory) -> Callable[[str], object]:
    from langchain.agents import create_agent
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage, HumanMessage

    from commonplace_langchain import MemoryMiddleware

    def write(text: str) -> object:
        model = GenericFakeChatModel(messages=iter([AIMessage("noted")]))
        agent = create_agent(model, middleware=[MemoryMiddleware(memory)])
        return agent.invoke({"messages": [HumanMessage(text)]})

    return write


def by_crewai(memory: Memory) -> Callable[[str], object]:
    os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")
    from crewai.memory.types import MemoryRecord

    from commonplace_crewai import CommonplaceStorage

    storage = CommonplaceStorage(memory)
    return lambda text: storage.save([MemoryRecord(content=text)])


def by_autogen(memory: Memory) -> Callable[[str], object]:
    from autogen_core.memory import MemoryContent, MemoryMimeType

    from commonplace_autogen import SharedMemory

    shared = SharedMemory(memory)
    return lambda text: asyncio.run(
        shared.add(MemoryContent(content=text, mime_type=MemoryMimeType.TEXT))
    )


FRAMEWORKS = [by_langchain, by_crewai, by_autogen]


def opened(directory: Path, *, shared: bool = True) -> Memory:
    return commonplace.open(directory, shared=shared, embedder=HashingEmbedder())


def noted(notes: Path) -> list[str]:
    """Return the texts that a writer noted as acknowledged."""
    return notes.read_text().splitlines() if notes.exists() else []


def written(notes: list[Path]) -> int:
    return sum(len(noted(one)) for one in notes)


def fact(writer: int, number: int) -> str:
    """Return a text like many others but for a word of its own."""
    said = f"writer {writer} learned fact {number}"
    return f"{said} under the name {crc32(said.encode()):x}"


def write_and_ask(directory: Path, notes: list[Path], writer: int, count: int) -> None:
    """Write as one of the frameworks does, and ask for what another writer noted last."""
    memory = opened(directory).scope("team")
    write = FRAMEWORKS[writer % len(FRAMEWORKS)](memory)
    with notes[writer].open("a") as file, (directory / f"unseen-{writer}").open("a") as unseen:
        for number in range(count):
            text = fact(writer, number)
            write(text)
            print(text, file=file, flush=True)
            others = noted(notes[(writer + number) % len(notes)])
            if number % ASK_EVERY == 0 and others:
                found = [match.record.text for match in memory.recall(others[-1], limit=3)]
                if others[-1] not in found:
                    print(others[-1], file=unseen, flush=True)


def await_written(notes: list[Path], count: int, writers: list[BaseProcess]) -> None:
    """Return once the writers noted so many texts, or have ended."""
    while written(notes) < count and any(one.is_alive() for one in writers):
        time.sleep(0.02)  # other processes write meanwhile, and tell of it by their files alone


def several(directory: Path, options: argparse.Namespace, kills: str) -> Outcome:
    """Let writers write one directory while its server, or some of them, are killed."""
    notes = [directory / f"notes-{writer}" for writer in range(options.writers)]
    chance = random.Random(options.seed)
    writers: list[BaseProcess] = [
        SPAWN.Process(target=write_and_ask, args=(directory, notes, writer, options.writes))
        for writer in range(options.writers)
    ]
    for one in writers:
        one.start()
    victims = set(
        chance.sample(range(options.writers), options.victims if kills == "writers" else 0)
    )
    turns = {"none": 0, "server": options.server_kills, "writers": options.victims}[kills]
    left = sorted(victims)
    for turn in range(turns):
        await_written(notes, (turn + 1) * options.writers * options.writes // (turns + 3), writers)
        if kills == "writers":
            writers[left.pop()].kill()
        elif owner := owner_of(directory):
            os.kill(owner.pid, signal.SIGKILL)
    for one in writers:
        one.join()
    errors = sum(one.exitcode != 0 for number, one in enumerate(writers) if number not in victims)
    unseen = sum(len(noted(directory / f"unseen-{number}")) for number in range(options.writers))
    texts = [text for one in notes for text in noted(one)]
    trial = f"{options.writers} writers, killed: {kills}"
    with opened(directory) as memory:
        return judged(memory, trial, texts, unseen=unseen, errors=errors)


def judged(
    memory: Memory, trial: str, acknowledged: list[str], *, unseen: int = 0, errors: int = 0
) -> Outcome:
    """Return what of the acknowledged texts is there, and is found by a recall of itself."""
    there = {record.text for record in memory.records(limit=1_000_000)}
    missed = [
        text
        for text in track(acknowledged, f"finding what was written ({trial})")
        if text in there and text not in {one.record.text for one in memory.recall(text, limit=3)}
    ]
    return Outcome(
        trial=trial,
        acknowledged=len(acknowledged),
        lost=len(set(acknowledged) - there),
        unfindable=len(missed),
        unseen=unseen,
        errors=errors,
    )


def write_alone(directory: Path, notes: Path, round: int) -> None:
    """Own a directory and write to it until killed."""
    memory = opened(directory, shared=False)
    with notes.open("a") as file:
        for number in range(1_000_000):
            text = fact(round, number)
            memory.remember(text)
            print(text, file=file, flush=True)


def killed_owner(directory: Path, options: argparse.Namespace) -> Outcome:
    """Kill the owner of a directory at random points of its writing, and look what is left."""
    chance = random.Random(options.seed)
    notes = directory / "notes"
    for round in track(range(options.rounds), "killing the owner"):
        owner = SPAWN.Process(target=write_alone, args=(directory, notes, round))
        owner.start()
        more = chance.randrange(1, MOST_BEFORE_KILL)
        await_written([notes], len(noted(notes)) + more, [owner])
        owner.kill()
        owner.join()
    with opened(directory, shared=False) as memory:
        return judged(memory, f"owner killed {options.rounds} times", noted(notes))


def open_at_once(directory: Path, opener: int, servers: Path) -> None:
    """Open a directory, say who serves it, and write to it."""
    with opened(directory) as memory:
        memory.remember(f"opener {opener} was here")
        owner = owner_of(directory)
        (servers / str(opener)).write_text(str(owner and owner.pid))


def openers(directory: Path, options: argparse.Namespace) -> Outcome:
    """Let processes open a new directory at one moment."""
    servers = directory / "servers"
    servers.mkdir()
    started = [
        SPAWN.Process(target=open_at_once, args=(directory / "new", opener, servers))
        for opener in range(options.openers)
    ]
    for one in started:
        one.start()
    for one in started:
        one.join()
    texts = [f"opener {path.name} was here" for path in servers.iterdir()]
    errors = sum(one.exitcode != 0 for one in started)
    with opened(directory / "new") as memory:
        outcome = judged(memory, f"{options.openers} openers at once", texts, errors=errors)
    counted = len({path.read_text() for path in servers.iterdir()})
    return Outcome(**{**asdict(outcome), "servers": counted})


def killed_starts(directory: Path, options: argparse.Namespace) -> Outcome:
    """Kill processes as they begin to open a directory, beside one that is left alone."""
    chance = random.Random(options.seed)
    servers, place = directory / "servers", directory / "new"
    servers.mkdir()
    errors = 0
    for round in track(range(options.rounds), "killing openers at their start"):
        victim, spared = (
            SPAWN.Process(target=open_at_once, args=(place, 2 * round + one, servers))
            for one in (0, 1)
        )
        victim.start()
        spared.start()
        time.sleep(chance.uniform(0, LONGEST_START))  # until it is somewhere in its start
        victim.kill()
        victim.join()
        spared.join()
        errors += spared.exitcode != 0
    texts = [f"opener {path.name} was here" for path in servers.iterdir()]
    with opened(place) as memory:
        trial = f"{options.rounds} openers killed at their start"
        return judged(memory, trial, texts, errors=errors)


def erase_again_and_again(directory: Path, eraser: int, rounds: int) -> None:
    """Erase an empty scope, and one that this and another process fill and erase meanwhile."""
    with opened(directory) as memory:
        for round in range(rounds):
            memory.scope("user", f"nobody-{eraser}-{round}").erase(reason="asked for")
            shared = memory.scope("user", f"u{eraser // 2}")
            shared.remember(f"eraser {eraser} wrote {round}")
            shared.erase(reason="asked for")


def racing_erasures(directory: Path, options: argparse.Namespace) -> Outcome:
    """Let processes erase the same scopes at once, while others write elsewhere."""
    notes = [directory / f"notes-{writer}" for writer in range(2)]
    writers: list[BaseProcess] = [
        SPAWN.Process(target=write_and_ask, args=(directory, notes, writer, options.writes // 5))
        for writer in range(len(notes))
    ]
    erasers: list[BaseProcess] = [
        SPAWN.Process(target=erase_again_and_again, args=(directory, eraser, options.rounds // 5))
        for eraser in range(4)
    ]
    for one in (*writers, *erasers):
        one.start()
    for one in (*writers, *erasers):
        one.join()
    errors = sum(one.exitcode != 0 for one in (*writers, *erasers))
    unseen = sum(len(noted(directory / f"unseen-{number}")) for number in range(len(notes)))
    with opened(directory) as memory:
        left = sum(memory.scope("user", f"u{number}").count() for number in range(2))
        texts = [text for one in notes for text in noted(one)]
        trial = "4 erasers of the same scopes beside 2 writers"
        return judged(memory, trial, texts, unseen=unseen, errors=errors + left)


def heavy_metadata(directory: Path, options: argparse.Namespace) -> Outcome:
    """Let a narrow key send metadata of 60 MB, and many items that together pass its limit."""
    texts = [f"written before {number}" for number in range(options.rounds)]
    with commonplace.open(directory) as memory:  # with a model that the server has, too
        memory.remember_many(texts)
    answers, grown = attacked(directory)
    admitted = sum(count for status, count in answers.items() if status == 200)
    failed = sum(count for status, count in answers.items() if status >= 500)
    with commonplace.open(directory) as memory:
        kept = sum(len(json.dumps(one.metadata)) for one in memory.records(limit=1_000_000))
        trial = f"{answers.total()} attacks by metadata, {admitted} admitted: {grown:,} bytes"
        return judged(memory, trial, texts, errors=failed + (kept > MOST_BYTES))


def trials(options: argparse.Namespace) -> dict[str, Callable[[Path], Outcome]]:
    """Return every trial by its name."""
    return {
        "writers": lambda place: several(place, options, "none"),
        "server": lambda place: several(place, options, "server"),
        "clients": lambda place: several(place, options, "writers"),
        "owner": lambda place: killed_owner(place, options),
        "openers": lambda place: openers(place, options),
        "starts": lambda place: killed_starts(place, options),
        "metadata": lambda place: heavy_metadata(place, options),
        "erasures": lambda place: racing_erasures(place, options),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--writes", type=int, default=500, help="of each writer")
    parser.add_argument("--server-kills", type=int, default=5)
    parser.add_argument("--victims", type=int, default=3, help="writers that are killed")
    parser.add_argument("--rounds", type=int, default=50, help="of killing an owner")
    parser.add_argument("--openers", type=int, default=20)
    parser.add_argument("--trials", nargs="+", help="some of those in trials()")
    parser.add_argument("--json", type=Path, help="write all figures here")
    return parser.parse_args()


def main() -> None:
    """Run the trials and print what each left."""
    options = arguments()
    outcomes = []
    for name, trial in trials(options).items():
        if options.trials is None or name in options.trials:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
                outcomes.append(trial(Path(place)))
    columns = list(asdict(outcomes[0]))
    table = Table(*columns)
    for outcome in outcomes:
        table.add_row(*(str(value) for value in asdict(outcome).values()))
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))


if __name__ == "__main__":
    main()
