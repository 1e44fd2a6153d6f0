"""The parts of requests, as the OpenAPI page shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import numpy as np
from fastapi import Body, Request
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)

from commonplace.client.wire import vectors_from_json
from commonplace.errors import InvalidInputError
from commonplace.ports import Vectors
from commonplace.recall.filters import Selection, State
from commonplace.values.characters import mended
from commonplace.values.json_values import checked_json
from commonplace.values.records import Kind, Origin, Record, Source
from commonplace.values.scope import Scope
from commonplace.values.validation import (
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_TTL,
    checked_record,
)

MAX_ITEMS = 100_000
MAX_SCOPES = 100
MAX_WINDOWS = 2_000
MAX_DIMENSION = 100_000
# What single precision loses of a length, and more.
_UNIT = 0.01


def _mended(value: object) -> object:
    return mended(value) if isinstance(value, str) else value


def _mended_object(value: object) -> object:
    return checked_json(value, "an object") if type(value) is dict else value


def _written_time(value: object) -> object:
    if isinstance(value, str) or value is None:
        return value
    raise InvalidInputError(f"A time is written such as '2026-05-04T12:00:00Z', not {value!r:.40}.")


# A bare number could be seconds or milliseconds.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_time)]
ScopePath = Annotated[
    Scope,
    PlainValidator(Scope.parse),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A path of names, each percent-encoded where it holds a slash.",
            "examples": ["user/alice"],
        }
    ),
]
OneScope = Annotated[ScopePath, Body(embed=True)]
OneKind = Annotated[Kind, Body(embed=True)]
Scopes = Annotated[list[ScopePath], Field(min_length=1, max_length=MAX_SCOPES), Body(embed=True)]
Name = Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)]
# What is said may be cut within a character, which Pydantic refuses.
Said = Annotated[str, BeforeValidator(_mended)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_mended_object)]
Text = Annotated[Said, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
Id = Annotated[Name, Body(embed=True)]
Ids = Annotated[list[Name], Body(embed=True, max_length=MAX_ITEMS)]
Count = Annotated[int, Body(embed=True, strict=True, ge=0)]
CountOrAll = Annotated[int | None, Body(embed=True, strict=True, ge=0)]
Query = Annotated[Text, Body(embed=True, examples=["how should I write to her?"])]
Reason = Annotated[
    Said,
    Body(embed=True, min_length=1, max_length=1_000, examples=["GDPR Art. 17, request 123"]),
]
Time = Annotated[Moment | None, Body(embed=True)]
ZoneName = Annotated[
    str | None, Body(embed=True, description="Whose days.", examples=["Europe/Prague"])
]
Where = Annotated[
    JsonObject | None,
    Body(embed=True, description="A condition on metadata.", examples=[{"year": {"$gte": 2024}}]),
]


class Part(BaseModel):
    """An object with these members and no others."""

    model_config = ConfigDict(extra="forbid")


class SourcePart(Part):
    """Where a record came from."""

    framework: Said | None = None
    agent: Said | None = None
    session: Said | None = None
    origin: Origin | None = None

    def source(self) -> Source:
        """Return the source."""
        return Source(**self.model_dump())


class VectorsPart(Part):
    """Float32 numbers, little endian, in base64: vectors of unit length, one for each window."""

    shape: Annotated[
        list[Annotated[int, Field(strict=True, ge=1, le=MAX_DIMENSION)]],
        Field(min_length=1, max_length=2, examples=[[1, 384]]),
    ]
    data: str

    def rows(self) -> Vectors:
        """Return vectors of shape (rows, dimension). Raises InvalidInputError."""
        vectors = vectors_from_json(self.model_dump())
        rows = vectors if vectors.ndim == 2 else vectors[None]
        if len(rows) > MAX_WINDOWS:
            raise InvalidInputError(
                f"A record has at most {MAX_WINDOWS:,} vectors, not {len(rows):,}."
            )
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        if ((np.abs(lengths - 1) > _UNIT) & (lengths > 0)).any():
            raise InvalidInputError(
                f"Vectors are of unit length; here is one of length {lengths.max():.6g}."
            )
        return rows

    def single(self) -> Vectors:
        """Return the first vector, of shape (dimension,)."""
        first: Vectors = self.rows()[0]
        return first


class RecordPart(Part):
    """A whole record."""

    text: Said
    scope: ScopePath
    id: str
    created_at: Moment
    kind: Kind = "fact"
    importance: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    metadata: Annotated[JsonObject, Field(default_factory=dict)]
    source: SourcePart = SourcePart()
    key: str | None = None
    updated_at: Moment | None = None
    expires_at: Moment | None = None
    mentions: Annotated[int, Field(strict=True, ge=1)] = 1
    mentioned_at: tuple[Moment, ...] = ()
    uses: Annotated[int, Field(strict=True, ge=0)] = 0
    used_at: Moment | None = None
    ttl_on_use: Annotated[
        float | None, Field(strict=True, gt=0, le=MAX_TTL.total_seconds(), examples=[86_400.0])
    ] = None
    derived_from: tuple[str, ...] = ()
    trust: Annotated[float | None, Field(strict=True, ge=0, le=1)] = None
    version_of: str | None = None
    valid_until: Moment | None = None
    quarantine: str | None = None

    def record(self) -> Record:
        """Return the record, checked."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        fields["source"] = self.source.source()
        if self.ttl_on_use is not None:
            fields["ttl_on_use"] = timedelta(seconds=self.ttl_on_use)
        return checked_record(Record(**fields))


class SelectionPart(Part):
    """Which records are meant."""

    kinds: tuple[Kind, ...] | None = None
    where: JsonObject | None = None
    since: Moment | None = None
    until: Moment | None = None
    as_of: Moment | None = None
    state: State = "current"
    timezone: str | None = None
    conversation: SourcePart | None = None

    def selection(self) -> Selection:
        """Return the selection, checked."""
        meant = {name: getattr(self, name) for name in type(self).model_fields}
        meant["conversation"] = self.conversation and self.conversation.source()
        return Selection(**meant)


OneRecord = Annotated[RecordPart, Body(embed=True)]
Records = Annotated[list[RecordPart], Body(embed=True, min_length=1, max_length=MAX_ITEMS)]
OneVector = Annotated[VectorsPart, Body(embed=True)]
SentVector = Annotated[VectorsPart | None, Body(embed=True, description="If the client embeds")]
SentVectors = Annotated[
    list[VectorsPart] | None,
    Body(embed=True, max_length=MAX_ITEMS, description="One for each record, if the client embeds"),
]
Selected = Annotated[SelectionPart, Body(embed=True)]
EVERYTHING = SelectionPart()


async def known_members(request: Request) -> None:
    """Refuse a body with a member that its operation has not.

    A misspelt condition that was ignored would admit every record. Raises InvalidInputError.
    """
    try:
        sent = await request.json()
    except (ValueError, RecursionError):
        return  # the operation refuses what is no JSON
    known = {member.alias for member in request.scope["route"].dependant.body_params}
    if isinstance(sent, dict) and (unknown := sorted(sent.keys() - known)):
        raise InvalidInputError(
            f"This operation has no member {unknown[0]!r}: give any of {', '.join(sorted(known))}."
        )
