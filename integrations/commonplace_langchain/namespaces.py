"""Which namespaces of a LangGraph store a listing is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langgraph.store.base import MatchCondition

from commonplace import InvalidInputError

Namespace = tuple[str, ...]


def named(
    spaces: Iterable[Namespace], conditions: Sequence[MatchCondition], max_depth: int | None
) -> list[Namespace]:
    """Return those of the namespaces that meet all conditions, cut to `max_depth`, sorted.

    >>> named([("a", "b", "c"), ("a", "x")], [MatchCondition("prefix", ("a", "*"))], 2)
    [('a', 'b'), ('a', 'x')]
    """
    met = [space for space in spaces if all(_meets(space, one) for one in conditions)]
    return sorted({space[:max_depth] for space in met})


def _meets(space: Namespace, condition: MatchCondition) -> bool:
    path = tuple(condition.path)
    if condition.match_type not in ("prefix", "suffix"):
        raise InvalidInputError(
            f"A namespace is matched by 'prefix' or 'suffix', not {condition.match_type!r}."
        )
    if len(space) < len(path):
        return False
    part = space[: len(path)] if condition.match_type == "prefix" else space[-len(path) :]
    return not path or all(wanted in ("*", name) for name, wanted in zip(part, path, strict=True))
