"""A store gets the vectors of another embedder: whole, or not yet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

import commonplace
from commonplace.chroma import reembedding
from commonplace.chroma.reembedding import reembed
from commonplace.cli.app import Commands
from commonplace.errors import (
    EmbedderMismatchError,
    EmbeddingError,
    InvalidInputError,
    StoreInUseError,
)
from commonplace.ports import Vectors
from commonplace.testing import HashingEmbedder


class Wider(HashingEmbedder):
    """Another embedder, which fails after so many texts."""

    def __init__(self, most: int = 1_000, name: str = "wider") -> None:
        super().__init__(dimension=300)
        self.left = most
        self.name = name

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.left -= len(texts)
        if self.left < 0:
            raise ConnectionError("the model is gone")
        return super().embed_documents(list(texts))


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of five records, one of them a past version, of two scopes."""
    monkeypatch.setattr(reembedding, "AT_ONCE", 2)
    place = tmp_path / "store"
    with commonplace.open(place, embedder=HashingEmbedder()) as memory:
        ada = memory.scope("user", "ada")
        ada.remember_many(["Drinks tea", "Lives in Porto"])
        ada.set("city", "Porto")
        ada.set("city", "Oslo")
        memory.scope("user", "bo").remember("Plays chess", metadata={"since": 1999})
    return place


def told(directory: Path, embedder: object) -> list[str]:
    with commonplace.open(directory, embedder=embedder) as memory:
        ada = memory.scope("user", "ada")
        assert ada.get("city") == "Oslo"
        return sorted(record.text for record in memory.records() if record.kind == "fact")


TEXTS = ["Drinks tea", "Lives in Porto", "Plays chess"]


def test_everything_is_kept_and_found_with_the_new_embedder(directory: Path) -> None:
    with pytest.raises(EmbedderMismatchError, match="commonplace reembed"):
        commonplace.open(directory, embedder=Wider())
    seen: list[tuple[int, int]] = []
    count = reembed(directory, Wider(), lambda done, total: seen.append((done, total)))

    assert seen[-1] == (count, count)
    assert len(seen) > 1
    assert told(directory, Wider()) == TEXTS
    with commonplace.open(directory, embedder=Wider()) as memory:
        [match] = memory.scope("user/bo").recall("Plays chess")
        assert match.record.metadata == {"since": 1999}
        history = memory.scope("user/ada").get("city", as_of=match.record.created_at)
        assert history in {"Oslo", "Porto"}
    assert reembed(directory, Wider()) == 0


def test_the_directory_may_be_named_by_a_text(directory: Path) -> None:
    assert reembed(str(directory), Wider()) == 5
    assert told(directory, Wider()) == TEXTS


def test_interrupted_the_old_store_is_used_and_changed_and_the_rest_is_done_later(
    directory: Path,
) -> None:
    with pytest.raises(EmbeddingError, match="the model is gone"):
        reembed(directory, Wider(most=3))
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        ada = memory.scope("user", "ada")
        [tea] = [one for one in ada.records() if one.text == "Drinks tea"]
        ada.forget(tea.id)
        ada.remember("Drinks coffee")
    reembed(directory, Wider())

    assert told(directory, Wider()) == ["Drinks coffee", "Lives in Porto", "Plays chess"]


class Changing(Wider):
    """An embedder whose third batch has vectors of another dimension."""

    batches = 0

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.batches += 1
        vectors = super().embed_documents(texts)
        return vectors[:, :200] if self.batches == 3 else vectors


def test_an_embedder_that_changes_its_dimension_is_named_and_the_old_store_stays(
    directory: Path,
) -> None:
    with pytest.raises(EmbeddingError, match=r"'wider' gave .* dimension 200, and of .* 300"):
        reembed(directory, Changing())

    assert told(directory, HashingEmbedder()) == TEXTS
    assert reembed(directory, Wider()) == 5
    assert told(directory, Wider()) == TEXTS


def test_a_draft_of_a_third_embedder_is_begun_anew(directory: Path) -> None:
    with pytest.raises(EmbeddingError):
        reembed(directory, Wider(most=3, name="third"))
    reembed(directory, Wider())

    assert told(directory, Wider()) == TEXTS


@pytest.mark.parametrize("dies_in", ["settled", "shutil.rmtree"])
def test_a_switch_that_a_process_left_half_done_is_finished(
    directory: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(f"commonplace.chroma.switching.{dies_in}", die)
        with pytest.raises(KeyboardInterrupt):
            reembed(directory, Wider())
    assert (directory / "chroma.before").exists()

    assert told(directory, Wider()) == TEXTS
    assert not (directory / "reembedding").exists()
    assert not (directory / "chroma.before").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="processes fork and are killed by a signal")
def test_killed_at_any_point_all_is_there_and_the_next_call_finishes(tmp_path: Path) -> None:
    program = Path(__file__).with_name("killing_reembeds.py")
    done = subprocess.run(
        [sys.executable, program, tmp_path], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_what_is_erased_goes_from_the_draft_as_well(directory: Path) -> None:
    with pytest.raises(EmbeddingError):
        reembed(directory, Wider(most=4))
    assert (directory / "reembedding").exists()
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        memory.scope("user", "ada").erase(reason="asked for")

    assert b"Lives in Porto" not in b"".join(
        one.read_bytes() for one in directory.rglob("*") if one.is_file()
    )


def test_a_directory_that_is_open_or_has_no_store_is_left_alone(
    directory: Path, tmp_path: Path
) -> None:
    with (
        commonplace.open(directory, embedder=HashingEmbedder()),
        pytest.raises(StoreInUseError),
    ):
        reembed(directory, Wider())
    with pytest.raises(InvalidInputError, match="no store"):
        reembed(tmp_path / "nowhere", Wider())
    assert not (tmp_path / "nowhere").exists()
    assert told(directory, HashingEmbedder()) == TEXTS


def test_the_command_names_what_it_did(directory: Path) -> None:
    done = CliRunner().invoke(Commands(), ["reembed", str(directory), "--embedder", "minilm"])

    assert done.exit_code == 0, done.output
    assert "records are embedded with minilm" in done.output
    assert told(directory, "minilm") == TEXTS
