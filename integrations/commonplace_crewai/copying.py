"""What stays itself when CrewAI copies an agent, which it does by way of a dict of its fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SerializationInfo, model_serializer
from typing_extensions import Self


class Whole(BaseModel):
    """A model that a Python dump of its owner holds as it is; JSON, which cannot, has null.

    So CrewAI can write a checkpoint. From its fields CrewAI would make another memory: its own.
    """

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return this one."""
        return self

    @model_serializer
    def _itself(self, info: SerializationInfo) -> Any:
        return None if info.mode == "json" else self
