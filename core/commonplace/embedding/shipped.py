"""The models that are named by a word: `embedder="multilingual"`."""

from __future__ import annotations

from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.multilingual import MultilingualE5
from commonplace.errors import InvalidInputError


def shipped(name: str) -> MiniLM | MultilingualE5:
    """Return the model of a short name, or of the name that a store keeps.

    >>> shipped("minilm").name
    'all-MiniLM-L6-v2'

    Raises:
        InvalidInputError: no model has this name.
    """
    models: dict[str, type[MiniLM | MultilingualE5]] = {
        "minilm": MiniLM,
        "multilingual": MultilingualE5,
        MiniLM.name: MiniLM,
        MultilingualE5.name: MultilingualE5,
    }
    if name not in models:
        known = ", ".join(map(repr, models))
        raise InvalidInputError(f"No model is named {name!r}. These are: {known}.")
    return models[name]()
