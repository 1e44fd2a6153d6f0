"""Lists of words by language: the files in `data`, each read once, when it is first needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=32)
def word_lists(name: str) -> Mapping[str, frozenset[str]]:
    """Return the lists of one file, by their names."""
    file = resources.files("commonplace.recall") / "data" / f"{name}.json"
    lists: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return {key: frozenset(words) for key, words in lists.items()}
