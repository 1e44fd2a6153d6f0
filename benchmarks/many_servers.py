"""What one server and three servers of one Chroma answer, and where Chroma itself is the limit.

    python benchmarks/many_servers.py --seconds 10 --rounds 3 --json many-servers.json

24 clients, each with a user's memory of its own, ask without a pause: nine recalls to one write.
They ask one server, then three, by turns. Vectors are known. The processor time of the servers, of
Chroma and of the clients is read from the system: from that follows how many requests a core of
each answers, and so how many servers keep one Chroma busy. With `--delay` Chroma's answers come to
a server no sooner than so many milliseconds after it asked, as on a network.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from statistics import median
from typing import Any

from rich.progress import track
from rich.table import Table

import commonplace
from commonplace.chroma.notes import Notes
from commonplace.service.store_keys import KEYS, StoreKeys
from commonplace.values.scope import Scope
from embedders import KnownVectors
from many_servers_torture import Chroma, free_port, patiently
from measuring import QUESTIONS, texts
from shared_chroma import HERE, client_of, far_away
from tables import arguments, publish

SPAWN = multiprocessing.get_context("spawn")
CLIENTS, PROCESSES = 24, 4
WRITE_EVERY = 10
SERVERS = (1, 3)
TICKS = os.sysconf("SC_CLK_TCK")


def serve(delay: float, words: Sequence[str]) -> None:
    """Be a server that is far away from Chroma."""
    if delay:
        far_away(delay / 1_000)
    from commonplace.cli.app import main as command

    sys.argv = ["commonplace", *words]
    command()


@contextmanager
def servers(count: int, chroma: int, delay: float) -> Iterator[list[tuple[str, int]]]:
    """Run so many servers within; give the address and the process of each."""
    running, found = [], []
    for _ in range(count):
        port = free_port()
        place = ["--chroma", f"http://{HERE}:{chroma}", "--database", "many"]
        words = ["serve", *place, "--embedder", KnownVectors.name, "--port", str(port)]
        command = [sys.executable, __file__, "--serve", str(delay), *words]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))  # noqa: S603  # ours
        found.append((f"http://{HERE}:{port}", running[-1].pid))
    try:
        yield found
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()


def ask(addresses: Sequence[str], key: str, first: int, seconds: float, told: Queue[Any]) -> None:
    """Be a part of the clients, each a thread; tell how many requests, how long, what processor."""
    names = range(first, CLIENTS, PROCESSES)
    memories = [
        patiently(lambda one=one: opened(addresses[one % len(addresses)], key, one))  # type: ignore[misc]  # bound in time
        for one in names
    ]
    spent: list[list[float]] = [[] for _ in names]
    told.put("ready")
    until, began = time.perf_counter() + seconds, time.process_time()

    def one_client(place: int) -> None:
        number = 0
        while (at := time.perf_counter()) < until:
            if number % WRITE_EVERY == WRITE_EVERY - 1:
                memories[place].remember(f"thing {number} of {at}")
            else:
                memories[place].recall(QUESTIONS[number % len(QUESTIONS)])
            spent[place].append(time.perf_counter() - at)
            number += 1

    threads = [threading.Thread(target=one_client, args=[place]) for place in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(([one for each in spent for one in each], time.process_time() - began))


def opened(address: str, key: str, number: int) -> commonplace.Memory:
    """Return the memory of one client, in use."""
    memory = commonplace.open(address, api_key=key, embedder=KnownVectors())
    user = memory.scope("user", f"user{number}")
    user.recall(QUESTIONS[0])
    return user


def processor(pid: int) -> float:
    """Return the seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measured(count: int, chroma: Chroma, key: str, options: argparse.Namespace) -> dict[str, float]:
    """Return what so many servers do."""
    with servers(count, chroma.port, options.delay) as running:
        told: Queue[Any] = SPAWN.Queue()
        addresses = [address for address, _ in running]
        clients = [
            SPAWN.Process(target=ask, args=(addresses, key, first, options.seconds, told))
            for first in range(PROCESSES)
        ]
        for one in clients:
            one.start()
        for _ in clients:
            told.get()
        before = [processor(pid) for _, pid in running], processor(chroma.process.pid)
        parts = [told.get() for _ in clients]
        after = [processor(pid) for _, pid in running], processor(chroma.process.pid)
        for one in clients:
            one.join()
    took = sorted(one for spent, _ in parts for one in spent)
    requests = len(took)
    return {
        "a second": requests / options.seconds,
        "p50": 1_000 * median(took),
        "p95": 1_000 * took[int(0.95 * requests)],
        "of servers": 1_000 * (sum(after[0]) - sum(before[0])) / requests,
        "of Chroma": 1_000 * (after[1] - before[1]) / requests,
        "of clients": 1_000 * sum(used for _, used in parts) / requests,
    }


def main() -> None:
    """Measure by turns."""
    if "--serve" in sys.argv:
        serve(float(sys.argv[2]), sys.argv[3:])
        return
    parser = arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=200, help="of each user at the beginning")
    parser.add_argument("--delay", type=float, default=0)
    options: argparse.Namespace = parser.parse_args()
    found: dict[int, list[dict[str, float]]] = {count: [] for count in SERVERS}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        chroma = Chroma(Path(place))
        try:
            client = patiently(lambda: client_of(chroma.port, "many"))
            with commonplace.open(chroma=client, embedder=KnownVectors()) as memory:
                for number in range(CLIENTS):
                    users = memory.scope("user", f"user{number}")
                    users.remember_many(texts(options.records, number))
            key = StoreKeys(Notes(client, KEYS)).add(Scope())
            for _ in track(range(options.rounds), "asking"):
                for count in SERVERS:
                    found[count].append(measured(count, chroma, key, options))
        finally:
            chroma.process.terminate()
            chroma.process.wait()
    figures = {str(count): rounds for count, rounds in found.items()}
    publish(options, [table(found, options.delay)], figures, [])


def table(found: dict[int, list[dict[str, float]]], delay: float) -> Table:
    """Return the median of the rounds, and what follows from the processor time."""
    made = Table(f"{CLIENTS} clients, {delay:g} ms", *(f"{count} servers" for count in SERVERS))
    middle = {count: {name: median(one[name] for one in each) for name in each[0]}
              for count, each in found.items()}  # fmt: skip
    for name in middle[SERVERS[0]]:
        made.add_row(name, *(f"{middle[count][name]:.2f}" for count in SERVERS))
    ratio = middle[SERVERS[-1]]["a second"] / middle[SERVERS[0]]["a second"]
    made.add_row("times one server", "1", f"{ratio:.2f}")
    ours, theirs = (
        [middle[count][name] for count in SERVERS] for name in ("of servers", "of Chroma")
    )
    made.add_row("a second, a core of servers", *(f"{1_000 / one:.0f}" for one in ours))
    made.add_row("a second, a core of Chroma", *(f"{1_000 / one:.0f}" for one in theirs))
    many = (one / other for one, other in zip(ours, theirs, strict=True))
    made.add_row("cores of servers to one of Chroma", *(f"{one:.1f}" for one in many))
    return made


if __name__ == "__main__":
    main()
