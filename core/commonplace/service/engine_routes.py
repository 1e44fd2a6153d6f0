"""The operations of an engine over HTTP: what Commonplace's own client asks for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Header

from commonplace.client.wire import ENGINE, entry_to_json, vectors_to_json
from commonplace.errors import InvalidInputError, RecordNotFoundError
from commonplace.ports import Vectors
from commonplace.service.access import Confined
from commonplace.service.bodies import (
    EVERYTHING,
    MAX_ITEMS,
    Count,
    CountOrAll,
    Id,
    Ids,
    OneKind,
    OneRecord,
    OneScope,
    OneVector,
    Query,
    RecordPart,
    Records,
    Scopes,
    Selected,
    SentVector,
    SentVectors,
    Text,
    VectorsPart,
)
from commonplace.service.confined import ConfinedEngine
from commonplace.service.routing import operations
from commonplace.service.shapes import (
    EntryJson,
    ExplanationJson,
    MatchJson,
    NeighbourJson,
    RecordJson,
    ScopeStatsJson,
    TurnsJson,
    VectorsJson,
)
from commonplace.values.record_json import to_json
from commonplace.values.records import Kind, Record
from commonplace.values.scope import Scope

NO_IDS: list[str] = []

router = operations(ENGINE, "engine")


@router.post("/write")
def write(
    engine: Confined, records: Records, new: Ids = NO_IDS, vectors: SentVectors = None
) -> list[RecordJson]:
    """Store records, each in the place of the one with its scope and id if there is one.

    Of those whose ids are in `new`, one that states what its scope holds already reinforces that.
    Returns what is stored for each.
    """
    sent, rows = _written(records, vectors)
    return [to_json(one) for one in engine.write(sent, new, rows)]


@router.post("/swap")
def swap(engine: Confined, old: OneRecord, new: OneRecord, vectors: SentVectors = None) -> bool:
    """Store `new` in the place of `old`; tell whether `old` was what is stored."""
    if (old.scope, old.id) != (new.scope, new.id):
        raise InvalidInputError("A record is swapped for one of the same scope and id.")
    [after], rows = _written([new], vectors)
    return engine.swap(old.record(), after, rows)


@router.post("/used")
def used(engine: Confined, records: Records) -> None:
    """Count that these records were shown to a model. What is gone is not counted."""
    engine.used([one.record() for one in records])


@router.post("/remove")
def remove(
    engine: Confined,
    scope: OneScope,
    ids: Ids,
    *,
    x_commonplace_repeated: Annotated[bool, Header()] = False,
) -> int:
    """Remove the records with these ids, or none of them.

    A repeated request, whose first may have been carried out, removes what is there.
    """
    if x_commonplace_repeated:
        known = [one for id in set(ids) for one in _there(engine, scope, id)]
        return max(engine.discard(known), len(set(ids)))
    return engine.remove(scope, ids)


@router.post("/discard")
def discard(engine: Confined, records: Records) -> int:
    """Remove records by scope and id and return how many were there."""
    return engine.discard([one.record() for one in records])


@router.post("/sweep")
def sweep(engine: Confined, scope: OneScope) -> int:
    """Remove what is expired and return how many records that was."""
    return engine.sweep(scope)


@router.post("/versions")
def versions(engine: Confined, scopes: Scopes, id: Id) -> list[RecordJson]:
    """Return the past versions of a record, the oldest first."""
    return [to_json(one) for one in engine.versions(scopes, id)]


@router.post("/find")
def find(engine: Confined, scopes: Scopes, ids: Ids) -> list[RecordJson]:
    """Return the records with these ids."""
    return [to_json(one) for one in engine.find(scopes, ids)]


@router.post("/entries")
def entries(engine: Confined, scopes: Scopes, ids: Ids) -> list[EntryJson]:
    """Return the records with these ids and their vectors."""
    return [entry_to_json(one) for one in engine.entries(scopes, ids)]


@router.post("/held")
def held(engine: Confined, scopes: Scopes, ids: Ids) -> list[RecordJson]:
    """Return the records within these scopes with these ids: those of any state."""
    return [to_json(one) for one in engine.held(scopes, ids)]


@router.post("/identities")
def identities(engine: Confined, scope: OneScope) -> list[list[str]]:
    """Return scope and id of every record: past versions and what is held back as well."""
    return [[str(place), id] for place, id in engine.identities(scope)]


@router.post("/exact")
def exact(engine: Confined, scope: OneScope, id: Id) -> RecordJson | None:
    """Return the record with this id in exactly this scope, or null."""
    found = engine.exact(scope, id)
    return None if found is None else to_json(found)


@router.post("/select")
def select(
    engine: Confined,
    *,
    scopes: Scopes,
    selection: Selected = EVERYTHING,
    offset: Count = 0,
    limit: CountOrAll = None,
) -> list[RecordJson]:
    """Return a page of the selected records, newest first."""
    return [to_json(one) for one in engine.select(scopes, selection.selection(), offset, limit)]


@router.post("/latest")
def latest(
    engine: Confined, *, scopes: Scopes, selection: Selected = EVERYTHING, limit: CountOrAll = None
) -> list[RecordJson]:
    """Return those of the selected records that can be recalled, last changed first."""
    return [to_json(one) for one in engine.latest(scopes, selection.selection(), limit)]


@router.post("/session")
def session(
    engine: Confined, scope: OneScope, name: Id, kind: OneKind, limit: CountOrAll = None
) -> TurnsJson:
    """Return a session's newest records of a kind, newest first, and how many it has."""
    found, total = engine.session(scope, name, kind, limit)
    return {"records": [to_json(one) for one in found], "total": total}


