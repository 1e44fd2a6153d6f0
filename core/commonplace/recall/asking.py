"""What in a text asks, clause by clause, and what a short reply leaves unsaid.

"I moved to Oslo in May, can you find me a dentist?" tells and asks; only its second clause is a
question. The words that open a question, and those that contentless replies are made of, are
lists by language in `data`; an unlisted language has its question marks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from commonplace.recall.statements import is_of_self
from commonplace.recall.tokens import UNSPACED
from commonplace.recall.unmarked import asks_unmarked
from commonplace.recall.word_lists import word_lists

QUESTION_MARKS = ("?", "？", "؟", "՞", "\u037e")
"""The last is the Greek one; an editor may turn it into a semicolon, which it looks like."""

_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
"""Its question mark is mostly typed as a semicolon."""

_UNSPACED = "unspaced"
"""Names the list of the scripts written without spaces; its entries are found anywhere."""

_SENTENCE = re.compile(
    r"(?:[^.!?。！？؟\n]+|(?<!\s)[.!?](?=\S)|(?<=\b\w\w)\.|(?<=\b\w)\.)+[.!?。！？؟]*"
)
_THAI = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese and Khmer have a space between clauses, and none between words."""

_CLAUSE_START = re.compile(
    r"^\W*|[,;:，；：、،—–(]\W*|\s-\s|\s(?:and|but|so|or|und|aber|et|mais|y|pero|e)\s"
    rf"|(?<=[{_THAI}])\s+(?=[{_THAI}])"
)

_TELLING_WORDS = 4
_TELLING_CHARACTERS = 14
"""Before a question, less than this is an address or a place ("In Oslo, who…?"), but for "I".
"""

ASKING = 0.5, 0.7
"""The share of a text that asks at which it begins to be a question, and is one."""

REMARK = 30, 60
"""The characters told beside a question up to which they are a remark, and from which a statement.

A character of a script without spaces counts for three.
"""

_SHORT_REPLY = 160
"""Longer texts, in characters, say something."""

