"""What a memory says to a model's call, and how it stays there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain_core.messages import SystemMessage
from typing_extensions import Self, override

from commonplace_langchain.messages import with_block


class Recalled(str):
    """The id of a message of the user, carrying what the memory said to it.

    LangGraph streams and traces the whole state, private parts too. Being text, this is shown and
    serialised as the id alone. `block` is None if the memory failed.
    """

    __slots__ = ("block",)

    block: str | None

    def __new__(cls, message_id: str, block: str | None = "") -> Self:
        recalled = super().__new__(cls, message_id)
        recalled.block = block
        return recalled


@dataclass(init=False)
class InformedRequest(ModelRequest[Any]):
    """A model's call whose system message ends with a block, whatever another middleware sets.

    A `dynamic_prompt` that comes later in the list replaces the whole system message.
    """

    blocks: tuple[str, ...] = ()

    def __init__(self, *, blocks: tuple[str, ...] = (), **fields: Any) -> None:
        """End the system message with `blocks`, unless it has them."""
        super().__init__(**{**fields, "system_message": _with(fields["system_message"], blocks)})
        object.__setattr__(self, "blocks", blocks)

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("system_message", "system_prompt"):
            blocks = getattr(self, "blocks", ())  # these are set last
            object.__setattr__(self, "system_message", _with(self.system_message, blocks))


def informed(request: ModelRequest[Any], block: str) -> ModelRequest[Any]:
    """Return a request whose system message ends with `block`, after those of other memories."""
    before = request.blocks if isinstance(request, InformedRequest) else ()
    fields = {name: getattr(request, name) for name in ModelRequest.__dataclass_fields__}
    return InformedRequest(blocks=(*before, block), **fields)


def _with(system: SystemMessage | None, blocks: tuple[str, ...]) -> SystemMessage | None:
    for block in blocks:
        if system is None or block not in str(system.text):
            system = with_block(system, block)
    return system