@router.post("/tally")
def tally(engine: Confined, scopes: Scopes, selection: Selected = EVERYTHING) -> dict[str, int]:
    """Count the selected records by kind."""
    return engine.tally(scopes, selection.selection())


@router.post("/of_kinds")
def of_kinds(
    engine: Confined, scopes: Scopes, kinds: Annotated[list[Kind], Body(embed=True)]
) -> list[RecordJson]:
    """Return the records of these kinds, the most important first, then the newest."""
    return [to_json(one) for one in engine.of_kinds(scopes, kinds)]


@router.post("/rank")
def rank(
    engine: Confined,
    *,
    scopes: Scopes,
    query: Query,
    selection: Selected = EVERYTHING,
    limit: Count = 8,
    vector: SentVector = None,
) -> list[MatchJson]:
    """Return the selected records that answer the query, best first."""
    sent = None if vector is None else vector.single()
    found = engine.rank(scopes, query, selection.selection(), limit, sent)
    return [one.to_dict() for one in found]


@router.post("/explain")
def explain(
    engine: Confined,
    *,
    scopes: Scopes,
    query: Query,
    selection: Selected = EVERYTHING,
    limit: Count = 8,
    vector: SentVector = None,
) -> ExplanationJson:
    """Return what `rank` returns, with why it is found and other records are not."""
    sent = None if vector is None else vector.single()
    return engine.explain(scopes, query, selection.selection(), limit, sent).to_dict()


@router.post("/scopes")
def list_scopes(
    engine: Confined, *, scopes: Scopes, offset: Count = 0, limit: Count = 100
) -> list[ScopeStatsJson]:
    """Return a page of the scopes within these that hold records, in the order of names."""
    return [one.to_dict() for one in engine.scopes(scopes, offset, limit)]


@router.post("/nearest")
def nearest(
    engine: Confined,
    *,
    scopes: Scopes,
    vector: OneVector,
    selection: Selected = EVERYTHING,
    limit: Count = 8,
) -> list[NeighbourJson]:
    """Return the selected records most like a unit vector, best first, with cosines."""
    found = engine.nearest(scopes, vector.single(), selection.selection(), limit)
    return [{**entry_to_json(entry), "cosine": cosine} for entry, cosine in found]


@router.post("/embed")
def embed(
    engine: Confined,
    texts: Annotated[list[Text], Body(embed=True, min_length=1, max_length=MAX_ITEMS)],
) -> VectorsJson:
    """Embed texts to be found."""
    return vectors_to_json(engine.embed(texts))


def _there(engine: ConfinedEngine, scope: Scope, id: str) -> list[Record]:
    try:
        return engine.find([scope], [id])
    except RecordNotFoundError:
        return []


def _written(
    records: list[RecordPart], vectors: list[VectorsPart] | None
) -> tuple[list[Record], list[Vectors] | None]:
    if vectors is not None and len(vectors) != len(records):
        raise InvalidInputError(f"{len(records)} records came with {len(vectors)} vectors.")
    rows = None if vectors is None else [one.rows() for one in vectors]
    if rows and len({one.shape[1] for one in rows}) > 1:
        raise InvalidInputError("The vectors are of different dimensions.")
    return [one.record() for one in records], rows
