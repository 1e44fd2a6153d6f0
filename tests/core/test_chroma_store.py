"""What is Chroma's own: the files, the catalogue, the translation of errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import chromadb
import chromadb.errors
import numpy as np
import pytest
from chromadb.config import Settings

import commonplace
from chroma_server import CHROMA_RUN, client_of_new_database
from commonplace import EmbedderMismatchError, Memory, Record, Scope, StoreError
from commonplace.chroma import catalogue
from commonplace.chroma.client import client_of as client_on
from commonplace.chroma.directory import opened
from commonplace.chroma.sealing import CHROMA
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError, StoreFormatError
from commonplace.ports import Entry
from commonplace.testing import HashingEmbedder


def open_at(directory: Path, **options: object) -> Memory:
    return commonplace.open(directory, **{"embedder": HashingEmbedder(), **options})  # type: ignore[arg-type]  # options are keywords of open


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a directory with a store of one record in it."""
    with open_at(tmp_path / "store") as memory:
        memory.scope("user", "alice").remember("Likes tea")
    return tmp_path / "store"


def client_of(directory: Path) -> chromadb.api.ClientAPI:
    return chromadb.PersistentClient(
        directory / CHROMA, settings=Settings(anonymized_telemetry=False)
    )


def test_collections_are_in_cosine_space_and_say_what_they_hold(directory: Path) -> None:
    client = client_of(directory)

    collections = client.list_collections()

    assert len(collections) == 2
    for collection in collections:
        assert collection.configuration_json["hnsw"]["space"] == "cosine"
        said = dict(collection.metadata)
        if collection.name == "commonplace":
            assert said.pop("fed") == 1
            assert said.pop("ledger")
        assert said == {
            "format": 1,
            "embedder": "hashing-256",
            "dimension": 256,
            "partitions": 32,
        }
    client.close()  # type: ignore[attr-defined]  # missing from the interface, not from the client


def test_users_are_spread_over_a_bounded_number_of_collections(tmp_path: Path) -> None:
    with open_at(tmp_path) as memory:
        for number in range(200):
            memory.scope("user", str(number)).remember("x")

        assert memory.count() == 200
        assert memory.scope("user", "7").count() == 1
    client = client_of(tmp_path)
    assert 20 < len(client.list_collections()) <= catalogue.PARTITIONS + 1
    client.close()  # type: ignore[attr-defined]  # as above


def test_an_empty_store_leaves_the_embedder_open(tmp_path: Path) -> None:
    open_at(tmp_path).close()

    with open_at(tmp_path, embedder=HashingEmbedder(8)) as memory:
        memory.remember("x")


def test_another_embedder_is_refused_by_name(directory: Path) -> None:
    with pytest.raises(EmbedderMismatchError, match=r"'hashing-256' \(dimension 256\).*hashing-8"):
        open_at(directory, embedder=HashingEmbedder(8))

    with open_at(directory) as memory:
        assert memory.count() == 1


def test_a_newer_format_is_refused(directory: Path) -> None:
    client = client_of(directory)
    client.get_collection("commonplace").modify(
        metadata={"format": 2, "embedder": "x", "dimension": 1, "partitions": 1}
    )
    client.close()  # type: ignore[attr-defined]  # as above

    with pytest.raises(StoreFormatError, match=r"format 2.*pip install --upgrade"):
        open_at(directory)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    client.create_collection("commonplace", embedding_function=None)
    client.close()  # type: ignore[attr-defined]  # as above

    with pytest.raises(StoreFormatError, match="not made by Commonplace"):
        open_at(tmp_path)


