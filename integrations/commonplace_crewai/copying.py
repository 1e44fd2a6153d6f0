"""What stays itself when CrewAI copies an agent, which it does by way of a dict of its fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SerializationInfo, SerializerFunctionWrapHandler, model_serializer


class Whole(BaseModel):
    """A model that a Python dump of its owner holds as it is; JSON has its fields."""

    @model_serializer(mode="wrap")
    def _itself(self, fields: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        return fields(self) if info.mode == "json" else self
