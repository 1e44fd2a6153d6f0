"""Marks of citations and entities that OpenAI's models write into their texts. Pure."""

from __future__ import annotations

import json
import re

from commonplace.values.records import JSON

# \ue200 NAME \ue202 ARGUMENT \ue202 ARGUMENT \ue201, in the private use area of Unicode.
_MARK = re.compile(" ?\ue200([^\ue200\ue201\ue202]*)\ue202?([^\ue200\ue201]*)\ue201")
_BROKEN = re.compile(" ?\ue200[^\ue200\ue201\n]*$|[\ue200-\ue206]", re.MULTILINE)
# What is left of a mark where the private characters were lost on the way.
_BARE = re.compile(
    r" ?\b(?:file)?cite(?:turn\d+[a-z]+\d+)+\b|\bturn\d+(?:search|news|file|view)\d+\b"
)
_BARE_ENTITY = re.compile(r"\bentity(?:turn\d+\w+)?(\[\"[^\[\]\n]*\"\])")
_SOURCE = re.compile(r" ?【[^【】\n]*†([^【】\n]*)】")
_NO_NAME = re.compile(r"source|L\d+(-L?\d+)?|", re.IGNORECASE)
_NAMED = ("entity", "url", "navlist", "link_title", "product_entity", "place")


def without_marks(text: str) -> tuple[str, list[JSON]]:
    """Return a text without marks, and the names of sources that they gave.

    What an entity or a link is called stays in the text.

    >>> without_marks("It rains【4:0†source】 there【1†report.pdf】.")
    ('It rains there.', ['report.pdf'])
    """
    cited: list[JSON] = []

    def source(found: re.Match[str]) -> str:
        named = found[1].strip()
        if not _NO_NAME.fullmatch(named) and named not in cited:
            cited.append(named)
        return ""

    if _BROKEN.search(text):
        text = _BROKEN.sub("", _MARK.sub(_named, text))
    if "turn" in text:
        text = _BARE.sub("", text)
    if 'entity["' in text:
        text = _BARE_ENTITY.sub(lambda found: _name(found[1]), text)
    return (_SOURCE.sub(source, text) if "†" in text else text), cited


def _named(found: re.Match[str]) -> str:
    """Return what a mark names, after the space that stood before it."""
    if found[1] not in _NAMED:
        return ""
    named = _name(found[2].partition("\ue202")[0])
    return f"{' ' * found[0].startswith(' ')}{named}" if named else ""


def _name(argument: str) -> str:
    try:
        value = json.loads(argument)
    except ValueError:
        return argument.strip()
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    if isinstance(value, dict):
        texts = [one for key in ("name", "title") if isinstance(one := value.get(key), str)]
    # ["city", "Oslo", "capital of Norway"]: the kind, the name, what tells it from others.
    return texts[1] if len(texts) > 1 and isinstance(value, list) else next(iter(texts), "")
