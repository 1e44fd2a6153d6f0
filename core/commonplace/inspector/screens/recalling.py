"""The debugger of a recall: what was found, by what, and what the model would be shown."""

from __future__ import annotations

from typing import Any

from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import EVERYTHING, card, crumbs, private
from commonplace.recall.explanation import Candidate, Explanation
from commonplace.recall.preview import Preview
from commonplace.values.records import KINDS

_MOST = 50
_MOST_TOKENS = 100_000
_LEAST_SHOWN = 0.0005


def show(asked: Asked) -> Page:
    """Ask a question, and show how its answer comes about. Nothing counts as used."""
    values: dict[str, Any] = {
        "scope": str(asked.scope),
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "kinds": KINDS,
        "explanation": None,
        "context": None,
    }
    if asked.text("q"):
        reveal = asked.text("reveal")
        told = asked.kept.read(_named(asked), lambda: _explained(asked))
        values["explanation"] = _told(told, reveal)
        if asked.time("as_of") is None:
            values["context"] = _context(_previewed(asked), reveal)
    return Page("recall.html", values)


def _explained(asked: Asked) -> Explanation:
    return asked.memory.explain(
        asked.text("q"),
        limit=asked.number("limit", 8, _MOST),
        kind=asked.text("kind") or None,  # type: ignore[arg-type]  # the verb checks it
        where=asked.value("where"),
        as_of=asked.time("as_of"),
        min_confidence=asked.share("min_confidence", 0),
    )


def _named(asked: Asked) -> tuple[str, ...]:
    fields = ("q", "limit", "kind", "where", "as_of", "min_confidence")
    return ("explained", str(asked.scope), *map(asked.text, fields))


def _previewed(asked: Asked) -> Preview:
    tokens, question = asked.number("max_tokens", 400, _MOST_TOKENS), asked.text("q")
    of = ("previewed", str(asked.scope), question, tokens)
    return asked.kept.read(of, lambda: asked.memory.preview(question, max_tokens=tokens))


def _told(told: Explanation, reveal: str) -> dict[str, Any]:
    parts = [(arm, abs(part)) for one in told.found for arm, part in (one.parts or {}).items()]
    arms = sorted({arm for arm, part in parts if part >= _LEAST_SHOWN})
    return {
        "asked": told.asked,
        "periods": [[start.isoformat(), end.isoformat()] for start, end in told.periods],
        "arms": arms,
        "most": max((part for _, part in parts), default=0) or 1,
        "found": [_candidate(one, reveal) for one in told.found],
        "left_out": [_candidate(one, reveal) for one in told.left_out],
        "counts": dict(told.counts),
    }


def _candidate(one: Candidate, reveal: str) -> dict[str, Any]:
    return {
        "record": card(one.record, reveal=reveal),
        "reason": one.reason,
        "note": one.note,
        "confidence": one.confidence,
        "relevance": one.relevance,
        "parts": dict(one.parts or {}),
        "signals": dict(one.signals),
    }


def _context(seen: Preview, reveal: str) -> dict[str, Any]:
    hidden = [] if reveal == EVERYTHING else [private(line.record) for line in seen.lines]
    lines = [
        {"text": None if private_ else line.text, "tokens": line.tokens, "hidden": private_}
        for line, private_ in zip(seen.lines, hidden or [[]] * len(seen.lines), strict=True)
    ]
    return {
        "text": None if any(hidden) else seen.text,
        "tokens": seen.tokens,
        "max_tokens": seen.max_tokens,
        "lines": lines,
        "left_out": [
            {"record": card(one.record, reveal=reveal), "reason": one.reason}
            for one in seen.left_out[:_MOST]
        ],
    }
