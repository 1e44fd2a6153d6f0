"""What screening finds by kind of secret and by language of orders, and what it alters by mistake.

    python benchmarks/screening_kinds.py --part held-out
    python benchmarks/screening_kinds.py --part development --mistakes
    python benchmarks/screening_kinds.py --part fresh --embedder multilingual

The values of the secrets are made up here from shapes, such as ``fw_{a24}``, in places marked by
⟪⟫; the same ones in every run. A secret is *gone* when no six characters of it are left in what
would be kept, and *held* when something is left, but the record is held back until it is released.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from commonplace import Record, Source
from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.multilingual import MultilingualE5
from commonplace.ports import Entry
from commonplace.writing.meaning import held_by_meaning
from commonplace.writing.policy import Screening
from commonplace.writing.screening import screened
from screening import filled, is_gone, rows
from screening_values import WORDS, Maker

PARTS = ("development", "held-out", "second", "last", "third", "fourth", "fifth", "sixth",
         "seventh", "eighth", "fresh",
         "fresh-second", "all")  # fmt: skip
EMBEDDERS: dict[str, type[MiniLM | MultilingualE5]] = {
    "minilm": MiniLM,
    "multilingual": MultilingualE5,
}
POLICY = Screening()
_SECRET = re.compile("⟪(.+?)⟫")
_WORDS = re.compile(r"\{(word|numbered)(\d+)\}")
_SETS = ("orders", "statements")


def made(shape: str, make: Maker) -> str:
    """Return a value of this shape."""

    def words(place: re.Match[str]) -> str:
        chosen = make.random.choices(WORDS, k=int(place[2]))
        numbered = (f"{at}. {word}" for at, word in enumerate(chosen, 1))
        return " ".join(numbered if place[1] == "numbered" else chosen)

    return make.like(_WORDS.sub(words, shape))


def planted(row: dict[str, Any], seed: str) -> tuple[str, list[str]]:
    """Return a text with made-up secrets in their places, and those secrets."""
    make, secrets = Maker(seed), []

    def value(place: re.Match[str]) -> str:
        secrets.append(made(place[1], make))
        return secrets[-1]

    return make.like(_SECRET.sub(value, row["text"])), secrets


def kept(text: str, origin: Any) -> Record:
    """Return the record that would be kept of a text of this origin."""
    return screened(Record(text, source=Source(origin=origin)), POLICY)


def secrets(part: str) -> Iterator[dict[str, Any]]:
    """Yield what becomes of each text with secrets."""
    for seed, row in rows("credentials", part):
        text, values = planted(row, seed)
        record = kept(text, "user")
        around = _SECRET.sub(" ", row["text"])
        gone = all(is_gone(value, record.text, around) for value in values)
        held = not gone and record.quarantine is not None
        yield {"by": row["kind"], "text": text, "kept": record.text, "gone": gone, "held": held}


def texts_of_every_day(part: str) -> Iterator[dict[str, Any]]:
    """Yield what becomes of harmless texts: those of the first corpus and those that look alike."""
    for name in ("harmless", "lookalikes"):
        for seed, row in rows(name, part):
            text = Maker(seed).like(filled(row["text"], Maker(seed)))
            record = kept(text, row["origin"])
            altered, held = record.text != text, record.quarantine is not None
            by = row["group"] if name == "harmless" else f"{row['group']}, look-alikes"
            yield {"by": by, "text": text, "kept": record.text, "altered": altered, "held": held}


def orders(part: str, embedder: MiniLM | MultilingualE5 | None) -> Iterator[dict[str, Any]]:
    """Yield what becomes of orders and of harmless statements, by language."""
    for name in _SETS:
        for _, row in rows(name, part):
            record = kept(row["text"], row["origin"])
            if embedder is not None:
                entry = Entry(record, embedder.embed_documents([record.text]))
                record = held_by_meaning([entry], {}, embedder.name, POLICY)[0].record
            held = record.quarantine is not None
            yield {"by": row["language"], "text": row["text"], "set": name, "held": held}


def share(values: Iterable[bool]) -> str:
    """Write how many are true, of how many."""
    counted = Counter(values)
    return f"{counted[True]} of {counted.total()}" if counted else "-"


def grouped(results: Iterable[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the results by group, and all of them last."""
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    everything = list(results)
    for one in everything:
        groups[one["by"]].append(one)
    yield from sorted(groups.items())
    yield "all", everything


def tables(part: str, embedder: MiniLM | MultilingualE5 | None) -> Iterator[Table]:
    """Yield the tables of one part of the corpus."""
    table = Table("kind", "gone", "held back", title=f"Secrets, {part}")
    for name, of in grouped(secrets(part)):
        table.add_row(name, share(one["gone"] for one in of), share(one["held"] for one in of))
    yield table
    table = Table("group", "altered", "held back", title=f"Harmless texts, {part}")
    for name, of in grouped(texts_of_every_day(part)):
        table.add_row(name, share(one["altered"] for one in of), share(one["held"] for one in of))
    yield table
    table = Table("language", "orders held back", "statements held back", title=f"Orders, {part}")
    for name, of in grouped(orders(part, embedder)):
        sets = (
            [one["held"] for one in of if one["set"] == set] for set in ("orders", "statements")
        )
        table.add_row(name, *map(share, sets))
    yield table


def mistakes(part: str, embedder: MiniLM | MultilingualE5 | None) -> Iterator[str]:
    """Yield a line for each mistake."""
    for one in secrets(part):
        if not one["gone"]:
            yield f"{'HELD' if one['held'] else 'MISSED'} {one['by']}: {one['kept'][:160]!r}"
    for one in texts_of_every_day(part):
        if one["altered"] or one["held"]:
            yield f"{'ALTERED' if one['altered'] else 'HELD'} {one['by']}: {one['kept']!r}"
    for one in orders(part, embedder):
        if one["held"] != (one["set"] == "orders"):
            yield f"{'HELD' if one['held'] else 'MISSED'} {one['by']}: {one['text']}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--embedder", choices=EMBEDDERS, help="judge by meaning, too")
    parser.add_argument("--mistakes", action="store_true", help="list what went wrong")
    options = parser.parse_args()
    embedder = EMBEDDERS[options.embedder]() if options.embedder else None
    for table in tables(options.part, embedder):
        Console().print(table)
    if options.mistakes:
        print("\n".join(mistakes(options.part, embedder)))


if __name__ == "__main__":
    main()
