"""What turns text into vectors: the default model, and the door for any other."""

from commonplace.embedding.adapters import as_embedder
from commonplace.embedding.minilm import MiniLM

__all__ = ["MiniLM", "as_embedder"]
