"""Keys told by how they begin, whoever made them: a prefix, a joint, and much that is by chance.

A prefix that says what it is (`sk`, `api`, `token`) makes a secret. With another one, such as
`fw_`, it may be one: nobody can tell it from the id of an object. It is not taken out, and the
record is held back, which can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from commonplace.writing.findings import Finding
from commonplace.writing.formats import whole
from commonplace.writing.randomness import has_uuid, is_random

_PREFIXED = re.compile(
    r"(?<![A-Za-z0-9_./+=%-])((?:[A-Za-z][A-Za-z0-9]{0,11}[-_]){1,4})([A-Za-z0-9_-]{16,})", re.ASCII
)
# "sk", "gsk", "pcsk", "ck": a key's initials have no vowel, but for "ak".
_SAYS_KEY = re.compile(
    r"(?:[b-df-hj-np-tv-z0-9]{0,3}[spcr]k|u?ak|[a-z0-9]{0,9}(?:api|key|tok|token|tkn|secret|seckey)"
    r"|[b-df-hj-np-tv-z]{0,3}pat|auth|live)",
    re.IGNORECASE,
)
# What names an object, for which prefixes and chance are used as well.
_OBJECTS = (
    "acct agent app asst batch bucket build ca call cart ch chatcmpl cmd cmpl commit conv cs "
    "ctx cus cust dev digest doc ev evt file fingerprint fp func gen i id image img in inv "
    "item job js layer log md5 member mr msg msgbatch node obj order org page part pi pm pod "
    "pr price prod proj py ref rel req res resp rev rs run seg sess sha sha1 sha224 sha256 "
    "sha384 sha512 si snap span src step store sub subnet task team thread toolu trace ts tx "
    "txn upload user usr vm vol vpc vs web wf "
)
_NAMES = frozenset(_OBJECTS.split())
_SHORTEST = 18
_LONGEST_UNKNOWN = 6
_LEAST_UNKNOWN = 22
_OF_BOTH_CASES = re.compile(r"[A-Z].*[a-z]|[a-z].*[A-Z]")
_HEX = re.compile(r"[0-9a-f]{32,}")


class _Prefixed(NamedTuple):
    start: int
    end: int
    prefix: str
    body: str


def by_prefix(text: str) -> Iterator[Finding]:
    """Yield what is a key by its prefix."""
    for one in _prefixed(text):
        if _says_key(one.prefix) and (has_uuid(one.body) or is_random(one.body, least=16)):
            yield Finding(one.start, whole(text, one.end), "api-key")


def may_be_keys(text: str) -> bool:
    """Tell whether a text has what may be a key by its form, and may be the id of an object."""
    return any(_may_be_key(one) for one in _prefixed(text))


def _prefixed(text: str) -> Iterator[_Prefixed]:
    # Most texts have no word that is long enough, and are done here.
    long = [word for word in text.split() if len(word) >= _SHORTEST]
    if any("-" in word or "_" in word for word in long):
        for match in _PREFIXED.finditer(text):
            yield _Prefixed(*match.span(), match[1], match[2])


def _parts(prefix: str) -> list[str]:
    return [part for part in re.split(r"[-_]", prefix) if part]


def _says_key(prefix: str) -> bool:
    return any(_SAYS_KEY.fullmatch(part) for part in _parts(prefix))


def _may_be_key(one: _Prefixed) -> bool:
    first, *others = _parts(one.prefix)
    return (
        len(first) <= _LONGEST_UNKNOWN
        and len(others) <= 2
        and _NAMES.isdisjoint(part.lower() for part in (first, *others))
        and (bool(_OF_BOTH_CASES.search(one.body)) or _is_joined_hex(one))
        and is_random(one.body, least=_LEAST_UNKNOWN)
    )


def _is_joined_hex(one: _Prefixed) -> bool:
    """Tell whether a digest's characters follow an underscore; those of images follow a hyphen."""
    return one.prefix.endswith("_") and _HEX.fullmatch(one.body) is not None
