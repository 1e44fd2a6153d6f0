"""Damage is found, and what follows from the texts is rebuilt from them."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import commonplace
from commonplace import InvalidInputError, Memory, Record, Scope, StoreInUseError
from commonplace.chroma.client import client_of
from commonplace.chroma.directory import opened
from commonplace.chroma.index_flaws import flaws
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.repair import examine, repair
from commonplace.chroma.rows import row_id
from commonplace.chroma.sealing import CHROMA, REWRITING
from commonplace.embedding import as_embedder
from commonplace.errors import EmbedderMismatchError, StoreDamagedError
from commonplace.testing import HashingEmbedder

USERS = ["alice", "bob", "carol", "dave", "eve"]
TEXTS = [f"Statement {n} is about the {n * 7 % 101}th thing on shelf {n * 9}" for n in range(130)]
FILES = ["data_level0.bin", "header.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"]


class Windowing(HashingEmbedder):
    """Gives a long text two vectors."""

    def windows(self, text: str) -> list[str]:
        return [text[:40], text[30:]] if len(text) > 40 else [text]


EMBEDDER = as_embedder(Windowing(64))


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """Give a store of five users, each with an index on disk of its own, to be copied."""
    with tempfile.TemporaryDirectory() as directory:
        with commonplace.open(directory, embedder=EMBEDDER) as memory:
            for user in USERS:
                memory.scope("user", user).remember_many(TEXTS)
        yield Path(directory)


@pytest.fixture
def directory(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "store")
    return tmp_path / "store"


def indexes_of(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / CHROMA).iterdir() if path.is_dir())


def assert_all_findable(directory: Path) -> None:
    with commonplace.open(directory, embedder=EMBEDDER, cache_bytes=0) as memory:
        assert memory.count() == len(TEXTS) * len(USERS)
        for user in USERS:
            own = memory.scope("user", user)
            assert sorted(record.text for record in own.records(limit=1_000)) == sorted(TEXTS)
            for text in TEXTS[::23]:
                assert own.recall(text, limit=1)[0].record.text == text


def test_a_sound_store_has_no_findings(directory: Path) -> None:
    report = examine(directory)

    assert report.is_sound
    assert report.records == len(TEXTS) * len(USERS)
    assert repair(directory, EMBEDDER).repaired == ()
    store, close = opened(directory, EMBEDDER.name)
    assert store.ledger.covers(Scope()), "who examined it changed nothing"
    close()
    assert_all_findable(directory)


def delete(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])


def fill_with_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flipping(seed: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        generator = random.Random(seed)
        for _ in range(60):
            content[generator.randrange(len(content))] ^= generator.randrange(1, 256)
        path.write_bytes(content)

    return flip


DAMAGE = [delete, truncate, fill_with_zeros, flipping(0), flipping(1), shutil.rmtree]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_indexes_are_rebuilt_and_every_record_findable(
    directory: Path, damage: Callable[[Path], None]
) -> None:
    for index, file in zip(indexes_of(directory), FILES, strict=True):
        damage(index if damage is shutil.rmtree else index / file)

    report = repair(directory, EMBEDDER)

    assert report.is_sound, report
    assert len({finding.partition for finding in report.repaired}) == len(USERS)
    assert_all_findable(directory)


def test_a_missing_window_is_rebuilt(directory: Path) -> None:
    with closing(sqlite3.connect(directory / CHROMA / DATABASE)) as database:
        [(row,)] = database.execute(
            "SELECT id FROM embedding_metadata WHERE key = 'window' LIMIT 1"
        ).fetchall()
        for table in ("embedding_metadata", "embedding_metadata_array", "embeddings"):
            database.execute(f"DELETE FROM {table} WHERE id = {row}")
        database.commit()

    report = repair(directory, EMBEDDER)

    assert [finding.what for finding in report.repaired] == ["1 windows of long texts are missing"]
    assert report.is_sound
    assert_all_findable(directory)


def test_what_a_rewriting_left_is_removed(directory: Path) -> None:
    (directory / REWRITING).touch()
    orphan = directory / CHROMA / "0a0a0a0a-7a57-4546-ac99-29fa097c2c3e"
    shutil.copytree(indexes_of(directory)[0], orphan)

    report = repair(directory, EMBEDDER)

    assert [finding.what for finding in report.repaired] == [
        "a process ended while it rewrote partitions",
        "1 indexes belong to no partition",
    ]
    assert report.is_sound
    assert not orphan.exists()
    assert not (directory / REWRITING).exists()
    assert_all_findable(directory)


def test_a_damaged_database_is_told_and_nothing_is_tried(directory: Path) -> None:
    path = directory / CHROMA / DATABASE
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    path.write_bytes(content)

    report = repair(directory, EMBEDDER)

    assert [finding.is_repairable for finding in report.findings] == [False]
    assert "backup" in report.findings[0].what
    assert path.read_bytes() == content


def test_a_missing_database_is_told(directory: Path) -> None:
    (directory / CHROMA / DATABASE).unlink()

    [found] = examine(directory).findings
    assert found.what.startswith("chroma.sqlite3 is missing: restore")


def test_vectors_are_rebuilt_by_the_stores_own_embedder_alone(directory: Path) -> None:
    delete(indexes_of(directory)[0] / "data_level0.bin")

    with pytest.raises(EmbedderMismatchError):
        repair(directory, as_embedder(HashingEmbedder(32)))


def test_a_store_that_is_open_is_left_alone(directory: Path) -> None:
    with commonplace.open(directory, embedder=EMBEDDER), pytest.raises(StoreInUseError):
        examine(directory)


def test_a_directory_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no store"):
        examine(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_index_is_judged_without_the_engine(directory: Path) -> None:
    index = indexes_of(directory)[0]
    assert flaws(index, 64) == []
    assert flaws(index, 65) == ["its header contradicts itself"]

    content = bytearray((index / "data_level0.bin").read_bytes())
    content[4:8] = b"\xff\xff\xff\x7f"
    (index / "data_level0.bin").write_bytes(content)

    assert flaws(index, 64) == ["a link leads nowhere"]


def test_an_erasure_says_that_a_damaged_store_needs_the_doctor(directory: Path) -> None:
    (indexes_of(directory)[0] / "index_metadata.pickle").unlink()

    with commonplace.open(directory, embedder=EMBEDDER) as memory:
        for user in USERS:
            with pytest.raises(StoreDamagedError, match="commonplace doctor --repair"):
                memory.scope("user", user).erase(reason="request 123")

    assert repair(directory, EMBEDDER).is_sound
    assert_all_findable(directory)


@pytest.mark.parametrize("file", ["header.bin", "link_lists.bin", "length.bin"])
def test_vectors_that_are_kept_need_no_embedder(directory: Path, file: str) -> None:
    (directory / "ledger.sqlite3").unlink()
    for index in indexes_of(directory):
        (index / file).write_bytes(b"damaged")

    if file == "header.bin":  # it says where the vectors are
        before = snapshot(directory)
        with pytest.raises(InvalidInputError, match="--embedder"):
            repair(directory)
        assert snapshot(directory).items() >= before.items()
        assert repair(directory, EMBEDDER).is_sound
    else:
        assert repair(directory).is_sound
    assert_all_findable(directory)


def test_vectors_of_the_ledger_need_no_embedder(directory: Path) -> None:
    for index in indexes_of(directory):
        shutil.rmtree(index)

    assert repair(directory).is_sound
    assert_all_findable(directory)


def test_a_changed_database_is_told_and_kept(directory: Path) -> None:
    path = directory / CHROMA / DATABASE
    content = path.read_bytes()
    place = content.index(b"shelf 9")
    path.write_bytes(content[:place] + b"shelf 8" + content[place + 7 :])

    with pytest.raises(StoreDamagedError, match="was changed since the store was closed"):
        commonplace.open(directory, embedder=EMBEDDER)
    [found] = repair(directory).repaired

    assert "a text may be another than was written" in found.what
    assert examine(directory).is_sound


def snapshot(directory: Path) -> dict[str, bytes]:
    """Return what every index file holds."""
    return {
        str(one.relative_to(directory)): one.read_bytes()
        for index in indexes_of(directory)
        for one in index.iterdir()
    }


LONG = "She keeps the tea in the blue cupboard behind the flour and the sugar"


@pytest.fixture
def damaged(tmp_path: Path) -> tuple[Path, str]:
    """A store in which a vector of a record is missing, and that record's id."""
    store = tmp_path / "damaged"
    with commonplace.open(store, embedder=EMBEDDER) as memory:
        alice = memory.scope("user", "alice")
        alice.remember("Likes tea")
        record = alice.remember(LONG)
    client = client_of(store)
    for collection in client.list_collections():
        collection.delete(ids=[row_id(record, 1)])
    client.close()
    return store, record.id


