"""Clients write through two servers of one Chroma, while all of them are killed, paused, restarted.

    python benchmarks/many_servers_torture.py --seconds 120 --json many-servers-torture.json

Each client remembers texts of its own, sets a value to one number after another, and forgets now
and then; it notes each once that is acknowledged, and goes to the other server after an error. It
also looks, through either server, whether what another client noted before can be read. Meanwhile
a server or a client is killed, a server is paused and woken up, or Chroma is killed and started
again, at random. Afterwards every noted text must be there once, and every value as it was set
last, on both servers; and the audit log must be one chain. A key that is revoked must be refused by
both within a second. Anything but zeros under lost, doubled, stale and unfinished is a bug.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from rich.table import Table
from tenacity import retry, stop_after_delay, wait_fixed

import commonplace
from commonplace import CommonplaceError, Memory
from commonplace.chroma.notes import Notes
from commonplace.service.store_keys import KEYS, StoreKeys
from commonplace.testing import HashingEmbedder
from commonplace.values.scope import Scope
from shared_chroma import HERE, client_of
from tables import arguments, publish

SPAWN = multiprocessing.get_context("spawn")
LONGEST_PAUSE = 4.0
GRACE_SECONDS = 120.0
Result = TypeVar("Result")


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.create_server((HERE, 0)) as there:
        port: int = there.getsockname()[1]
    return port


class Chroma:
    """Chroma's own server on one directory and port, however often it is started."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        program = Path(sys.executable).with_name("chroma")
        place = ["--path", str(directory), "--host", HERE, "--port", str(self.port)]
        self._command = [str(program), "run", *place]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603  # Chroma

    def restart(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()


class Server:
    """One of our servers on a port of its own, however often it is started."""

    def __init__(self, chroma: int, database: str, embedder: str) -> None:
        self.port = free_port()
        self._command = [
            *(sys.executable, "-m", "commonplace", "serve", "--embedder", embedder),
            *("--chroma", f"http://{HERE}:{chroma}", "--database", database),
            *("--port", str(self.port)),
        ]
        self.start()

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.port}"

    def start(self) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self._command, **quiet)  # type: ignore[call-overload]  # noqa: S603  # ours

    def restart(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()

    def supervise(self) -> None:
        """Start it again if it has ended: it does when it is started while Chroma is away."""
        if self.process.poll() is not None:
            self.start()

    def pause(self, seconds: float) -> None:
        """Stop it in the middle of whatever it does, and wake it up."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)


class Client:
    """A memory behind several servers: after an error it asks the next of them."""

    def __init__(self, addresses: Sequence[str], key: str, first: int) -> None:
        self._addresses, self._key, self._turn = addresses, key, first
        self._open: dict[str, Memory] = {}

    def ask(self, call: Callable[[Memory], Result]) -> Result:
        """Return what the call gives at last."""
        while True:
            self._turn += 1
            try:
                return call(self._memory(self._addresses[self._turn % len(self._addresses)]))
            except CommonplaceError:
                time.sleep(0.05)  # until it is there again, or the other one answers

    def _memory(self, address: str) -> Memory:
        if address not in self._open:
            self._open[address] = commonplace.open(
                address, api_key=self._key, embedder=HashingEmbedder()
            )
        return self._open[address].scope("team", "torture")


def fact(writer: str, number: int) -> str:
    return f"client {writer} learned fact {number}"


def noted(file: Path) -> list[str]:
    """Return the lines that are whole."""
    return file.read_text().split("\n")[:-1] if file.exists() else []


def write(addresses: Sequence[str], key: str, directory: Path, writer: str, ends: float) -> None:
    """Write until the time is over, and look what others have written."""
    client, chance = Client(addresses, key, int(writer)), random.Random(writer)
    with (directory / writer).open("a") as notes, (directory / "stale").open("a") as stale:
        number = 0
        while time.time() < ends:
            text, at = fact(writer, number), number
            record = client.ask(lambda memory, text=text: memory.remember(text))  # type: ignore[misc]  # bound in time
            client.ask(lambda memory, at=at: memory.set(f"of-{writer}", at))  # type: ignore[misc]  # bound in time
            print(number, file=notes, flush=True)
            if number % 7 == 3:
                client.ask(lambda memory, one=record: gone(memory, one.id))  # type: ignore[misc]  # bound in time
            other = chance.choice([one for one in directory.iterdir() if one.name.isdecimal()])
            if known := noted(other):
                seen = client.ask(lambda memory, name=other.name: memory.get(f"of-{name}", -1))  # type: ignore[misc]  # bound in time
                if seen < int(known[-1]):
                    print(
                        f"{writer} saw {seen} of {other.name}: {known[-1]}", file=stale, flush=True
                    )
            number += 1


def gone(memory: Memory, id: str) -> None:
    """Forget a record; that it is forgotten already is as well."""
    with suppress(commonplace.RecordNotFoundError):
        memory.forget(id)


class Chaos:
    """What is done to the processes, at random."""

    def __init__(
        self, chroma: Chroma, servers: list[Server], start: Callable[[int], BaseProcess], count: int
    ) -> None:
        self._chroma, self._servers, self._start = chroma, servers, start
        self._writers = [start(number) for number in range(count)]
        self._next = count
        self.done: Counter[str] = Counter()

    def step(self, chance: random.Random) -> None:
        self.supervise()
        server = chance.choice(self._servers)
        what = chance.choices(
            ["server killed", "server paused", "client killed", "Chroma killed"], [2, 5, 2, 4]
        )[0]
        if what == "server killed":
            server.restart()
        elif what == "server paused":
            server.pause(chance.uniform(0.2, LONGEST_PAUSE))
        elif what == "Chroma killed":
            self._chroma.restart()
        else:
            victim = self._writers.pop(chance.randrange(len(self._writers)))
            victim.kill()
            victim.join()
            self._writers.append(self._start(self._next))
            self._next += 1
        self.done[what] += 1

    def supervise(self) -> None:
        """Start servers that have ended by themselves."""
        for one in self._servers:
            one.supervise()

    def unfinished(self) -> int:
        """Wait for the clients; return how many did not end."""
        ends = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < ends and any(one.is_alive() for one in self._writers):
            self.supervise()
            self._writers[0].join(1)
            self._writers.append(self._writers.pop(0))
        late = [one for one in self._writers if one.is_alive()]
        for one in late:
            one.kill()
        return len(late)


def tortured(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Run it; return what was found."""
    chroma = Chroma(place / "chroma")
    client = patiently(lambda: client_of(chroma.port, "torture"))
    key = StoreKeys(Notes(client, KEYS)).add(Scope())
    servers = [Server(chroma.port, "torture", HashingEmbedder().name) for _ in range(2)]
    addresses = [server.address for server in servers]
    notes = place / "notes"
    notes.mkdir()
    try:
        for address in addresses:
            patiently(lambda address=address: Client([address], key, 0)._memory(address))  # type: ignore[misc]  # bound in time
        ends = time.time() + options.seconds

        def start(number: int) -> BaseProcess:
            given = (addresses, key, notes, str(number), ends)
            process = SPAWN.Process(target=write, args=given)
            process.start()
            return process

        chaos, chance = Chaos(chroma, servers, start, options.clients), random.Random(options.seed)
        while time.time() < ends:
            time.sleep(chance.uniform(1, options.pause))
            chaos.step(chance)
        found = {"unfinished": chaos.unfinished()} | judged(addresses, key, notes)
        return found | dict(chaos.done) | {"refused after, ms": revoked(client, addresses)}
    finally:
        for process in (*(server.process for server in servers), chroma.process):
            process.kill()
            process.wait()


def judged(addresses: Sequence[str], key: str, notes: Path) -> dict[str, Any]:
    """Return what of the noted is lost, doubled or stale, as each server tells."""
    lost = doubled = broken = writes = 0
    for address in addresses:
        memory = Client([address], key, 0)
        records = memory.ask(lambda one: one.records(limit=1_000_000))
        texts = Counter(one.text for one in records if one.kind != "value")
        doubled += sum(count > 1 for count in texts.values())
        writes = 0
        for file in (one for one in notes.iterdir() if one.name.isdecimal()):
            numbers = [int(one) for one in noted(file)]
            writes += 2 * len(numbers)
            lost += sum(fact(file.name, n) not in texts for n in numbers if n % 7 != 3)
            value = memory.ask(lambda one, name=file.name: one.get(f"of-{name}", -1))  # type: ignore[misc]  # bound in time
            lost += bool(numbers) and value < numbers[-1]
        for record in (one for one in records if one.kind == "value"):
            past = memory.ask(lambda one, of=record: one.history(of.id))  # type: ignore[misc]  # bound in time
            values = [one.metadata["value"] for one in past]
            doubled += len(values) - len(set(values))
            lost += len(set(range(max(values) + 1)) - set(values))
        audit = commonplace.open(address, api_key=key, embedder=HashingEmbedder())
        entries = audit.audit()
        numbered = [entry.number for entry in entries] == list(range(1, len(entries) + 1))
        broken += len(audit.verify_audit()) + (not numbered)
    stale = len(noted(notes / "stale"))
    return {"acknowledged": writes, "lost": lost, "doubled": doubled, "stale": stale,
            "audit entries": len(entries), "audit broken": broken}  # fmt: skip


def revoked(client: Any, addresses: Sequence[str]) -> int:
    """Return how long after its end a key was still taken by either server, in milliseconds."""
    keys = StoreKeys(Notes(client, KEYS))
    key = keys.add(Scope())
    memories = [
        patiently(lambda one=one: commonplace.open(one, api_key=key, embedder=HashingEmbedder()))  # type: ignore[misc]  # bound in time
        for one in addresses
    ]
    for memory in memories:
        memory.count()
    keys.revoke(key.split("_")[1])
    ended, last = time.perf_counter(), 0.0
    for memory in memories * 100:
        began = time.perf_counter()
        with suppress(commonplace.errors.AccessDeniedError):
            memory.scope("team", "torture").count()
            last = max(last, began - ended)
    return round(1_000 * last)


def patiently(call: Callable[[], Result]) -> Result:
    """Return what a call gives once what it asks has started."""
    found: Result = retry(stop=stop_after_delay(120), wait=wait_fixed(0.2), reraise=True)(call)()
    return found


def main() -> None:
    """Torture, and print what was found."""
    parser = arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pause", type=float, default=6, help="seconds between two blows, at most")
    parser.add_argument("--seed", type=int, default=0)
    options: argparse.Namespace = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        found = tortured(options, Path(place))
    table = Table("two servers of one Chroma", "")
    for name, value in found.items():
        table.add_row(name, f"{value:,}")
    publish(options, [table], found, [])
    bad = ("unfinished", "lost", "doubled", "stale", "audit broken")
    os._exit(any(found[name] for name in bad) or found["refused after, ms"] > 1_000)


if __name__ == "__main__":
    main()
