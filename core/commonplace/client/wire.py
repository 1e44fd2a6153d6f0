"""What goes over the wire between a client and its server, as JSON values. Pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from commonplace import errors
from commonplace.errors import CommonplaceError, InvalidInputError, StoreError
from commonplace.values.record_json import from_json, to_json
from commonplace.values.records import Match

if TYPE_CHECKING:
    from commonplace.ports import Entry, Vectors
    from commonplace.recall.filters import Selection

PREFIX = "/v1"
ENGINE = f"{PREFIX}/engine"


def vectors_to_json(vectors: Vectors) -> dict[str, Any]:
    """Return vectors as their shape and their bytes (float32, little endian, base64)."""
    import numpy as np  # importing it takes as long as a request

    plain = np.ascontiguousarray(vectors, "<f4")
    return {"shape": list(plain.shape), "data": b64encode(plain.tobytes()).decode()}


def vectors_from_json(written: Mapping[str, Any]) -> Vectors:
    """Return the vectors that `vectors_to_json` wrote.

    Raises InvalidInputError for anything but one or two dimensions of finite numbers.
    """
    import numpy as np

    try:
        flat = np.frombuffer(b64decode(written["data"], validate=True), "<f4")
        vectors = flat.reshape(written["shape"]).astype(np.float32)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInputError(f"The vectors do not have the form described ({error}).") from error
    if vectors.ndim not in (1, 2) or not vectors.size or not np.isfinite(vectors).all():
        raise InvalidInputError(f"Vectors of shape {vectors.shape} hold what is not a number.")
    return vectors


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return a record and its vectors."""
    return {"record": to_json(entry.record), "vectors": vectors_to_json(entry.vectors)}


def entry_from_json(written: Mapping[str, Any]) -> Entry:
    """Return the entry that `entry_to_json` wrote."""
    from commonplace.ports import Entry

    return Entry(from_json(written["record"]), vectors_from_json(written["vectors"]))


def match_from_json(written: Mapping[str, Any]) -> Match:
    """Return the match that `to_dict` wrote."""
    return Match(from_json(written["record"]), written["confidence"], written["signals"])


def selection_to_json(selection: Selection) -> dict[str, Any]:
    """Return a selection."""
    return {
        "kinds": selection.kinds and list(selection.kinds),
        "where": selection.where,
        "since": selection.since and selection.since.isoformat(),
        "until": selection.until and selection.until.isoformat(),
        "as_of": selection.as_of and selection.as_of.isoformat(),
        "state": selection.state,
        "timezone": selection.timezone,
        "conversation": selection.conversation and asdict(selection.conversation),
    }


def error_to_json(error: CommonplaceError) -> dict[str, Any]:
    """Return an error by its name and message."""
    return {"error": {"type": type(error).__name__, "message": str(error)}}


def error_from_json(written: Any) -> CommonplaceError:
    """Return the error that `error_to_json` wrote, or a StoreError for anything else."""
    try:
        kind = getattr(errors, written["error"]["type"])
        message = str(written["error"]["message"])
    except (KeyError, TypeError, AttributeError):
        return StoreError(f"The server answered with what no Commonplace server says: {written!r}.")
    error: CommonplaceError = kind(message)
    return error
