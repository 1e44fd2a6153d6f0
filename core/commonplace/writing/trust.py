"""How far what a record says is trusted: as its origin, and never more than what it came from."""

from __future__ import annotations

from collections.abc import Iterable

from commonplace.values.records import Origin, Record

_BY_ORIGIN: dict[Origin | None, float] = {
    "operator": 1.0,
    "user": 0.8,
    "agent": 0.6,
    None: 0.5,
    "tool": 0.3,
    "document": 0.3,
}


def trust_of(origin: Origin | None) -> float:
    """Return how far what someone of this origin says is trusted, in 0..1."""
    return _BY_ORIGIN[origin]


def trusted(record: Record, parents: Iterable[Record] = ()) -> float:
    """Return the trust of a record, in 0..1, made from these `parents`.

    It is the least of what its origin deserves, what it was given itself and what its parents
    have. An origin that is not known is never taken for the operator's.

    >>> from commonplace.values.records import Source
    >>> page = Record("The shop is closed.", source=Source(origin="document"))
    >>> trusted(Record("The shop is closed.", source=Source(origin="agent")), [page])
    0.3
    """
    return min([_own(record), *map(_own, parents)])


def _own(record: Record) -> float:
    by_origin = trust_of(record.source.origin)
    return by_origin if record.trust is None else min(by_origin, record.trust)
