"""The records of a scope: filtered, searched, and as they were at a moment."""

from __future__ import annotations

from typing import Any

from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import card, crumbs
from commonplace.values.records import KINDS, Record

PER_PAGE = 50
# A store reads all of a scope to find the newest: then as well for several pages.
_PAGES_PER_READ = 10
_MOST_FOUND = 200


def show(asked: Asked) -> Page:
    """List the records, newest first, or those that answer a question, best first."""
    found, more = _searched(asked) if asked.text("q") else _listed(asked)
    reveal, moment = asked.text("reveal"), asked.time("as_of")
    values = {
        "scope": str(asked.scope),
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "kinds": KINDS,
        "as_of": None if moment is None else moment.isoformat(),
        "page": asked.number("page", 1),
        "has_more": more,
        "records": [{**card(one, reveal=reveal), "confidence": sure} for one, sure in found],
    }
    return Page("records.html", values)


Found = list[tuple[Record, float | None]]


def _listed(asked: Asked) -> tuple[Found, bool]:
    block, page = divmod(asked.number("page", 1) - 1, _PAGES_PER_READ)
    most, first = _PAGES_PER_READ * PER_PAGE, page * PER_PAGE
    given = {**_conditions(asked), "limit": most + 1, "offset": block * most}
    read = asked.kept.read(_named(asked, block), lambda: asked.memory.records(**given))
    found = read[first : first + PER_PAGE]
    return [(one, None) for one in found], len(read) > first + PER_PAGE


def _searched(asked: Asked) -> tuple[Found, bool]:
    conditions = _conditions(asked)
    matches = asked.kept.read(
        ("found", asked.text("q"), *_named(asked, 0)),
        lambda: asked.memory.recall(asked.text("q"), limit=_MOST_FOUND, **conditions),
    )
    first = (asked.number("page", 1) - 1) * PER_PAGE
    page = matches[first : first + PER_PAGE]
    return [(one.record, one.confidence) for one in page], len(matches) > first + PER_PAGE


def _conditions(asked: Asked) -> dict[str, Any]:
    """Read the filters, which are those of `recall`. Raises InvalidInputError."""
    return {
        "kind": asked.text("kind") or None,
        "where": asked.value("where"),
        "since": asked.time("since"),
        "until": asked.day_end("until"),
        "as_of": asked.time("as_of"),
    }


def _named(asked: Asked, block: int) -> tuple[str, ...]:
    fields = ("kind", "where", "since", "until", "as_of")
    return ("records", str(asked.scope), str(block), *map(asked.text, fields))