def test_recall_goes_on_without_a_damaged_record_and_says_so_once(
    damaged: tuple[Path, str], caplog: pytest.LogCaptureFixture
) -> None:
    store, id = damaged
    with commonplace.open(store, embedder=EMBEDDER) as memory:
        alice = memory.scope("user", "alice")
        with caplog.at_level(logging.WARNING, logger="commonplace"):
            found = [match.record.text for match in [*alice.recall("tea"), *alice.recall("sugar")]]

    assert found == ["Likes tea", "Likes tea"]
    [warning] = [one.getMessage() for one in caplog.records]
    assert id in warning
    assert "user/alice" in warning
    assert "commonplace doctor --repair" in warning


def test_a_verb_that_asks_for_a_damaged_record_fails_until_it_is_repaired(
    damaged: tuple[Path, str], tmp_path: Path
) -> None:
    store, id = damaged
    attempts: list[Callable[[Memory], object]] = [
        lambda alice: alice.record(id),
        lambda alice: alice.update(id, text="x"),
        lambda alice: alice.history(id),
        lambda alice: alice.forget(id),
        lambda alice: alice.remember(LONG),
        lambda alice: alice.remember_many([Record("x", id=id)]),
        lambda alice: alice.export(tmp_path / "alice.jsonl"),
    ]
    with commonplace.open(store, embedder=EMBEDDER) as memory:
        for attempt in attempts:
            with pytest.raises(StoreDamagedError, match=f"{id}.* doctor"):
                attempt(memory.scope("user", "alice"))

    assert repair(store, EMBEDDER).is_sound
    with commonplace.open(store, embedder=EMBEDDER) as memory:
        assert memory.record(id).text == LONG
        assert memory.recall("sugar", limit=1)[0].record.id == id
        assert memory.count() == 2


def test_a_damaged_record_can_be_erased(damaged: tuple[Path, str]) -> None:
    store, id = damaged
    with commonplace.open(store, embedder=EMBEDDER) as memory:
        assert memory.scope("user", "alice").erase(reason="request 123").records == 2
        assert memory.count() == 0

    assert examine(store).is_sound
    assert id.encode() not in (store / CHROMA / DATABASE).read_bytes()
