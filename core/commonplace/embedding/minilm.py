"""The default embedder: all-MiniLM-L6-v2 on onnxruntime, the model that Chroma uses by default."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph, runtime, weights, windows
from commonplace.errors import ModelUnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
Tokens = NDArray[np.int32]

TOKENS = windows.MINILM.read + 2

# A known text and the beginning of its vector as computed by sentence-transformers. Whatever files
# were found, they are used only if they give it.
PROBE = "A commonplace book keeps what is worth remembering."
PROBE_VECTOR = (-0.001861, 0.018415, -0.020171, 0.022252, -0.013147, 0.079154, -0.005614, 0.056696)
PROBE_TOLERANCE = 1e-3


class MiniLM:
    """Embeds text with all-MiniLM-L6-v2: 384 dimensions, unit length, of the first 256 tokens.

    Nothing is read before the first use. May be used from several threads.

    >>> MiniLM().embed_query("Where does Ada live?").shape
    (384,)
    """

    name = weights.MODEL_NAME
    dimension = graph.WIDTH

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        """Use the weights in `directory`, or by default the first that are found.

        `directory` has a `tokenizer.json` beside a `model.safetensors` or a `model.onnx`.
        """
        self._directory = None if directory is None else Path(directory)
        self._loading = threading.Lock()
        self._model: _Model | None = None

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), 384), unit length per row.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._loaded().embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (384,), unit length.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        vector: Vectors = self.embed_documents([text])[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return `text` in overlapping pieces that are each read whole; a short one as `[text]`.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        return windows.split(text, self._loaded().tokenizer)

    def _loaded(self) -> _Model:
        with self._loading:
            if self._model is None:
                self._model = _load(self._directory)
            return self._model


class _Model:
    """A tokenizer that does not truncate, and a session of the graph or of a plain export."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession) -> None:
        self.tokenizer = tokenizer
        self._session = session
        self._is_plain = "attention_mask" in {given.name for given in session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of `texts`, in their order: float32, shape (len(texts), 384)."""
        rows = [self._tokens(text) for text in texts]
        vectors = np.empty((len(rows), graph.WIDTH), dtype=np.float32)
        for batch in runtime.batches([len(row) for row in rows]):
            vectors[batch] = self._vectors([rows[place] for place in batch])
        return vectors

    def _tokens(self, text: str) -> list[int]:
        # One by one: encoding a batch starts threads, and those do not survive a fork.
        tokens = self.tokenizer.encode(text).ids
        return tokens if len(tokens) <= TOKENS else tokens[: TOKENS - 1] + tokens[-1:]

    def _vectors(self, rows: list[list[int]]) -> Vectors:
        tokens, mask = runtime.padded(rows)
        if self._is_plain:
            return _pooled(self._run(_plain_inputs(tokens, mask)), mask)
        return self._run({"input_ids": tokens, "mask": mask})

    def _run(self, inputs: Mapping[str, NDArray[np.integer]]) -> Vectors:
        output: Vectors = self._session.run(None, inputs)[0]
        return output


def _load(directory: Path | None) -> _Model:
    """Return the model over the weights in `directory` or the first found, checked."""
    runtime.silence()
    import tokenizers

    found = weights.find(directory)
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(found.tokenizer))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        model = _Model(tokenizer, _session(found.model))
        first = model.embed([PROBE])[0, : len(PROBE_VECTOR)]
    except ModelUnavailableError:
        raise
    except Exception as error:
        message = f"{found.model.parent} cannot be used: {error}. {weights.REMEDY}"
        raise ModelUnavailableError(message) from error
    if not np.allclose(first, PROBE_VECTOR, rtol=0, atol=PROBE_TOLERANCE):
        raise ModelUnavailableError(
            f"{found.model.parent} is not {weights.MODEL_NAME}: it gives other vectors. "
            f"{weights.REMEDY}"
        )
    return model


def _session(model: Path) -> InferenceSession:
    """Return a session of the ONNX file `model`, or of the graph over a safetensors file."""
    source: bytes | str = str(model)
    if model.name == weights.SAFETENSORS:
        source = graph.load(model, runtime.cache_directory())
    return runtime.session(source)


def _plain_inputs(tokens: Tokens, mask: Tokens) -> dict[str, NDArray[np.int64]]:
    """Return the inputs under the names and types of the export that Chroma distributes."""
    ids = tokens.astype(np.int64)
    token_types = np.zeros_like(ids)
    attention = mask.astype(np.int64)
    return {"input_ids": ids, "attention_mask": attention, "token_type_ids": token_types}


def _pooled(hidden: Vectors, mask: Tokens) -> Vectors:
    """Return the unit vectors of the mean over each text's tokens; the sum has its direction."""
    sums = np.einsum("ntw,nt->nw", hidden, mask.astype(np.float32))
    unit: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return unit
