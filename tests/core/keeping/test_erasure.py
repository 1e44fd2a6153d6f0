"""What is erased is gone from the bytes of every file, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import commonplace
from commonplace import Record, Scope, StoreError
from commonplace.chroma import traces
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.chroma.purging import without_index
from commonplace.chroma.sealing import REWRITING
from commonplace.ports import Entry, Vectors
from commonplace.testing import HashingEmbedder

ALICE = Scope(("user", "alice"))
DIMENSION = 384


def entries(who: str, number: int, *, seed: int, scope: Scope | None = None) -> list[Entry]:
    vectors = np.random.default_rng(seed).normal(size=(number, 1, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return [
        Entry(
            Record(
                f"{who} text-mark-{who}-{place:05d} of this record",
                scope=scope or Scope(("user", who)),
                key=f"key-mark-{who}-{place:05d}",
                metadata={f"name-mark-{who}": {"inner": [f"value-mark-{who}-{place:05d}"]}},
                id=f"id-mark-{who}-{place:05d}",
            ),
            vectors[place],
        )
        for place in range(number)
    ]


def neighbour(store: DirectoryStore) -> str:
    """Return a name whose records lie in the same partition as those of alice."""
    names = (f"bob{number}" for number in range(10_000))
    chroma = store.chroma
    return next(
        one for one in names if chroma._partition(Scope(("user", one))) == chroma._partition(ALICE)
    )


def files(directory: Path) -> Iterator[bytes]:
    for path in directory.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def occurrences(directory: Path, mark: str) -> int:
    return sum(content.count(mark.encode()) for content in files(directory))


def vectors_in_files(directory: Path, vectors: Sequence[Vectors]) -> int:
    """Count the vectors of which six components in a row are found, at whatever offset."""
    found = 0
    for content in files(directory):
        for offset in range(4):
            usable = (len(content) - offset) // 4 * 4
            floats = np.frombuffer(content[offset : offset + usable], np.float32)
            found += sum(_is_in(floats, vector[0][40:46]) for vector in vectors)
    return found


def _is_in(floats: Vectors, part: Vectors) -> bool:
    with np.errstate(all="ignore"):  # what is no vector may read as infinite
        starts = np.flatnonzero(np.abs(floats[: -len(part)] - part[0]) < 1e-6)
    return any(np.allclose(floats[start : start + len(part)], part, atol=1e-5) for start in starts)


def fill(directory: Path, number: int) -> tuple[list[Entry], list[Entry]]:
    """Store `number` records of alice and of a neighbour, mixed; return both."""
    store, release = opened(directory, "random")
    mine = entries("alice", number, seed=1)
    other = entries(neighbour(store), number, seed=2)
    for start in range(0, number, 50):
        store.put(mine[start : start + 50])
        store.put(other[start : start + 50])
    release()
    return mine, other


@pytest.mark.parametrize("number", [20, 3_000])
def test_no_byte_of_what_is_erased_is_left_in_any_file(tmp_path: Path, number: int) -> None:
    mine, other = fill(tmp_path, number)
    sample = mine[:: max(number // 30, 1)]
    assert occurrences(tmp_path, "alice") > number
    assert vectors_in_files(tmp_path, [one.vectors for one in sample]) >= len(sample)

    store, release = opened(tmp_path, "random")
    store.nearest(ALICE, mine[0].vectors[0], 10)
    store.remove(mine[: number // 10])
    erased = store.erase(ALICE)
    release()

    assert erased.records == number - number // 10
    assert erased.verification is not None
    assert erased.verification.occurrences == 0
    assert erased.verification.bytes > 100_000
    assert occurrences(tmp_path, "alice") == 0
    assert vectors_in_files(tmp_path, [one.vectors for one in sample]) == 0
    store, release = opened(tmp_path, "random")
    assert_kept(store, other)
    release()


def assert_kept(store: DirectoryStore, expected: Sequence[Entry]) -> None:
    ids = [one.id for one in store.records(Scope())]
    for reading in (store.entries(Scope()), store.find(Scope(), ids)):
        found = {entry.record.id: entry for entry in reading}
        assert {id: entry.record for id, entry in found.items()} == {
            entry.record.id: entry.record for entry in expected
        }
        for entry in expected:
            np.testing.assert_allclose(found[entry.record.id].vectors, entry.vectors, atol=1e-6)
    some = expected[len(expected) // 2]
    assert some.record in [
        one.record for one in store.nearest(some.record.scope, some.vectors[0], 5)
    ]


def test_what_was_forgotten_or_replaced_before_is_erased_too(tmp_path: Path) -> None:
    mine, other = fill(tmp_path, 120)
    store, release = opened(tmp_path, "random")
    store.remove(mine)

    erased = store.erase(ALICE)
    release()

    assert erased.records == 0
    assert occurrences(tmp_path, "alice") == 0
    assert vectors_in_files(tmp_path, [one.vectors for one in mine[:40]]) == 0
    assert occurrences(tmp_path, "text-mark-bob") >= len(other)


def test_the_memory_of_the_process_does_not_leak_what_was_erased_into_new_files(
    tmp_path: Path,
) -> None:
    fill(tmp_path, 40)
    store, release = opened(tmp_path, "random")
    list(store.entries(Scope()))
    store.erase(ALICE)

    for number in range(40):
        store.put(entries("x", 1, seed=number, scope=Scope(("user", f"later-{number}"))))
        assert occurrences(tmp_path, "alice") == 0
    list(store.entries(Scope()))

    assert occurrences(tmp_path, "alice") == 0
    release()
    assert occurrences(tmp_path, "alice") == 0


def test_a_text_that_others_have_as_well_is_no_trace(tmp_path: Path) -> None:
    store, release = opened(tmp_path, "random")
    [one] = entries("same", 1, seed=1, scope=ALICE)
    [two] = entries("same", 1, seed=1, scope=Scope(("user", "bob")))
    store.put([one, two])

    erased = store.erase(ALICE)

    assert erased.verification is not None
    assert erased.verification.occurrences == 0
    assert [entry.record for entry in store.entries(Scope())] == [two.record]
    release()


@pytest.mark.parametrize("chroma_is", ["open", "closed"])
def test_a_new_index_is_made_when_chroma_is_next_opened(tmp_path: Path, chroma_is: str) -> None:
    mine, rest = Scope((*ALICE.names, "diary")), Scope((*ALICE.names, "work"))
    kept = entries("kept", 1_050, seed=4, scope=rest)
    store, release = opened(tmp_path, "random")
    store.put([*entries("gone", 60, seed=3, scope=mine), *kept])
    release()
    store, release = opened(tmp_path, "random")
    if chroma_is == "open":
        store.chroma.start()

    assert store.erase(mine).rows == 60

    assert not store.chroma.is_open
    assert len(without_index(store.chroma.path, 1_000)) == 1
    release()
    store, release = opened(tmp_path, "random")
    store.chroma.start()  # before anything is written, which would hold the interpreter for it
    assert without_index(store.chroma.path, 1_000) == []
    nearest = store.chroma.nearest(rest, kept[7].vectors[0], 1)
    assert [one.record.id for one in nearest] == [kept[7].record.id]
    assert occurrences(tmp_path, "gone") == 0
    release()


def test_texts_that_the_files_hold_anyway_are_no_trace(tmp_path: Path) -> None:
    store, release = opened(tmp_path, "random")
    vectors = entries("x", 1, seed=1)[0].vectors
    schema = "CREATE TABLE embeddings_queue and hnsw-local-persisted embedding_metadata_string"
    store.put([Entry(Record(schema, scope=ALICE, metadata={"file": sys.argv[0]}), vectors)])

    assert store.erase(ALICE).records == 1
    release()


def test_what_is_left_in_a_file_is_found_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, 20)
    monkeypatch.setattr("commonplace.chroma.erasable_files.purge", lambda _: None)
    store, release = opened(tmp_path, "random")

    with pytest.raises(StoreError, match="pieces of them are still in the files"):
        store.erase(ALICE)
    release()

    monkeypatch.undo()
    store, release = opened(tmp_path, "random")
    store.erase(ALICE)
    release()
    assert occurrences(tmp_path, "alice") == 0


@pytest.mark.parametrize("number", [20, 350])
def test_the_search_finds_what_chroma_only_deletes(tmp_path: Path, number: int) -> None:
    mine, _ = fill(tmp_path, number)
    store, release = opened(tmp_path, "random")
    store.remove(mine)
    release()

    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    found_texts, found_vectors = traces.found_in_files(
        paths,
        (piece for one in mine for piece in traces.text_pieces(one.record.text)),
        traces.vector_pieces(np.concatenate([one.vectors for one in mine])),
    )

    assert found_texts
    assert len(found_vectors) > len(mine) * DIMENSION // 16 * 0.9


def test_the_search_finds_a_part_of_a_vector_that_was_rescaled_at_an_odd_offset(
    tmp_path: Path,
) -> None:
    vector = np.random.default_rng(0).normal(size=(1, DIMENSION)).astype(np.float32)
    unit = (vector / np.linalg.norm(vector)) * np.float32(1 + 2e-7)
    path = tmp_path / "file"
    path.write_bytes(os.urandom(5_000_001) + unit[0, 100:140].tobytes() + os.urandom(777))

    _, found = traces.found_in_files([path], [], traces.vector_pieces(vector))

    assert found


def test_the_search_finds_vectors_of_few_components_that_are_not_zero(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    mine = embedder.embed_documents(["She prefers the window seat on morning trains to Bergen"])
    other = embedder.embed_documents(["The invoice of the third quarter is overdue since Monday"])
    pieces = set(traces.vector_pieces(mine))
    for name, content in [("mine", mine), ("other", other)]:
        (tmp_path / name).write_bytes(b"x" * 3 + content.tobytes())

    assert traces.found_in_files([tmp_path / "mine"], [], pieces)[1]
    assert not traces.found_in_files([tmp_path / "other"], [], pieces)[1]


def test_a_memory_recalls_what_is_left_right_after_an_erasure(tmp_path: Path) -> None:
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        memory.scope("user", "alice").remember("Likes green tea")
        memory.scope("user", "bob").remember("Likes black coffee")
    store, release = opened(tmp_path, HashingEmbedder().name)
    store.erase(ALICE)
    release()

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert [one.record.text for one in memory.recall("tea or coffee?")] == [
            "Likes black coffee"
        ]
    assert not (tmp_path / REWRITING).exists()


def test_what_another_scope_has_as_well_is_no_trace_of_the_erased(tmp_path: Path) -> None:
    mine, other = entries("alice", 1_000, seed=1), entries("bob", 1_000, seed=1)
    # As the queue writes the id of the other's: with what JSON puts before it.
    mine.append(Entry(Record(':"id-mark-bob-000', scope=ALICE), mine[0].vectors))
    store, release = opened(tmp_path, "random")
    for start in range(0, 1_000, 70):
        store.put(other[start : start + 70])
    store.put(mine)

    erased = store.erase(ALICE)

    assert erased.verification is not None
    assert erased.verification.occurrences == 0
    assert store.ledger.covers(Scope(("user", "bob")))
    assert_kept(store, other)
    release()


KILLED = Path(__file__).with_name("killing.py")


def test_an_erasure_that_is_killed_anywhere_harms_nobody_and_can_be_repeated(
    tmp_path: Path,
) -> None:
    run = subprocess.run(
        [sys.executable, str(KILLED), str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "harmed: 0" in run.stdout, run.stdout


FULL = """
import resource, signal, sys
from pathlib import Path
from commonplace import Scope, StoreError
from commonplace.chroma.directory import opened
directory = Path(sys.argv[1])
store, close = opened(directory, "random")
largest = max(path.stat().st_size for path in directory.rglob("*") if path.is_file())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 2_000_000, resource.RLIM_INFINITY))
try:
    store.erase(Scope(("user", "alice")))
