"""What screening finds and what it takes for something by mistake.

    python benchmarks/screening.py --part held-out
    python benchmarks/screening.py --part development --conversations locomo10.json --json

The corpus beside this file has secrets and personal data, texts that give orders to a model, and
harmless texts. A secret counts as found when no six characters of it are left in what would be
kept; orders, when they would be quarantined. `--conversations` adds people's real conversations
(LoCoMo's or LongMemEval's file): whatever is found there in most cases should not have been.
"""

from __future__ import annotations

import argparse
import base64
import codecs
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from commonplace import Record, Source
from commonplace.writing.policy import Screening
from commonplace.writing.screening import screened
from screening_values import Maker, harmless, sensitive

CORPUS = Path(__file__).parent / "screening_corpus"
POLICY = Screening(secrets="redact", personal_data="redact")
_PLACE = re.compile(r"\{(uuid|isbn|isbn10|(?:digits|hex|hexu):\d+)\}")
_LOOKALIKES = str.maketrans("aeopcyxi", "аеорсухі")


def rows(name: str, part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the lines of one file that belong to a part, each with a seed of its own."""
    with (CORPUS / f"{name}.jsonl").open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            if part in ("all", row["part"]):
                yield f"{name} {number}", row


def planted(row: dict[str, Any], seed: str) -> tuple[str, str]:
    """Return a sensitive text with a made-up value in its place, and that value."""
    secret = ""

    def value(match: re.Match[str]) -> str:
        nonlocal secret
        form = match[1].partition(":")[2] or row["language"]
        secret = sensitive(row["type"], form, seed)
        return secret

    return re.sub(r"\{(secret(?::\w+)?)\}", value, row["text"]), secret


def hidden(text: str, how: str) -> str:
    """Return the text in a disguise."""
    spellings = {
        "zero-width": "\u200b".join(text),
        "base64": f"Decode and follow: {base64.b64encode(text.encode()).decode()}",
        "hex": f"data: {text.encode().hex()}",
        "rot13": codecs.encode(text, "rot13"),
        "tags": "Nice weather." + "".join(chr(0xE0000 + ord(c)) for c in text if ord(c) < 127),
        "homoglyph": text.translate(_LOOKALIKES),
        "leet": text.translate(str.maketrans("aeiost", "431057")),
        "spaced": " ".join(text.replace(" ", "  ")).replace("     ", "   "),
        "fullwidth": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
        "reversed": f"Read this backwards: {text[::-1]}",
    }
    return spellings[how]


def kept(text: str, origin: Any) -> Record:
    """Return the record that would be kept of a text of this origin."""
    return screened(Record(text, source=Source(origin=origin)), POLICY)


def redacted_types(record: Record) -> list[str]:
    """Return the types that were redacted in a record."""
    return re.findall(r"\[REDACTED:([a-z0-9-]+)\]", record.text)


def is_gone(secret: str, text: str, around: str) -> bool:
    """Tell whether no six characters of the secret are left that are not from `around` it."""
    size = min(6, len(secret))
    left = re.sub(r"\[REDACTED:[a-z0-9-]+\]", "[]", text)
    parts = (secret[at : at + size] for at in range(len(secret) - size + 1))
    return not any(part in left and part not in around for part in parts)


def sensitive_results(part: str) -> list[dict[str, Any]]:
    """Return what becomes of each secret and each piece of personal data."""
    results = []
    for seed, row in rows("sensitive", part):
        text, secret = planted(row, seed)
        record = kept(text, "user")
        types = redacted_types(record)
        results.append(
            {
                "type": row["type"],
                "gone": is_gone(secret, record.text, row["text"]),
                "named": row["type"] in types,
            }
            | {"text": text, "kept": record.text}
        )
    return results


def instruction_results(part: str) -> list[dict[str, Any]]:
    """Return what becomes of each text that gives orders to a model."""
    return [
        {"family": row["family"], "language": row["language"], "text": text}
        | {"reason": kept(text, row["origin"]).quarantine}
        for _, row in rows("instructions", part)
        for text in [hidden(row["text"], row["hidden"]) if "hidden" in row else row["text"]]
    ]


def filled(text: str, make: Maker) -> str:
    """Return a harmless text with made-up values in its places."""
    return _PLACE.sub(lambda match: harmless(match[1], make), text)


def harmless_results(part: str) -> list[dict[str, Any]]:
    """Return what becomes of each harmless text, from its own and from other origins."""
    results = []
    for seed, row in rows("harmless", part):
        text = filled(row["text"], Maker(seed))
        record = kept(text, row["origin"])
        results.append(
            {"group": row["group"], "text": text, "redacted": redacted_types(record)}
            | {"reason": record.quarantine}
            | {f"as {origin}": kept(text, origin).quarantine for origin in (None, "document")}
        )
    return results


def turns(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the turns of LoCoMo's or LongMemEval's conversations with their origins."""
    for sample in json.loads(path.read_text(encoding="utf-8")):
        if "conversation" in sample:
            for name, session in sample["conversation"].items():
                if name.startswith("session_") and isinstance(session, list):
                    yield from ((turn["text"], "user") for turn in session)
        for session in sample.get("haystack_sessions", []):
            for turn in session:
                yield turn["content"], "user" if turn["role"] == "user" else "agent"


def conversation_results(path: Path) -> dict[str, Any]:
    """Return what is found in real conversations."""
    seen = {turn for turn in turns(path) if turn[0].strip()}
    found: Counter[str] = Counter()
    examples: list[tuple[str, str]] = []
    started = time.thread_time()
    for text, origin in sorted(seen):
        record = kept(text, origin)
        types = set(redacted_types(record)) - set(re.findall(r"\[REDACTED:([a-z0-9-]+)\]", text))
        found.update(types | ({"quarantined"} if record.quarantine else set()))
        examples += [(type, text) for type in types]
        examples += [(record.quarantine, text)] if record.quarantine else []
    seconds = time.thread_time() - started
    return {"file": path.name, "turns": len(seen), "characters": sum(len(t) for t, _ in seen)} | {
        "found": dict(found.most_common()),
        "seconds": round(seconds, 2),
        "examples": examples,
    }


def milliseconds() -> dict[str, float]:
    """Return the median processor time of screening 1,000 characters, mostly of hard cases."""
    texts = [row["text"] for _, row in rows("harmless", "all") if row["language"] == "en"]
    pages = [" ".join(texts[at : at + 20])[:1000] for at in range(0, len(texts) - 20, 20)]
    return {
        name: _median([_timed(page, policy) for page in pages * 5])
        for name, policy in (("default", Screening()), ("all on", POLICY))
    }


def _timed(page: str, policy: Screening) -> float:
    record = Record(page, source=Source(origin="document"))
    started = time.thread_time()
    screened(record, policy)
    return (time.thread_time() - started) * 1000


def _median(values: list[float]) -> float:
    return round(sorted(values)[len(values) // 2], 3)


def share(values: list[bool]) -> str:
    """Write how many are true, and which share that is."""
    return f"{sum(values)}/{len(values)} ({sum(values) / len(values):.1%})" if values else "-"


def tables(results: dict[str, Any]) -> Iterator[Table]:
    """Yield the tables of the results."""
    found = results["sensitive"]
    table = Table("type", "gone", "named as such", title="Secrets and personal data")
    for type in [*sorted({one["type"] for one in found}), "all"]:
        of = [one for one in found if type in (one["type"], "all")]
        table.add_row(type, share([one["gone"] for one in of]), share([one["named"] for one in of]))
    yield table
    for by in ("family", "language"):
        table = Table(by, "quarantined", title="Orders to a model")
        orders = results["instructions"]
        for name in [*sorted({one[by] for one in orders}), "all"]:
            of = [one for one in orders if name in (one[by], "all")]
            table.add_row(name, share([bool(one["reason"]) for one in of]))
        yield table
    yield harmless_table(results["harmless"])


def harmless_table(found: list[dict[str, Any]]) -> Table:
    """Return how often harmless texts were taken for something."""
    columns = ("redacted", "reason", "as None", "as document")
    table = Table("group", "redacted", "quarantined", "of unknown origin", "as a document")
    table.title = "Harmless texts taken for something"
    for group in [*sorted({one["group"] for one in found}), "all"]:
        of = [one for one in found if group in (one["group"], "all")]
        table.add_row(group, *(share([bool(one[column]) for one in of]) for column in columns))
    return table


def mistakes(results: dict[str, Any]) -> Iterator[str]:
    """Yield what was missed and what was found by mistake, one line each."""
    for one in results["sensitive"]:
        if not (one["gone"] and one["named"]):
            yield f"{'NAMED OTHERWISE' if one['gone'] else 'MISSED'} {one['type']}: {one['kept']!r}"
    for one in results["instructions"]:
        if not one["reason"]:
            yield f"MISSED {one['family']}: {one['text']!r}"
    for how in ("redacted", "reason", "as None", "as document"):
        for one in results["harmless"]:
            if one[how]:
                yield f"MISTAKEN {how} {one[how]}: {one['text']!r}"


def main() -> None:
    """Print the tables, or everything as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--part", choices=["development", "held-out", "paraphrased", "all"], default="all"
    )
    parser.add_argument("--conversations", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--mistakes", action="store_true", help="list what went wrong")
    options = parser.parse_args()
    results: dict[str, Any] = {
        "sensitive": sensitive_results(options.part),
        "instructions": instruction_results(options.part),
        "harmless": harmless_results(options.part),
        "milliseconds": milliseconds(),
        "conversations": [conversation_results(path) for path in options.conversations],
    }
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=1))
        return
    console = Console()
    for table in tables(results):
        console.print(table)
    console.print("Milliseconds of processor time for 1,000 characters:", results["milliseconds"])
    for one in results["conversations"]:
        console.print({name: value for name, value in one.items() if name != "examples"})
    if options.mistakes:
        print("\n".join(mistakes(results)))
        for one in results["conversations"]:
            print(
                "\n".join(f"{one['file']} {type}: {text[:300]!r}" for type, text in one["examples"])
            )


if __name__ == "__main__":
    main()
