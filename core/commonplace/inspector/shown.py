"""How what is remembered is shown: it is anybody's text, and may be hostile, private or long."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from hashlib import sha256
from typing import Any

from markupsafe import Markup, escape

from commonplace.errors import BlockedContentError
from commonplace.values.record_json import to_json
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.findings import labels
from commonplace.writing.policy import Screening
from commonplace.writing.screening import screened

PREVIEW_CHARACTERS = 240
EVERYTHING = "all"

_PRIVATE = Screening(secrets="redact", personal_data="redact", instructions="off")
# Controls, direction marks and other characters without a width, and what breaks lines unseen.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
_LAYOUT = "\n\t"


def card(record: Record, *, whole: bool = False, reveal: str = "") -> dict[str, Any]:
    """Return a record as a page has it: its beginning, or with `whole` all of it.

    What is private is left out, and `hidden` says what that is, unless `reveal` is the record's
    `mark`, or ``all``. A mark is of one scope: the ids of values with one key are the same in all.
    """
    mark = sha256(f"{record.scope}\n{record.id}".encode()).hexdigest()[:16]
    hidden = [] if reveal in (mark, EVERYTHING) else private(record)
    written = {**_PLAIN, **to_json(record), "scope": str(record.scope), "mark": mark}
    written["key"] = None if hidden else record.key
    written["source"] = {**_NOBODY, **written["source"]}
    written["characters"] = len(record.text)
    written["text"] = None if hidden else record.text if whole else preview(record.text)
    written["metadata"] = {} if hidden or not whole else dict(record.metadata)
    written["hidden"] = hidden
    written["valid_from"] = record.valid_from.isoformat()
    return written


_NOBODY = dict.fromkeys(("origin", "framework", "agent", "session"))
_PLAIN: dict[str, Any] = {
    "source": {},
    "key": None,
    "metadata": {},
    "importance": 0.5,
    "trust": None,
    "updated_at": None,
    "expires_at": None,
    "used_at": None,
    "uses": 0,
    "mentions": 1,
    "mentioned_at": [],
    "derived_from": [],
    "version_of": None,
    "valid_until": None,
    "quarantine": None,
}


def private(record: Record) -> list[str]:
    """Return the types of what is private in a record: taken out of it, or still there.

    >>> private(Record("My password is [REDACTED:password]"))
    ['password']
    >>> private(Record("Write to nia@example.org")), private(Record("Likes tea"))
    (['email'], [])
    """
    try:
        return sorted(labels(screened(record, _PRIVATE)))
    except BlockedContentError:  # what it would take out of a key, it refuses
        return ["key"]


def preview(text: str) -> str:
    """Return the beginning of a text on one line."""
    beginning = " ".join(text[: PREVIEW_CHARACTERS * 2].split())
    is_all = len(beginning) <= PREVIEW_CHARACTERS and len(text) <= PREVIEW_CHARACTERS * 2
    return beginning if is_all else f"{beginning[:PREVIEW_CHARACTERS]}…"


def visible(text: object) -> Markup:
    """Return a text as HTML in which nothing is markup and nothing is invisible.

    >>> visible("<b>")
    Markup('&lt;b&gt;')
    >>> visible("a\u202eb")
    Markup('a<span class="unseen">U+202E</span>b')
    """
    written = str(text)
    unseen = {ord(one): _named(one) for one in set(written) if _is_unseen(one)}
    return Markup(str(escape(written)).translate(unseen))  # noqa: S704  # escaped, and code points


def _is_unseen(one: str) -> bool:
    return one not in _LAYOUT and unicodedata.category(one) in _UNSEEN


def _named(one: str) -> str:
    return f'<span class="unseen">U+{ord(one):04X}</span>'


def moment(written: str | None) -> str:
    """Return a time of JSON as people read it, in UTC to the minute."""
    return "" if not written else datetime.fromisoformat(written).strftime("%Y-%m-%d %H:%M")


def second(written: str | None) -> str:
    """Return a time of JSON as people read it, in UTC to the second."""
    return "" if not written else datetime.fromisoformat(written).strftime("%Y-%m-%d %H:%M:%S")


def count(number: int, noun: str) -> str:
    """Return a number of things.

    >>> count(1, "record"), count(12000, "record")
    ('1 record', '12,000 records')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def crumbs(whole: Scope, scope: Scope) -> list[dict[str, str]]:
    """Return the way from what may be seen down to a scope: each name with its written path."""
    deeper = range(len(whole.names) + 1, len(scope.names) + 1)
    below = [{"name": scope.names[at - 1], "scope": str(scope.first(at))} for at in deeper]
    return [{"name": str(whole) or "all scopes", "scope": str(whole)}, *below]
