"""What ranking takes from a record by itself, whatever else its scope holds. Pure.

It costs more to compute than the rest of a first recall, and never changes while the record does
not: so a store may keep it beside the record, packed.
"""

from __future__ import annotations

import struct
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from commonplace.recall.coded import MOST_COUNTED, Terms, code
from commonplace.recall.growing import Doubles
from commonplace.values.records import KINDS, Record

VERSION = 3
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
        ("terms", "<u4"),
        ("again", "<u4"),
        ("wording", "<i8"),
        ("kind", "u1"),
        ("is_current", "?"),
        ("by_user", "?"),
        ("by_agent", "?"),
        ("ends_asking", "?"),
        ("tells_time", "?"),
        ("says_nothing", "?"),
        ("is_sure", "?"),
    ]
)
"""Times are in seconds since 1970: `expires` is infinite for never, `used_at` 0 for never.

After them come the codes of so many terms, how often each occurs, the times at which it was said
`again`, and names: `session` and `speaker` are lengths of these in characters, and the language is
the rest.
"""
_STAMP = struct.Struct("<I")
_PACKED = struct.Struct("<I3d3f7IqB7?")
SIZE = _PACKED.size
_CODE, _COUNT, _TIME = 8, 2, 8

_Numbers = npt.NDArray[np.void]


def packed(record: Record, windows: int) -> bytes:
    """Return the features of a record with so many vectors: numbers, and what follows them."""
    from commonplace.recall.readings import read, terms_told  # who only opens needs none of it

    reading, source = read(record.text), record.source
    terms = Counter(terms_told(reading.words, record.speaker, reading.language))
    session, speaker = source.session or "", record.speaker
    numbers = _PACKED.pack(
        stamp(),
        *_times(record),
        record.importance,
        *(reading.asks, reading.only_asks),
        min(record.uses, 2**32 - 1),
        min(record.mentions, 2**32 - 1),
        len(session),
        len(speaker),
        windows,
        len(terms),
        len(record.mentioned_at),
        reading.wording,
        _KINDS[record.kind],
        record.is_current,
        source.origin == "user",
        source.origin == "agent",
        reading.ends_asking,
        reading.tells_time,
        reading.says_nothing,
        reading.is_sure,
    )
    following = _following(terms, [one.timestamp() for one in record.mentioned_at])
    return b"".join([numbers, following, f"{session}{speaker}{reading.language}".encode()])


def _following(terms: Counter[str], again: Sequence[float]) -> bytes:
    """Return what follows the numbers, up to the names."""
    counts = [min(count, MOST_COUNTED) for count in terms.values()]
    form = f"<{len(terms)}Q{len(terms)}H{len(again)}d"
    return struct.pack(form, *map(code, terms), *counts, *again)


def _times(record: Record) -> tuple[float, float, float]:
    """Return when a record was created, when it ends and when it was last used, as numbers."""
    ends, used = record.expires_at, record.used_at
    return (
        record.created_at.timestamp(),
        _NEVER if ends is None else ends.timestamp(),
        0.0 if used is None else used.timestamp(),
    )


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


def terms(features: Sequence[bytes], of: _Numbers) -> Terms:
    """Return the terms of many records."""
    sizes = of["terms"].astype(np.int64)
    ends, width = (SIZE + _CODE * sizes).tolist(), _COUNT * sizes
    lasts = (ends + width).tolist()
    codes = [one[SIZE:end] for one, end in zip(features, ends, strict=True)]
    counts = [one[end:last] for one, end, last in zip(features, ends, lasts, strict=True)]
    return Terms(
        sizes,
        np.frombuffer(b"".join(codes), np.uint64),
        np.frombuffer(b"".join(counts), np.uint16),
    )


def times_again(features: Sequence[bytes], of: _Numbers) -> dict[int, Doubles]:
    """Return when each of those was said again that was."""
    found = {}
    for row in np.flatnonzero(of["again"]).tolist():
        start = SIZE + (_CODE + _COUNT) * int(of["terms"][row])
        found[row] = np.frombuffer(features[row], np.float64, int(of["again"][row]), start)
    return found


def names(features: Sequence[bytes], of: _Numbers) -> Iterator[tuple[str, str, str]]:
    """Yield of each record its session, its speaker, "" for none, and its language."""
    starts = SIZE + (_CODE + _COUNT) * of["terms"].astype(np.int64)
    starts += _TIME * of["again"]
    lengths = starts.tolist(), of["session"].tolist(), of["speaker"].tolist()
    for one, start, session, speaker in zip(features, *lengths, strict=True):
        text = one[start:].decode()
        yield text[:session], text[session : session + speaker], text[session + speaker :]
