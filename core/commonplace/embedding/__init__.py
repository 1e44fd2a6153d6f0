"""What turns text into vectors: the models that ship, one behind an API, the door for any other."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from commonplace.embedding.adapters import as_embedder

if TYPE_CHECKING:
    from commonplace.embedding.minilm import MiniLM
    from commonplace.embedding.multilingual import MultilingualE5
    from commonplace.embedding.served import OpenAICompatible

__all__ = ["MiniLM", "MultilingualE5", "OpenAICompatible", "as_embedder"]

# Most programs use one of them.
_PLACES = {"MiniLM": "minilm", "MultilingualE5": "multilingual", "OpenAICompatible": "served"}


def __getattr__(name: str) -> Any:
    """Import a model when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
