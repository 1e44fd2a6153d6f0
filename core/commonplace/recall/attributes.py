"""Whether a later statement tells something else of the same thing.

"My bank is Nordea" is not replaced by "My bank opened a new branch", nor "The server is in
Frankfurt" by "The server was upgraded to 64 GB". It is where the later statement says what the
thing is, or into what it changed, and the value is of the same form: a name, a number, or neither.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from commonplace.recall.of_text import of_text
from commonplace.recall.statements import change_span, is_of_self
from commonplace.recall.subjects import is_about_another
from commonplace.recall.tokens import UNSPACED
from commonplace.recall.word_lists import word_lists

if TYPE_CHECKING:
    from commonplace.recall.competing import Statement

_WORD = re.compile(r"[^\s,;:.!?]+(?:[.:,](?=\w)[^\s,;:.!?]+)*|[—–=:]")
_NEGATED = re.compile(r"n['’]t\b|[不没沒無]|ない|않|아니", re.IGNORECASE)
_UNSPACED_BEING = re.compile("^(.{1,8}?)(?:是|は|が)")
_UNSPACED_HAVING = re.compile("^(?:现在|現在|今|最近|也|新)*(?:有|に|には|があ|があり)")


def leaves(newer: Statement, older: Statement) -> bool:
    """Tell whether the newer is about something else, or tells something else of the same."""
    return is_about_another(newer, older) or is_of_another_attribute(newer, older)


def is_of_another_attribute(newer: Statement, older: Statement) -> bool:
    """Tell whether the newer leaves what the older says as it is."""
    if UNSPACED.search(older.text):
        return _only_has(newer.text, older.text)
    return _keeps_value(newer, older) or _tells_otherwise(newer, older)


def _only_has(newer: str, older: str) -> bool:
    """Tell whether the older says what a thing is, and the newer what it has: "我的银行有…"."""
    found = _UNSPACED_BEING.match(older)
    if found is None or not newer.startswith(found[1]):
        return False
    return _UNSPACED_HAVING.match(newer[len(found[1]) :].lstrip("はが")) is not None


def _keeps_value(newer: Statement, older: Statement) -> bool:
    """Tell whether the newer still names the value of the older: "a new desk at Acme".

    The same word stands before it, and nothing else is said to have changed.
    """
    told, before = _words(newer.text.lower()), _words(older.text.lower())
    if len(told) < 2 or told[-2:] != before[-2:] or newer.tells_of_end or not _only_times(newer):
        return False
    value = set(newer.stems_in(told[-1]))
    if not value or not value.isdisjoint(older.stems_named):
        return False
    return not _is_denied(newer.text, told) or _is_denied(older.text, before)


@of_text
def _gives_name(older: Statement) -> bool:
    """Tell whether it says of something else than the speaker what its name is, or of what."""
    if is_of_self(older.text) or older.tells_time:
        return False
    return _form(_rest_words(older, _subject(older))) == "name"


def _tells_otherwise(newer: Statement, older: Statement) -> bool:
    """Tell whether both begin with one thing, and the newer does not say what that is now.

    The older gives a name: of "is single" or "at 9:30" others tell what may take its place.
    """
    subject = _subject(older)
    if not _gives_name(older) or not _begins_with(newer, subject, older):
        return False
    is_what = _follows(older, subject, "being")
    if not _only_times(newer):
        return is_what and not _leads_to_value(newer, older)
    if _follows(newer, subject, "being"):
        return is_what and not _agree(newer, older)
    if _follows(newer, subject, "having"):
        return not _follows(older, subject, "having")
    return is_what


@of_text
def _subject(statement: Statement) -> set[str]:
    """Return the stems of what stands before "is", or else of the first word that is of sense."""
    words = _words(statement.text)
    being = next((at for at, one in enumerate(words) if one.lower() in _list("being")), 0)
    return set(statement.stems_in(" ".join(words[:being])) or statement.stems[:1])


def _begins_with(newer: Statement, subject: set[str], older: Statement) -> bool:
    """Tell whether a statement begins with the subject of another, but for words such as "my".

    "Got a phone" speaks of another phone.
    """
    words = _words(newer.text)
    places = (at for at, one in enumerate(words) if not subject.isdisjoint(newer.stems_in(one)))
    before = [one.lower() for one in words[: next(places, 0)]]
    told = " ".join(before)
    return (
        subject.issubset(newer.stems_in(newer.opening))
        and not (newer.stems_in(told) and older.stems_in(told))
        and _list("indefinite").isdisjoint(before)
    )


@of_text
def _only_times(statement: Statement) -> bool:
    """Tell whether a statement says when it holds ("now", "new") and not that something changed."""
    start, end = change_span(statement.text)
    return statement.text[start:end].lower() in _list("time") | {""}


def _leads_to_value(newer: Statement, older: Statement) -> bool:
    """Tell whether what follows "moved" or "became" is what the thing is now."""
    after = newer.text[change_span(newer.text)[1] :]
    words = _words(after)
    if not words:
        return True
    return words[0].lower() not in _list("determiner") and (
        words[0].lower() not in _list("towards") or _agree(newer, older, after)
    )


def _agree(newer: Statement, older: Statement, value: str = "") -> bool:
    """Tell whether two values have one form; German writes all nouns like names."""
    if older.language == "german":
        return True
    subject = _subject(older)
    forms = _form(_words(value) or _rest_words(newer, subject)), _form(_rest_words(older, subject))
    return forms[0] == forms[1] or forms[1] == "other"


def _form(words: list[str]) -> str:
    """Return of which form a value is: a number, a name, or neither."""
    skipped = _list("towards") | _list("time") | _list("being") | _list("negation")
    told = [one for one in words if one.lower() not in skipped or any(map(str.isdigit, one))]
    if any(character.isdigit() for one in told[:2] for character in one):
        return "number"
    if told and told[0].lower() in _list("determiner"):
        told = told[1:]
    return "name" if told and told[0][:1].isupper() else "other"


def _rest_words(statement: Statement, subject: set[str]) -> list[str]:
    return _words(_rest(statement, subject))


def _rest(statement: Statement, subject: set[str]) -> str:
    """Return what follows the words that a statement is about."""
    end = 0
    left = set(subject)
    for found in _WORD.finditer(statement.text):
        stems = set(statement.stems_in(found[0]))
        if left & stems:
            left -= stems
            end = found.end()
    return statement.text[end:]


def _follows(statement: Statement, subject: set[str], kind: str) -> bool:
    """Tell whether such a word is the first behind the subject, but for words of time."""
    words = (one.lower() for one in _rest_words(statement, subject))
    first = next((one for one in words if one not in _list("time")), "")
    return first in _list(kind)


def _is_denied(text: str, words: list[str]) -> bool:
    return not _list("negation").isdisjoint(words) or _NEGATED.search(text) is not None


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _list(name: str) -> frozenset[str]:
    return word_lists("predicate_words")[name]