_WORD = re.compile(r"""[^\s.,;:!?…()"«»„“”。、，！？؟،।]+""")
"""Up to a space or a mark: `\\w` would end a Hindi word at its vowel sign."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, with what ends them."""
    return [found for found in _SENTENCE.findall(text) if not found.isspace()]


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a text asks, each in 0..1.

    `share` is the squared share of its characters that asks. `only` is near 1 for a question with
    at most a short remark beside it ("Who is my dentist? I need it for a form.").
    """

    share: float
    only: float


def asked(text: str) -> Asked:
    """Return how far a text asks, clause by clause."""
    parts = [_parts(sentence) for sentence in sentences(text)]
    asking = sum(size(question) for _, question in parts)
    if not asking:
        return Asked(0.0, 0.0)
    told = sum(size(telling) for telling, _ in parts if not _leads_up(telling))
    share = asking / (told + asking)
    return Asked(share**2, _ramp(share, ASKING) * (1 - _ramp(told, REMARK)))


def ends_asking(text: str) -> bool:
    """Tell whether a text ends in a question, so that what follows answers it."""
    end = text.rstrip()
    return end.endswith(QUESTION_MARKS) or (end.endswith(";") and _GREEK.search(end) is not None)


def asks(sentence: str) -> bool:
    """Tell whether a sentence is a question, marked as one or opened like one."""
    return ends_asking(sentence) or asks_unmarked(sentence)


def says_nothing(reply: str, question: str = "") -> bool:
    """Tell whether a reply has only words of politeness, of looking up, and of the question.

    It holds for "Let me check that for you." and, as the reply to "Who is my dentist?", for
    "I do not know who your dentist is."; not for "Yes", which answers.
    """
    if len(reply) > _SHORT_REPLY:
        return False
    words = _words(reply)
    if any(map(str.isdigit, reply)) or _answers().issuperset(words):
        return False
    languages = {one for word in words for one in _languages_of_replies().get(word, ())}
    if not reply.isascii():
        languages.add(_UNSPACED)
    left = [word for word in words if word not in _words(question)]
    return any(_covers(language, words, left) for language in languages)


def _leads_up(telling: str) -> bool:
    """Tell whether what stands beside a question only leads up to it: "one more thing"."""
    if says_nothing(telling):
        return True
    if len(telling) > _SHORT_REPLY or any(map(str.isdigit, telling)):
        return False
    words = set(_words(telling)) - {"-", "–", "—"}
    own = word_lists("opening_words").items()
    return any(words <= opening | _function_words(language) for language, opening in own)


def _ramp(value: float, between: tuple[float, float]) -> float:
    start, end = between
    return min(max((value - start) / (end - start), 0.0), 1.0)


def size(text: str) -> int:
    """Return the length of a text in characters of an alphabet.

    A character of a script without spaces counts for three.
    """
    return len(text) if text.isascii() else len(text) + 2 * len(UNSPACED.findall(text))


def _word_count(text: str) -> float:
    """Return how many words a text has; of scripts without spaces, two characters make one."""
    unspaced = 0 if text.isascii() else len(UNSPACED.findall(text))
    return max(len(text.split()), unspaced / 2)


def _parts(sentence: str) -> tuple[str, str]:
    """Return what a sentence tells and what it asks."""
    if not ends_asking(sentence):
        return ("", sentence) if asks_unmarked(sentence) else (sentence, "")
    ends = [found.end() for found in _CLAUSE_START.finditer(sentence)]
    starts = [at for at in ends if at < len(sentence)] or [0]  # the Greek mark ends a question
    opening = next((at for at in starts if _opens(sentence, at)), None)
    at = starts[-1] if opening is None else opening
    telling = sentence[:at]
    if not is_of_self(telling) and (
        size(telling) < _TELLING_CHARACTERS or _word_count(telling) < _TELLING_WORDS
    ):
        return "", sentence
    return telling, sentence[at:]


def _opens(sentence: str, at: int) -> bool:
    return _openers().match(sentence, at) is not None


@lru_cache(maxsize=1)
def _openers() -> re.Pattern[str]:
    lists = word_lists("question_words")
    spaced = set().union(*(words for name, words in lists.items() if name != _UNSPACED))
    return re.compile(
        rf"(?:{_any_of(spaced)})(?![\w’'-])"
        rf"|(?:[^,;:，；：、\s]|(?<![{_THAI}])\s)*?(?:{_any_of(lists[_UNSPACED])})",
        re.IGNORECASE,
    )


def _any_of(words: Collection[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold().replace("’", "'")))


def _covers(language: str, words: Sequence[str], left: Sequence[str]) -> bool:
    """Tell whether what is left of a reply is nothing in a language that has one of its words."""
    own = _reply_words()[language]
    if language == _UNSPACED:
        return any(map(_unspaced_reply().search, words)) and not any(map(_rest, left))
    return all(word in own or word in _function_words(language) for word in left)


@lru_cache(maxsize=1)
def _answers() -> frozenset[str]:
    """Return what answers alone, though its parts may only be polite."""
    return word_lists("answer_words")["any"]


@lru_cache(maxsize=1)
def _reply_words() -> dict[str, frozenset[str]]:
    return dict(word_lists("reply_words"))


@lru_cache(maxsize=1)
def _languages_of_replies() -> dict[str, list[str]]:
    """Return by word the languages whose replies it may make: a text is of few of them."""
    languages: dict[str, list[str]] = {}
    for language, own in _reply_words().items():
        for word in own:
            languages.setdefault(word, []).append(language)
    return languages


def _function_words(language: str) -> frozenset[str]:
    return word_lists("stop_words").get(language, frozenset())


@lru_cache(maxsize=1)
def _unspaced_reply() -> re.Pattern[str]:
    return re.compile(_any_of(word_lists("reply_words")[_UNSPACED]))


def _rest(run: str) -> str:
    return _unspaced_reply().sub("", run)
