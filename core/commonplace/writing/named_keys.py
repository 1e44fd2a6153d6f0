"""Names that are given what may be a key, and may as well be the id of an object."""

from __future__ import annotations

import re

from commonplace.writing.randomness import is_random, is_uuid
from commonplace.writing.telling_words import BARE_KEYS, ends_of

NAMING = re.compile(
    r"(?:public|primary|foreign|cache|partition|sort|row|object|idempotency|dedup\w*|hash|lookup"
    r"|index|group|routing|message|s3|storage|trace|host)[ _-]?$"
)
"""Before "key", these make it the name of something."""

# So do these, but a long value by chance may be a secret beside them.
_OF_OBJECTS = re.compile(
    r"(?:order|record|item|user|customer|document|product|entity|event|translation|map|registry"
    r"|redis|ticket|job|task|request|lock|config|sorting|search|test|answer|build|asset|image"
    r"|file)s?[ _-]?$"
)
_GIVEN = re.compile(
    r"(?: (?:for|of|to|für|de|pour|per|voor) \w+)?(?: is| ist| est| es| é|\s?[:=：]) ?"
    r"([\w-]{12,64}(?![\w-]))"
)
_ASSIGNABLE = ("secret", "token")
_LEAST, _LEAST_ASSIGNED = 16, 12
_DIGIT = re.compile(r"\d")


def may_be_named_keys(text: str) -> bool:
    """Tell whether a name is given what may be its key, and may as well name an object.

    That is a UUID, or something by chance that is shorter than most keys.

    >>> may_be_named_keys("Zephyr key: 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")
    True
    >>> may_be_named_keys("Order key: 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")
    False
    """
    if not _DIGIT.search(text):  # most texts are done here
        return False
    low = text.replace("İ", "I").lower()
    keys = (at for at in ends_of(BARE_KEYS, low) if not _names_objects(low, at))
    return any(_is_given(at, text, _LEAST) for at in keys) or any(
        _is_given(at, text, _LEAST_ASSIGNED) for at in ends_of(_ASSIGNABLE, low)
    )


def _names_objects(low: str, at: int) -> bool:
    before = low[max(0, at - 24) : at].removesuffix("key")
    return bool(NAMING.search(before) or _OF_OBJECTS.search(before))


def _is_given(at: int, text: str, least: int) -> bool:
    given = _GIVEN.match(text, at)
    return given is not None and (
        is_uuid(given[1]) or (given[1].isalnum() and is_random(given[1], least=least))
    )
