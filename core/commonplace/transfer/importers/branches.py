"""Conversations that are trees: the branch that was shown last, and the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def current_branch(parents: Mapping[str, object], last: object) -> dict[str, None]:
    """Return the ids from the root down to the message `last`, in order.

    `parents` has of each id that of the message it answers. Without a last one that is known it
    is the one that was added last.
    """
    if not isinstance(last, str) or last not in parents:
        last = next(reversed(parents), None) if isinstance(parents, dict) else None
    return dict.fromkeys(reversed(list(_upwards(parents, last))))


def _upwards(parents: Mapping[str, object], id: object) -> Iterator[str]:
    seen: set[str] = set()
    while isinstance(id, str) and id in parents and id not in seen:
        yield id
        seen.add(id)
        id = parents[id]
