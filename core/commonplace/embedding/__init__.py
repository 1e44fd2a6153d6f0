"""What turns text into vectors: the models that ship, one behind an API, the door for any other."""

from commonplace.embedding.adapters import as_embedder
from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.multilingual import MultilingualE5
from commonplace.embedding.served import OpenAICompatible

__all__ = ["MiniLM", "MultilingualE5", "OpenAICompatible", "as_embedder"]
