"""Whether what users tell of themselves in a conversation is found as well as a fact that is kept.

    python benchmarks/told_in_talk.py

The users, facts and questions of `first_person.py`. *Kept*: each fact by `remember`, as an agent
writes it ("Works as a nurse in Bergen"). *Told*: each fact as a user says it ("I work as a nurse
in Bergen"), a message by `observe`, between replies of an assistant; without a model. *Told among
other talk*: with a question of the user's about something else after each. The user's sentence is
made of the fact by rule (`spoken`). R@k is the share of answers that are among the first k.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from rich.table import Table

import commonplace
from commonplace import Memory, Record, Source
from commonplace.embedding import MiniLM
from first_person import DEEPEST, USERS
from metrics import recall_at
from tables import arguments, publish

REPLIES = (
    "Thank you for telling me.",
    "Good to know! Is there anything that I can do for you?",
    "I see. Shall we go on with the list?",
    "Noted. What would you like to do next?",
)
ASKED = (
    "Can you explain how tides work?",
    "What is a good way to learn chess openings?",
    "How long does bread have to rise?",
    "Which bridges are the longest?",
)
"""What users ask in between, none of which any fact is about."""


NAMES = {"Ben", "Cathal", "Paul", "Jakob", "Deploys", "Marco's", "Maya's", "Biscuit's", "Widower"}
"""What a sentence begins with that is said as it is."""

ABOUT = {"Allergic", "Vegetarian", "Married", "Retired", "Born", "Left-handed", "PhD", "Graphic"}
VERBS = {"Has": "have", "Is": "am", "Does": "do", "Goes": "go", "Studies": "study"}


def spoken(fact: str) -> str:
    """Return how a user says it.

    >>> spoken("Works as a nurse"), spoken("Allergic to nuts"), spoken("Rent is 900 euros")
    ('I work as a nurse', "I'm allergic to nuts", 'My rent is 900 euros')
    """
    first, _, rest = fact.partition(" ")
    told = re.sub(r"\b(his|her|their)\b", "my", rest)
    word = first if first.isupper() or not first[1:].islower() else first.lower()
    if first in NAMES:
        return fact
    if re.search(r"^\S+( \S+){0,3} (is|are|was|lives|needs|calls|visits|ends) ", fact):
        return f"My {word} {told}"
    if first in VERBS:
        return f"I {VERBS[first]} {told}"
    if first.endswith("s") and not first.endswith("ss"):
        return f"I {word[:-2] if re.search('(ch|sh|ss|x)es$', word) else word[:-1]} {told}"
    if first.endswith("ed") and first not in {"Married", "Retired"}:
        return f"I {word} {told}"
    is_about = first.endswith("ing") or first in ABOUT
    return f"I'm {word} {told}" if is_about else fact


def keep(memory: Memory, facts: list[dict[str, Any]]) -> dict[str, str]:
    """Keep each fact; return its id by that of its record."""
    written = memory.remember_many([Record(fact["text"]) for fact in facts])
    return {one.id: fact["id"] for one, fact in zip(written, facts, strict=True)}


def tell(memory: Memory, facts: list[dict[str, Any]], *, among: bool) -> dict[str, str]:
    """Let the user say each fact, and the assistant reply."""
    messages, told = list[dict[str, str]](), dict[str, str]()
    for number, fact in enumerate(facts):
        said = spoken(fact["text"])
        told[said] = fact["id"]
        messages += [_by("user", said), _by("assistant", REPLIES[number % len(REPLIES)])]
        if among:
            asked = ASKED[number % len(ASKED)]
            messages += [_by("user", f"{asked} ({number})"), _by("assistant", f"Gladly: {number}.")]
    memory.observe(messages, source=Source(session="talk"))
    return {one.id: told[one.text] for one in memory.records(limit=1_000) if one.text in told}


def _by(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


WAYS: dict[str, Callable[[Memory, list[dict[str, Any]]], dict[str, str]]] = {
    "kept by `remember`": keep,
    "told in a conversation": lambda memory, facts: tell(memory, facts, among=False),
    "told among other talk": lambda memory, facts: tell(memory, facts, among=True),
}


def found(users: list[dict[str, Any]], way: str) -> Iterator[tuple[list[str], frozenset[str]]]:
    """Yield for each question what is found, and what answers it."""
    with commonplace.open(":memory:", embedder=MiniLM()) as store:
        for user in users:
            memory = store.scope("user", user["user"])
            facts = WAYS[way](memory, user["facts"])
            for question in user["questions"]:
                if question["answers"]:
                    matches = memory.recall(question["text"], limit=DEEPEST)
                    ids = [facts.get(match.record.id, "") for match in matches]
                    yield ids, frozenset(question["answers"])


def figures(users: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the figures of each way."""
    results = {}
    for way in WAYS:
        every = list(found(users, way))
        results[way] = {
            f"R@{k}": float(np.mean([recall_at(ids, answers, k) for ids, answers in every]))
            for k in (1, 5)
        }
    return results


def main() -> None:
    """Print the figures."""
    parser = arguments(__doc__)
    options = parser.parse_args()
    lines = USERS.read_text(encoding="utf-8").splitlines()
    results = figures([json.loads(line) for line in lines])
    table = Table("facts", "R@1", "R@5", title="first-person questions")
    for way, one in results.items():
        table.add_row(way, *(f"{value:.3f}" for value in one.values()))
    publish(options, [table], results, [])


if __name__ == "__main__":
    main()
