"""What stays itself when CrewAI copies an agent, which it does by way of a dict of its fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SerializationInfo, SerializerFunctionWrapHandler, model_serializer
from typing_extensions import Self


class Whole(BaseModel):
    """A model that a Python dump of its owner holds as it is; JSON has its fields."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return this one."""
        return self

    @model_serializer(mode="wrap")
    def _itself(self, fields: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        return fields(self) if info.mode == "json" else self
