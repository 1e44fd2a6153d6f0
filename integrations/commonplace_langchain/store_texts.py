"""The text that an item of a LangGraph store is found by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langgraph.store.base import get_text_at_path

from commonplace.values.records import JSON


def text_of(value: dict[str, Any], fields: Sequence[str]) -> str:
    r"""Return the texts at these paths, a line each; ``$`` is the whole value, as words.

    >>> text_of({"content": "Likes tea"}, ["$"])
    'Likes tea'
    >>> text_of({"name": "Ann", "home": {"city": "Oslo"}}, ["$"])
    'name: Ann\nhome city: Oslo'
    >>> text_of({"name": "Ann", "tags": ["a", "b"]}, ["tags[*]"])
    'a\nb'
    """
    lines = [
        line
        for field in fields
        for line in (_whole(value) if field == "$" else get_text_at_path(value, field))
    ]
    return "\n".join(lines)


def _whole(value: dict[str, Any]) -> list[str]:
    told = list(_told(value, ""))
    if len(told) == 1:  # what it is called says nothing that the text does not
        return [told[0][1]]
    return [f"{name}: {text}" for name, text in told]


def _told(value: JSON, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _told(member, f"{name} {key}".strip())
    elif isinstance(value, list):
        for member in value:
            yield from _told(member, name)
    elif value is not None and str(value).strip():
        yield name, str(value)
