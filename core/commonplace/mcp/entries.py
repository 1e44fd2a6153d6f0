"""What a host's configuration says of a server, added to a file that keeps all it had."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from json.decoder import JSONDecodeError, JSONDecoder
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.files.private_file import write_privately

_COMMENT_OR_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_SPACE = re.compile(r"\s*")


class _Member(NamedTuple):
    """A member of an object, and where its value stands in the text."""

    name: str
    value: Any
    start: int
    end: int


def with_entry(text: str, section: str, name: str, entry: dict[str, Any]) -> str:
    """Return the text of a configuration with an entry of this name in `section`.

    Everything else stays as it is: comments, order, and what nobody here knows. Raises
    InvalidInputError for what is no JSON object, comments and last commas aside.
    """
    if not text.strip():
        return json.dumps({section: {name: entry}}, indent=2) + "\n"
    plain = _plain(text)
    whole = _opening(plain, 0, "The file")
    sections = _member(plain, whole, section)
    if sections is None:
        return _inserted(text, plain, whole, {section: {name: entry}}, depth=1)
    within = _opening(plain, sections.start, f"{section!r}")
    former = _member(plain, within, name)
    if former is None:
        return _inserted(text, plain, within, {name: entry}, depth=2)
    if former.value == entry:
        return text
    written = indent(json.dumps(entry, indent=2), "    ").lstrip()
    return text[: former.start] + _ended_alike(written, text) + text[former.end :]


def write_entry(file: Path, section: str, name: str, entry: dict[str, Any]) -> Path | None:
    """Add an entry to a file, whole at every moment; return where its former content is.

    None if there was none. A link stays one. Raises InvalidInputError, and nothing is changed.
    """
    path = file.resolve()
    try:
        former = path.read_bytes().decode() if path.exists() else None
        text = with_entry(former or "", section, name, entry)
    except (InvalidInputError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"{str(file)!r} was not changed, as it cannot be read: {error} Mend it, or add the "
            "entry by hand."
        ) from error
    if text == former:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    if former is None:
        write_privately(path, text)
        return None
    kept, mode = path.with_name(f"{path.name}.bak"), path.stat().st_mode
    shutil.copy2(path, kept)
    write_privately(path, text)
    path.chmod(mode)
    return kept


def _plain(text: str) -> str:
    """Return the text as JSON of the same length: without comments, last commas and a mark."""
    blank = _COMMENT_OR_TEXT.sub(
        lambda found: found[0] if found[0][0] == '"' else " " * len(found[0]), text
    )
    plain = _LAST_COMMA.sub(lambda found: found[1] or " ", blank)
    plain = f" {plain[1:]}" if plain.startswith("\ufeff") else plain
    try:
        json.loads(plain)
    except (JSONDecodeError, RecursionError) as error:
        raise InvalidInputError(f"It is no JSON ({error}).") from error
    return plain


def _opening(plain: str, at: int, what: str) -> int:
    """Return where the object that begins here has its first member."""
    start = _after_space(plain, at)
    if plain[start] != "{":
        raise InvalidInputError(f"{what} is no JSON object.")
    return start + 1


def _member(plain: str, start: int, name: str) -> _Member | None:
    """Return the member of this name of an object; of several the last, as JSON is read."""
    return next((one for one in reversed([*_members(plain, start)]) if one.name == name), None)


def _members(plain: str, start: int) -> Iterator[_Member]:
    decoder = JSONDecoder()
    at = _after_space(plain, start)
    while plain[at] != "}":
        name, end = decoder.raw_decode(plain, at)
        begin = _after_space(plain, _after_space(plain, end) + 1)
        value, end = decoder.raw_decode(plain, begin)
        yield _Member(name, value, begin, end)
        at = _after_space(plain, end)
        at = _after_space(plain, at + 1) if plain[at] == "," else at


def _inserted(text: str, plain: str, at: int, member: dict[str, Any], depth: int) -> str:
    """Return the text with a member before the others of an object at this depth."""
    space, end = "  " * (depth - 1), _after_space(plain, at)
    written = indent(json.dumps(member, indent=2)[2:-2], space)
    if plain[end] != "}":
        return text[:at] + _ended_alike(f"\n{written},", text) + text[at:]
    closing = "" if "\n" in text[at:end] else f"\n{space}"
    return text[:at] + _ended_alike(f"\n{written}{closing}", text) + text[at:]


def _ended_alike(written: str, text: str) -> str:
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _after_space(plain: str, at: int) -> int:
    found = _SPACE.match(plain, at)
    assert found is not None, "it matches nothing as well"
    return found.end()
