"""What several threads ask for at once is embedded as each would be alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from commonplace.embedding import MiniLM
from commonplace.embedding.gathering import Gathering
from commonplace.embedding.local_model import Vectors

TEXTS = [f"Ada likes dish {number}" + " very much" * number for number in range(8)]


class Noting(MiniLM):
    """The model, which notes what it is asked together; the first time it waits for `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        self.begun.set()
        assert self.go.wait(60)
        return super().embed_documents(texts)


@pytest.fixture
def model() -> Noting:
    return Noting()


def test_threads_get_the_vectors_of_their_own_texts_and_share_batches(model: Noting) -> None:
    gathering = Gathering(model)
    with ThreadPoolExecutor(len(TEXTS)) as pool:
        first = pool.submit(gathering.embed_query, TEXTS[0])
        assert model.begun.wait(60)
        others = [pool.submit(gathering.embed_documents, [text]) for text in TEXTS[1:]]
        model.go.set()
        found = [first.result(60), *(one.result(60)[0] for one in others)]

    alone = MiniLM().embed_documents(TEXTS)
    np.testing.assert_allclose(found, alone, atol=1e-5)
    assert sorted(text for batch in model.asked for text in batch) == sorted(TEXTS)
    assert len(model.asked) < len(TEXTS)


def test_nobody_waits_for_the_many_texts_of_another(model: Noting) -> None:
    model.go.set()
    many = [f"text {number}" for number in range(9)]

    vectors = Gathering(model).embed_documents(many)

    assert vectors.shape == (9, 384)
    assert model.asked == [many]
    assert Gathering(model).embed_documents([]).shape == (0, 384)
