"""What ranking takes from a record by itself, whatever else its scope holds. Pure.

It costs more to compute than the rest of a first recall, and never changes while the record does
not: so a store may keep it beside the record, packed.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from commonplace.values.records import KINDS, Record

VERSION = 2
"""Any change of what is computed needs another number: `tests/core/recall/test_features.py` knows
what this one computes."""

_KINDS = {kind: place for place, kind in enumerate(KINDS)}
_NEVER = float("inf")

NUMBERS = np.dtype(
    [
        ("stamp", "<u4"),
        ("created", "<f8"),
        ("expires", "<f8"),
        ("used_at", "<f8"),
        ("importance", "<f4"),
        ("asks", "<f4"),
        ("only_asks", "<f4"),
        ("uses", "<u4"),
        ("mentions", "<u4"),
        ("session", "<u4"),
        ("speaker", "<u4"),
        ("windows", "<u4"),
        ("wording", "<i8"),
        ("kind", "u1"),
        ("is_current", "?"),
        ("by_user", "?"),
        ("by_agent", "?"),
        ("ends_asking", "?"),
        ("tells_time", "?"),
        ("says_nothing", "?"),
    ]
)
"""Times are in seconds since 1970: `expires` is infinite for never, `used_at` 0 for never.

`session` and `speaker` are lengths, in characters, of names that follow.
"""
_STAMP = struct.Struct("<I")
_PACKED = struct.Struct("<I3d3f5IqB6?")
SIZE = _PACKED.size

_Numbers = npt.NDArray[np.void]


class Said(NamedTuple):
    """A text, the language that it is taken for in a scope of English, and its terms in that."""

    text: str
    language: str
    terms: Sequence[str]


def packed(record: Record, windows: int) -> bytes:
    """Return the features of a record with so many vectors: numbers, then names and terms."""
    from commonplace.recall.readings import read  # who only opens and counts needs none of it

    reading, source = read(record.text), record.source
    session, speaker = source.session or "", record.speaker
    numbers = _PACKED.pack(
        stamp(),
        record.created_at.timestamp(),
        _NEVER if record.expires_at is None else record.expires_at.timestamp(),
        0.0 if record.used_at is None else record.used_at.timestamp(),
        record.importance,
        reading.asks,
        reading.only_asks,
        min(record.uses, 2**32 - 1),
        min(record.mentions, 2**32 - 1),
        len(session),
        len(speaker),
        windows,
        reading.wording,
        _KINDS[record.kind],
        record.is_current,
        source.origin == "user",
        source.origin == "agent",
        reading.ends_asking,
        reading.tells_time,
        reading.says_nothing,
    )
    text = " ".join([reading.language, *reading.terms])
    return numbers + f"{session}{speaker}{text}".encode()


@lru_cache(maxsize=1)
def stamp() -> int:
    """Return what tells features from those that another release, or library, computed."""
    import regex
    import Stemmer

    versions = VERSION, Stemmer.version(), regex.__version__, unicodedata.unidata_version
    return crc32(" ".join(map(str, versions)).encode())


def is_known(features: bytes | None) -> bool:
    """Tell whether bytes are features as `packed` returns them here."""
    return features is not None and features[:4] == _STAMP.pack(stamp()) and len(features) >= SIZE


def numbers(features: Sequence[bytes]) -> _Numbers:
    """Return the numbers of many records, one element each."""
    return np.frombuffer(b"".join([one[:SIZE] for one in features]), NUMBERS)


def names_and_terms(
    features: Sequence[bytes], of: _Numbers
) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield of each record its session, its speaker, "" for none, its language and its terms."""
    lengths = zip(of["session"].tolist(), of["speaker"].tolist(), strict=True)
    for one, (session, speaker) in zip(features, lengths, strict=True):
        text = one[SIZE:].decode()
        names = session + speaker
        language, *terms = text[names:].split(" ")
        yield text[:session], text[session:names], language, terms
