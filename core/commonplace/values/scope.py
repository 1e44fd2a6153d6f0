"""Whose memory it is: a path of names. Pure rules, no effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import unquote

from commonplace.errors import InvalidInputError
from commonplace.values.characters import check_whole

MAX_NAME_CHARACTERS = 1_000
MAX_NAMES = 16

_ESCAPED = re.compile(r"[%/\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A path of names such as ``("user", "alice")``, written ``user/alice``.

    Names are compared whole: ``user/1`` does not contain ``user/10``. A name may be any text that
    is not empty, such as an e-mail address or ``a/b``. The empty path is the root, which contains
    every scope.

    Args:
        names: At most 16 names, each of 1 to 1,000 characters.

    Raises:
        InvalidInputError: A name is not text, empty, too long or not valid Unicode, or there are
            more than 16.

    >>> str(Scope(("user", "a/b")))
    'user/a%2Fb'
    >>> Scope.parse("user/alice").contains(Scope(("user", "alice", "session", "7")))
    True
    """

    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.names, tuple):
            raise InvalidInputError(
                f"A scope is a tuple of names, not {self.names!r}. "
                "Use Scope.parse for a path written as text."
            )
        if len(self.names) > MAX_NAMES:
            raise InvalidInputError(
                f"A scope has at most {MAX_NAMES} names, not {len(self.names)}."
            )
        for name in self.names:
            _check_name(name)

    @classmethod
    def parse(cls, path: str) -> Scope:
        """Read a path as ``str(scope)`` writes it. The empty text is the root.

        >>> Scope.parse("user/alice").names
        ('user', 'alice')
        """
        if not isinstance(path, str):
            raise InvalidInputError(
                f"A scope is written as text such as 'user/alice', not {path!r}."
            )
        return cls(tuple(unquote(part) for part in path.split("/"))) if path else cls()

    def __str__(self) -> str:
        return "/".join(_ESCAPED.sub(_escape, name) for name in self.names)

    def child(self, *names: str | tuple[str, ...]) -> Scope:
        """Return the scope below this one.

        Args:
            *names: Several names, one tuple of names, or one written path.

        >>> Scope.parse("user").child("a/b") == Scope.parse("user").child(("a", "b"))
        True
        """
        below = names[0] if len(names) == 1 else names
        path = Scope(below) if isinstance(below, tuple) else Scope.parse(below)  # type: ignore[arg-type]  # Scope checks each name
        if not path.names:
            raise InvalidInputError(
                "A scope below this one needs a name, such as scope('user', 'alice')."
            )
        return Scope(self.names + path.names)

    def contains(self, other: Scope) -> bool:
        """Return whether `other` is this scope or lies below it."""
        return other.names[: len(self.names)] == self.names

    def first(self, count: int) -> Scope:
        """Return the scope of the first `count` names, or this scope if it has no more."""
        return Scope(self.names[:count])


def innermost_around(scopes: Iterable[Scope]) -> Scope:
    """Return the longest path that contains all of these scopes; the root for none."""
    by_depth = zip(*(scope.names for scope in scopes), strict=False)
    shared = takewhile(lambda names: len(set(names)) == 1, by_depth)
    return Scope(tuple(names[0] for names in shared))


def outermost(scopes: Sequence[Scope]) -> list[Scope]:
    """Return the scopes that lie within no other of them, each once, in their order."""
    distinct = list(dict.fromkeys(scopes))
    return [
        scope
        for scope in distinct
        if not any(other.contains(scope) for other in distinct if other != scope)
    ]


def _escape(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise InvalidInputError(f"A scope's names are text, not {name!r}: pass str(...) of it.")
    if not name:
        raise InvalidInputError("A scope's name is empty. Is the user's or session's id missing?")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInputError(
            f"A scope's name has at most {MAX_NAME_CHARACTERS:,} characters, "
            f"not {len(name):,}: {name[:40]!r}…"
        )
    if not name.isascii():
        check_whole(name, "A scope's name")