except StoreError as error:
    print("refused:", error)
print("others:", sum("bob" in record.text for record in store.records(Scope())))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("erased:", store.erase(Scope(("user", "alice"))).records)
print("others:", sum("bob" in record.text for record in store.records(Scope())))
close()
"""


def test_without_room_on_the_disk_nothing_is_lost_and_the_erasure_can_be_repeated(
    tmp_path: Path,
) -> None:
    fill(tmp_path, 300)

    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    said = run.stdout.splitlines()
    assert said[0].startswith("refused: There is no room on the disk")
    assert said[1:] == ["others: 300", "erased: 300", "others: 300"]
    assert occurrences(tmp_path, "alice") == 0


@pytest.mark.parametrize("number", [1, 150])
def test_what_another_scope_said_and_forgot_goes_with_it(tmp_path: Path, number: int) -> None:
    """Its bytes are those that are erased, and lie in another partition."""
    said = [f"Likes the tea of garden {place:03d} in Assam" for place in range(number)]
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        alice, bob = memory.scope("user", "alice"), memory.scope("team", "bob")
        alice.remember_many(said)
        bob.forget(*(one.id for one in bob.remember_many(said)))
        kept = bob.remember("Drinks coffee")

        receipt = alice.erase(reason="request 123")

        assert receipt.records == number
        assert receipt.verification is not None
        assert receipt.verification.traces > number
        assert bob.records() == [kept]
        assert bob.recall("coffee", limit=1)[0].record == kept
    assert occurrences(tmp_path, "of garden") == 0


def test_what_another_scope_says_still_is_left_to_it(tmp_path: Path) -> None:
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        alice, bob = memory.scope("user", "alice"), memory.scope("team", "bob")
        alice.remember("Likes the tea of Assam")
        kept = bob.remember("Likes the tea of Assam")

        assert alice.erase(reason="request 123").is_checked

        assert bob.recall("tea")[0].record == kept


def test_the_id_of_another_scope_s_record_is_left_to_it(tmp_path: Path) -> None:
    """It stands in what was derived from that record, wherever in it a piece may begin."""
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        alice, bob = memory.scope("user", "alice"), memory.scope("team", "bob")
        kept = bob.remember("Drinks coffee")
        alice.remember_many(
            Record(f"Likes tea {pad}", derived_from=(kept.id,), metadata={"pad": "x" * pad})
            for pad in range(40)
        )

        assert alice.erase(reason="request 123").records == 40

        assert bob.record(kept.id) == kept
