"""The default embedder: all-MiniLM-L6-v2 on onnxruntime, the model that Chroma uses by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph, runtime, weights, windows
from commonplace.embedding.local_model import PROBE, Loaded, LocalModel, Proof, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Tokens = NDArray[np.int32]

TOKENS = windows.MINILM.read + 2

# As sentence-transformers computes it.
PROBE_VECTOR = (-0.001861, 0.018415, -0.020171, 0.022252, -0.013147, 0.079154, -0.005614, 0.056696)


class MiniLM(LocalModel):
    """Embeds text with all-MiniLM-L6-v2: 384 dimensions, unit length, of the first 256 tokens.

    Nothing is read before the first use. May be used from several threads.

    >>> MiniLM().embed_query("Where does Ada live?").shape
    (384,)
    """

    name = weights.MODEL_NAME
    sizes = windows.MINILM

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        """Use the weights in `directory`, or by default the first that are found.

        `directory` has a `tokenizer.json` beside a `model.safetensors` or a `model.onnx`.
        """
        super().__init__(directory)

    def _load(self, directory: Path | None) -> Loaded:
        import tokenizers

        found = weights.find(directory)

        def loaded() -> _Model:
            tokenizer = tokenizers.Tokenizer.from_file(str(found.tokenizer))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            return _Model(tokenizer, _session(found.model))

        proof = Proof(self.name, PROBE, PROBE_VECTOR, weights.REMEDY)
        return proof.of(found.model.parent, loaded)


class _Model(Loaded):
    """A tokenizer that does not truncate, and a session of the graph or of a plain export."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession) -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._is_plain = "attention_mask" in {given.name for given in session.get_inputs()}

    @property
    def encoding(self) -> Tokenizer:
        return self._tokenizer

    def _tokens(self, text: str) -> list[int]:
        # One by one: encoding a batch starts threads, and those do not survive a fork.
        tokens = self._tokenizer.encode(text).ids
        return tokens if len(tokens) <= TOKENS else tokens[: TOKENS - 1] + tokens[-1:]

    def _vectors(self, rows: list[list[int]]) -> Vectors:
        tokens, mask = runtime.padded(rows)
        if self._is_plain:
            return _pooled(self._run(_plain_inputs(tokens, mask)), mask)
        return self._run({"input_ids": tokens, "mask": mask})

    def _run(self, inputs: Mapping[str, NDArray[np.integer]]) -> Vectors:
        output: Vectors = self._session.run(None, inputs)[0]
        return output


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
