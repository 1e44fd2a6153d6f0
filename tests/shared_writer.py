"""A process that writes to a Chroma server beside others, given its port, a database and a name.

It tells of each write once it is acknowledged, and goes on when it is given a line.
"""

from __future__ import annotations

import sys

import chromadb
from chromadb.config import Settings

import commonplace
from commonplace.testing import HashingEmbedder

WRITES = 8


def tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    port, database, name = sys.argv[1:]
    quiet = Settings(anonymized_telemetry=False)
    client = chromadb.HttpClient("127.0.0.1", int(port), settings=quiet, database=database)
    alice = commonplace.open(chroma=client, embedder=HashingEmbedder(8)).scope("user", "alice")
    tell("ready")
    sys.stdin.readline()
    for number in range(WRITES):
        alice.set("colour", f"{name} {number}")
        alice.remember("Likes tea")
        alice.remember(f"{name} did {number}", kind="event")
        tell(str(number))


if __name__ == "__main__":
    main()
