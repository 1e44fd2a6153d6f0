"""The forms of answers, as the OpenAPI page shows them."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import NotRequired, TypedDict

from commonplace.recall.explanation import Reason
from commonplace.values.records import Kind, Origin

Share = Annotated[float, Field(ge=0, le=1)]
TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class SourceShape(TypedDict):
    """Where a record came from; what is not known is left out."""

    framework: NotRequired[str]
    agent: NotRequired[str]
    session: NotRequired[str]
    origin: NotRequired[Origin]


class RecordShape(TypedDict):
    """A record; what is empty, or what it usually is, is left out."""

    text: str
    kind: Kind
    scope: str
    id: str
    created_at: TimeText
    importance: NotRequired[Share]
    metadata: NotRequired[dict[str, Any]]
    source: NotRequired[SourceShape]
    key: NotRequired[str]
    updated_at: NotRequired[TimeText]
    expires_at: NotRequired[TimeText]
    mentions: NotRequired[Annotated[int, Field(ge=1)]]
    mentioned_at: NotRequired[list[TimeText]]
    uses: NotRequired[Annotated[int, Field(ge=0)]]
    used_at: NotRequired[TimeText]
    ttl_on_use: NotRequired[Annotated[float, Field(gt=0, description="In seconds")]]
    derived_from: NotRequired[list[str]]
    trust: NotRequired[Share]
    version_of: NotRequired[str]
    valid_until: NotRequired[TimeText]
    quarantine: NotRequired[str]


class MatchShape(TypedDict):
    """A record found for a query, how likely it answers it, and why."""

    record: RecordShape
    confidence: Share
    signals: dict[str, Share]


class CandidateShape(TypedDict):
    """A record that a recall looked at: why it was left out, or null, and what speaks for it.

    `parts` sum to `relevance`; both are null if it was not ranked.
    """

    record: RecordShape
    reason: Reason | None
    note: str
    signals: dict[str, Share]
    confidence: Share | None
    relevance: float | None
    parts: dict[str, float] | None


class ExplanationShape(TypedDict):
    """What a recall found, and what it left out and why: `counts` by reason."""

    query: str
    asked: str
    at: TimeText
    scopes: list[str]
    periods: list[list[TimeText]]
    found: list[CandidateShape]
    left_out: list[CandidateShape]
    counts: dict[str, int]


class LineShape(TypedDict):
    """A line of a context, and the record it shows."""

    record: RecordShape
    text: str
    tokens: int


class LeftOutShape(TypedDict):
    """A record that a context does not show, and why."""

    record: RecordShape
    reason: str


class PreviewShape(TypedDict):
    """A context, its lines, its tokens, and what it leaves out."""

    text: str
    tokens: int
    max_tokens: int
    lines: list[LineShape]
    left_out: list[LeftOutShape]


class ScopeStatsShape(TypedDict):
    """What a scope holds itself, without the scopes below it."""

    scope: str
    records: int
    held_back: int
    written_at: TimeText
    used_at: TimeText | None


class VectorsShape(TypedDict):
    """Float32 numbers, little endian, in base64."""

    shape: list[int]
    data: str


class EntryShape(TypedDict):
    """A record and its vectors."""

    record: RecordShape
    vectors: VectorsShape


class NeighbourShape(EntryShape):
    """A record, its vectors, and how like they are to what was asked for."""

    cosine: Share


class TurnsShape(TypedDict):
    """Records of a session, newest first, and how many it has in all."""

    records: list[RecordShape]
    total: int


class StatsShape(TypedDict):
    """How many records there are, in all and by kind, held back, and redacted."""

    records: int
    kinds: dict[str, int]
    embedder: str
    held_back: int
    redacted: int
    pending: int


class StepShape(TypedDict):
    """One more deletion: its name, and the name of the error if it failed."""

    name: str
    error: str | None


class VerificationShape(TypedDict):
    """What was searched for traces of what was erased, and how many were found: none."""

    files: int
    bytes: int
    traces: int
    occurrences: int


class AbsenceShape(TypedDict):
    """How often a database was asked for what was erased: no row answered."""

    by_id: int
    by_text: int
    by_metadata: int
    by_vector: int


class ReceiptShape(TypedDict):
    """What an erasure did and proves."""

    scope: str
    reference: str
    at: TimeText
    reason: str
    records: int
    rows: int
    verification: VerificationShape | None
    also: list[StepShape]
    backups: list[StepShape]
    audit_hash: str
    left: list[str]
    absence: AbsenceShape | None
    for_operator: list[str]


class AboutShape(TypedDict):
    """What a client needs to know: `embeds` tells whether the server has the embedder.

    `screening` tells what happens to secrets, personal data and instructions.
    """

    version: str
    embedder: str
    embeds: bool
    scope: str
    screening: dict[str, str]


class HealthShape(TypedDict):
    """That the server runs."""

    status: str


class FailureShape(TypedDict):
    """What went wrong."""

    type: Annotated[str, Field(examples=["InvalidInputError"])]
    message: str


class ErrorShape(TypedDict):
    """An error: its name is that of the exception that Commonplace's own client raises."""

    error: FailureShape


class _Like:
    """Shows a dictionary on the page as a shape, without checking it against the shape again."""

    def __init__(self, shape: type) -> None:
        self._shape = shape

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # As the items of a list, since what stands alone is written out and not referred to.
        of_many = handler(TypeAdapter(list[self._shape]).core_schema)  # type: ignore[name-defined]  # a value
        of_one: JsonSchemaValue = of_many["items"]
        return of_one


RecordJson: TypeAlias = Annotated[dict[str, Any], _Like(RecordShape)]
TurnsJson: TypeAlias = Annotated[dict[str, Any], _Like(TurnsShape)]
MatchJson: TypeAlias = Annotated[dict[str, Any], _Like(MatchShape)]
ExplanationJson: TypeAlias = Annotated[dict[str, Any], _Like(ExplanationShape)]
PreviewJson: TypeAlias = Annotated[dict[str, Any], _Like(PreviewShape)]
ScopeStatsJson: TypeAlias = Annotated[dict[str, Any], _Like(ScopeStatsShape)]
VectorsJson: TypeAlias = Annotated[dict[str, Any], _Like(VectorsShape)]
EntryJson: TypeAlias = Annotated[dict[str, Any], _Like(EntryShape)]
NeighbourJson: TypeAlias = Annotated[dict[str, Any], _Like(NeighbourShape)]
StatsJson: TypeAlias = Annotated[dict[str, Any], _Like(StatsShape)]
ReceiptJson: TypeAlias = Annotated[dict[str, Any], _Like(ReceiptShape)]
AboutJson: TypeAlias = Annotated[dict[str, Any], _Like(AboutShape)]
