"""When two texts certainly say the same: docs/decisions/0018-said-twice.md. Pure."""

from __future__ import annotations

import re
import unicodedata

_ARTICLES = frozenset({"a", "an", "the"})
_AROUND_WORDS = ".,;:!…\"'`“”‘’«»()[]{}。，；：！、「」『』（）"
_ASKING = ("?", "？")

_WIDTHS = ("<wide>", "<narrow>", "<noBreak>")
"""Forms of a character that differ in how much room they take, or where a line may end."""

_SAME_SIGNS = {
    **dict.fromkeys("’‘‛ʼ", "'"),
    **dict.fromkeys("“”„‟", '"'),
    "‐": "-",
    "…": "...",
    # A place where a word may be parted, and the mark at the beginning of a file.
    "\u00ad": "",
    "\ufeff": "",
}

_FORMER_SIGNS = [str.maketrans({"'": one, "-": other}) for one in "'’" for other in "-‐"]
"""How signs within words stand in the marks of the release before, which took none for another."""

_SPACES_COUNT = re.compile(r"[\"`]|[^\S ]|(?:^| )'")
"""Signs of a list, a table, a quotation or code, in which spaces may mean something."""

_FULL_STOP = re.compile(
    r"(?<=\w)。$"
    r"|(?:(?<=\s)|^)(?=\S{3,}$)([^\W\d_]+(?:['-][^\W\d_]+)*)\.$"
)
"""The end of a sentence: not of an ordinal, an initial, a pattern or an address."""

# Words that begin a statement and name nobody and nothing, whether written large or small.
_OPENERS = frozenset(
    """
    i i'm i've i'd i'll my we our she he they their his the this these there user user's
    likes loves hates prefers wants needs works lives has is was does plays speaks owns drinks
    enjoys always never please
    ich wir er der das ein eine kein keine mein meine mag liebt hasst wohnt lebt arbeitet spricht
    hat ist trinkt spielt möchte bevorzugt nutzt
    je j'ai j'aime il nous vous ils elles un une mes ses aime n'aime préfère habite travaille parle
    joue boit ne utilise déteste
    yo me es no nunca siempre vive trabaja prefiere odia tiene habla juega toma
    """.split()  # noqa: SIM905  # a word list reads better than a list of words
)


class _Plain(dict[int, str]):
    """How each character is written plainly, worked out once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        form, _, parts = unicodedata.decomposition(character).partition(" ")
        if unicodedata.category(character) == "Zs":
            character = " "
        elif form in _WIDTHS:
            character = "".join(chr(int(part, 16)) for part in parts.split())
        self[code] = _SAME_SIGNS.get(character, character)
        return self[code]


_PLAIN = _Plain()


def wording(text: str) -> str:
    """Return a text without what certainly makes no difference, so that equal means the same.

    That is: how wide a character is and of which parts it is put together, curly quotation marks
    and apostrophes, an ellipsis in one sign, places to part a word, how many spaces are between
    words, the full stop at the end, and whether a word that only begins a sentence is written
    large. All else may change the sense in some language.

    >>> wording("Likes  tea.") == wording("likes tea")
    True
    >>> wording("Likes Polish food") == wording("Likes polish food")
    False
    """
    plain = unicodedata.normalize("NFC", text.translate(_PLAIN)).strip()
    if not _SPACES_COUNT.search(plain):
        plain = " ".join(plain.split())
    plain = _FULL_STOP.sub(r"\1", plain)
    first = plain.split(" ", 1)[0]
    small = first[:1].lower() + first[1:]
    return small + plain[len(first) :] if small in _OPENERS else plain


def rough(text: str) -> str:
    """Return a text as one in which more than `wording` leaves out is left out.

    Equal wordings are roughly equal, and so what was said before is looked for by this: it is
    what stores were written with when articles, case and punctuation made no difference.
    """
    return _roughly(text.translate(_PLAIN))


def roughs(text: str) -> frozenset[str]:
    """Return the rough texts under which what has this wording may be stored.

    The release before told a curly apostrophe from a straight one within a word.
    """
    spellings = {text.translate(signs) for signs in (_PLAIN, *_FORMER_SIGNS)}  # mostly one
    return frozenset(map(_roughly, spellings))


def _roughly(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    words = [word for token in text.split() if (word := token.strip(_AROUND_WORDS))]
    asked = ["?"] if text.rstrip(_AROUND_WORDS + " ").endswith(_ASKING) else []
    return " ".join([word for word in words if word not in _ARTICLES] + asked) or text.strip()
