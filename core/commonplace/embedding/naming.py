"""The models that are named by a text: `embedder="multilingual"`, `"openai:bge-m3@http://…"`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from commonplace.errors import InvalidInputError

if TYPE_CHECKING:
    from commonplace.embedding.minilm import MiniLM
    from commonplace.embedding.multilingual import MultilingualE5
    from commonplace.embedding.served import OpenAICompatible

SERVED = "openai:"
# The name of a model may have an @, as those of Cloudflare do. Without an address it may not: an
# address that is written wrong is no part of a name, or texts would be sent to OpenAI.
_SERVED = re.compile(
    r"openai:(?:(?P<model>[^#]+?)@(?P<address>https?://[^#]*)|(?P<openai>[^#@]+))"
    r"(?:#(?P<options>.*))?"
)
_NUMBERS: dict[str, type[int | float]] = {
    "dimensions": int,
    "reads": int,
    "batch": int,
    "timeout": float,
}
_TEXTS = {"api_key_env", "query_prefix", "document_prefix"}
_FIELDS = {"query": "query_fields", "document": "document_fields"}


def shipped(name: str) -> MiniLM | MultilingualE5:
    """Return the model of a short name, or of the name that a store keeps.

    >>> shipped("minilm").name
    'all-MiniLM-L6-v2'

    Raises:
        InvalidInputError: no model has this name.
    """
    models = _models()
    if name not in models:
        known = ", ".join(map(repr, models))
        raise InvalidInputError(
            f"No model is named {name!r}. These are: {known}. One behind an OpenAI-compatible API "
            "is named as 'openai:MODEL' or 'openai:MODEL@http://HOST/v1'."
        )
    return models[name]()


def is_shipped(name: str | None) -> bool:
    """Tell whether a name, as a store keeps it, is that of a model which this package makes."""
    return name in _models()


def named(name: str) -> MiniLM | MultilingualE5 | OpenAICompatible:
    """Return the model that a text names: one that ships, or one behind an address.

    The latter is ``openai:MODEL@ADDRESS``, without an address that of OpenAI. After a ``#`` follow
    arguments of `OpenAICompatible`, written as a query; a field of questions as
    ``query.input_type=query``.

    >>> named("openai:bge-m3@http://localhost:11434/v1#dimensions=512").name
    'openai-compatible:bge-m3#dimensions=512'

    Raises:
        InvalidInputError: it names no model.
    """
    if not name.startswith(SERVED):
        return shipped(name)
    if (match := _SERVED.fullmatch(name)) is None:
        raise InvalidInputError(
            f"{name!r} names no model: write 'openai:MODEL', or 'openai:MODEL@http://HOST/v1'."
        )
    from commonplace.embedding.served import OPENAI, OpenAICompatible

    arguments = _arguments(match["options"] or "")
    if match["openai"]:
        return OpenAICompatible(match["openai"], OPENAI, **arguments)
    return OpenAICompatible(match["model"], match["address"], **arguments)


def _arguments(options: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(options, keep_blank_values=True):
        kind, _, part = name.partition(".")
        if name in _NUMBERS:
            found[name] = _number(name, value)
        elif name in _TEXTS:
            found[name] = value
        elif kind in _FIELDS and part:
            found.setdefault(_FIELDS[kind], {})[part] = value
        else:
            known = ", ".join([*_NUMBERS, *sorted(_TEXTS), "query.FIELD", "document.FIELD"])
            raise InvalidInputError(f"{name!r} is no option of an embedder. These are: {known}.")
    return found


def _number(name: str, value: str) -> float:
    try:
        return _NUMBERS[name](value)
    except ValueError as error:
        raise InvalidInputError(f"{name} is a number, not {value!r}.") from error


def _models() -> dict[str | None, type[MiniLM | MultilingualE5]]:
    from commonplace.embedding.minilm import MiniLM  # who brings an embedder needs no model
    from commonplace.embedding.multilingual import MultilingualE5

    return {
        "minilm": MiniLM,
        "multilingual": MultilingualE5,
        MiniLM.name: MiniLM,
        MultilingualE5.name: MultilingualE5,
    }
