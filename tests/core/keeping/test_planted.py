"""A copy of what is erased is found in whatever file it was planted; what only looks so is not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonplace import Record, Scope, StoreError
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.chroma.index_files import DATA, LINKS
from commonplace.chroma.ledger import Ledger
from commonplace.chroma.purging import purge
from commonplace.ports import Entry

ALICE, BOB = Scope(("user", "alice")), Scope(("user", "bob"))
TEXT = "She hides the spare key under the third flowerpot"
VECTOR = np.random.default_rng(12_345).normal(size=384).astype(np.float32)
UNIT = VECTOR / np.linalg.norm(VECTOR)
SHORT = "key-of-the-flowerpot"

Planting = Callable[[Path], None]


def in_database(file: str, statements: str) -> Planting:
    def plant(directory: Path) -> None:
        with closing(sqlite3.connect(directory / file, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = OFF")
            for one in statements.split(";"):
                named = {"text": TEXT, "vector": UNIT.tobytes(), "short": SHORT}
                used = {name: value for name, value in named.items() if f":{name}" in one}
                database.execute(one, used)

    return plant


def in_file(name: str, content: bytes) -> Planting:
    def plant(directory: Path) -> None:
        (directory / name).write_bytes(content)

    return plant


def folder_of_index(directory: Path) -> Path:
    """Return the folder of an index; that of them all if each is to be made anew."""
    files = directory / "chroma"
    return next((one.parent for one in files.rglob(DATA)), files)


def in_index(directory: Path) -> None:
    with (folder_of_index(directory) / LINKS).open("ab") as file:
        file.write(UNIT.tobytes())


def in_folder_of_index(directory: Path) -> None:
    content = b"\0" * (2 * 1024**2 + 97) + TEXT.encode()[9:] + b"\0" * 99
    (folder_of_index(directory) / "left").write_bytes(content)


CHROMA, LEDGER = "chroma/chroma.sqlite3", "ledger.sqlite3"
PLANTED: dict[str, Planting] = {
    "a text in a table of Chroma's": in_database(
        CHROMA,
        "INSERT OR REPLACE INTO segment_metadata (segment_id, key, str_value)"
        " SELECT id, 'x', :text FROM segments LIMIT 1",
    ),
    "a short text in a table of Chroma's": in_database(
        CHROMA, "INSERT OR REPLACE INTO max_seq_id VALUES (:short, 1)"
    ),
    "a text in the full-text index": in_database(
        CHROMA, "INSERT INTO embedding_fulltext_search (rowid, string_value) VALUES (99999, :text)"
    ),
    "a vector in the queue": in_database(
        CHROMA,
        "INSERT INTO embeddings_queue (operation, topic, id, vector, encoding)"
        " VALUES (2, 'persistent://default/default/none', 'x', :vector, 'FLOAT32')",
    ),
    "a text in a free page": in_database(
        CHROMA,
        "CREATE TABLE planted AS SELECT :text || hex(zeroblob(9000)) AS said; DROP TABLE planted",
    ),
    "a vector in a free page": in_database(
        CHROMA, "CREATE TABLE planted AS SELECT :vector AS said; DROP TABLE planted"
    ),
    "a vector in an index": in_index,
    "a text beside an index": in_folder_of_index,
    "a text in a journal": in_file("chroma/chroma.sqlite3-old-journal", b"x" * 3 + TEXT.encode()),
    "a text in the ledger, or its log": in_database(
        LEDGER, "CREATE TABLE IF NOT EXISTS planted AS SELECT :text AS said"
    ),
    "a vector in a free page of the ledger": in_database(
        LEDGER, "CREATE TABLE planted AS SELECT :vector AS said; DROP TABLE planted"
    ),
}


def entry(text: str, scope: Scope, seed: int, id: str, key: str | None = None) -> Entry:
    vector = np.random.default_rng(seed).normal(size=(1, 384)).astype(np.float32)
    return Entry(Record(text, scope=scope, id=id, key=key), vector)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("planted") / "store"
    store, release = opened(directory, "random")
    store.put([entry(f"Bob's note {n}", BOB, n, f"b{n}") for n in range(120)])
    alice = Record(TEXT, scope=ALICE, id="a", key=SHORT)
    store.put([Entry(alice, VECTOR[np.newaxis])])
    release()
    return directory


def store_with(
    planting: Planting,
    filled: Path,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_in_ledger: bool = False,
) -> DirectoryStore:
    """Return a copy of a store in which something is planted whenever its files were cleaned."""
    shutil.copytree(filled, directory)

    def purged(files: Path) -> None:
        purge(files)
        planting(directory)

    def planted(clean: Callable[[Ledger, Any], None]) -> Callable[[Ledger, Any], None]:
        def cleaned(ledger: Ledger, given: Any) -> None:
            clean(ledger, given)
            planting(directory)

        return cleaned

    if is_in_ledger:
        monkeypatch.setattr(Ledger, "erase", planted(Ledger.erase))
        monkeypatch.setattr(Ledger, "renew", planted(Ledger.renew))
    else:
        monkeypatch.setattr("commonplace.chroma.erasable_files.purge", purged)
    return DirectoryStore(directory, "random")


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_found(
    kind: str, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_with(
        PLANTED[kind], filled, tmp_path / "store", monkeypatch, is_in_ledger="ledger" in kind
    )

    with pytest.raises(StoreError, match="pieces of them are still in the files"):
        store.erase(ALICE)

    assert len(list(store.records(BOB))) == 120
    store.close()


def test_where_two_columns_or_rows_meet_nothing_is_seen(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_with(lambda _: None, filled, tmp_path / "store", monkeypatch)
    bob = entry("He waters the roses on Sundays", BOB, 900, "the-id-of-bob-s-record")
    store.put([bob])
    looks_so = (
        "chroma:documentHe waters the roses",
        'record{"kind":"fact","scope":"user/bob"',
        "user/bobthe-id-of-bob-s-recordHe waters the roses",
        "the-id-of-bob-s-recorduser/bob",
        "within/user/bobwithin/user",
        'FLOAT32{"chroma:document":"He waters the roses',
        "VECTORpersistent://default",
    )
    store.put([entry(one, ALICE, 500 + n, f"x{n}") for n, one in enumerate(looks_so)])
    store.flush()

    erased = store.erase(ALICE)

    assert (erased.records, erased.verification and erased.verification.occurrences) == (8, 0)
    assert store.ledger.covers(BOB), "it was not taken for a trace, for which the ledger goes too"
    assert len(list(store.records(BOB))) == 121
    store.close()


def test_what_is_written_after_an_erasure_reaches_chroma(filled: Path, tmp_path: Path) -> None:
    """Chroma takes for read what has a lower number than it has seen."""
    shutil.copytree(filled, tmp_path / "store")
    store = DirectoryStore(tmp_path / "store", "random")
    for seed in (700, 701):
        store.erase(ALICE)
        store.put([entry(TEXT, ALICE, seed, "a")])
        store.flush()
        assert [one.text for one in store.chroma.records(ALICE)] == [TEXT]

    assert store.erase(ALICE).records == 1
    store.close()
