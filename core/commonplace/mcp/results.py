"""What the tools return: small, and safe to be read by a model."""

from __future__ import annotations

from textwrap import indent
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from commonplace.values.rendering import estimated_tokens


class Result(BaseModel):
    """What a tool returns."""

    def tokens(self) -> int:
        """Return about how many tokens a model makes of it in a list, as it is written there."""
        return estimated_tokens(indent(f"\n{self.model_dump_json(indent=2)},", "    "))


class Remembered(Result):
    """A record that was kept. `note` tells what was redacted, held back, or known before."""

    id: str
    text: str
    note: str | None


class Match(Result):
    """A record that may answer; `confidence` is in 0..1."""

    id: str
    text: str
    kind: str
    confidence: float
    said_by: str | None
    since: str
    shortened: bool


class Found(Result):
    """The best matches, best first; `left_out` of them had no room."""

    matches: list[Match]
    left_out: int


class Forgotten(Result):
    """How many records were removed."""

    forgotten: int


class Version(Result):
    """What a record said from `since` on, and until when, if that is over."""

    text: str
    since: str
    until: str | None


class Versions(Result):
    """The versions of a record, newest first; `left_out` older ones had no room."""

    versions: list[Version]
    left_out: int


class Value(Result):
    """The value of a key. If there is none, `keys` has those that there are."""

    found: bool
    value: Any
    keys: list[str]


class Observed(Result):
    """How many of the messages were new."""

    kept: int


class Said(BaseModel):
    """One message."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: str