def test_a_collection_in_another_space_is_refused(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    client.create_collection("commonplace", embedding_function=None, metadata={"format": 1})
    client.close()  # type: ignore[attr-defined]  # as above

    with pytest.raises(StoreFormatError, match="cosine"):
        open_at(tmp_path)


def test_a_corrupt_database_file_is_named_as_such(directory: Path) -> None:
    with (directory / CHROMA / "chroma.sqlite3").open("r+b") as file:
        file.write(b"garbage" * 1_000)

    with pytest.raises(StoreDamagedError, match="backup"):
        open_at(directory)


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("kept")

    with pytest.raises(StoreError, match="Give a directory"):
        open_at(path)

    assert path.read_text() == "kept"


def test_a_directory_that_may_not_be_written_is_refused(directory: Path) -> None:
    script = (
        "import os, sys, tempfile\n"
        "import commonplace\n"
        "from commonplace.testing import HashingEmbedder\n"
        "with tempfile.TemporaryDirectory() as other:\n"  # loads everything while it may be read
        "    commonplace.open(other, embedder=HashingEmbedder()).close()\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: commonplace.open(sys.argv[1], embedder=HashingEmbedder())\n"
        "except commonplace.StoreError as error: print('refused:', error)\n"
    )
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in list(directory.parents)[:-1]:
        if parent.stat().st_uid == os.getuid() and "pytest" in str(parent):
            parent.chmod(0o755)

    run = subprocess.run(
        [sys.executable, "-c", script, str(directory)], capture_output=True, text=True, check=False
    )

    assert "refused: " in run.stdout, run.stderr
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    with open_at(directory) as memory:
        assert memory.count() == 1


def test_a_client_that_was_passed_stays_open_and_is_read_afresh() -> None:
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
    one = commonplace.open(chroma=client, embedder=HashingEmbedder())
    two = commonplace.open(chroma=client, embedder=HashingEmbedder())
    one.scope("user", "alice").remember("Likes tea")
    assert two.scope("user", "alice").recall("tea")[0].record.text == "Likes tea"

    one.scope("user", "alice").remember("Likes green tea too")
    one.close()

    assert len(two.scope("user", "alice").recall("tea")) == 2
    assert client.heartbeat() > 0


@pytest.fixture(params=["in this process", CHROMA_RUN])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> chromadb.api.ClientAPI:
    """Give a client with nothing in its database."""
    if request.param == "chroma run":
        return client_of_new_database(request.getfixturevalue("chroma_port"))
    (tmp_path / CHROMA).mkdir()
    return client_of(tmp_path)


def test_what_another_writes_into_a_scope_that_was_empty_is_seen(
    client: chromadb.api.ClientAPI,
) -> None:
    mine = commonplace.open(chroma=client, embedder=HashingEmbedder()).scope("user", "alice")
    theirs = commonplace.open(chroma=client, embedder=HashingEmbedder()).scope("user", "alice")
    assert mine.recall("tea") == []
    assert mine.count() == 0

    theirs.remember("Likes tea", kind="preference")

    assert [match.record.text for match in mine.recall("tea")] == ["Likes tea"]
    assert mine.context("anything")
    theirs.forget(theirs.records()[0].id)
    assert mine.recall("tea") == []


def test_a_store_that_another_started_meanwhile_is_checked(client: chromadb.api.ClientAPI) -> None:
    mine = commonplace.open(chroma=client, embedder=HashingEmbedder(16))
    theirs = commonplace.open(chroma=client, embedder=HashingEmbedder(32))
    theirs.remember("Likes tea")

    for attempt in (lambda: mine.remember("Likes milk"), lambda: mine.recall("tea")):
        with pytest.raises(EmbedderMismatchError):
            attempt()

    assert [record.text for record in theirs.records()] == ["Likes tea"]


def test_collections_that_another_made_anew_are_found_again(client: chromadb.api.ClientAPI) -> None:
    mine, theirs = (commonplace.open(chroma=client, embedder=HashingEmbedder()) for _ in "12")
    mine.remember("Likes tea")
    assert theirs.count() == 1
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    assert mine.recall("tea") == []
    assert mine.records() == []

    theirs.remember("Likes milk")
    mine.remember("Likes rice")

    for memory in (mine, theirs):
        assert sorted(record.text for record in memory.records()) == ["Likes milk", "Likes rice"]
        assert memory.recall("milk")[0].record.text == "Likes milk"


def test_a_page_of_rows_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonplace.chroma.reading.ROWS_PER_READ", 7)
    store, release = opened(tmp_path, "x")
    vectors = np.eye(8, dtype=np.float32)
    store.put([Entry(Record(str(n), scope=Scope(("a", "b"))), vectors[:3]) for n in range(20)])

    assert sorted(int(one.record.text) for one in store.entries(Scope())) == list(range(20))
    assert all(one.vectors.shape == (3, 8) for one in store.entries(Scope()))
    assert len(list(store.records(Scope(("a", "b"))))) == 20
    release()


def test_every_error_of_chroma_becomes_ours_with_its_cause() -> None:
    kinds = [
        kind
        for kind in vars(chromadb.errors).values()
        if isinstance(kind, type) and issubclass(kind, chromadb.errors.ChromaError)
    ]
    assert len(kinds) > 5
    every: list[type[Exception]] = [*kinds, ValueError, TypeError, OSError]
    for kind in every:
        cause: Exception = kind.__new__(kind)
        with pytest.raises(StoreError, match="While testing") as caught, translated("testing"):
            raise cause
        assert caught.value.__cause__ is cause


def test_our_own_errors_and_an_interrupt_pass_untranslated() -> None:
    for error in (EmbedderMismatchError("ours"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, translated("testing"):
            raise error
        assert caught.value is error


def test_a_store_that_could_not_be_opened_opens_once_what_hindered_it_is_gone(
    tmp_path: Path,
) -> None:
    hindrance = tmp_path / CHROMA / "chroma.sqlite3"
    hindrance.mkdir(parents=True)
    with pytest.raises(StoreError):
        client_on(tmp_path)
    hindrance.rmdir()

    assert client_on(tmp_path).list_collections() == []
