"""How languages with endings call a password: stems, and what links such a word to a value.

The stems of `data/password_stems.txt` are from the translations of Django; its first line says how
they are renewed. What has another meaning elsewhere, such as the Italian "parola", is named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from commonplace.writing.telling_words import PASSWORDS, ends_of

# Beside the data: other words for the same, and forms that no other language has.
_MORE = (
    *(
        "şifre",
        "parolam",
        "parolan",
        "parolas",
        "parolay",
        "parolă",
        "parolei",
        "parolel",
        "parool",
    ),
    *("kodeord", "pasfhocal", "phasfhocal", "yfrinair", "پاس ورڈ"),
    *("رمز عبور", "کلمه عبور", "પાસવર્ડ", "මුරපදය"),
    *("పాస్వర్డ్", "പാസ്വേഡ", "പാസ്വേര്", "രഹസ്യവാക്ക", "ಪಾಸ್ವರ್ಡ್", "ಗುಪ್ತಪದ", "የይለፍ ቃል", "ລະຫັດຜ່ານ"),
    *("κωδικός πρόσβασης", "κωδικό πρόσβασης", "ο κωδικός μου", "τον κωδικό μου"),
)
# Each is a word of other languages as well: only these links make it a password.
_AMBIGUOUS = {
    "parola": re.compile(r"\b(?:este|era)[\s\"'`]{1,3}$"),
    "parole": re.compile(r"\bir[\s\"'`]{1,3}$"),
    "sandi": re.compile(r"\b(?:adalah|ialah)[\s\"'`]{1,3}$"),
}
# After a stem, these lead to its value. Beside other words, "on" and "e" would mean anything.
_LINKS = re.compile(
    r"(?:^|[\s\W])(?:on|ir|yra|ni|e|е|је|je|jest|este|era|és|é|yw|ydy|är|er|est|eshte|është|adalah"
    r"|ialah|glasi|to|היא|הוא|שלי|שלנו|من|ما|بود|est|oli|var|bija|buvo|bylo|bilo|było|беше|била)"
    r"[\s\"'`(*]{1,4}$"
)
_ENDING = re.compile("[a-zßà-ɏͰ-ԯ԰-ۿऀ-෿Ⴀ-ჿሀ-፿]{1,8}")
# A word and a number, such as "Windows11", is the name of a thing unless a verb makes it a value.
_OF_A_THING = re.compile(r"[^\W\d_]+-?\d{1,2}(?:[^\W\d_]|[-'’][^\W\d_]{1,4})?")


class Name(NamedTuple):
    """A word for a password: where it ends, what links it to a value, and whether that alone does.

    None: what links any word.
    """

    end: int
    links: re.Pattern[str] | None = None
    is_ambiguous: bool = False

    def leads_to(self, value: str, between: str) -> bool | None:
        """Tell whether this links a value; None if that is for what links any word to tell."""
        if self.links is None or self.links.search(between.lower()):
            return None if self.links is None else True
        is_thing = not between.strip(" \"'`(*") and _OF_A_THING.fullmatch(value)
        return False if self.is_ambiguous or is_thing else None


def names(low: str) -> Iterator[Name]:
    """Yield the words for a password in a text in lower case, each with its ending.

    >>> [name.end for name in names("salasanani on tuo")]
    [10]
    """
    for end in ends_of(_stems(), low):
        ending = _ENDING.match(low, end)
        yield Name(ending.end() if ending else end, _LINKS)
    for word, links in _AMBIGUOUS.items():
        if word in low:
            yield from (Name(end, links, is_ambiguous=True) for end in ends_of((word,), low))


@lru_cache(maxsize=1)
def _stems() -> tuple[str, ...]:
    file = resources.files("commonplace.writing") / "data" / "password_stems.txt"
    read = file.read_text(encoding="utf-8").splitlines()[1:]
    return tuple(one for one in (*read, *_MORE) if one not in PASSWORDS)
