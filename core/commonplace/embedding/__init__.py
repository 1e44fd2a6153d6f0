"""What turns text into vectors: the default model, and the door for any other."""

from commonplace.embedding.adapters import as_embedder
from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.multilingual import MultilingualE5

__all__ = ["MiniLM", "MultilingualE5", "as_embedder"]
