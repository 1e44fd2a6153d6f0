"""CrewAI's scope paths and the names of a scope below a memory's. Pure, and exact both ways.

A segment of a path is a name as it stands. Only a name that holds a slash needs another spelling,
``%2F``, and a name that holds that spelling one more: each name has one segment and each segment
one name, so that no two scopes can meet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_IN_NAME = re.compile(r"/|%(?:25)*2F")
_IN_SEGMENT = re.compile(r"%((?:25)*)2F")


def names_in(path: str | None) -> tuple[str, ...]:
    """Return the names that a path leads through; None, "" and "/" lead nowhere.

    >>> names_in("/user/alice/"), names_in("user/a%2Fb")
    (('user', 'alice'), ('user', 'a/b'))
    """
    segments = (path or "").split("/")
    return tuple(_IN_SEGMENT.sub(_read, segment) for segment in segments if segment)


def path_of(names: Sequence[str]) -> str:
    """Return the path that leads through these names.

    >>> path_of(("user", "a/b")), path_of(())
    ('/user/a%2Fb', '/')
    """
    return "/" + "/".join(_IN_NAME.sub(_written, name) for name in names)


def _written(match: re.Match[str]) -> str:
    return "%2F" if match[0] == "/" else f"%25{match[0][1:]}"


def _read(match: re.Match[str]) -> str:
    return f"%{match[1][2:]}2F" if match[1] else "/"
