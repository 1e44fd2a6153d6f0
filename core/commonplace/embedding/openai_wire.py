"""OpenAI's wire format for embeddings: what is asked, and what an answer says. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from commonplace.errors import EmbeddingError

Numbers: TypeAlias = "Sequence[float] | NDArray[np.float32]"

_MOST_SAID = 300
_TOLD_BY = 40
"""A message that repeats so many characters of a text is not passed on."""


def vectors_of(answer: bytes, count: int) -> dict[int, Numbers]:
    """Return the vectors of an answer by the place of their text, of `count` that were sent.

    Their order is that of `index`, where the server gives one; some texts may have none. Raises
    EmbeddingError if it is not certain which vector is whose.
    """
    data = _data(answer)
    places: list[Any] = [entry.get("index") for entry in data]
    if all(place is None for place in places) and len(data) == count:
        places = list(range(count))
    if len(set(places)) != len(places) or not set(places) <= set(range(count)):
        raise EmbeddingError(
            f"its answer to {count} texts has {len(data)} vectors, of index {places!r:.60}: which "
            "is whose is not certain. With batch=1 each text is sent by itself."
        )
    return {place: _numbers(entry) for place, entry in zip(places, data, strict=True)}


def message_of(answer: bytes, texts: Sequence[str]) -> str:
    """Return what a server says of a request it refused, or "" if it repeats a text of it."""
    message = " ".join(_message(_parsed(answer)).split())
    if any(text[:_TOLD_BY] in message for text in texts if text.strip()):
        return ""
    return message[:_MOST_SAID]


def code_of(answer: bytes) -> str:
    """Return OpenAI's word for what is wrong, such as `insufficient_quota`, or ""."""
    parsed = _parsed(answer)
    error = parsed.get("error") if isinstance(parsed, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    return code if isinstance(code, str) else ""


def _data(answer: bytes) -> list[Mapping[str, Any]]:
    parsed = _parsed(answer)
    data = parsed.get("data") if isinstance(parsed, Mapping) else None
    if not isinstance(data, list) or not all(isinstance(entry, Mapping) for entry in data):
        keys = list(parsed) if isinstance(parsed, Mapping) else type(parsed).__name__
        raise EmbeddingError(
            f"its answer has no list of embeddings under 'data', but {keys!r:.60}. The address is "
            "that of an OpenAI-compatible API, which mostly ends in /v1."
        )
    return data


def _numbers(entry: Mapping[str, Any]) -> Numbers:
    given: Any = entry.get("embedding")
    if isinstance(given, list):
        return given
    try:
        return np.frombuffer(base64.b64decode(given, validate=True), "<f4")
    except (TypeError, ValueError, binascii.Error) as error:
        raise EmbeddingError(
            f"its answer has {type(given).__name__} as an embedding, neither a list of numbers nor "
            "base64 of them."
        ) from error


def _parsed(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return None


def _message(parsed: Any) -> str:
    """Return the message, where OpenAI has it and where others have it."""
    if isinstance(parsed, str):
        return parsed
    if isinstance(parsed, list):
        return "; ".join(filter(None, map(_message, parsed)))
    if isinstance(parsed, Mapping):
        parts = (_message(parsed.get(key)) for key in ("error", "message", "detail", "msg"))
        return next(filter(None, parts), "")
    return ""
